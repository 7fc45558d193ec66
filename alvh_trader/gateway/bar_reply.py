"""From the exchange's bars to the messages that tell of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from alvh_trader.gateway.moment import Times, day_text
from alvh_trader.gateway.streams import BarStream
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import BarRow, Shown
from alvh_trader.wire.market_reply import Bar, HistoricalDataUpdate, RealTimeBar

ONE_DAY = timedelta(days=1)


DIGITS = dict.fromkeys(Shown, 2) | {Shown.MIDPOINT: 3}
"""Digits behind the point: the middle of two prices may lie between cents."""


def price_of(value: float, digits: int = 2) -> Decimal:
    """Return a price with so many digits behind the point."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits))


def bar_date(row: BarRow, size: timedelta, date_format: int, times: Times) -> str:
    """Return when a bar starts: its day, a time with zone, or (format 2) the epoch."""
    if size >= ONE_DAY:
        return day_text(row.day)
    if date_format == 2:
        return str(int(row.start.timestamp()))
    return times.text(row.start)


def bar(
    row: BarRow, size: timedelta, date_format: int, times: Times, digits: int = 2
) -> Bar:
    """Return one historical bar. What never trades has no average and no count.

    Of quotes there is neither, nor a volume: they are -1 [iss].
    """
    nothing = min(row.volume, 0)
    return Bar(
        bar_date(row, size, date_format, times),
        price_of(row.open, digits),
        price_of(row.high, digits),
        price_of(row.low, digits),
        price_of(row.close, digits),
        Decimal(row.volume),
        Decimal(nothing),
        nothing,
    )


def updates(
    exchange: Exchange, stream: BarStream, req_id: int
) -> Iterator[HistoricalDataUpdate]:
    """Return the bars that are new or changed since the last ones sent."""
    digits = DIGITS[stream.shown]
    for row in _newer(exchange, stream, exchange.now):
        state = (row.start, row.open, row.high, row.low, row.close, row.volume)
        if state == stream.last:
            continue
        stream.last, stream.last_start = state, row.start
        yield HistoricalDataUpdate(
            req_id,
            0,
            bar_date(row, stream.size, stream.date_format, stream.times),
            price_of(row.open, digits),
            price_of(row.close, digits),
            price_of(row.high, digits),
            price_of(row.low, digits),
            Decimal(min(row.volume, 0)),
            Decimal(row.volume),
        )


def real_time_bars(
    exchange: Exchange, stream: BarStream, req_id: int
) -> Iterator[RealTimeBar]:
    """Return the bars that were completed since the last one sent."""
    digits = DIGITS[stream.shown]
    for row in _newer(exchange, stream, exchange.now):
        if row.start + stream.size > exchange.now or row.start == stream.last_start:
            continue
        stream.last_start = row.start
        yield RealTimeBar(
            req_id,
            int(row.start.timestamp()),
            price_of(row.open, digits),
            price_of(row.high, digits),
            price_of(row.low, digits),
            price_of(row.close, digits),
            Decimal(row.volume),
            Decimal(min(row.volume, 0)),
            min(row.volume, 0),
        )


def _newer(exchange: Exchange, stream: BarStream, now: datetime) -> tuple[BarRow, ...]:
    """Return the bars from the last one sent on; without one, only the newest."""
    rows = exchange.bars(
        stream.con_id, stream.size, sessions=1, end=now, shown=stream.shown
    )
    if stream.last_start is None:
        return rows[-1:]
    return tuple(row for row in rows if row.start >= stream.last_start)
