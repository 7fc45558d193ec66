"""Keep what we send below what the gateway bears, and below the library's own queue.

The gateway closes the connection above 50 messages a second, and the library would
queue above 45 and forget its queue with the connection. In any one second at most 25
queries, 5 orders or changes and 15 cancellations leave here: 45 together.
"""

from datetime import datetime

QUERIES_PER_SECOND = 20.0

_BURST = 5
"""Queries that may leave at once."""


class Pace:
    """Hands out sending times, at most `rate` a second after a short burst.

    Orders do not pass here: they must never wait behind a subscription.
    """

    def __init__(self, rate: float | None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._next = 0.0

    def reserve(self, now: float) -> float:
        """Take the next turn; return how many seconds from `now` it is away.

        >>> pace = Pace(10.0)
        >>> [round(pace.reserve(100.0), 1) for _ in range(8)][4:]
        [0.0, 0.1, 0.2, 0.3]
        """
        turn = max(self._next, now - (_BURST - 1) * self._interval)
        self._next = turn + self._interval
        return max(0.0, turn - now)


class Bucket:
    """Tokens for what must leave now or not at all: orders never wait in a queue.

    It holds `burst` tokens and gains `rate` a second, by the clock that orders go by.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._since: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Take one token, if there is one."""
        if self._since is not None:
            gained = (now - self._since).total_seconds() * self._rate
            self._tokens = min(self._tokens + max(gained, 0.0), self._burst)
        self._since = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
