"""Daily series as the signals of completed sessions take them."""

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Series = Sequence[tuple[date, float]]
"""(day, value), in any order; of a day given twice the later mention counts."""

Floats = NDArray[np.float64]


def tidy(series: Series, low: float, high: float) -> dict[date, float]:
    """Return the values by day, oldest first, without those outside [low, high].

    NaN is outside. The bounds are those of the thing measured: what is a hundred times
    too large is a slip of units, not a market.
    """
    believed = {day: value for day, value in series if low <= value <= high}
    return dict(sorted(believed.items()))


def log_returns(
    left: dict[date, float], right: dict[date, float], most: int
) -> tuple[Floats, Floats]:
    """Return the last `most` log returns of two series over the days both have.

    A day that one of them lacks lengthens the return of both, so the pairs stay those
    of one span of time.
    """
    days = sorted(left.keys() & right.keys())[-most - 1 :]
    first = [math.log(left[b] / left[a]) for a, b in pairwise(days)]
    second = [math.log(right[b] / right[a]) for a, b in pairwise(days)]
    return np.array(first), np.array(second)


def changes(
    left: dict[date, float], right: dict[date, float], most: int
) -> tuple[Floats, Floats]:
    """Return the last `most` plain differences, likewise."""
    days = sorted(left.keys() & right.keys())[-most - 1 :]
    first = [left[b] - left[a] for a, b in pairwise(days)]
    second = [right[b] - right[a] for a, b in pairwise(days)]
    return np.array(first), np.array(second)


def last_of_weeks(values: dict[date, float], today: date) -> list[float]:
    """Return the last value of each week (Monday to Sunday) that is over, in order."""
    now = today.isocalendar()[:2]
    weeks = {day.isocalendar()[:2]: value for day, value in sorted(values.items())}
    return [value for week, value in weeks.items() if week < now]
