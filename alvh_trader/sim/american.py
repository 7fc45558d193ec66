"""What the right to exercise early adds to an option: the quadratic approximation.

Barone-Adesi and Whaley, "Efficient analytic approximation of American option values",
Journal of Finance 42 (1987). Dividends are spread over the option's life: the carry is
what its forward says. Beside a tree it is at most 1 % too low, for options from a day
to 130 days, 20 % around the money, at rates up to 5 % (tests/sim/test_american.py).
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from alvh_trader.pricing import black76

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PASSES = 6
"""Newton's steps towards the price at which exercising is as good as waiting."""

_LEAST_RATE, _LEAST_SLOPE = 1e-6, 1e-9
_ROOT_2_PI = math.sqrt(2.0 * math.pi)


def price(
    spot: Floats,
    forward: Floats,
    strike: Floats,
    iv: Floats,
    tau: Floats,
    rate: float,
    is_call: Bools,
) -> Floats:
    """Return the prices of American options, from spot and forward of each expiry."""
    rate = max(rate, _LEAST_RATE)
    european = black76.price(forward, strike, iv, tau, rate, is_call)
    sign = np.where(is_call, 1.0, -1.0)
    growth = forward / spot
    total = iv * np.sqrt(tau)
    # The root of the quadratic equation that the early exercise premium follows.
    half = np.log(growth) / (total * total) - 0.5
    gone = -np.expm1(-rate * tau)
    root = -half + sign * np.sqrt(half * half + 2.0 * rate * tau / (total**2 * gone))
    paid = np.exp(-rate * tau) * growth

    def distance(at: Floats) -> Floats:
        return np.asarray(np.log(at * growth / strike) / total + 0.5 * total)

    least, most = np.where(is_call, 1.0, 0.01) * strike, (1.0 + 99 * is_call) * strike
    edge = np.array(strike, dtype=np.float64)
    for _ in range(_PASSES):
        worth = black76.price(edge * growth, strike, iv, tau, rate, is_call)
        first = distance(edge)
        # What of a share the holder of the option does not hold.
        free = 1.0 - paid * ndtr(sign * first)
        gap = sign * (edge - strike) - worth - sign * edge * free / root
        density = np.exp(-0.5 * first * first) / _ROOT_2_PI
        slope = sign * free * (1.0 - 1.0 / root) + paid * density / (total * root)
        slope = sign * np.maximum(sign * slope, _LEAST_SLOPE)
        edge = np.clip(edge - gap / slope, least, most)
    free = 1.0 - paid * ndtr(sign * distance(edge))
    waits = sign * (edge - spot) > 0
    nearness = np.where(waits, spot / edge, 1.0) ** root
    premium = np.where(waits, sign * edge * free / root * nearness, 0.0)
    now = sign * (spot - strike)
    return np.asarray(np.maximum(european + np.maximum(premium, 0.0), now))
