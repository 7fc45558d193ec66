"""The other volatility indexes from VIX, for histories that do not have them.

VIX1D, VIX9D, VIX3M, VIX6M, VIX1Y, VVIX and SKEW; docs/market-model.md says how far off.
"""

import numpy as np
from numpy.typing import NDArray

from alvh_trader.sim.parameters import TermParameters

Floats = NDArray[np.float64]

FAST = 15
SLOW = 60
"""Spans, in sessions, of the exponential averages of VIX the models lean on."""


def average(closes: Floats, span: int) -> Floats:
    """Return the exponential average after each close, begun at the first."""
    weight = 2.0 / (span + 1.0)
    averages = np.empty_like(closes)
    level = closes[0]
    for i, close in enumerate(closes):
        level += weight * (close - level)
        averages[i] = level
    return averages


def index_of(fit: TermParameters, vix: Floats, fast: float, slow: float) -> Floats:
    """Return the index at each `vix`, given yesterday's averages of VIX."""
    v = np.log(vix)
    logs = fit.constant + fit.vix * v + fit.vix_squared * v * v
    return np.asarray(np.exp(logs + fit.fast * np.log(fast) + fit.slow * np.log(slow)))
