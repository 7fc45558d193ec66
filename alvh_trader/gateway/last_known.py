"""What a gateway still shows of an exchange that it cannot reach.

Time and the market go on without it: orders that rest are filled. But the gateway
knows orders, trades and the account only as they were, and what it is asked to do is
lost [deepentropy/ibx #116, LEAN #249; that it answers from memory is an assumption].
"""

from datetime import datetime
from typing import Any

from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import (
    AccountValues,
    Execution,
    MarginPreview,
    Refusal,
    Report,
    SimOrder,
)


class LastKnown:
    """Stands in the exchange's place; what is not told here is the exchange's own."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._open = exchange.open_orders()
        self._completed = exchange.completed_orders()
        self._executions = exchange.executions()
        self._accounts = {name: exchange.account(name) for name in exchange.accounts}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.exchange, name)

    @property
    def now(self) -> datetime:
        """The gateway has a clock of its own."""
        return self.exchange.now

    def open_orders(self) -> tuple[SimOrder, ...]:
        """Return the orders that were on the book."""
        return self._open

    def completed_orders(self) -> tuple[SimOrder, ...]:
        """Return the orders that had ended."""
        return self._completed

    def executions(self) -> tuple[Execution, ...]:
        """Return the trades that were known."""
        return self._executions

    def account(self, name: str = "") -> AccountValues:
        """Return an account (no name: the first) as it was."""
        return self._accounts[name or self.exchange.accounts[0]]

    def submit(self, _order: SimOrder) -> tuple[Report, ...]:
        """Lose a new order."""
        return ()

    def modify(self, _order: SimOrder) -> tuple[Report, ...]:
        """Lose a change."""
        return ()

    def cancel(self, _perm_id: int) -> tuple[Report, ...]:
        """Lose a cancellation."""
        return ()

    def preview(self, order: SimOrder) -> MarginPreview | Refusal:
        """Answer no trial: it is the broker's servers that reckon margin."""
        text = "Not connected"
        return Refusal(order=order, code=504, text=text)
