"""The market and the account at one instant, each looked up once for all clients."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import (
    AccountValues,
    HoldingValue,
    Listing,
    OptionGreeks,
    OrderLeg,
    Prices,
    Top,
)


class Moved(NamedTuple):
    """A holding that is not as it was; of quantity 0 it is gone."""

    account: str
    listing: Listing
    value: HoldingValue


class View:
    """What the exchange shows at one instant; prices of `con_ids` are fetched at once.

    `moved` are the holdings that changed since the last view; `is_account_due` says
    that streams of account values shall be brought up to date. `foreseen` are prices
    that were looked up ahead, perhaps of this instant.
    """

    def __init__(
        self,
        exchange: Exchange,
        con_ids: Iterable[int] = (),
        *,
        moved: tuple[Moved, ...] = (),
        is_account_due: bool = False,
        foreseen: Prices | None = None,
    ) -> None:
        self._exchange = exchange
        self._accounts: dict[str, AccountValues] = {}
        self.now: datetime = exchange.now
        self.moved = moved
        self.is_account_due = is_account_due
        wanted = sorted(con_ids)
        self._tops: dict[int, Top] = {}
        self._greeks: dict[int, OptionGreeks | None] = {}
        is_foreseen = foreseen is not None and foreseen.at == self.now
        if foreseen is not None and is_foreseen and foreseen.tops.keys() >= set(wanted):
            # The same as the exchange says, already looked up.
            self._tops, self._greeks = dict(foreseen.tops), dict(foreseen.greeks)
        elif wanted:
            self._tops = dict(zip(wanted, exchange.tops(wanted), strict=True))
            self._greeks = dict(zip(wanted, exchange.greeks(wanted), strict=True))

    def top(self, con_id: int) -> Top:
        """Return the top of book of one contract."""
        top = self._tops.get(con_id)
        if top is None:
            top = self._tops[con_id] = self._exchange.tops([con_id])[0]
        return top

    def greeks(self, con_id: int) -> OptionGreeks | None:
        """Return the model greeks of one contract, None for what is no option."""
        if con_id not in self._greeks:
            self._greeks[con_id] = self._exchange.greeks([con_id])[0]
        return self._greeks[con_id]

    def combo_top(self, legs: tuple[OrderLeg, ...]) -> Top:
        """Return the net top of book of a combo."""
        return self._exchange.combo_top(legs)

    def account(self, name: str) -> AccountValues:
        """Return one account at the market."""
        values = self._accounts.get(name)
        if values is None:
            values = self._accounts[name] = self._exchange.account(name)
        return values
