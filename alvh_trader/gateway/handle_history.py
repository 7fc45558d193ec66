"""Answers to requests for bars of the past, and for schedules."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from alvh_trader.gateway import bar_reply, volatility
from alvh_trader.gateway.entitlement import history_refusal
from alvh_trader.gateway.handle_market import only_listing
from alvh_trader.gateway.hours_text import schedule_rows
from alvh_trader.gateway.moment import read_time
from alvh_trader.gateway.notices import (
    DUPLICATE_QUERY,
    PACING,
    Notice,
    history_error,
    invalid,
)
from alvh_trader.gateway.pacing import Query, needs_pace
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.span import read_bar_size, read_duration, span_start
from alvh_trader.gateway.streams import BarStream
from alvh_trader.sim.hours import zone
from alvh_trader.sim.model import BarRow, Listing, Shown
from alvh_trader.wire import market_reply, market_request
from alvh_trader.wire.contract import ContractSpec

_WHAT = frozenset(
    {"TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "HISTORICAL_VOLATILITY",
     "OPTION_IMPLIED_VOLATILITY", "ADJUSTED_LAST", "SCHEDULE"}
)  # fmt: skip
_QUOTED = frozenset(Shown)
SERVED = {
    "IND": frozenset({Shown.TRADES}), "FUT": _QUOTED, "STK": _QUOTED, "OPT": _QUOTED,
}  # fmt: skip
"""What there is of a type of contract; of an index there are no quotes [doc]."""

_TICK_SECONDS = timedelta(seconds=1)
BARS_MAX = 20_000
"""Bars of one answer; the broker asks for a few thousand at most [doc]."""

_DAY_SECONDS = 6.75 * 3600
"""The longest regular session, that of index options."""

_INVALID_END = (
    "End Date/Time: The date, time, or time-zone entered is invalid. "
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx "
    "where yyyymmdd and xx/xxxx are optional. E.g.: "
    "20031126 15:59:00 US/Eastern"
)


def historical_data(
    session: Session, asked: market_request.RequestHistoricalData
) -> None:
    """Send bars up to the end asked for, and keep the last one up to date if asked."""
    req_id = asked.req_id
    problem = _problem(session, asked)
    if problem is not None:
        session.error(req_id, *problem)
        return
    listing = only_listing(
        session, req_id, asked.contract, include_expired=asked.include_expired
    )
    if listing is None:
        return
    problem = _refusal(session, asked, listing)
    if problem is not None:
        session.error(req_id, *problem)
        return
    now, times = session.floor.exchange.now, session.times.of(zone(listing))
    end = min(read_time(asked.end), now) if asked.end else now
    if asked.what == "SCHEDULE":
        _send_schedule(session, asked, listing, end)
        return
    size = read_bar_size(asked.bar_size)
    rows, digits = _found(session, listing, asked, end)
    if not rows:
        session.error(req_id, *no_data(listing, asked.what))
        return
    session.send(
        market_reply.HistoricalData(
            req_id=req_id,
            start=times.text(span_start(end, asked.duration)),
            end=times.text(end),
            rows=tuple(
                bar_reply.bar(row, size, asked.date_format, times, digits)
                for row in rows
            ),
        )
    )
    if asked.keep_up_to_date:
        session.streams.bars[req_id] = BarStream(
            con_id=listing.con_id,
            size=size,
            shown=Shown(asked.what),
            date_format=asked.date_format,
            times=times,
            last_start=rows[-1].start,
        )


def _problem(
    session: Session, asked: market_request.RequestHistoricalData
) -> Notice | None:
    """Return what is wrong with the question itself."""
    if asked.req_id in session.streams.bars:
        return DUPLICATE_QUERY
    if asked.contract.sec_type == "BAG":
        return history_error("No historical data for combos on this gateway")
    if asked.keep_up_to_date and asked.what in (volatility.PAST, volatility.IMPLIED):
        return invalid(f"Invalid whatToShow '{asked.what}'")
    if asked.keep_up_to_date and asked.end:
        return invalid("End Date Not Allowed with keepUpToDate")
    if asked.what not in _WHAT:
        return invalid(f"Invalid whatToShow '{asked.what}'")
    try:
        read_bar_size(asked.bar_size)
        read_duration(asked.duration)
    except ValueError as error:
        return invalid(str(error))
    try:
        read_time(asked.end or "20000101-00:00:00")
    except ValueError:
        return Notice(10314, _INVALID_END)
    return None


def _refusal(
    session: Session, asked: market_request.RequestHistoricalData, listing: Listing
) -> Notice | None:
    """Return why this question is not run for this client now."""
    if asked.what == "SCHEDULE":
        return None
    size = read_bar_size(asked.bar_size)
    if size <= _TICK_SECONDS:
        return history_error("invalid step: 1")
    sessions, span = read_duration(asked.duration)
    covered = span or sessions * timedelta(seconds=_DAY_SECONDS)
    if covered / size > BARS_MAX:
        # The broker's own words for it are not known (assumption).
        text = f"{asked.duration} of {asked.bar_size} are more than {BARS_MAX} bars"
        return history_error(text)
    key = replace(asked, req_id=0)
    if needs_pace(size) and is_too_often(session, key, asked.contract, asked.what):
        return PACING
    is_volatility = asked.what in (volatility.PAST, volatility.IMPLIED)
    if not is_volatility and asked.what not in SERVED.get(listing.sec_type, ()):
        name = f"{listing.symbol}/{listing.sec_type}@{listing.exchange}"
        what = asked.what.replace("_", " ").title()
        return history_error(f"No historical market data for {name} {what}")
    return history_refusal(session.floor.settings.market_data, listing)


def is_too_often(
    session: Session, key: object, contract: ContractSpec, what: str
) -> bool:
    """Note a paced query; return whether it breaks the rules, never in lockstep."""
    wall = session.floor.wall
    if wall is None:
        return False
    weight = 2 if what == "BID_ASK" else 1
    query = Query(key, (contract, what), weight)
    return not session.floor.history_pace.take(wall(), query)


def no_data(listing: Listing, what: str = "TRADES") -> Notice:
    """Return what is said of a query that finds nothing [cap]."""
    name = f"{listing.symbol}@{listing.exchange} {what.title()}"
    return history_error(f"HMDS query returned no data: {name}")


def _found(
    session: Session,
    listing: Listing,
    asked: market_request.RequestHistoricalData,
    end: datetime,
) -> tuple[tuple[BarRow, ...], int]:
    """Return the bars, and how many digits their prices have."""
    if asked.what in (volatility.PAST, volatility.IMPLIED):
        return _volatilities(session, listing, asked, end), 6
    rows = _rows(session, listing, read_bar_size(asked.bar_size), asked, end)
    return rows, bar_reply.DIGITS[Shown(asked.what)]


def _rows(
    session: Session,
    listing: Listing,
    size: timedelta,
    asked: market_request.RequestHistoricalData,
    end: datetime,
) -> tuple[BarRow, ...]:
    sessions, span = read_duration(asked.duration)
    shown, exchange = Shown(asked.what), session.floor.exchange
    rows = exchange.bars(listing.con_id, size, sessions=sessions, end=end, shown=shown)
    if not rows:
        # At the opening bell the session in progress has no bar yet.
        rows = exchange.bars(
            listing.con_id, size, sessions=sessions + 1, end=end, shown=shown
        )
    if span is None:
        return rows
    return tuple(row for row in rows if row.start >= end - span)


def _volatilities(
    session: Session,
    listing: Listing,
    asked: market_request.RequestHistoricalData,
    end: datetime,
) -> tuple[BarRow, ...]:
    sessions, _ = read_duration(asked.duration)
    size, exchange = read_bar_size(asked.bar_size), session.floor.exchange
    return volatility.rows(exchange, listing, asked.what, size, sessions, end)


def _send_schedule(
    session: Session,
    asked: market_request.RequestHistoricalData,
    listing: Listing,
    end: datetime,
) -> None:
    """Send when a listing traded on the last sessions up to `end`."""
    exchange = session.floor.exchange
    sessions, _ = read_duration(asked.duration)
    days = exchange.trading_days(end, sessions)
    rows = schedule_rows(exchange, listing, days, regular=asked.regular_hours)
    session.send(
        market_reply.HistoricalSchedule(
            req_id=asked.req_id,
            start=rows[0].start if rows else "",
            end=rows[-1].end if rows else "",
            time_zone=zone(listing),
            rows=rows,
        )
    )


def cancel_historical_data(
    session: Session, asked: market_request.CancelHistoricalData
) -> None:
    """Stop bars that are kept up to date."""
    if session.streams.bars.pop(asked.req_id, None) is None:
        text = f"No historical data query found for ticker id:{asked.req_id}"
        session.error(asked.req_id, 366, text)
        return
    reason = f"API historical data query cancelled: {asked.req_id}"
    session.error(asked.req_id, *history_error(reason))
