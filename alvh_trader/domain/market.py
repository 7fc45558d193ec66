"""Quotes, bars and breadth: what was observed, when."""

from datetime import date, datetime

from msgspec import Struct


class Quote(Struct, frozen=True, array_like=True):
    """The newest top of book of one instrument. None means not known.

    An index has only `last`. `at` is when the newest part arrived.
    """

    at: datetime
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    last: float | None = None

    @property
    def mid(self) -> float | None:
        """The middle of a two-sided, uncrossed market, else None."""
        if self.bid is None or self.ask is None or not 0 <= self.bid <= self.ask:
            return None
        return (self.bid + self.ask) / 2


class Bar(Struct, frozen=True, array_like=True):
    """One session's prices."""

    day: date
    open: float
    high: float
    low: float
    close: float


class Breadth(Struct, frozen=True):
    """Advancing, declining and unchanged NYSE issues at one instant."""

    at: datetime
    advances: int
    declines: int
    unchanged: int
