"""Whether what is liquid covers what may be due: the quick ratio (alvh.md §7.6)."""

import math
from enum import StrEnum

from msgspec import Struct


class Light(StrEnum):
    """Green allows increases, amber none, red proposes to pay down."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Liquidity(Struct, frozen=True, kw_only=True):
    """USD that can be had at once, and USD that may be due within 30 days.

    `stablecoins` are before their `haircut` (a fraction); undrawn lines and locked
    collateral do not belong here. `stress_call` is the margin call at 2 sigma.
    """

    cash: float
    bills: float = 0.0
    stablecoins: float = 0.0
    haircut: float = 0.02
    due: float = 0.0
    interest: float = 0.0
    stress_call: float = 0.0

    @property
    def liquid(self) -> float:
        """What is at hand after the haircut."""
        return self.cash + self.bills + self.stablecoins * (1.0 - self.haircut)

    @property
    def obligations(self) -> float:
        """What may be due."""
        return self.due + self.interest + self.stress_call


def quick_ratio(liquidity: Liquidity) -> float:
    """Return liquid assets over obligations; infinite where nothing may be due."""
    if liquidity.obligations <= 0:
        return math.inf
    return liquidity.liquid / liquidity.obligations


def light(ratio: float | None, *, green: float = 1.2, red: float = 1.0) -> Light:
    """Return the gate's colour; a missing ratio is amber."""
    if ratio is None:
        return Light.AMBER
    if ratio < red:
        return Light.RED
    return Light.GREEN if ratio >= green else Light.AMBER
