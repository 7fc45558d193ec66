"""Indexes, options and futures: what can be quoted or held.

`con_id` is the broker's number of the instrument; it is the key of quotes and
positions. `expiry` is the settlement date, `last_trade` the last day on which the
series trades: they differ for AM-settled series (alvh.md §13.1). What is computed of
watched instruments is remembered by them, so they keep their hash.
"""

from datetime import date
from enum import StrEnum

from msgspec import Struct


class Right(StrEnum):
    """Call or put."""

    CALL = "C"
    PUT = "P"


class Index(Struct, frozen=True, tag=True, cache_hash=True):
    """A quoted number nobody can hold, such as SPX or VIX."""

    con_id: int
    symbol: str
    exchange: str = "CBOE"


class Option(Struct, frozen=True, tag=True, cache_hash=True):
    """A European, cash-settled index option."""

    con_id: int
    symbol: str
    trading_class: str
    expiry: date
    last_trade: date
    strike: float
    right: Right
    multiplier: int = 100

    @property
    def is_call(self) -> bool:
        """Whether the option is a call."""
        return self.right is Right.CALL

    def dte(self, today: date) -> int:
        """Return the calendar days from `today` to settlement."""
        return (self.expiry - today).days


class Future(Struct, frozen=True, tag=True, cache_hash=True):
    """A VIX future (VX, multiplier 1000, or VXM, multiplier 100)."""

    con_id: int
    symbol: str
    trading_class: str
    expiry: date
    last_trade: date
    multiplier: int


class Other(Struct, frozen=True, tag=True, cache_hash=True):
    """Something held that this product neither understands nor touches."""

    con_id: int
    symbol: str
    sec_type: str


Instrument = Index | Option | Future | Other
