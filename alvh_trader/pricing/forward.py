"""Forwards and at-the-money volatilities, read from option and futures quotes."""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from alvh_trader.pricing.black76 import Floats


def parity_forward(
    strikes: Floats,
    call_mids: Floats,
    put_mids: Floats,
    tau: float,
    rate: float,
    *,
    nearest: int = 7,
    least: int = 3,
) -> float:
    """Return the forward that calls and puts agree on, NaN if too few are quoted.

    It is the median of K + e^{rT} (C - P) over the `nearest` strikes at which call
    and put cost nearly the same, so one bad quote moves nothing; `least` strikes
    must have both (alvh.md §4.6, §8.4). A missing mid is NaN.
    """
    gap = call_mids - put_mids
    known = np.flatnonzero(np.isfinite(gap))
    if known.size < least:
        return math.nan
    near = known[np.argsort(np.abs(gap[known]), kind="stable")[:nearest]]
    # statistics.median is ten times quicker than numpy's on so few values.
    implied: list[float] = (strikes[near] + math.exp(rate * tau) * gap[near]).tolist()
    return median(implied)


def parity_residuals(
    strikes: Floats,
    call_mids: Floats,
    put_mids: Floats,
    forward: float,
    tau: float,
    rate: float,
) -> Floats:
    """Return C - P - e^{-rT} (F - K) for each strike, in points (alvh.md §8.4)."""
    return call_mids - put_mids - math.exp(-rate * tau) * (forward - strikes)


def carry_forward(spot: float, tau: float, rate: float, dividend: float) -> float:
    """Return the forward of an index of which only the carry is known."""
    return spot * math.exp((rate - dividend) * tau)


def interpolated_forward(
    dte: float, known: Sequence[tuple[float, float]]
) -> float | None:
    """Return the forward between neighbours in time, linearly; None outside them.

    `known` are (days to settlement, price) of listed futures, in any order.
    """
    if not known:
        return None
    points = sorted(known)
    days = [d for d, _ in points]
    if not days[0] <= dte <= days[-1]:
        return None
    return float(np.interp(dte, days, [price for _, price in points]))


def atm_volatility(strikes: Floats, sigmas: Floats, forward: float) -> float:
    """Return the volatility at the forward, linear between its neighbour strikes.

    NaN where the known volatilities do not lie on both sides of the forward. A strike
    that comes twice (call and put) counts with its mean (alvh.md §5.1).
    """
    known = np.isfinite(sigmas)
    if not known.any():
        return math.nan
    grid, place = np.unique(strikes[known], return_inverse=True)
    if not grid[0] <= forward <= grid[-1]:
        return math.nan
    means = np.bincount(place, weights=sigmas[known]) / np.bincount(place)
    return float(np.interp(forward, grid, means))
