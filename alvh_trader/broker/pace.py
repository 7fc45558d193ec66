"""Space out queries, so that the gateway never drops us for being too fast."""

_BURST = 10
"""Requests that may leave at once. With 30 a second that is at most 40 in any second,
below the 50 at which the gateway closes the connection, with room for orders."""


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
        >>> [round(pace.reserve(100.0), 1) for _ in range(12)][8:]
        [0.0, 0.0, 0.1, 0.2]
        """
        turn = max(self._next, now - (_BURST - 1) * self._interval)
        self._next = turn + self._interval
        return max(0.0, turn - now)
