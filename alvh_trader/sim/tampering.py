"""What can happen to orders without a market: a halt, a hold, a correction.

All of it is true of the exchange: the account and the audit know of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from alvh_trader.sim.blotter import Blotter
from alvh_trader.sim.matching import Trade
from alvh_trader.sim.model import Corrected, Report, SimOrder


class Tampering:
    """Stands beside the book, which asks it before every trade."""

    def __init__(
        self,
        blotter: Blotter,
        order_of: Callable[[int], SimOrder | None],
        force: Callable[[int, int, float], tuple[Report, ...]],
    ) -> None:
        self.is_halted = False
        """Nothing trades until trading goes on."""

        self._blotter = blotter
        self._order_of = order_of
        self._force = force
        self._most: dict[int, int] = {}

    def cap(self, perm_id: int, most: int | None) -> None:
        """Let an order fill `most` units in all and no more, any number if None."""
        if most is None:
            self._most.pop(perm_id, None)
        else:
            self._most[perm_id] = most

    def capped(self, order: SimOrder, trade: Trade | None) -> Trade | None:
        """Return what of a trade the order is allowed to have."""
        most = self._most.get(order.perm_id)
        if trade is None or most is None:
            return trade
        room = min(trade.quantity, most - order.filled)
        return replace(trade, quantity=room) if room > 0 else None

    def force(self, perm_id: int, quantity: int, at: datetime) -> tuple[Report, ...]:
        """Let an order trade that no market traded with: see `Book.force`."""
        return self._force(perm_id, quantity, at.timestamp())

    def correct(self, exec_id: str, change: Decimal | None) -> tuple[Report, ...]:
        """Change the price of a trade by so much, or take the trade back (None)."""
        row = next((r for r in self._blotter.executions if r.exec_id == exec_id), None)
        if row is None:
            return ()
        price = None if change is None else max(row.price + change, Decimal(0))
        corrected = self._blotter.amend(exec_id, price)
        order = self._order_of(row.perm_id)
        if corrected is None or order is None:
            return ()
        return (Corrected(order=order, executions=(corrected,)),)
