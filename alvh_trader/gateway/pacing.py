"""How much a client may ask: messages a second, and queries for the past.

Nothing here reads a clock: the time comes in with each question, in seconds.
"""

from collections import deque
from datetime import timedelta
from typing import NamedTuple

from alvh_trader.gateway.notices import Notice

VIOLATIONS_MAX = 3
"""The third second that holds too many messages ends the connection [iss]."""

_WINDOW = 1.0
_NEAR = 0.9

_TEN_MINUTES, _SIXTY = 600.0, 60
_IDENTICAL = 15.0
_SHORT, _SIX = 2.0, 6


class MessageRate:
    """Counts the messages of one client, second by second.

    A second with more than `most` messages is a violation: it is told once, with 100
    [doc], and the messages are served nevertheless (an assumption). The warning that
    it comes near has been seen without a threshold [iss]; here it is nine tenths.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._near = int(most * _NEAR)
        self._until = 0.0
        self._count = 0
        self.violations = 0

    def count(self, at: float) -> Notice | None:
        """Take note of a message that came at `at`; return what is to be said."""
        if at >= self._until:
            self._until, self._count = at + _WINDOW, 0
        self._count += 1
        if self._count == self._near + 1:
            text = f"Approaching max rate of {self._most} messages per second"
            return Notice(0, f"Warning: {text}")
        if self._count != self._most + 1:
            return None
        self.violations += 1
        text = "Max rate of messages per second has been exceeded"
        figures = f"max={self._most} rec={self._count} ({self.violations})"
        return Notice(100, f"{text}:{figures}")

    @property
    def is_over(self) -> bool:
        """Whether the client has been too fast once too often."""
        return self.violations >= VIOLATIONS_MAX


class Query(NamedTuple):
    """A query for the past, as far as its pace matters."""

    key: object
    """Everything that it asks: two with the same one are identical."""
    contract: object
    """Contract, exchange and type of tick."""
    weight: int = 1


class HistoryPace:
    """Keeps the rules for queries of bars shorter than a minute and of ticks [doc].

    No identical query within 15 seconds, fewer than six of one contract and type of
    tick within two, and sixty in ten minutes (of bid and ask, each counts as two).
    """

    def __init__(self) -> None:
        self._asked: deque[tuple[float, Query]] = deque()

    def take(self, at: float, query: Query) -> bool:
        """Note a query at `at` seconds; return whether it may be run."""
        asked = self._asked
        while asked and asked[0][0] <= at - _TEN_MINUTES:
            asked.popleft()
        repeated = any(
            row.key == query.key for then, row in asked if then > at - _IDENTICAL
        )
        close = sum(
            row.contract == query.contract for then, row in asked if then > at - _SHORT
        )
        total = sum(row.weight for _, row in asked) + query.weight
        asked.append((at, query))
        return not repeated and close < _SIX - 1 and total <= _SIXTY


def needs_pace(size: timedelta) -> bool:
    """Return whether bars of this size are paced: those of a minute are not [doc]."""
    return size < timedelta(minutes=1)
