"""One row of the panel: a value, of when its newest input is, what that is worth."""

from datetime import date, datetime, time

from msgspec import Struct

from alvh_trader.domain.calendar import instant
from alvh_trader.domain.freshness import Part, Verdict, age_of
from alvh_trader.engine.proof import VIX_AGE_MAX
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.panel import Signal


class Origin(Struct, frozen=True, array_like=True):
    """Where a signal comes from, of when its newest input is, and what that is worth.

    `worth` is FRESH even where a signal cannot be computed of what is there.
    """

    source: str
    as_of: datetime | None
    worth: Verdict


def row(
    name: str, value: float | None, unit: str, bound: str, origin: Origin, says: str
) -> Signal:
    """Return a number's row; without a number it is not fresh."""
    is_lost = value is None and origin.worth is Verdict.FRESH
    return Signal(
        name=name,
        value=value,
        unit=unit,
        bound=bound,
        as_of=origin.as_of,
        source=origin.source,
        freshness=Verdict.MISSING if is_lost else origin.worth,
        says=says,
    )


def word(name: str, says: str | None, bound: str, origin: Origin) -> Signal:
    """Return the row of what is a word, not a number; None is unknown."""
    is_lost = says is None and origin.worth is Verdict.FRESH
    return Signal(
        name=name,
        value=None,
        unit="",
        bound=bound,
        as_of=origin.as_of,
        source=origin.source,
        freshness=Verdict.MISSING if is_lost else origin.worth,
        says="unknown" if says is None else says,
    )


def of_index(turn: Turn, symbol: str) -> tuple[Origin, float | None]:
    """Return when an index was last seen, and its value if that is not long ago."""
    quote = turn.state.index_quote(symbol)
    if quote is None:
        return Origin(symbol, None, Verdict.MISSING), None
    is_fresh = turn.at - quote.at <= VIX_AGE_MAX
    worth = Verdict.FRESH if is_fresh else Verdict.STALE
    return Origin(symbol, quote.at, worth), quote.last if is_fresh else None


def of_bars(turn: Turn, symbol: str) -> Origin:
    """Return of when the newest daily bar is; fresh is that of the last session."""
    bars = turn.state.bars.get(symbol, ())
    return _closed(turn, f"{symbol} daily", bars[-1].day if bars else None)


def of_vx(turn: Turn) -> Origin:
    """Return of when the newest point of 30-day VX is, likewise."""
    series = turn.state.vx30
    return _closed(turn, "VX daily", series[-1][0] if series else None)


def of_file(turn: Turn, part: Part) -> Origin:
    """Return of when an operator's file says it is."""
    age = age_of(turn.state.inputs, part, turn.at)
    as_of = age.as_of
    if as_of is not None and not isinstance(as_of, datetime):
        as_of = instant(as_of, time(0))
    return Origin(f"file {part.value}", as_of, age.verdict)


def _closed(turn: Turn, source: str, day: date | None) -> Origin:
    calendar, today = turn.rules.calendar, turn.state.day
    if day is None or today is None:
        return Origin(source, None, Verdict.MISSING)
    is_new = day == calendar.last_before(today)
    at = instant(day, calendar.close_of(day))
    return Origin(source, at, Verdict.FRESH if is_new else Verdict.STALE)
