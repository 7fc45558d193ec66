"""How the volatility complex moves with the index: three slopes from daily closes.

Log returns and differences of completed sessions; source alvh.md §4.5 and §7.5. A
series that jumps as no market ever did is not believed, and the default stands.
"""

from datetime import date
from enum import StrEnum

import numpy as np
from msgspec import Struct

from alvh_trader.signals.series import Floats, Series, changes, log_returns, tidy

SESSIONS = 60
LEAST = 40
"""Returns that a slope is taken over, and how few will do."""

VX_SESSIONS = 120
VX_LEAST = 60
"""Likewise for the slope of VX on VIX."""

DEFAULT_VOL = -3.0
REFERENCE_VOL = 3.0
INDEX_SHARE = 0.5
"""What of VIX's own slope a 30-day future shows, where futures are missing."""

SPOT_LOW, SPOT_HIGH = 3.0, 9.0
VX_OF_VIX = 0.5
"""The slope that 1 / (1 + d / 30) gives for 30 days."""

VX_TOLERANCE = 0.4
R2_LOW = 0.3

VOLATILITY = (5.0, 150.0)
SPX = (100.0, 100_000.0)
"""Levels that VIX and its futures, and SPX, are believed to have."""

JUMP_VOLATILITY, JUMP_SPX = 1.1, 0.26
"""Log returns of a session beyond anything seen (2018-02-05 and 1987-10-19)."""


class VolSource(StrEnum):
    """Where the beta of the volatility complex comes from, the best first."""

    VX = "VX"
    VIX = "VIX"
    DEFAULT = "default"


class VolBeta(Struct, frozen=True, array_like=True):
    """Cov / Var of the volatility complex on SPX; `r2` is None for the default."""

    value: float = DEFAULT_VOL
    r2: float | None = None
    source: VolSource = VolSource.DEFAULT

    @property
    def is_loose(self) -> bool:
        """Whether the index explains too little of it (R2 below 0.3, or unknown)."""
        return self.r2 is None or self.r2 < R2_LOW

    @property
    def factor(self) -> float:
        """f_beta: |beta| over 3, within 0.5 and 1.5 (alvh.md §7.5).

        >>> round(VolBeta(-3.4).factor, 4), VolBeta(-1.2).factor, VolBeta(-6.0).factor
        (1.1333, 0.5, 1.5)
        """
        return min(max(abs(self.value) / REFERENCE_VOL, 0.5), 1.5)


def vol_beta(vx: Series, vix: Series, spx: Series) -> VolBeta:
    """Return the beta of 30-day VX on SPX over 60 sessions; 40 will do.

    Else half of VIX's own, else -3.0. All three are (day, close).
    """
    index = tidy(spx, *SPX)
    for source, series, share in (
        (VolSource.VX, vx, 1.0),
        (VolSource.VIX, vix, INDEX_SHARE),
    ):
        fit = _on_spx(tidy(series, *VOLATILITY), index)
        if fit is not None:
            slope, r2 = fit
            return VolBeta(share * slope, r2, source)
    return VolBeta()


def spot_beta(vix: Series, spx: Series) -> float | None:
    """Return per cent of VIX per per cent of SPX, positive, within 3 and 9.

    None below 40 returns of the last 60, and where SPX explains less than 0.3 of VIX's
    moves: then the default holds.
    """
    fit = _on_spx(tidy(vix, *VOLATILITY), tidy(spx, *SPX))
    if fit is None or fit[1] < R2_LOW:
        return None
    return min(max(-fit[0], SPOT_LOW), SPOT_HIGH)


def vx_scale(vx: Series, vix: Series) -> float | None:
    """Return by what to multiply 1 / (1 + d / 30), within 0.6 and 1.4.

    The slope of 30-day VX on VIX in points over 120 sessions (60 will do), over the
    formula's 0.5. None where there is too little, or VIX explains too little: then the
    formula holds.
    """
    first, second = tidy(vx, *VOLATILITY), tidy(vix, *VOLATILITY)
    logs = log_returns(first, second, VX_SESSIONS)
    moves, of_vix = changes(first, second, VX_SESSIONS)
    if moves.size < VX_LEAST or any(np.any(abs(x) > JUMP_VOLATILITY) for x in logs):
        return None
    fit = _slope(of_vix, moves)
    if fit is None or fit[1] < R2_LOW:
        return None
    return min(max(fit[0] / VX_OF_VIX, 1.0 - VX_TOLERANCE), 1.0 + VX_TOLERANCE)


def _on_spx(
    volatility: dict[date, float], spx: dict[date, float]
) -> tuple[float, float] | None:
    """Return slope and R2 of log returns; None where too few, or not to be believed."""
    moves, of_spx = log_returns(volatility, spx, SESSIONS)
    if moves.size < LEAST:
        return None
    if np.any(abs(moves) > JUMP_VOLATILITY) or np.any(abs(of_spx) > JUMP_SPX):
        return None
    return _slope(of_spx, moves)


def _slope(x: Floats, y: Floats) -> tuple[float, float] | None:
    """Return Cov / Var and R2; None where x never moves."""
    dx, dy = x - x.mean(), y - y.mean()
    xx, yy, xy = float(dx @ dx), float(dy @ dy), float(dx @ dy)
    if xx <= 0.0:
        return None
    return xy / xx, 0.0 if yy <= 0.0 else xy * xy / (xx * yy)
