"""What was quoted in the past: bars of options and futures, and single quotes.

The quotes of bars are those that were streamed, looked up once a minute, or as often
as a shorter bar needs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from alvh_trader.sim import batch, minis
from alvh_trader.sim.batch import Batch
from alvh_trader.sim.market import Market, Session, future_price, settles_at
from alvh_trader.sim.model import BarRow, Listing, Shown
from alvh_trader.sim.path import STEP
from alvh_trader.sim.prints import Prints
from alvh_trader.sim.spot import SIZES, quote

SESSIONS_MAX = 30
"""Sessions that are looked at (an assumption): each takes a while to be made again."""

_LINES_KEPT = 64
_MINUTE = 60 // STEP

Pair = tuple[float | None, float | None]


class Quoted(NamedTuple):
    """A quote at `at` (POSIX seconds); None and 0 for a side without one."""

    at: int
    bid: float | None
    ask: float | None
    bid_size: int
    ask_size: int


Four = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Line:
    """One contract in one session; `options` is None for a future or a stock."""

    number: int
    session: Session
    listing: Listing
    options: Batch | None
    seen: dict[int, Quoted] = field(default_factory=dict)


class PastQuotes:
    """What was quoted in the sessions of a market."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._lines: dict[tuple[int, int], _Line] = {}

    def bars(
        self,
        listing: Listing,
        shown: Shown,
        step: int,
        last: int,
        node: int,
        count: int,
    ) -> tuple[BarRow, ...]:
        """Return bars of `step` nodes of `count` sessions; of the last up to `node`.

        A bar in which nobody bid, asked or paid anything is left out.
        """
        first = max(last - min(count, SESSIONS_MAX) + 1, self._market.first_listed)
        rows: list[BarRow] = []
        for number in range(first, last + 1):
            line = self._line(number, listing)
            if line is not None:
                until = self._ends(line)
                until = min(node, until) if number == last else until
                rows += self._cut(line, shown, step, until)
        return tuple(rows)

    def ticks(
        self,
        listing: Listing,
        span: tuple[datetime | None, datetime],
        last: int,
        most: int,
    ) -> list[Quoted]:
        """Return the first quotes from a begin on; without it the last up to an end.

        One for each node (five seconds), `most` in all.
        """
        begin, end = span[0], span[1].timestamp()
        since = 0.0 if begin is None else begin.timestamp()
        newest = self._market.newest(end, last)
        oldest = max(newest - SESSIONS_MAX + 1, self._market.first_listed)
        if begin is not None:
            oldest = max(oldest, self._market.newest(since, last))
        way = -1 if begin is None else 1
        found: list[Quoted] = []
        for number in range(oldest, newest + 1)[::way]:
            line = self._line(number, listing)
            if line is None:
                continue
            opens_at = line.session.tape.opens_at
            for node in range(self._ends(line) + 1)[::way]:
                if since <= opens_at + STEP * node <= end:
                    found.append(self._at(line, node))
                if len(found) == most:
                    return found[::way]
        return found[::way]

    def _line(self, number: int, listing: Listing) -> _Line | None:
        """Return a contract in a session, None if it was not quoted there."""
        key = number, listing.con_id
        line = self._lines.get(key)
        if line is not None:
            return line
        market = self._market
        window, calendar = market.scenario.window, market.scenario.calendar
        if market.listed(number).by_id(listing.con_id) is None:
            return None
        session, options = market.session(number), None
        if listing.sec_type == "OPT":
            if listing.symbol == "VIX" and not window.vix_options_quoted:
                return None
            tape = session.tape
            options = batch.batch(
                [listing],
                [settles_at(listing, calendar)],
                [tape.closes_at],
                minis.scaled([listing], tape.day, window.dividends),
            )
        if len(self._lines) >= _LINES_KEPT:
            self._lines.clear()
        line = self._lines[key] = _Line(number, session, listing, options)
        return line

    def _ends(self, line: _Line) -> int:
        """Return the last node at which a contract trades in a session."""
        tape = line.session.tape
        is_last = line.listing.expiry == tape.day
        return tape.index_close if is_last else tape.nodes - 1

    # -------------------------------------------------------------------- bars ---

    def _cut(
        self, line: _Line, shown: Shown, step: int, until: int
    ) -> Iterator[BarRow]:
        if shown is Shown.TRADES and line.options is not None:
            yield from self._paid(line, line.options, step, until)
            return
        for first in range(0, until, step):
            nodes = range(first, min(first + step, until) + 1, min(step, _MINUTE))
            four = four_of(shown, [self._at(line, node)[1:3] for node in nodes])
            if four is not None:
                yield _row(line, first, four, 0 if shown is Shown.TRADES else -1)

    def _paid(
        self, line: _Line, options: Batch, step: int, until: int
    ) -> Iterator[BarRow]:
        """Yield bars of an option's prints: those in which there was one."""
        evening = self._market.closing(line.number - 1)
        prints = Prints(line.session, evening, options, self._market.fit)
        made = prints.of(line.listing.con_id, until)
        # What prints at the bell belongs to the last bar.
        for number, group in groupby(made, lambda it: min(it[0], until - 1) // step):
            rows = tuple(group)
            prices = [price for _, price, _ in rows]
            four = prices[0], max(prices), min(prices), prices[-1]
            volume = sum(volume for *_, volume in rows)
            yield _row(line, number * step, four, volume)

    def _at(self, line: _Line, node: int) -> Quoted:
        quoted = line.seen.get(node)
        if quoted is None:
            quoted = line.seen[node] = self._quoted(line, node)
        return quoted

    def _quoted(self, line: _Line, node: int) -> Quoted:
        at = line.session.tape.opens_at + STEP * node
        if line.options is None:
            bid, ask = quote(line.listing, self._price(line, node))
            return Quoted(at, float(bid), float(ask), *SIZES[line.listing.sec_type])
        state, fit = line.session.state(node), self._market.fit
        values = batch.value(state, line.options, fit)
        salt = batch.half_minute(line.number, node)
        quotes = batch.quotes(state, line.options, values, fit, salt)
        bid_cents, ask_cents, bid_size, ask_size = (int(it[0]) for it in quotes)
        prices = bid_cents / 100 or None, ask_cents / 100 or None
        return Quoted(at, *prices, bid_size, ask_size)

    def _price(self, line: _Line, node: int) -> float:
        """Return what a future or a stock was worth."""
        listing = line.listing
        if listing.sec_type == "STK":
            return float(line.session.series[listing.symbol][node])
        assert listing.expiry is not None, "a future without expiry"
        state = line.session.state(node)
        return future_price(state, listing.expiry, self._market.fit)


def four_of(shown: Shown, pairs: Sequence[Pair]) -> Four | None:
    """Return open, high, low and close of quotes; trades are at the bid.

    None where there are no such quotes.
    """
    bids = [bid for bid, _ in pairs if bid is not None]
    asks = [ask for _, ask in pairs if ask is not None]
    if shown is Shown.BID_ASK:
        return (fmean(bids), max(asks), min(bids), fmean(asks)) if bids else None
    mids = [(b + a) / 2 for b, a in pairs if b is not None and a is not None]
    told = {Shown.ASK: asks, Shown.MIDPOINT: mids}.get(shown, bids)
    return (told[0], max(told), min(told), told[-1]) if told else None


def as_quoted(row: BarRow, listing: Listing, shown: Shown) -> BarRow:
    """Return the bar of a stock or a future as one of its quotes."""
    prices = (row.open, row.high, row.low, row.close)
    pairs = [(float(b), float(a)) for b, a in (quote(listing, p) for p in prices)]
    four = four_of(shown, pairs)
    assert four is not None, "both sides are there"
    return _made(row.start, row.day, four, -1)


def _row(line: _Line, first: int, four: Four, volume: int) -> BarRow:
    tape = line.session.tape
    start = datetime.fromtimestamp(tape.opens_at + STEP * first, UTC)
    return _made(start, tape.day, four, volume)


def _made(start: datetime, day: date, four: Four, volume: int) -> BarRow:
    # A middle may lie between two cents.
    opened, high, low, close = (round(price, 3) for price in four)
    return BarRow(
        start=start,
        day=day,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )
