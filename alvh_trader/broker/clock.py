"""Time as the broker tells it, for gateways whose time is not ours."""

from datetime import UTC, datetime, timedelta

from alvh_trader.errors import BrokerError

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
