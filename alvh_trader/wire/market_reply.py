"""What the server says of prices: ticks, greeks, bars."""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.field import (
    Computed,
    Double,
    Exact,
    Flag,
    Int,
    MaybeExact,
    MaybeNumber,
    Number,
    Text,
)
from alvh_trader.wire.layout import ROWS, When, until


class TickPrice(Struct, frozen=True):
    """A price and size: 1 bid, 2 ask, 4 last, 6 high, 7 low, 9 close, 14 open.

    A price of -1 with size 0 means that there is none. `mask` 1: may be executed
    automatically, 2: past the limit, 4: before the open.
    """

    req_id: Int
    kind: Int
    price: Number
    size: MaybeNumber
    mask: Int = 0


class TickSize(Struct, frozen=True):
    """A size. Kinds: 0 bid, 3 ask, 5 last, 8 volume."""

    req_id: Int
    kind: Int
    size: Number


class TickOptionComputation(Struct, frozen=True, kw_only=True):
    """Greeks. Kinds: 10 of the bid, 11 ask, 12 last, 13 model, 53 asked for.

    Vega is per volatility point, theta per calendar day. Unknown parts are -1, the
    greeks -2. `attribute` is 0 for return based, 1 for price based.
    """

    req_id: Int
    kind: Int
    attribute: Int = 0
    implied_volatility: Computed = -1
    delta: Computed = -2
    price: Computed = -1
    dividends: Computed = -1
    gamma: Computed = -2
    vega: Computed = -2
    theta: Computed = -2
    underlying: Computed = -1


class TickGeneric(Struct, frozen=True):
    """A number that has no message of its own, such as 49 halted."""

    req_id: Int
    kind: Int
    value: Double


class TickString(Struct, frozen=True):
    """A text, such as 45 the time of the last trade."""

    req_id: Int
    kind: Int
    value: Text


class TickReqParams(Struct, frozen=True):
    """What a stream is based on; the first message of each stream."""

    req_id: Int
    min_tick: Number
    exchange_map: Text
    snapshot_permissions: Int


class MarketDataType(Struct, frozen=True):
    """Whether a stream is live (1), frozen (2), delayed (3) or delayed frozen (4)."""

    req_id: Int
    kind: Int


class TickSnapshotEnd(Struct, frozen=True):
    """A snapshot is complete."""

    req_id: Int


class Bar(Struct, frozen=True):
    """One historical bar; a date for daily bars, else a date and time with zone."""

    date: Text
    open: Exact
    high: Exact
    low: Exact
    close: Exact
    volume: Exact
    average: Exact
    count: Int


class HistoricalData(Struct, frozen=True, kw_only=True):
    """Bars, oldest first, and the span that they were asked for."""

    req_id: Int
    start: Annotated[Text, until(196)] = ""
    end: Annotated[Text, until(196)] = ""
    rows: Annotated[tuple[Bar, ...], ROWS]


class HistoricalDataUpdate(Struct, frozen=True):
    """The newest state of the last bar, or a new bar. Note the order of prices."""

    req_id: Int
    count: Int
    date: Text
    open: Exact
    close: Exact
    high: Exact
    low: Exact
    average: Exact
    volume: Exact


class HeadTimestamp(Struct, frozen=True):
    """Since when there is data."""

    req_id: Int
    time: Text


class RealTimeBar(Struct, frozen=True):
    """A bar of five seconds; `time` is its start in epoch seconds."""

    req_id: Int
    time: Int
    open: Exact
    high: Exact
    low: Exact
    close: Exact
    volume: Exact
    average: Exact
    count: Int


class PastTick(Struct, frozen=True):
    """A middle of the market at one second of the past."""

    time: Int
    mask: Int
    price: Number
    size: Number


class PastTicks(Struct, frozen=True):
    """Middles of the past."""

    req_id: Int
    rows: Annotated[tuple[PastTick, ...], ROWS]
    done: Flag


class PastQuote(Struct, frozen=True):
    """A quote of the past."""

    time: Int
    mask: Int
    bid: Number
    ask: Number
    bid_size: Number
    ask_size: Number


class PastQuotes(Struct, frozen=True):
    """Quotes of the past."""

    req_id: Int
    rows: Annotated[tuple[PastQuote, ...], ROWS]
    done: Flag


class PastTrade(Struct, frozen=True):
    """A trade of the past."""

    time: Int
    mask: Int
    price: Number
    size: Number
    exchange: Text
    conditions: Text


class PastTrades(Struct, frozen=True):
    """Trades of the past."""

    req_id: Int
    rows: Annotated[tuple[PastTrade, ...], ROWS]
    done: Flag


class TickByTick(Struct, frozen=True, kw_only=True):
    """A single tick: `kind` is 1 last, 2 all last, 3 bid and ask, 4 middle."""

    req_id: Int
    kind: Int
    time: Int
    price: Annotated[MaybeExact, When(lambda it: it.kind in (1, 2))] = None
    size: Annotated[MaybeNumber, When(lambda it: it.kind in (1, 2))] = None
    bid: Annotated[MaybeExact, When(lambda it: it.kind == 3)] = None
    ask: Annotated[MaybeExact, When(lambda it: it.kind == 3)] = None
    bid_size: Annotated[MaybeNumber, When(lambda it: it.kind == 3)] = None
    ask_size: Annotated[MaybeNumber, When(lambda it: it.kind == 3)] = None
    mask: Annotated[Int, When(lambda it: it.kind != 4)] = 0
    exchange: Annotated[Text, When(lambda it: it.kind in (1, 2))] = ""
    conditions: Annotated[Text, When(lambda it: it.kind in (1, 2))] = ""
    middle: Annotated[MaybeExact, When(lambda it: it.kind == 4)] = None


class Session(Struct, frozen=True):
    """One trading session."""

    start: Text
    end: Text
    day: Text


class HistoricalSchedule(Struct, frozen=True, kw_only=True):
    """The trading sessions of a span."""

    req_id: Int
    start: Text
    end: Text
    time_zone: Text
    rows: Annotated[tuple[Session, ...], ROWS]


class HistogramRow(Struct, frozen=True):
    """How much traded at a price."""

    price: Number
    count: Number


class Histogram(Struct, frozen=True):
    """How much traded at each price."""

    req_id: Int
    rows: Annotated[tuple[HistogramRow, ...], ROWS] = ()
