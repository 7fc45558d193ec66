"""The ticks that a client must ask for by number: which there are, and their values.

The numbers, their names and for which type of contract each is legal are those of a
recorded refusal [iss]; the kinds of tick that answer them are published [doc].
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from alvh_trader.gateway.notices import Notice, invalid
from alvh_trader.gateway.view import View
from alvh_trader.gateway.volatility import implied_index, past_volatility
from alvh_trader.sim.bars import DAY
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import Listing
from alvh_trader.wire.market_reply import TickGeneric, TickPrice, TickSize, TickString

DATA_OFF = "mdoff"
"""In the place of a number: nothing but the ticks asked for [doc]."""

_EVERYTHING = frozenset[str]()
_DIVIDENDS = frozenset({"STK", "CFD", "OPT", "FOP", "FUT", "IND", "SLB"})
_SHORT_TERM = frozenset(
    {"STK", "CFD", "OPT", "FOP", "WAR", "FUT", "FWD", "BOND", "BILL", "SLB", "IOPT",
     "CRYPTO"}
)  # fmt: skip


class Legal(NamedTuple):
    """A number's older form, its name, and the types it is legal for (none: all)."""

    older: int | None
    name: str
    types: frozenset[str] = _EVERYTHING

    def fits(self, sec_type: str) -> bool:
        """Return whether it is legal for a type of contract."""
        return not self.types or sec_type in self.types


LEGAL: Mapping[int, Legal] = MappingProxyType(
    {
        100: Legal(None, "Option Volume"),
        101: Legal(None, "Option Open Interest"),
        105: Legal(None, "Average Opt Volume"),
        106: Legal(None, "impvolat"),
        162: Legal(None, "Index Future Premium", frozenset({"IND"})),
        165: Legal(None, "Misc. Stats"),
        221: Legal(220, "Creditman Mark Price"),
        225: Legal(None, "Auction"),
        232: Legal(221, "Pl Price"),
        233: Legal(None, "RTVolume"),
        236: Legal(None, "inventory"),
        258: Legal(47, "Fundamentals"),
        292: Legal(None, "Wide_news"),
        293: Legal(None, "TradeCount"),
        294: Legal(None, "TradeRate"),
        295: Legal(None, "VolumeRate"),
        318: Legal(None, "LastRTHTrade"),
        375: Legal(None, "RTTrdVolume"),
        411: Legal(None, "rthistvol"),
        456: Legal(59, "IBDividends", _DIVIDENDS),
        460: Legal(None, "Bond Factor Multiplier"),
        577: Legal(None, "EtfNavLast(navlast)"),
        586: Legal(None, "IPOHLMPRC"),
        587: Legal(None, "Pl Price Delayed"),
        588: Legal(None, "Futures Open Interest"),
        595: Legal(None, "Short-Term Volume X Mins", _SHORT_TERM),
        614: Legal(None, "EtfNavMisc(high/low)"),
        619: Legal(None, "Creditman Slow Mark Price"),
        623: Legal(None, "EtfFrozenNavLast(fznavlast)"),
    }
)

_UNLISTED = {104: 512}
"""Historical volatility: understood, and not among the legal ones that are told."""

_BY_OLDER = {it.older: code for code, it in LEGAL.items() if it.older} | _UNLISTED


def read_list(text: str, sec_type: str) -> tuple[int, ...] | Notice:
    """Read a list of numbers; one that is not legal makes the whole list wrong [iss].

    An older form of a number stands for the newer one; `number:parameter` is read
    without its parameter, which only news have.
    """
    codes: dict[int, None] = {}
    for token in filter(None, (part.strip() for part in text.split(","))):
        if token.lower() == DATA_OFF:
            continue
        head, colon, parameter = token.partition(":")
        number = int(head) if head.isascii() and head.isdecimal() else 0
        code = _BY_OLDER.get(number, number)
        known = number in _UNLISTED or (code in LEGAL and LEGAL[code].fits(sec_type))
        if not known or (colon and not parameter):
            return invalid(_refusal(text, sec_type))
        codes[code] = None
    return tuple(codes)


def _refusal(text: str, sec_type: str) -> str:
    legal = ",".join(
        f"{code}{'' if it.older is None else f'/{it.older}'}({it.name})"
        for code, it in LEGAL.items()
        if it.fits(sec_type)
    )
    return (
        f"Incorrect generic tick list of {text}.  Legal ones for ({sec_type}) "
        f"are: {legal}"
    )


def is_data_off(text: str) -> bool:
    """Return whether the list asks for no prices besides."""
    return DATA_OFF in (part.strip().lower() for part in text.split(","))


class GenericLine:
    """The generic ticks of one stream: what is new since the last look."""

    def __init__(self, req_id: int, listing: Listing, codes: tuple[int, ...]) -> None:
        self.con_id = listing.con_id
        self._req_id = req_id
        self._listing = listing
        self._sources = [_SOURCES[code] for code in codes if code in _SOURCES]
        self._sent: dict[tuple[type[Struct], int], Struct] = {}

    def ticks(self, view: View, exchange: Exchange) -> list[Struct]:
        """Return the ticks that are not as they were."""
        news: list[Struct] = []
        asked = Asked(self._req_id, self._listing, view, exchange)
        for source in self._sources:
            for tick in source(asked):
                key = type(tick), tick.kind
                if self._sent.get(key) != tick:
                    self._sent[key] = tick
                    news.append(tick)
        return news


class Asked(NamedTuple):
    """For whom, of what and when a value is wanted."""

    req_id: int
    listing: Listing
    view: View
    exchange: Exchange


Tick = TickPrice | TickSize | TickGeneric | TickString


def _pair(asked: Asked, call: int, put: int, value: int) -> Iterator[Tick]:
    """Return a figure of calls and one of puts: an option has one, the other is 0."""
    if asked.listing.sec_type == "OPT":
        is_call = asked.listing.right == "C"
        yield TickSize(asked.req_id, call, value if is_call else 0)
        yield TickSize(asked.req_id, put, 0 if is_call else value)


def _volume(asked: Asked) -> Iterator[Tick]:
    volume = asked.view.top(asked.listing.con_id).volume
    if volume is not None:
        yield from _pair(asked, 29, 30, volume)


def _interest(asked: Asked) -> Iterator[Tick]:
    # An assumption: nobody publishes what the simulated market holds open.
    yield from _pair(asked, 27, 28, 100 + asked.listing.con_id * 7919 % 20_000)


def _implied(asked: Asked) -> Iterator[Tick]:
    greeks = asked.view.greeks(asked.listing.con_id)
    if greeks is not None:
        yield TickGeneric(asked.req_id, 24, greeks.implied_volatility)
        return
    index = implied_index(asked.exchange, asked.listing)
    if index is not None:
        level = asked.view.top(index.con_id).last
        if level is not None:
            yield TickGeneric(asked.req_id, 24, float(level) / 100)


def _historical(kind: int) -> Callable[[Asked], Iterator[Tick]]:
    """Return the source of the volatility of thirty daily returns, a year."""

    def source(asked: Asked) -> Iterator[Tick]:
        rows = asked.exchange.bars(asked.listing.con_id, DAY, sessions=32)[:-1]
        value = past_volatility([row.close for row in rows])
        if value is not None:
            yield TickGeneric(asked.req_id, kind, value)

    return source


def _statistics(asked: Asked) -> Iterator[Tick]:
    """Return low and high of 13, 26 and 52 weeks of what has daily bars."""
    rows = asked.exchange.bars(asked.listing.con_id, DAY, sessions=252)
    if not rows:
        return
    for kind, sessions in ((15, 63), (17, 126), (19, 252)):
        part = rows[-sessions:]
        yield TickPrice(asked.req_id, kind, min(row.low for row in part), 0)
        yield TickPrice(asked.req_id, kind + 1, max(row.high for row in part), 0)


def _mark(asked: Asked) -> Iterator[Tick]:
    """Return the mark: the last price between bid and ask, or the nearer of them."""
    top = asked.view.top(asked.listing.con_id)
    prices = [it for it in (top.bid, top.last, top.ask) if it is not None]
    if prices:
        yield TickPrice(asked.req_id, 37, sorted(prices)[len(prices) // 2], 0)


def _trades(kind: int) -> Callable[[Asked], Iterator[Tick]]:
    """Return the source of the text of the last trade and the day's volume."""

    def source(asked: Asked) -> Iterator[Tick]:
        top = asked.view.top(asked.listing.con_id)
        if top.last is None or top.last_size is None or top.volume is None:
            return
        # An assumption: the average is the middle of the day's range and the last.
        prices = [it for it in (top.high, top.low, top.last) if it is not None]
        average = sum(prices, Decimal(0)) / len(prices)
        at = int(asked.view.now.timestamp() * 1000)
        figures = f"{top.last:f};{top.last_size};{at};{top.volume};{average:.8f};true"
        yield TickString(asked.req_id, kind, figures)

    return source


def _shortable(asked: Asked) -> Iterator[Tick]:
    if asked.listing.sec_type == "STK":
        yield TickGeneric(asked.req_id, 46, 3.0)


def _last(asked: Asked) -> Iterator[Tick]:
    last = asked.view.top(asked.listing.con_id).last
    if last is not None:
        yield TickPrice(asked.req_id, 57, last, 0)


_SOURCES: Mapping[int, Callable[[Asked], Iterator[Tick]]] = MappingProxyType(
    {
        100: _volume,
        101: _interest,
        106: _implied,
        165: _statistics,
        221: _mark,
        232: _mark,
        233: _trades(48),
        236: _shortable,
        318: _last,
        375: _trades(77),
        411: _historical(58),
        512: _historical(23),
    }
)
"""Where values come from. What has none here, has none in this market."""
