"""Initial and maintenance margin of an account's positions.

Options: `sim.option_margin`; initial and maintenance are the same [doc]. A stock needs
half its value at first (Regulation T), then a quarter, or 30 % if it is short (FINRA
Rule 4210). A future's maintenance margin is 80 % of its initial one, as the broker's
tables of VX show [doc]. The exchange sets the amount month by month; assumed is 8
points, or 45 % of VIX where that is more (2018 saw 45 % to 50 % of the notional).
Futures of different months relieve each other of nothing here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from alvh_trader.sim import option_margin
from alvh_trader.sim.option_margin import Held

_FUTURE_POINTS = 8.0
_FUTURE_SHARE = 0.45
_FUTURE_KEPT = Decimal("0.8")
_STOCK = Decimal("0.5")
_STOCK_LONG, _STOCK_SHORT = Decimal("0.25"), Decimal("0.30")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What positions need, in USD: to be opened, and to be kept."""

    initial: Decimal
    maintenance: Decimal


def required(held: Iterable[Held], underlying: Mapping[str, float]) -> Requirement:
    """Return the margin of all that is held; `underlying` is the level by symbol."""
    rows = list(held)
    stocks = [it for it in rows if it.listing.sec_type == "STK"]
    options = [it for it in rows if it.listing.sec_type == "OPT"]
    shares = {it.listing.symbol: it.quantity for it in stocks}
    initial = maintenance = option_margin.required(options, underlying, shares)
    for it in stocks:
        value = it.price * abs(it.quantity)
        initial += _STOCK * value
        maintenance += (_STOCK_LONG if it.quantity > 0 else _STOCK_SHORT) * value
    for it in rows:
        if it.listing.sec_type == "FUT":
            needs = _future(it, underlying)
            initial, maintenance = initial + needs, maintenance + needs * _FUTURE_KEPT
    return Requirement(initial, maintenance)


def _future(it: Held, underlying: Mapping[str, float]) -> Decimal:
    points = max(_FUTURE_POINTS, _FUTURE_SHARE * underlying[it.listing.symbol])
    return Decimal(str(round(points, 2))) * it.listing.multiplier * abs(it.quantity)
