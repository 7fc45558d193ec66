"""Forwards and at-the-money volatilities, read from option and futures quotes."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

from alvh_trader.pricing.black76 import Floats

NEAREST = 7
"""Strikes that are asked where the forward is."""


class Pair(NamedTuple):
    """A strike at which call and put are quoted: prices in points.

    `gap` is the call's middle less the put's, `half` both half-spreads together; NaN
    where nothing is bid for one of them.
    """

    strike: float
    gap: float
    half: float


def parity_forward(
    pairs: Sequence[Pair], tau: float, rate: float, *, least: int = 3
) -> float:
    """Return the forward that calls and puts agree on, NaN if too few are quoted.

    It is the median of K + e^{rT} (C - P) over the `NEAREST` strikes at which call
    and put cost nearly the same, so one bad quote moves nothing; `least` strikes
    must have both (alvh.md §4.6, §8.4).

    Args:
        pairs: The strikes with both, those whose gap is nearest to nothing first.
        tau: Years to settlement.
        rate: Continuous rate.
        least: See above.
    """
    if len(pairs) < least:
        return math.nan
    growth = math.exp(rate * tau)
    # Of so few values plain Python has the median before numpy has begun.
    return median([pair.strike + growth * pair.gap for pair in pairs[:NEAREST]])


def parity_residuals(
    pairs: Sequence[Pair], forward: float, tau: float, rate: float
) -> list[float]:
    """Return C - P - e^{-rT} (F - K) for each strike, in points (alvh.md §8.4)."""
    discount = math.exp(-rate * tau)
    return [pair.gap - discount * (forward - pair.strike) for pair in pairs]


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
