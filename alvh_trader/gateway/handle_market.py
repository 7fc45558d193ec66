"""Answers to requests for prices as they are: streams, snapshots, single ticks."""

from datetime import timedelta

from alvh_trader.gateway import listing_reply, publisher
from alvh_trader.gateway.listing_reply import COMBO_CON_ID
from alvh_trader.gateway.market_line import MarketLine, TickByTickLine
from alvh_trader.gateway.notices import (
    DUPLICATE_TICKER,
    NO_COMBO_LEGS,
    NOT_FOUND,
    Notice,
    invalid,
    unknown_ticker,
)
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.streams import BarStream
from alvh_trader.sim.model import Listing
from alvh_trader.wire import market_reply, market_request
from alvh_trader.wire.contract import ContractSpec

LINES_MAX = 100
"""Market data lines of one client, as an account without boosters has them."""

EXCHANGE_MAP = "9c0001"
_SNAPSHOT_PERMISSIONS = 3
_HALTED = 49

FIVE_SECONDS = timedelta(seconds=5)

_TICK_KINDS = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}

BREADTH = "AD-NYSE"


def market_data(session: Session, asked: market_request.RequestMarketData) -> None:
    """Open a market data line and send what there is, or take a snapshot."""
    if _is_refused(session, asked.req_id):
        return
    line = _line(session, asked)
    if line is None:
        return
    listing = session.floor.listing(line.con_id)
    tick = "0.05" if line.legs or listing is None else listing.min_tick
    session.send(
        market_reply.TickReqParams(
            asked.req_id, float(tick), EXCHANGE_MAP, _SNAPSHOT_PERMISSIONS
        )
    )
    session.send(market_reply.MarketDataType(asked.req_id, _data_type(session)))
    if not session.floor.is_silent:
        publisher.send_line(session, line, session.floor.view())
    if asked.snapshot:
        session.send(market_reply.TickSnapshotEnd(asked.req_id))
        return
    session.send(market_reply.TickGeneric(asked.req_id, _HALTED, 0.0))
    session.streams.lines[asked.req_id] = line


def _is_refused(session: Session, req_id: int) -> bool:
    streams = session.streams
    if req_id in streams.lines or req_id in streams.ticks:
        session.error(req_id, *DUPLICATE_TICKER)
        return True
    if streams.line_count() >= LINES_MAX:
        session.error(req_id, 101, "Max number of tickers has been reached")
        return True
    return False


def _line(
    session: Session, asked: market_request.RequestMarketData
) -> MarketLine | None:
    if asked.contract.sec_type != "BAG":
        listing = only_listing(session, asked.req_id, asked.contract)
        if listing is None:
            return None
        # An index has no book, but the breadth of the NYSE comes as one: advancing
        # issues are its bid, declining ones its ask (alvh.md §9.3).
        has_book = listing.sec_type != "IND" or listing.symbol == BREADTH
        return MarketLine(asked.req_id, listing.con_id, has_book=has_book)
    if not asked.legs:
        session.error(asked.req_id, *invalid(NO_COMBO_LEGS))
        return None
    legs = listing_reply.legs_of(asked.legs)
    if any(session.floor.exchange.listing(leg.con_id) is None for leg in legs):
        session.error(asked.req_id, *NOT_FOUND)
        return None
    return MarketLine(asked.req_id, COMBO_CON_ID, legs=legs)


def _data_type(session: Session) -> int:
    """Return live, whatever was asked for, except frozen while the market is closed."""
    is_frozen = session.streams.market_data_type in (2, 4)
    return 2 if is_frozen and not session.floor.exchange.is_open else 1


def only_listing(
    session: Session, req_id: int, spec: ContractSpec, *, include_expired: bool = False
) -> Listing | None:
    """Return the one listing that `spec` means; else say what is wrong with it.

    `include_expired` lets it be a future that has settled.
    """
    found = listing_reply.find(
        session.floor.exchange, spec, include_expired=include_expired
    )
    if len(found) == 1:
        return found[0]
    notice = NOT_FOUND
    if found:
        text = f"The contract description specified for {spec.symbol} is ambiguous."
        notice = Notice(200, text)
    session.error(req_id, *notice)
    return None


def cancel_market_data(
    session: Session, asked: market_request.CancelMarketData
) -> None:
    """Close a market data line."""
    if session.streams.lines.pop(asked.req_id, None) is None:
        session.error(asked.req_id, *unknown_ticker(asked.req_id))


def market_data_type(
    session: Session, asked: market_request.RequestMarketDataType
) -> None:
    """Remember which data the client would take; there is nothing but live data."""
    session.streams.market_data_type = asked.kind


def tick_by_tick(session: Session, asked: market_request.RequestTickByTick) -> None:
    """Stream single ticks of a contract."""
    kind = _TICK_KINDS.get(asked.kind)
    if kind is None:
        cause = "Tick-by-tick data type is incorrect/not set."
        session.error(asked.req_id, *invalid(cause))
        return
    if _is_refused(session, asked.req_id):
        return
    listing = only_listing(session, asked.req_id, asked.contract)
    if listing is None:
        return
    session.streams.ticks[asked.req_id] = TickByTickLine(
        asked.req_id, listing.con_id, kind
    )


def cancel_tick_by_tick(
    session: Session, asked: market_request.CancelTickByTick
) -> None:
    """Stop single ticks."""
    if session.streams.ticks.pop(asked.req_id, None) is None:
        session.error(asked.req_id, *unknown_ticker(asked.req_id))


def real_time_bars(session: Session, asked: market_request.RequestRealTimeBars) -> None:
    """Stream bars of five seconds."""
    listing = only_listing(session, asked.req_id, asked.contract)
    if listing is None:
        return
    session.streams.real_time[asked.req_id] = BarStream(
        con_id=listing.con_id, size=FIVE_SECONDS
    )


def cancel_real_time_bars(
    session: Session, asked: market_request.CancelRealTimeBars
) -> None:
    """Stop bars of five seconds."""
    session.streams.real_time.pop(asked.req_id, None)
