"""What a condor is expected to return, and what dated flows did return.

Rates of return are per cent a year. Source: alvh.md §7.4.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from alvh_trader.pricing.black76 import DAYS_A_YEAR, Floats, Numbers, price

REAL_WORLD_SHARE = 0.85
HIGHEST = 999.0
SHORTEST_DAYS = 7.0


def real_world_volatility(atm: float, hv: float | None) -> float:
    """Return min(HV20, 0.85 * ATM) as a decimal; a missing HV20 (decimal) is skipped.

    Realised volatility is usually below implied.
    """
    share = REAL_WORLD_SHARE * atm
    return share if hv is None else min(hv, share)


def expected_payout(
    strikes: Floats,
    is_call: NDArray[np.bool_],
    ratios: Numbers,
    *,
    mean: float,
    sigma: float,
    tau: float,
) -> float:
    """Return the mean payout in points at expiry of legs held in `ratios`.

    The index is lognormal with `mean` (spot grown by the drift) and `sigma` a year;
    nothing is discounted. A condor that was sold has a negative payout.
    """
    values = price(mean, strikes, sigma, tau, 0.0, is_call)
    return float(np.sum(values * ratios))


def expected_irr(profit: float, capital: float, dte: float) -> float | None:
    """Return (1 + P / capital)^(365 / DTE) - 1 in per cent, at most 999.

    None where there is no capital or no time; a loss of everything is -100.
    """
    if capital <= 0 or dte <= 0:
        return None
    grown = 1.0 + profit / capital
    if grown <= 0:
        return -100.0
    power = DAYS_A_YEAR / dte * math.log(grown)
    return min(100.0 * math.expm1(min(power, 50.0)), HIGHEST)


def xirr(flows: Sequence[tuple[float, float]]) -> float | None:
    """Return the annualised money-weighted return of (day, USD) flows, in per cent.

    None where it does not exist or is not one number: no change of sign, several
    roots, or less than a day. Spans below seven days are held at 999.
    """
    merged: dict[float, float] = {}
    for day, usd in flows:
        merged[day] = merged.get(day, 0.0) + usd
    days = np.array(sorted(merged))
    cash = np.array([merged[d] for d in days.tolist()])
    span = float(days[-1] - days[0]) if days.size else 0.0
    if span <= 0 or not (cash.min() < 0 < cash.max()):
        return None

    def worth(log_growth: Floats) -> Floats:
        years = (days - days[0]) / DAYS_A_YEAR
        return np.asarray(np.exp(-np.outer(log_growth, years)) @ cash)

    # Growth is searched as its logarithm, from e^-10 to e^20 over the whole span.
    grid = np.linspace(-10.0, 20.0, 1201) * DAYS_A_YEAR / span
    signs = np.sign(worth(grid))
    brackets = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    exact = np.flatnonzero(signs == 0)
    if brackets.size + exact.size != 1:
        return None
    if exact.size:
        return _annual(float(grid[exact[0]]), span)
    (place,) = brackets
    low, high = grid[place], grid[place + 1]
    for _ in range(8):
        # Sixty-four places at once are as quick as one.
        finer = np.linspace(low, high, 65)
        beyond = np.flatnonzero(np.sign(worth(finer)) != signs[place])
        if beyond.size == 0 or beyond[0] == 0:
            break  # So near the root that only rounding has a sign.
        low, high = finer[beyond[0] - 1], finer[beyond[0]]
    return _annual(float(0.5 * (low + high)), span)


def _annual(log_growth: float, span: float) -> float:
    rate = 100.0 * math.expm1(min(log_growth, 50.0))
    return min(rate, HIGHEST) if span < SHORTEST_DAYS else rate
