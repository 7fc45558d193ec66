"""Quotes, bars and breadth: what was observed, when."""

from datetime import date, datetime

from msgspec import Struct

WORTHLESS_ASK_MAX = 0.50
"""An option without a bid is believed to be worthless up to this ask, in points."""


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
        """The middle of a two-sided, uncrossed market, else None.

        What nobody bids for at all is offered for next to nothing: its bid counts as
        zero, so that a worthless wing does not blind the valuation of its condor.
        """
        if self.ask is None:
            return None
        bid = self.bid
        if bid is None and self.ask <= WORTHLESS_ASK_MAX:
            bid = 0.0
        if bid is None or not 0 <= bid <= self.ask:
            return None
        return (bid + self.ask) / 2


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
