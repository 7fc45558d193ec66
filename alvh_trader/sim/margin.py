"""Margin of option and future positions by strategy rules (Reg-T style).

Options of one class and expiry form one strategy: it needs what it can lose at
expiry, so an iron condor needs its wider wing and a long option nothing (it is paid
in full). Short options that nothing covers need 15 % of the underlying each on top.
Futures need a fixed amount (CFE's outright scan, roughly).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from alvh_trader.sim.model import Listing

NAKED = 0.15
FUTURE_PER_POINT = Decimal(8)
"""USD for each unit of multiplier: 8 000 for VX, 800 for VXM."""

STOCK = Decimal("0.5")
"""Initial margin of a stock over its value (Regulation T)."""

Strategy = tuple[str, date | None]


def required(
    positions: Iterable[tuple[Listing, int]], underlying: Mapping[str, float]
) -> Decimal:
    """Return the margin of all positions in USD; `underlying` is by symbol."""
    strategies: dict[Strategy, list[tuple[Listing, int]]] = defaultdict(list)
    total = Decimal(0)
    for listing, quantity in positions:
        if listing.sec_type == "STK":
            value = Decimal(str(underlying[listing.symbol])) * abs(quantity)
            total += STOCK * value
        elif listing.sec_type == "FUT":
            total += FUTURE_PER_POINT * listing.multiplier * abs(quantity)
        else:
            strategies[listing.trading_class, listing.expiry].append(
                (listing, quantity)
            )
    for options in strategies.values():
        total += _strategy(options, underlying[options[0][0].symbol])
    return total


def _strategy(options: list[tuple[Listing, int]], underlying: float) -> Decimal:
    """Return the worst loss at expiry, plus the charge for what is naked."""
    strikes = {option.strike for option, _ in options}
    # Between strikes the payoff is straight: its least value lies on one of them.
    worst = min(
        sum(quantity * _payoff(option, level) for option, quantity in options)
        for level in strikes
    )
    naked = sum(
        max(0, -sum(q for option, q in options if option.right == right))
        for right in ("C", "P")
    )
    points = max(0.0, -worst) + naked * NAKED * underlying
    return Decimal(str(round(points * options[0][0].multiplier, 2)))


def _payoff(option: Listing, level: float) -> float:
    inside = level - option.strike if option.right == "C" else option.strike - level
    return max(0.0, inside)
