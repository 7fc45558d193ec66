"""Signed holdings and the account as the broker reports them."""

from msgspec import Struct

from alvh_trader.domain.instrument import Instrument

PAPER_ACCOUNTS = ("DU", "DF")
"""How the numbers of the broker's paper accounts begin."""

SIMULATED_ACCOUNTS = "U000"
"""How a number begins that the broker gives to nobody: an account of a simulation."""


def masked(account: str) -> str:
    """Return as much of an account's number as may be shown, journaled or told.

    In full it is known to the configuration, and said to the broker.

    >>> masked("U1234567")
    '***567'
    """
    return f"***{account[-3:]}" if len(account) > 3 else account


class Position(Struct, frozen=True):
    """A signed holding. `average_cost` is USD per contract, multiplier included."""

    instrument: Instrument
    quantity: int
    average_cost: float


class Account(Struct, frozen=True, kw_only=True):
    """Balances in USD; `account_id` is masked."""

    account_id: str
    net_liquidation: float
    available_funds: float
    initial_margin: float
    cash: float

    @property
    def cushion(self) -> float:
        """Available funds over net liquidation (0 where nothing is left)."""
        if self.net_liquidation <= 0:
            return 0.0
        return self.available_funds / self.net_liquidation
