"""Answers to requests for single ticks as they come.

The real gateway has them for stocks and futures, not for options, indexes or combos
[doc]; so here.
"""

from alvh_trader.gateway.entitlement import single_ticks_refusal
from alvh_trader.gateway.handle_market import is_refused, only_listing
from alvh_trader.gateway.market_line import TickByTickLine
from alvh_trader.gateway.notices import Notice, invalid, unknown_ticker
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import Listing
from alvh_trader.wire import market_request

_KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}
_WITH_SINGLE_TICKS = frozenset({"FUT", "STK"})
_TOO_MANY = Notice(10190, "Max number of tick-by-tick requests has been reached.")


def tick_by_tick(session: Session, asked: market_request.RequestTickByTick) -> None:
    """Stream single ticks of a contract."""
    kind = _KINDS.get(asked.kind)
    cause = ""
    if kind is None:
        cause = "Tick-by-tick data type is incorrect/not set."
    elif asked.contract.sec_type == "BAG":
        cause = "'BAG' security type is not supported in ReqTickByTick(97) request"
    if kind is None or cause:
        session.error(asked.req_id, *invalid(cause))
        return
    if is_refused(session, asked.req_id):
        return
    listing = only_listing(session, asked.req_id, asked.contract)
    if listing is None:
        return
    refusal = _refusal(session, asked.kind, listing)
    if refusal is not None:
        session.error(asked.req_id, *refusal)
        return
    session.streams.ticks[asked.req_id] = TickByTickLine(
        asked.req_id, listing.con_id, kind
    )


def _refusal(session: Session, kind: str, listing: Listing) -> Notice | None:
    floor = session.floor
    if listing.sec_type not in _WITH_SINGLE_TICKS:
        reason = f"{kind} tick-by-tick requests are not supported for {listing.symbol}"
        return Notice(10189, f"Failed to request tick-by-tick data.{reason}")
    if floor.single_ticks_in_use() >= floor.settings.single_tick_streams:
        return _TOO_MANY
    return single_ticks_refusal(floor.settings.market_data, listing)


def cancel_tick_by_tick(
    session: Session, asked: market_request.CancelTickByTick
) -> None:
    """Stop single ticks."""
    if session.streams.ticks.pop(asked.req_id, None) is None:
        session.error(asked.req_id, *unknown_ticker(asked.req_id))
