"""The books of every account: a ledger each, and the clearing that looks after it."""

from decimal import Decimal

from alvh_trader.sim.board import Board
from alvh_trader.sim.clearing import Clearing
from alvh_trader.sim.ledger import Ledger
from alvh_trader.sim.market import Market


class Accounts:
    """All accounts of a scenario by name, each with its cash; they share a board."""

    def __init__(self, market: Market, board: Board) -> None:
        of = market.scenario
        self.names = of.accounts
        self.ledgers = {name: Ledger(name, of.cash) for name in of.accounts}
        self._clearings = {
            name: Clearing(market, board, ledger)
            for name, ledger in self.ledgers.items()
        }

    def of(self, name: str) -> Clearing:
        """Return the clearing of an account."""
        return self._clearings[name]

    def marks(self) -> dict[str, dict[int, Decimal]]:
        """Return the fair price of everything held, by account and contract id."""
        return {name: it.marks() for name, it in self._clearings.items()}

    def begin_day(self, marks: dict[str, dict[int, Decimal]]) -> None:
        """Begin a day's accounts; `marks` are last night's."""
        for name, clearing in self._clearings.items():
            clearing.begin_day(marks[name])

    def settle(self, *, at_open: bool) -> None:
        """Pay out what settles now, as `Clearing.settle` says."""
        for clearing in self._clearings.values():
            clearing.settle(at_open=at_open)
