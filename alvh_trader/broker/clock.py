"""Time as the broker tells it: taken over where it is simulated, compared where not."""

from collections import deque
from datetime import UTC, datetime, timedelta

from alvh_trader.errors import BrokerError

AHEAD_MAX = 2.0
"""Seconds that our clock may differ from the broker's, who tells whole ones (P17)."""

DRIFT_MAX = 0.25
"""Seconds that it may gain or lose on the computer's own counter in a minute."""

_WINDOW = 60.0

_STEP_BACK_MAX = timedelta(seconds=5)
"""A clock set right; more than that is another clock."""


class BrokerClock:
    """A clock that shows what the broker last said, and never runs back.

    With an accelerated gateway this is the only time there is: it moves when a pulse
    is answered, and stands still in between.
    """

    def __init__(self, start: datetime = datetime(1970, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the newest time heard of, in UTC."""
        return self._now

    def tell(self, at: datetime) -> None:
        """Move on to `at`; a small step back is ignored.

        Raises:
            BrokerError: `at` is far in the past: another gateway, or another run.
        """
        if self._now - at > _STEP_BACK_MAX:
            raise BrokerError(
                f"the broker's time went back from {self._now} to {at}: "
                "is this journal of another run?"
            )
        self._now = max(self._now, at)


class ClockWatch:
    """Judges the computer's clock by the broker's and by the computer's own counter.

    A clock that is set, or that stood still with the machine, gains or loses on the
    counter; one that was always wrong differs from the broker's.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        self.drift = 0.0
        self._seen: deque[tuple[float, datetime]] = deque()

    @property
    def is_good(self) -> bool:
        """Whether ages and deadlines can be told by our clock."""
        return abs(self.ahead) <= AHEAD_MAX and abs(self.drift) <= DRIFT_MAX

    @property
    def complaint(self) -> str:
        """What is wrong with our clock, in words."""
        return (
            f"{self.ahead:+.1f} s off the broker's and gained {self.drift:+.2f} s in "
            "a minute"
        )

    def compare(
        self, told: datetime, *, asked: datetime, heard: datetime, counter: float
    ) -> None:
        """Take what the broker told, between two readings of our clock.

        An answer that was long under way says nothing against the clock: it is ahead
        only if it was so when we asked, and behind only if it still is.
        """
        ahead, behind = (asked - told).total_seconds(), (heard - told).total_seconds()
        self.ahead = max(ahead, 0.0) or min(behind, 0.0)
        seen = self._seen
        while seen and counter - seen[0][0] > _WINDOW:
            seen.popleft()
        seen.append((counter, heard))
        since, wall = seen[0]
        self.drift = (heard - wall).total_seconds() - (counter - since)
