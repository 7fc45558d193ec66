"""The volatility surfaces of SPX and VIX options, vectorised over options.

Both smiles are Gatheral's SVI hyperbola in z = ln(K/F) / sqrt(theta), where theta is
the at-the-money variance to expiry:

    IV^2 T / theta = 1 + lean z + bend (sqrt((z - centre)^2 + width^2)
                                        - sqrt(centre^2 + width^2))

For SPX, theta and the five numbers are functions of what the volatility indexes say of
the variance to expiry, and of the day's mood, but not of time itself. So wherever the
variance stands still, the smile does; and slices do not cross while it grows. The
fit holds butterflies and calendars non-negative over all that it admits (`Mood`).
"""

from dataclasses import dataclass
from functools import cache
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alvh_trader.sim.market_time import MarketTime
from alvh_trader.sim.parameters import CurveParameters, Line, SmileParameters

Floats = NDArray[np.float64]

SECONDS_A_DAY = 86400.0
SECONDS_A_YEAR = 365 * SECONDS_A_DAY
HORIZONS = np.array([0.0, 9.0, 30.0, 93.0, 184.0, 365.0])
"""Days that nothing, VIX9D, VIX, VIX3M and VIX6M look ahead (Cboe), and a year."""

STATED = ("vix9d", "vix3m", "vix6m", "vvix", "skew")
"""The indexes beside VIX that a state holds."""

_MONTH = 30.0 / 365.0
_SHORTEST = 1.0 / (365.0 * 24.0)
X_SEEN = (12.0, 31.0)
_SKEW_SEEN = (115.0, 155.0)
_SLOPE_SEEN = (-0.02, 0.25)
_VVIX_SEEN = (80.0, 130.0)
X_SEEN = (-2.7, 2.0)
"""Logs of variance (SPX) or time (VIX) over that of 30 days that the fit has seen."""


@dataclass(frozen=True, slots=True)
class State:
    """What the surface is conditioned on at one instant.

    `at` is in POSIX seconds; the indexes are in index points; `rate` and `carry`
    (r - q of SPX) continuous a year. `curve_tenors` (years) and `curve_shift` (logs)
    carry known futures prices; both are empty where there are none.
    """

    at: float
    spx: float
    vix9d: float
    vix: float
    vix3m: float
    vix6m: float
    vvix: float
    skew: float
    rate: float
    carry: float
    market_time: MarketTime
    curve_tenors: Floats
    curve_shift: Floats


class Mood(NamedTuple):
    """The day in four numbers, each within what the fit has seen.

    `vix` is ln(VIX/18), `skew` (SKEW - 130)/10, `slope` ln(VIX3M/VIX), `vvix`
    ln(VVIX/95).
    """

    vix: float
    skew: float
    slope: float
    vvix: float


MOODS = (
    Mood(vix=log(12 / 18), skew=-1.5, slope=-0.02, vvix=log(80 / 95)),
    Mood(vix=log(31 / 18), skew=2.5, slope=0.25, vvix=log(130 / 95)),
)
"""The least and the most that the fit has seen; beyond, the smile keeps its shape."""


def mood(state: State) -> Mood:
    """Return the mood of a state."""
    least, most = MOODS
    return Mood(
        vix=min(max(log(state.vix / 18.0), least.vix), most.vix),
        skew=min(max((state.skew - 130.0) / 10.0, least.skew), most.skew),
        slope=min(max(log(state.vix3m / state.vix), least.slope), most.slope),
        vvix=min(max(log(state.vvix / 95.0), least.vvix), most.vvix),
    )


def years(state: State, expiry_at: Floats) -> Floats:
    """Return calendar time to each expiry (POSIX seconds), at least an hour."""
    left: Floats = np.maximum((expiry_at - state.at) / SECONDS_A_YEAR, _SHORTEST)
    return left


def index_variance(state: State, tau: Floats) -> tuple[Floats, float]:
    """Return the variance to each horizon by the indexes, and that of 30 days.

    It grows in market time, evenly between the horizons of VIX9D, VIX, VIX3M and
    VIX6M, and never falls.
    """
    passed = state.market_time
    ends = np.interp(state.at + _ENDS, passed.at, passed.run)
    index = (state.vix9d, state.vix, state.vix3m, state.vix6m, state.vix6m)
    known, most = [0.0], 0.0
    for points, days in zip(index, _DAYS, strict=True):
        most = max(most, points * points * days * _A_POINT)
        known.append(most)
    run = np.interp(state.at + tau * SECONDS_A_YEAR, passed.at, passed.run)
    return np.interp(run, ends, known), known[2]


_DAYS = tuple(HORIZONS[1:].tolist())
_ENDS = HORIZONS * SECONDS_A_DAY
_A_POINT = 1e-4 / 365.0


def spx_forward(state: State, tau: Floats) -> Floats:
    """Return the forward of SPX at each horizon."""
    return np.asarray(state.spx * np.exp(state.carry * tau))


def spx_volatility(
    state: State, tau: Floats, log_moneyness: Floats, fit: SmileParameters
) -> Floats:
    """Return the implied volatility of SPX options; log_moneyness is ln(K/F)."""
    total, month = index_variance(state, tau)
    return _smile(total, total / month, tau, log_moneyness, mood(state), fit)


def vix_forward(state: State, tau: Floats, fit: CurveParameters) -> Floats:
    """Return the VIX future of each expiry: where VIX options are priced on."""
    days, weights = _sums(fit)
    log_vix = log(state.vix)
    over_vix = (
        1.0,
        log(state.vix9d) - log_vix,
        log(state.vix3m) - log_vix,
        log(state.vix6m) - log_vix,
        log_vix - log(18.0),
        log(state.vvix / 95.0),
    )
    log_forward = log_vix + np.interp(365.0 * tau, days, np.dot(over_vix, weights))
    if state.curve_tenors.size:
        log_forward = log_forward + np.interp(
            tau, state.curve_tenors, state.curve_shift
        )
    return np.asarray(np.exp(log_forward))


@cache
def _sums(fit: CurveParameters) -> tuple[Floats, Floats]:
    """Return days and, by index, what it weighs on each; nothing at expiry."""
    rows = (fit.constant, fit.vix9d, fit.vix3m, fit.vix6m, fit.vix, fit.vvix)
    return np.array((0.0, *fit.days)), np.array([(0.0, *row) for row in rows])


def vix_volatility(
    state: State, tau: Floats, log_moneyness: Floats, fit: SmileParameters
) -> Floats:
    """Return the implied volatility of VIX options on the future of their expiry.

    Its variance is that of VVIX; only one surface was seen, so no mood bends it.
    """
    total = (state.vvix * state.vvix * 1e-4) * tau
    return _smile(total, tau / _MONTH, tau, log_moneyness, mood(state), fit)


def _smile(
    total: Floats,
    months: Floats,
    tau: Floats,
    log_moneyness: Floats,
    day: Mood,
    fit: SmileParameters,
) -> Floats:
    x = np.minimum(np.maximum(np.log(months), X_SEEN[0]), X_SEEN[1])
    level, lean, bend, m = fit.level, fit.lean, fit.bend, fit.centre
    theta = total * np.exp(base(level, day) + x * (level.x + level.x_squared * x))
    z = log_moneyness / np.sqrt(theta)
    off = z - m
    root = np.sqrt(off * off + fit.width * fit.width)
    root -= (m * m + fit.width * fit.width) ** 0.5
    u = 1.0 + (base(lean, day) + lean.x * x) * z
    u += (base(bend, day) + bend.x * x) * root
    return np.asarray(np.sqrt(theta * u / tau))


def base(line: Line, day: Mood) -> float:
    """Return what a line is on such a day, 30 days off."""
    return (
        line.constant
        + line.vix * day.vix
        + line.skew * day.skew
        + line.slope * day.slope
        + line.vvix * day.vvix
    )
