"""Answers to requests for prices as they are: streams and snapshots."""

from alvh_trader.gateway import listing_reply, publisher
from alvh_trader.gateway.delayed_line import DelayedLine
from alvh_trader.gateway.entitlement import (
    DELAYED,
    DELAYED_FROZEN,
    FROZEN,
    LIVE,
    SHOWN_DELAYED,
    Entitlement,
    stream_refusal,
)
from alvh_trader.gateway.generic_ticks import GenericLine, is_data_off, read_list
from alvh_trader.gateway.listing_reply import COMBO_CON_ID
from alvh_trader.gateway.market_line import MarketLine
from alvh_trader.gateway.notices import (
    DUPLICATE_TICKER,
    NO_COMBO_LEGS,
    NOT_FOUND,
    Notice,
    invalid,
    unknown_ticker,
)
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import Listing
from alvh_trader.wire import market_reply, market_request
from alvh_trader.wire.contract import ContractSpec

EXCHANGE_MAP = "9c0001"
_SNAPSHOT_PERMISSIONS = 3
_HALTED = 49

BREADTH = "AD-NYSE"


def market_data(session: Session, asked: market_request.RequestMarketData) -> None:
    """Open a market data line and send what there is, or take a snapshot."""
    req_id, is_snapshot = asked.req_id, asked.snapshot or asked.regulatory_snapshot
    if is_refused(session, req_id):
        return
    if is_snapshot and asked.generic_ticks:
        cause = "Snapshot market data subscription is not applicable to generic ticks"
        session.error(req_id, *invalid(cause))
        return
    line = _line(session, asked)
    if line is None:
        return
    listing = session.floor.listing(line.con_id)
    sec_type = asked.contract.sec_type if listing is None else listing.sec_type
    codes = read_list(asked.generic_ticks, sec_type)
    if isinstance(codes, Notice):
        session.error(req_id, *codes)
        return
    settings, kind = session.floor.settings, _data_type(session)
    asked_kind = session.streams.market_data_type
    refusal = stream_refusal(settings.market_data, asked_kind, listing)
    if refusal is not None:
        session.error(req_id, *refusal)
        return
    is_late = kind in (DELAYED, DELAYED_FROZEN)
    if is_late:
        session.error(req_id, *SHOWN_DELAYED)
    tick = "0.05" if line.legs or listing is None else listing.min_tick
    session.send(
        market_reply.TickReqParams(
            req_id, float(tick), EXCHANGE_MAP, _SNAPSHOT_PERMISSIONS
        )
    )
    session.send(market_reply.MarketDataType(req_id, kind))
    _open(session, asked, DelayedLine(line) if is_late else line)
    if listing is not None and codes and not is_snapshot:
        generic = GenericLine(req_id, listing, codes)
        session.streams.generics[req_id] = generic
        if not session.floor.is_silent:
            publisher.send_generics(session, generic, session.floor.view())


def _open(
    session: Session,
    asked: market_request.RequestMarketData,
    line: MarketLine | DelayedLine,
) -> None:
    """Send what there is; keep the line, unless it was for one look only."""
    if is_data_off(asked.generic_ticks):
        return
    if not session.floor.is_silent:
        publisher.send_line(session, line, session.floor.view())
    if asked.snapshot or asked.regulatory_snapshot:
        session.send(market_reply.TickSnapshotEnd(asked.req_id))
        return
    session.send(market_reply.TickGeneric(asked.req_id, _HALTED, 0.0))
    session.streams.lines[asked.req_id] = line


def is_refused(session: Session, req_id: int) -> bool:
    """Say, and return, whether no line can be opened under this id."""
    floor = session.floor
    if session.streams.is_used(req_id):
        session.error(req_id, *DUPLICATE_TICKER)
        return True
    if floor.lines_in_use() >= floor.settings.market_data_lines:
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
    """Return the type of what is sent: live if there is that, whatever was asked.

    Frozen data is what was last seen of a market that is closed.
    """
    is_frozen = session.streams.market_data_type in (FROZEN, DELAYED_FROZEN)
    is_frozen = is_frozen and not session.floor.exchange.is_trading
    if session.floor.settings.market_data is Entitlement.LIVE:
        return FROZEN if is_frozen else LIVE
    return DELAYED_FROZEN if is_frozen else DELAYED


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
    streams = session.streams
    line = streams.lines.pop(asked.req_id, None)
    generic = streams.generics.pop(asked.req_id, None)
    if line is None and generic is None:
        session.error(asked.req_id, *unknown_ticker(asked.req_id))


def market_data_type(
    session: Session, asked: market_request.RequestMarketDataType
) -> None:
    """Remember which data the client would take; there is nothing but live data."""
    session.streams.market_data_type = asked.kind
