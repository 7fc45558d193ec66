"""Advances and declines: is the stress broad, or do sectors change places?

Issues are counts, lines are cumulative net advances, oldest first. Source:
alvh.md §9.3, §9.4 and the verdict of step 4.
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import accumulate

import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Right
from alvh_trader.domain.market import Breadth

AVERAGE = 21
SLOPE = 10
WINDOW = 20
NEAR_HIGH = 0.992
SCORES_APART = 1.0


class Verdict(StrEnum):
    """What breadth says of a threat. Only the first and last let a roll proceed."""

    BROAD_STRESS = "BROAD_STRESS"
    SECTOR_ROTATION = "SECTOR_ROTATION"
    UNKNOWN = "UNKNOWN"
    BROAD_STRENGTH = "BROAD_STRENGTH"


class CashFlow(Struct, frozen=True, kw_only=True):
    """How price over cash flow of the index's largest names moved over five days.

    `fell` and `rose` are shares of names (0 to 1), `index` a fraction, `dispersion`
    the names' standard deviation over the absolute index move (both log).
    """

    fell: float
    rose: float
    index: float
    dispersion: float


class Line(Struct, frozen=True, kw_only=True):
    """The advance-decline line today: `slope` is issues a day over ten days."""

    value: float
    average: float
    slope: float


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of the verdict, as fractions (alvh.md §9)."""

    ratio: float = 0.20
    names: float = 0.70
    index: float = 0.01
    dispersion: float = 3.0


def advance_decline_line(net_advances: Sequence[int]) -> tuple[int, ...]:
    """Return the running sum of advances less declines."""
    return tuple(accumulate(net_advances))


def line_of(net_advances: Sequence[int]) -> Line | None:
    """Return where the line stands; None below 21 sessions (today's included)."""
    if len(net_advances) < AVERAGE:
        return None
    line = advance_decline_line(net_advances)
    return Line(
        value=float(line[-1]),
        average=sum(line[-AVERAGE:]) / AVERAGE,
        slope=(line[-1] - line[-1 - SLOPE]) / SLOPE,
    )


def is_plausible(breadth: Breadth) -> bool:
    """Return whether the three counts are those of the exchange (alvh.md §1.1)."""
    counts = (breadth.advances, breadth.declines, breadth.unchanged)
    return min(counts) >= 0 and 2500 <= sum(counts) <= 3500


def net_ratio(breadth: Breadth) -> float | None:
    """Return (advances - declines) / (advances + declines), -1 to 1."""
    moved = breadth.advances + breadth.declines
    return (breadth.advances - breadth.declines) / moved if moved else None


def cash_flow(changes: Mapping[str, tuple[float, float]]) -> CashFlow | None:
    """Return how price over cash flow moved.

    Per name: (log change of its ratio over five days, market value in USD). Cash flow
    changes quarterly, so the index's change is the value-weighted mean; None without
    names.
    """
    if not changes:
        return None
    moves = np.array([move for move, _ in changes.values()])
    weights = np.array([value for _, value in changes.values()])
    index = float(np.average(moves, weights=weights))
    spread = float(np.std(moves, ddof=1)) if moves.size > 1 else 0.0
    return CashFlow(
        fell=float(np.mean(moves < 0)),
        rose=float(np.mean(moves > 0)),
        index=math.expm1(index),
        dispersion=spread / abs(index) if index else math.inf,
    )


def verdict(
    line: Line | None,
    ratio: float | None,
    tested: Right,
    flow: CashFlow | None = None,
    limits: Limits | None = None,
) -> Verdict:
    """Return what breadth says of a threat to the tested side.

    Broad: the line on the bad side of its average, moving that way, and today's
    `ratio` at least 20 % that way; with cash flows known, most names and the index
    must agree. Else rotation: the line on the good side, or names that scatter.
    Call-side threats read everything mirrored. Missing line or ratio: unknown.
    """
    limits = Limits() if limits is None else limits
    if line is None or ratio is None:
        return Verdict.UNKNOWN
    way = -1.0 if tested is Right.PUT else 1.0
    is_beyond = way * (line.value - line.average) > 0
    if (
        is_beyond
        and way * line.slope > 0
        and way * ratio >= limits.ratio
        and (flow is None or _agrees(flow, tested, limits))
    ):
        return Verdict.BROAD_STRESS if tested is Right.PUT else Verdict.BROAD_STRENGTH
    if not is_beyond or (flow is not None and flow.dispersion >= limits.dispersion):
        return Verdict.SECTOR_ROTATION
    return Verdict.UNKNOWN


def _agrees(flow: CashFlow, tested: Right, limits: Limits) -> bool:
    if tested is Right.PUT:
        return flow.fell >= limits.names and flow.index <= -limits.index
    return flow.rose >= limits.names and flow.index >= limits.index


class Divergence(StrEnum):
    """What counts as SPX and breadth parting (alvh.md §9)."""

    NEAR_HIGH = "near_high"
    SCORES = "scores"


def is_divergence(
    closes: Sequence[float],
    net_advances: Sequence[int],
    form: Divergence = Divergence.NEAR_HIGH,
) -> bool | None:
    """Return whether SPX rose and breadth did not, on each of the last two sessions.

    `near_high`: close >= 0.992 * the 20-session high of closes, and the line below its
    21-session average. `scores`: the close stands at least one standard deviation
    higher among the last 20 than the line does. Completed sessions of the same days,
    oldest first. None where there are too few (alvh.md §9).
    """
    if min(len(closes), len(net_advances)) < AVERAGE + 1:
        return None
    test = _near_high if form is Divergence.NEAR_HIGH else _scores_part
    line = advance_decline_line(net_advances)
    return all(
        test(closes[: len(closes) - back], line[: len(line) - back]) for back in (0, 1)
    )


def _near_high(closes: Sequence[float], line: Sequence[int]) -> bool:
    is_high = closes[-1] >= NEAR_HIGH * max(closes[-WINDOW:])
    return is_high and line[-1] < sum(line[-AVERAGE:]) / AVERAGE


def _scores_part(closes: Sequence[float], line: Sequence[int]) -> bool:
    return _score(closes) - _score(line) >= SCORES_APART


def _score(values: Sequence[float]) -> float:
    last = np.asarray(values[-WINDOW:], dtype=np.float64)
    spread = float(np.std(last, ddof=1))
    return float(last[-1] - last.mean()) / spread if spread > 0 else 0.0
