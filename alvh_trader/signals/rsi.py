"""The relative strength index of Wilder, and what it says of a tested side."""

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise

from alvh_trader.domain.instrument import Right


class Urgency(StrEnum):
    """Whether momentum supports the threat to the tested side."""

    STRONG = "strong"
    NEUTRAL = "neutral"
    CONTRADICTION = "contradiction"


def rsi(closes: Sequence[float], period: int = 14) -> float | None:
    """Return the index, 0 to 100, of closes (oldest first); None below period + 1.

    None too where a close is no number.

    Wilder's averages, seeded with the mean of the first `period` changes. Without a
    single loss it is 100 (alvh.md §9.1).
    """
    if len(closes) <= period or not all(map(math.isfinite, closes)):
        return None
    changes = [after - before for before, after in pairwise(closes)]
    gain = sum(max(c, 0.0) for c in changes[:period]) / period
    loss = sum(max(-c, 0.0) for c in changes[:period]) / period
    for change in changes[period:]:
        gain += (max(change, 0.0) - gain) / period
        loss += (max(-change, 0.0) - loss) / period
    if loss == 0:
        return 100.0
    return 100.0 * gain / (gain + loss)


def urgency(
    value: float | None, tested: Right, *, low: float = 45.0, high: float = 55.0
) -> Urgency:
    """Return how `value` bears on the tested side (alvh.md §5.5); None is neutral.

    Put side: below `low` strong, above `high` a contradiction; call side mirrored.
    """
    if value is None or low <= value <= high:
        return Urgency.NEUTRAL
    threatens = value < low if tested is Right.PUT else value > high
    return Urgency.STRONG if threatens else Urgency.CONTRADICTION
