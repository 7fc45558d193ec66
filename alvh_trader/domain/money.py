"""Prices on exchange tick grids, in exact decimals, and the sign convention.

Sign convention: a combo is always *bought* at a signed net price per unit, so a
debit is positive and a credit negative; there is no side on an order. An observed
quote is a float, an order price is a `Decimal` on a grid: only `TickGrid` makes one
from the other.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct


class TickGrid(Struct, frozen=True):
    """The prices an exchange accepts: finer steps below `threshold`, coarser above.

    >>> VIX_TICKS.floor(1.237), VIX_TICKS.ceiling(4.11), SPX_COMBO_TICKS.floor(-1.73)
    (Decimal('1.23'), Decimal('4.15'), Decimal('-1.75'))
    """

    fine: Decimal
    coarse: Decimal
    threshold: Decimal = Decimal(3)

    def tick_at(self, price: float | Decimal) -> Decimal:
        """Return the step between neighbouring prices around `price`."""
        return self.fine if abs(float(price)) < self.threshold else self.coarse

    def floor(self, price: float | Decimal) -> Decimal:
        """Return the highest price on the grid that is not above `price`."""
        return self._snap(price, ROUND_FLOOR)

    def ceiling(self, price: float | Decimal) -> Decimal:
        """Return the lowest price on the grid that is not below `price`."""
        return self._snap(price, ROUND_CEILING)

    def holds(self, price: Decimal) -> bool:
        """Return whether `price` lies on the grid."""
        return price % self.tick_at(price) == 0

    def _snap(self, price: float | Decimal, rounding: str) -> Decimal:
        # Ten decimals forget the float's noise, which would cost a whole tick.
        exact = price if isinstance(price, Decimal) else Decimal(str(round(price, 10)))
        tick = self.tick_at(exact)
        return (exact / tick).to_integral_value(rounding) * tick


SPX_TICKS = TickGrid(fine=Decimal("0.05"), coarse=Decimal("0.10"))
"""SPX and SPXW single options (Cboe SPX specification)."""

SPX_COMBO_TICKS = TickGrid(fine=Decimal("0.05"), coarse=Decimal("0.05"))
"""Net price of an SPX complex order (Cboe SPX specification)."""

VIX_TICKS = TickGrid(fine=Decimal("0.01"), coarse=Decimal("0.05"))
"""VIX monthly options since November 2022."""

VIXW_TICKS = TickGrid(fine=Decimal("0.01"), coarse=Decimal("0.01"))
"""VIX weekly options, and the net price of a VIX complex order."""

PENNY_TICKS = TickGrid(fine=Decimal("0.01"), coarse=Decimal("0.01"))
"""Options on XSP and SPY, single or net (Cboe XSP specification; penny program)."""

VX_TICKS = TickGrid(fine=Decimal("0.05"), coarse=Decimal("0.05"))
VXM_TICKS = TickGrid(fine=Decimal("0.01"), coarse=Decimal("0.01"))


def option_ticks(trading_class: str) -> TickGrid:
    """Return the grid of a single option, or VIX future, of `trading_class`.

    Raises:
        KeyError: No rule is known for the class; nobody may guess one.
    """
    return {
        "SPX": SPX_TICKS,
        "SPXW": SPX_TICKS,
        "VIX": VIX_TICKS,
        "VIXW": VIXW_TICKS,
        "VX": VX_TICKS,
        "VXM": VXM_TICKS,
        "XSP": PENNY_TICKS,
        "SPY": PENNY_TICKS,
    }[trading_class]


def combo_ticks(symbol: str) -> TickGrid:
    """Return the grid of a combo's net price on the underlying `symbol`."""
    return {
        "SPX": SPX_COMBO_TICKS,
        "VIX": VIXW_TICKS,
        "XSP": PENNY_TICKS,
        "SPY": PENNY_TICKS,
    }[symbol]
