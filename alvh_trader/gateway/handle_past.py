"""Answers to requests for single ticks of the past, and for where the past begins."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from alvh_trader.gateway import bar_reply
from alvh_trader.gateway.entitlement import past_ticks_refusal
from alvh_trader.gateway.handle_history import is_too_often, no_data
from alvh_trader.gateway.handle_market import only_listing
from alvh_trader.gateway.notices import PACING, Notice, invalid
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import BarRow, Listing
from alvh_trader.wire import market_reply, market_request

_EVERYTHING = 252 * 50
_TICKS_MAX = 1000
_DAYS_LOOKED_AT = 5
_KINDS = frozenset({"TRADES", "MIDPOINT", "BID_ASK"})
_QUOTED = frozenset({"MIDPOINT", "BID_ASK"})
_SERVED = {"IND": frozenset({"TRADES"}), "STK": _KINDS, "FUT": _QUOTED, "OPT": _QUOTED}
FIVE_SECONDS = timedelta(seconds=5)


def head_timestamp(
    session: Session, asked: market_request.RequestHeadTimestamp
) -> None:
    """Send since when there are daily bars: in UTC, or (format 2) the epoch [cap]."""
    listing = only_listing(
        session, asked.req_id, asked.contract, include_expired=asked.include_expired
    )
    if listing is None:
        return
    rows = session.floor.exchange.bars(
        listing.con_id, bar_reply.ONE_DAY, sessions=_EVERYTHING
    )
    if not rows:
        session.error(asked.req_id, *no_data(listing, asked.what))
        return
    first = rows[0].start.astimezone(UTC)
    text = str(int(first.timestamp()))
    if asked.date_format == 1:
        text = f"{first:%Y%m%d-%H:%M:%S}"
    session.send(market_reply.HeadTimestamp(asked.req_id, text))


def historical_ticks(
    session: Session, asked: market_request.RequestHistoricalTicks
) -> None:
    """Send what was quoted at every fifth second, or (TRADES) what an index was."""
    req_id = asked.req_id
    try:
        begin = session.times.read(asked.start) if asked.start else None
        end = session.times.read(asked.end) if asked.end else None
    except ValueError:
        session.error(req_id, *invalid("Invalid start or end date/time"))
        return
    problem = _problem(asked, begin, end)
    if problem is not None:
        session.error(req_id, *problem)
        return
    listing = only_listing(
        session, req_id, asked.contract, include_expired=asked.include_expired
    )
    if listing is None:
        return
    refusal = past_ticks_refusal(session.floor.settings.market_data, listing)
    key = replace(asked, req_id=0)
    if is_too_often(session, key, asked.contract, asked.what):
        refusal = PACING
    if asked.what not in _SERVED.get(listing.sec_type, ()):
        refusal = refusal or no_data(listing, asked.what)
    if refusal is not None:
        session.error(req_id, *refusal)
    elif asked.what == "TRADES":
        session.send(_trades(session, listing, begin, end, asked))
    else:
        session.send(_quotes(session, listing, begin, end, asked))


def _trades(
    session: Session,
    listing: Listing,
    begin: datetime | None,
    end: datetime | None,
    asked: market_request.RequestHistoricalTicks,
) -> market_reply.PastTrades:
    rows = (
        _after(session, listing, begin, asked.count)
        if begin is not None
        else _before(session, listing, end, asked.count)
    )
    ticks = tuple(
        market_reply.PastTrade(
            int((row.start + FIVE_SECONDS).timestamp()),
            0,
            row.close,
            0,
            listing.exchange,
            "",
        )
        for row in rows
    )
    return market_reply.PastTrades(asked.req_id, ticks, done=True)


def _quotes(
    session: Session,
    listing: Listing,
    begin: datetime | None,
    end: datetime | None,
    asked: market_request.RequestHistoricalTicks,
) -> market_reply.PastQuotes | market_reply.PastTicks:
    """Return quotes of both sides, or their middles; what has one side is left out."""
    exchange = session.floor.exchange
    found = exchange.past_quotes(
        listing.con_id, begin, end or exchange.now, asked.count
    )
    whole = [(it, it.bid, it.ask) for it in found if it.bid and it.ask]
    if asked.what == "MIDPOINT":
        middles = tuple(
            market_reply.PastTick(it.at, 0, round((bid + ask) / 2, 3), 0)
            for it, bid, ask in whole
        )
        return market_reply.PastTicks(asked.req_id, middles, done=True)
    quotes = tuple(
        market_reply.PastQuote(it.at, 0, bid, ask, it.bid_size, it.ask_size)
        for it, bid, ask in whole
    )
    return market_reply.PastQuotes(asked.req_id, quotes, done=True)


def _problem(
    asked: market_request.RequestHistoricalTicks,
    begin: datetime | None,
    end: datetime | None,
) -> Notice | None:
    if (begin is None) == (end is None):
        return invalid("Either start or end date/time has to be specified")
    if not 1 <= asked.count <= _TICKS_MAX:
        return invalid(f"Number of ticks must be between 1 and {_TICKS_MAX}")
    if asked.what not in _KINDS:
        return invalid(f"Invalid whatToShow '{asked.what}'")
    return None


def _before(
    session: Session, listing: Listing, end: datetime | None, count: int
) -> list[BarRow]:
    """Return the newest completed rows up to `end`, at most `count`."""
    exchange = session.floor.exchange
    until = min(end or exchange.now, exchange.now)
    rows = exchange.bars(listing.con_id, FIVE_SECONDS, sessions=2, end=until)
    return [row for row in rows if row.start + FIVE_SECONDS <= until][-count:]


def _after(
    session: Session, listing: Listing, begin: datetime, count: int
) -> list[BarRow]:
    """Return the oldest completed rows from `begin` on, at most `count`."""
    exchange = session.floor.exchange
    for days in range(1, _DAYS_LOOKED_AT + 1):
        until = min(begin + timedelta(days=days), exchange.now)
        rows = exchange.bars(listing.con_id, FIVE_SECONDS, sessions=2, end=until)
        found = [
            row
            for row in rows
            if row.start >= begin and row.start + FIVE_SECONDS <= until
        ]
        if found or until == exchange.now:
            return found[:count]
    return []
