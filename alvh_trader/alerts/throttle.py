"""Suppress repeats without losing the first, the last, or the count.

The first alert of a kind goes out at once and opens a window. What follows within
the window is held; when the window closes, the last one goes out and says how many
it stands for. A critical alert is never held.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from alvh_trader.engine.command import RaiseAlert, Severity

Kind = tuple[str, str, Severity]


class Letter(Struct, frozen=True, kw_only=True):
    """An alert on its way. `seqs` are the records it stands for, its own the last."""

    seqs: tuple[int, ...]
    at: datetime
    alert: RaiseAlert

    @property
    def repeats(self) -> int:
        """How many earlier alerts it stands for."""
        return len(self.seqs) - 1

    @property
    def kind(self) -> Kind:
        """What makes two alerts repeats of each other."""
        return self.alert.code, self.alert.case, self.alert.severity


class _Window(Struct):
    opened: datetime
    seqs: list[int] = []
    last: Letter | None = None


class Throttle:
    """Which alerts go out now, and which wait. Time is the alerts' own."""

    def __init__(self, window: timedelta) -> None:
        self._length = window
        self._windows: dict[Kind, _Window] = {}

    def admit(self, letter: Letter) -> bool:
        """Return whether `letter` goes out now; otherwise it is held."""
        if letter.alert.severity is Severity.CRITICAL or not self._length:
            return True
        window = self._windows.get(letter.kind)
        if window is None or not (window.seqs or self._holds(window, letter.at)):
            self._windows[letter.kind] = _Window(letter.at)
            return True
        window.seqs += letter.seqs
        window.last = letter
        return False

    def release(self, now: datetime) -> list[Letter]:
        """Return what was held in windows that are over; each opens a new one."""
        over = [k for k, w in self._windows.items() if not self._holds(w, now)]
        released = [letter for kind in over if (letter := self._take(kind))]
        for letter in released:
            self._windows[letter.kind] = _Window(now)
        return released

    def flush(self) -> list[Letter]:
        """Return everything that is held, now."""
        return [letter for kind in list(self._windows) if (letter := self._take(kind))]

    def _holds(self, window: _Window, at: datetime) -> bool:
        # A clock that went back must not hold an alert until it has caught up.
        return window.opened <= at < window.opened + self._length

    def _take(self, kind: Kind) -> Letter | None:
        window = self._windows.pop(kind)
        if window.last is None:
            return None
        return Letter(
            seqs=tuple(window.seqs), at=window.last.at, alert=window.last.alert
        )
