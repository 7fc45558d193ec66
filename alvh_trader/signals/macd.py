"""Moving average convergence divergence, and whether VIX and SPX agree by it."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from alvh_trader.domain.instrument import Right

LEAST_BARS = 60


class Macd(Struct, frozen=True, array_like=True):
    """The newest values, in the units of the series; `rows` are three histograms.

    The histograms are oldest first, so that two steps can be seen.
    """

    macd: float
    signal: float
    rows: tuple[float, float, float]

    @property
    def histogram(self) -> float:
        """MACD less its signal line."""
        return self.rows[-1]

    @property
    def is_rising(self) -> bool:
        """Whether the histogram rose on each of the last two bars."""
        first, second, third = self.rows
        return first < second < third

    @property
    def is_falling(self) -> bool:
        """Whether the histogram fell on each of the last two bars."""
        first, second, third = self.rows
        return first > second > third


class Alignment(Struct, frozen=True, array_like=True):
    """Whether each index supports the tested side. None: not known, or not asked."""

    vix: bool | None
    spx: bool | None
    holds: bool


def exponential(values: Sequence[float], span: int) -> list[float]:
    """Return the exponential moving average, seeded with the first value."""
    average = values[0]
    averages = []
    for value in values:
        average = _next(average, value, span)
        averages.append(average)
    return averages


def _next(average: float, value: float, span: int) -> float:
    return average + 2.0 / (span + 1.0) * (value - average)


class _Averages(NamedTuple):
    """Both averages and the signal line after a series, and its last two histograms."""

    fast: float
    slow: float
    signal: float
    rows: tuple[float, float]


@lru_cache(maxsize=16)
def _averages(
    closes: tuple[float, ...], fast: int, slow: int, signal: int
) -> _Averages:
    """Return where the averages stand: completed sessions are asked about all day."""
    quick, slower = exponential(closes, fast), exponential(closes, slow)
    line = [a - b for a, b in zip(quick, slower, strict=True)]
    signals = exponential(line, signal)
    rows = (line[-2] - signals[-2], line[-1] - signals[-1])
    return _Averages(quick[-1], slower[-1], signals[-1], rows)


def macd(
    closes: Sequence[float], *, fast: int = 12, slow: int = 26, signal: int = 9
) -> Macd | None:
    """Return the indicator of a series, oldest first; None below 60 bars.

    None too where a close is no number. Source: alvh.md §3.4.
    """
    if len(closes) < LEAST_BARS or not all(map(math.isfinite, closes)):
        return None
    before, last = _averages(tuple(closes[:-1]), fast, slow, signal), closes[-1]
    line = _next(before.fast, last, fast) - _next(before.slow, last, slow)
    average = _next(before.signal, line, signal)
    return Macd(line, average, (*before.rows, line - average))


def alignment(vix: Macd | None, spx: Macd | None, tested: Right) -> Alignment:
    """Return whether momentum confirms the tested side (alvh.md §3.4).

    Put side: VIX's histogram positive or rising, and SPX's negative or falling.
    Call side: SPX's positive or rising; VIX is ignored. Unknown is not aligned.
    """
    if tested is Right.CALL:
        up = None if spx is None else spx.histogram > 0 or spx.is_rising
        return Alignment(None, up, up is True)
    fear = None if vix is None else vix.histogram > 0 or vix.is_rising
    down = None if spx is None else spx.histogram < 0 or spx.is_falling
    return Alignment(fear, down, fear is True and down is True)


def close_that_confirms(
    closes: Sequence[float],
    *,
    is_up: bool,
    fast: int = 12,
    slow: int = 26,
    signal: int = 9,
) -> float | None:
    """Return the last close at which the histogram begins to confirm; None unknown.

    Up: it is zero, or rises for the second bar, whichever needs less; down mirrored.
    The histogram is linear in the last close, so this is exact. `closes` include today.
    """
    found = macd(closes, fast=fast, slow=slow, signal=signal)
    if found is None:
        return None
    first, second, third = found.rows
    weights = [2.0 / (span + 1.0) for span in (fast, slow, signal)]
    slope = (weights[0] - weights[1]) * (1.0 - weights[2])
    levels = [0.0]
    if (first < second) is is_up and first != second:
        levels.append(second)
    goals = [closes[-1] + (level - third) / slope for level in levels]
    return min(goals) if is_up else max(goals)
