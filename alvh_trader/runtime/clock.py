"""The wall clock: the only place in the program that reads it."""

from datetime import UTC, datetime


class SystemClock:
    """The computer's own clock, in UTC."""

    def now(self) -> datetime:
        """Return the current time."""
        return datetime.now(UTC)  # noqa: TID251 - this is the Clock others ask
