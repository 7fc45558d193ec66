"""The volatility surfaces of SPX and VIX options, vectorised over options.

Both smiles have the shape of Gatheral and Jacquier's SSVI ("Arbitrage-free SVI
volatility surfaces", 2014) in z = ln(K/F) / (ATM sqrt(T)):

    (IV / ATM)^2 = (1 + tilt * c * z + sqrt((c * z + tilt)^2 + 1 - tilt^2)) / 2

A slice has no butterfly arbitrage while c^2 (1 + |tilt|) <= 4 and
c ATM sqrt(T) (1 + |tilt|) < 4 (their theorem 4.2); `c` is capped so that this holds.
The variance never falls below (1 - tilt^2) ATM^2: that is the smile's floor.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alvh_trader.sim.parameters import CurveParameters, SmileParameters

Floats = NDArray[np.float64]

SECONDS_A_YEAR = 365 * 86400.0
TENORS = np.array([9.0, 30.0, 93.0, 184.0]) / 365.0
"""Years that VIX9D, VIX, VIX3M and VIX6M look ahead (Cboe)."""

STATED = ("vix9d", "vix3m", "vix6m", "vvix")
"""The indexes beside VIX that a state holds."""

_MONTH = 30.0 / 365.0
_SHORTEST = 1.0 / (365.0 * 24.0)
_USUAL_VIX = 18.0
_USUAL_VVIX = 100.0
_CAP = 0.999
# No smile was fitted beyond these; further out the shape of the edge is kept.
_VIX_SEEN = (12.0, 35.0)
_VVIX_SEEN = (65.0, 200.0)
_DAYS_SEEN = (2.0 / 365.0, 200.0 / 365.0)


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
    rate: float
    carry: float
    curve_tenors: Floats
    curve_shift: Floats


def years(state: State, expiry_at: Floats) -> Floats:
    """Return calendar time to each expiry (POSIX seconds), at least an hour."""
    left: Floats = np.maximum((expiry_at - state.at) / SECONDS_A_YEAR, _SHORTEST)
    return left


def term_volatility(state: State, tau: Floats) -> Floats:
    """Return the volatility index of each horizon, as a decimal.

    Total variance is linear in time between the four indexes and flat outside.
    """
    index = np.array([state.vix9d, state.vix, state.vix3m, state.vix6m]) / 100.0
    total = np.interp(tau, _KNOTS, np.concatenate(([0.0], index * index * TENORS)))
    total += (index[3] * index[3]) * np.maximum(tau - TENORS[3], 0.0)
    return np.asarray(np.sqrt(total / tau))


_KNOTS = np.concatenate(([0.0], TENORS))


def spx_forward(state: State, tau: Floats) -> Floats:
    """Return the forward of SPX at each horizon."""
    return np.asarray(state.spx * np.exp(state.carry * tau))


def spx_volatility(
    state: State, tau: Floats, log_moneyness: Floats, fit: SmileParameters
) -> Floats:
    """Return the implied volatility of SPX options; log_moneyness is ln(K/F)."""
    seen = min(max(state.vix, _VIX_SEEN[0]), _VIX_SEEN[1])
    base = term_volatility(state, tau)
    return _smile(base, tau, log_moneyness, np.log(seen / _USUAL_VIX), fit)


def vix_forward(state: State, tau: Floats, fit: CurveParameters) -> Floats:
    """Return the VIX future of each expiry: where VIX options are priced on."""
    log_vix = np.log(state.vix)
    anchor = np.log(state.vix6m) + fit.offset
    log_forward = anchor + (log_vix - anchor) * np.exp(-fit.decay * tau)
    if state.curve_tenors.size:
        log_forward = log_forward + np.interp(
            tau, state.curve_tenors, state.curve_shift
        )
    return np.asarray(np.exp(log_forward))


def vix_volatility(
    state: State, tau: Floats, log_moneyness: Floats, fit: SmileParameters
) -> Floats:
    """Return the implied volatility of VIX options on the future of their expiry."""
    seen = min(max(state.vvix, _VVIX_SEEN[0]), _VVIX_SEEN[1])
    base = np.full_like(tau, state.vvix / 100.0)
    return _smile(base, tau, log_moneyness, np.log(seen / _USUAL_VVIX), fit)


def _smile(
    base: Floats, tau: Floats, log_moneyness: Floats, v: float, fit: SmileParameters
) -> Floats:
    x = np.log(np.minimum(np.maximum(tau, _DAYS_SEEN[0]), _DAYS_SEEN[1]) / _MONTH)
    (l0, l1, l2, l3), (t0, t1, t2), (c0, c1, c2) = fit.level, fit.tilt, fit.curvature
    atm = base * np.exp(l0 + l3 * v + x * (l1 + l2 * x))
    tilt = np.tanh(t0 + t2 * v + t1 * x)
    total = atm * np.sqrt(tau)
    lean = 1.0 + np.abs(tilt)
    curvature = np.exp(c0 + c2 * v + c1 * x)
    curvature = np.minimum(curvature, _CAP * np.sqrt(4.0 / lean))
    curvature = np.minimum(curvature, _CAP * 4.0 / (lean * total))
    z = curvature * log_moneyness / total
    root = np.sqrt((z + tilt) * (z + tilt) + (1.0 - tilt * tilt))
    return np.asarray(atm * np.sqrt(0.5 * (1.0 + tilt * z + root)))
