"""Answers to requests for the past: bars, schedules, the first day, old ticks."""

from datetime import datetime, timedelta

from alvh_trader.gateway import bar_reply
from alvh_trader.gateway.handle_market import only_listing
from alvh_trader.gateway.hours_text import schedule_rows
from alvh_trader.gateway.moment import (
    ZONE,
    read_bar_size,
    read_duration,
    read_time,
    time_text,
)
from alvh_trader.gateway.notices import Notice, history_error, invalid
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.streams import BarStream
from alvh_trader.sim.hours import zone
from alvh_trader.sim.model import BarRow, Listing
from alvh_trader.wire import market_reply, market_request

_WHAT = frozenset(
    {"TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "HISTORICAL_VOLATILITY",
     "OPTION_IMPLIED_VOLATILITY", "ADJUSTED_LAST", "SCHEDULE"}
)  # fmt: skip
_SERVED = frozenset({"TRADES", "MIDPOINT", "SCHEDULE"})

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
    problem = _problem(asked)
    if problem is not None:
        session.error(req_id, *problem)
        return
    listing = only_listing(
        session, req_id, asked.contract, include_expired=asked.include_expired
    )
    if listing is None:
        return
    now = session.floor.exchange.now
    end = min(read_time(asked.end), now) if asked.end else now
    if asked.what == "SCHEDULE":
        _send_schedule(session, asked, listing, end)
        return
    size = read_bar_size(asked.bar_size)
    rows = _rows(session, listing, size, asked.duration, end)
    if not rows:
        session.error(req_id, *_no_data(listing))
        return
    session.send(
        market_reply.HistoricalData(
            req_id=req_id,
            start=time_text(rows[0].start, session.version),
            end=time_text(end, session.version),
            rows=tuple(
                bar_reply.bar(row, size, asked.date_format, session.version)
                for row in rows
            ),
        )
    )
    if asked.keep_up_to_date:
        session.streams.bars[req_id] = BarStream(
            con_id=listing.con_id,
            size=size,
            date_format=asked.date_format,
            last_start=rows[-1].start,
        )


def _problem(asked: market_request.RequestHistoricalData) -> Notice | None:
    """Return code and text of what is wrong with the question itself."""
    if asked.contract.sec_type == "BAG":
        return history_error("No historical data for combos on this gateway")
    if asked.keep_up_to_date and asked.end:
        return invalid("End Date Not Allowed with keepUpToDate")
    if asked.what not in _WHAT:
        return invalid(f"Invalid whatToShow '{asked.what}'")
    if asked.what not in _SERVED:
        return history_error(f"No data of type {asked.what}")
    checks = (
        (read_bar_size, asked.bar_size, invalid("Invalid bar size")),
        (read_duration, asked.duration, invalid("Invalid duration")),
        (read_time, asked.end, Notice(10314, _INVALID_END)),
    )
    for check, text, notice in checks:
        if check is read_time and not text:
            continue
        try:
            check(text)
        except ValueError:
            return notice
    return None


def _no_data(listing: Listing) -> Notice:
    name = f"{listing.symbol}@{listing.exchange}"
    return history_error(f"HMDS query returned no data: {name} Trades")


def _rows(
    session: Session, listing: Listing, size: timedelta, duration: str, end: datetime
) -> tuple[BarRow, ...]:
    sessions, span = read_duration(duration)
    exchange = session.floor.exchange
    rows = exchange.bars(listing.con_id, size, sessions=sessions, end=end)
    if not rows:
        # At the opening bell the session in progress has no bar yet.
        rows = exchange.bars(listing.con_id, size, sessions=sessions + 1, end=end)
    if span is None:
        return rows
    return tuple(row for row in rows if row.start >= end - span)


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


def head_timestamp(
    session: Session, asked: market_request.RequestHeadTimestamp
) -> None:
    """Send since when there are daily bars."""
    listing = only_listing(
        session, asked.req_id, asked.contract, include_expired=asked.include_expired
    )
    if listing is None:
        return
    everything = 252 * 50
    rows = session.floor.exchange.bars(
        listing.con_id, bar_reply.ONE_DAY, sessions=everything
    )
    if not rows:
        session.error(asked.req_id, *_no_data(listing))
        return
    first = rows[0].start
    text = str(int(first.timestamp()))
    if asked.date_format == 1:
        text = f"{first.astimezone(ZONE):%Y%m%d-%H:%M:%S}"
    session.send(market_reply.HeadTimestamp(asked.req_id, text))


def historical_ticks(
    session: Session, asked: market_request.RequestHistoricalTicks
) -> None:
    """Answer that there are none: single ticks of the past are not kept."""
    session.error(asked.req_id, *history_error("HMDS query returned no data"))
