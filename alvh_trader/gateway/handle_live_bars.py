"""Answers to requests for bars of five seconds as they are completed."""

from datetime import timedelta

from msgspec.structs import replace

from alvh_trader.gateway.entitlement import bars_refusal
from alvh_trader.gateway.handle_history import SERVED, is_too_often
from alvh_trader.gateway.handle_market import only_listing
from alvh_trader.gateway.notices import Notice, invalid, live_bars_error
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.streams import BarStream
from alvh_trader.sim.model import Listing, Shown
from alvh_trader.wire import market_request

FIVE_SECONDS = timedelta(seconds=5)

_WHAT = frozenset({"TRADES", "MIDPOINT", "BID", "ASK"})


def real_time_bars(session: Session, asked: market_request.RequestRealTimeBars) -> None:
    """Stream bars of five seconds, whatever length was asked for [doc]."""
    if asked.what not in _WHAT:
        session.error(asked.req_id, *invalid(f"Invalid whatToShow '{asked.what}'"))
        return
    listing = only_listing(session, asked.req_id, asked.contract)
    if listing is None:
        return
    refusal = _refusal(session, asked, listing)
    if refusal is not None:
        session.error(asked.req_id, *refusal)
        return
    session.streams.real_time[asked.req_id] = BarStream(
        con_id=listing.con_id,
        size=FIVE_SECONDS,
        shown=Shown(asked.what),
        times=session.times,
    )


def _refusal(
    session: Session, asked: market_request.RequestRealTimeBars, listing: Listing
) -> Notice | None:
    refusal = bars_refusal(session.floor.settings.market_data)
    if refusal is not None:
        return refusal
    key = replace(asked, req_id=0)
    if is_too_often(session, key, asked.contract, asked.what):
        return live_bars_error("Historical data request pacing violation")
    if asked.what not in SERVED.get(listing.sec_type, ()):
        name = f"{listing.symbol}/{listing.sec_type}@{listing.exchange}"
        return live_bars_error(f"No historical market data for {name}")
    return None


def cancel_real_time_bars(
    session: Session, asked: market_request.CancelRealTimeBars
) -> None:
    """Stop bars of five seconds."""
    session.streams.real_time.pop(asked.req_id, None)
