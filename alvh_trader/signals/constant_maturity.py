"""A VX series of constant maturity, woven from contracts; and what the curve says.

Prices are VIX points. The price at 30 days lies between the two monthly contracts
that settle before and after that day: w * F1 + (1 - w) * F2. As w moves by a little
each day, no contract's end makes a jump (alvh.md §7.5, §9.2).
"""

from collections.abc import Mapping
from datetime import date

from alvh_trader.signals.beta import VOLATILITY
from alvh_trader.signals.series import Series, tidy

DAYS = 30
APART_MAX = 40
"""Monthly contracts settle 28 or 35 days apart; more means that one is missing."""


def constant_maturity(
    contracts: Mapping[date, Series], days: int = DAYS
) -> tuple[tuple[date, float], ...]:
    """Return (day, price) for each day that two neighbouring contracts tell of.

    `contracts` maps settlement days to (day, settlement price). In the days after a
    settlement the first contract may be farther out than `days`: then it stands alone.
    """
    curves: dict[date, list[tuple[int, float]]] = {}
    for expiry, series in contracts.items():
        for day, price in tidy(series, *VOLATILITY).items():
            if day < expiry:
                curves.setdefault(day, []).append(((expiry - day).days, price))
    priced = ((day, _at(sorted(curves[day]), days)) for day in sorted(curves))
    return tuple((day, price) for day, price in priced if price is not None)


def _at(curve: list[tuple[int, float]], days: int) -> float | None:
    before = [point for point in curve if point[0] <= days]
    after = [point for point in curve if point[0] > days]
    if not before:
        # The nearest there is, if it can be the first month at all.
        return after[0][1] if after[0][0] <= APART_MAX else None
    near, price = before[-1]
    if near == days:
        return price
    if not after or after[0][0] - near > APART_MAX:
        return None
    far, later = after[0]
    weight = (far - days) / (far - near)
    return weight * price + (1.0 - weight) * later


def contango(first: float | None, second: float | None) -> float | None:
    """Return F2 / F1 - 1, a fraction, of the first two months (alvh.md §7.7)."""
    low, high = VOLATILITY
    if first is None or second is None:
        return None
    if not (low <= first <= high and low <= second <= high):
        return None
    return second / first - 1.0
