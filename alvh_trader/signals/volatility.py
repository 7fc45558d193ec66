"""Realised volatility from daily closes."""

import math
from collections.abc import Sequence

import numpy as np


def hv20(closes: Sequence[float], *, sessions: int = 20) -> float | None:
    """Return the realised volatility of the last `sessions` returns, in points.

    Sample standard deviation of log returns * sqrt(252) * 100 (alvh.md §2.2), of
    completed sessions, oldest first; None where there are too few, or one is no price.
    """
    last = np.asarray(closes[-sessions - 1 :], dtype=np.float64)
    if last.size <= sessions or not np.all(np.isfinite(last) & (last > 0)):
        return None
    returns = np.diff(np.log(last))
    return float(np.std(returns, ddof=1)) * math.sqrt(252.0) * 100.0
