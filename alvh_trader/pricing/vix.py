"""How SPX, VIX, VIX forwards and implied volatilities of other tenors move together.

All of it is alvh.md §3.6, §4.5 and §8.1; the constants are its defaults until fitted.
"""

import math

import numpy as np

from alvh_trader.pricing.black76 import Floats, Numbers

BETA_SPOT = 5.0
"""Per cent that VIX rises when SPX falls by 1 % (alvh.md §7.5)."""

TENOR = 30.0
"""Calendar days to which VIX looks ahead."""


def beta_vx(dte: Numbers) -> Floats:
    """Return how far a VIX forward `dte` days out moves with 1 point of VIX.

    >>> float(beta_vx(30.0))
    0.5
    """
    return np.asarray(1.0 / (1.0 + np.asarray(dte) / TENOR))


def vega_factor(dte: Numbers) -> Floats:
    """Return the vol points that 1 point of VIX adds to a volatility of that tenor.

    sqrt(30 / DTE), held within [0.4, 1.2]: longer volatilities move less.
    """
    days = np.maximum(dte, 1e-6)
    return np.asarray(np.clip(np.sqrt(TENOR / days), 0.4, 1.2))


def vix_slope(spot: float, vix: float, beta_spot: float = BETA_SPOT) -> float:
    """Return dVIX / dS in VIX points per SPX point; negative."""
    return -beta_spot * vix / spot


def vix_after(
    vix: float,
    move: float,
    beta_spot: float = BETA_SPOT,
    *,
    rise_share: float = 0.5,
    floor: float = 10.0,
) -> float:
    """Return VIX after SPX moved by the fraction `move` (alvh.md §8.1).

    A rise of SPX takes `rise_share` of what a fall gives, and not below `floor`
    (a VIX that already is below it stays where it is).
    """
    if move <= 0:
        return vix * (1.0 - beta_spot * move)
    return max(vix * (1.0 - rise_share * beta_spot * move), min(vix, floor))


def expected_move(spot: float, vix: float, basis: float = 365.0) -> float:
    """Return the one-day standard deviation of SPX in points (EM1, alvh.md §2.2)."""
    return spot * vix / 100.0 / math.sqrt(basis)
