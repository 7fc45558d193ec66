"""Tell the service manager how we are: sd_notify(3) without a library."""

import os
import socket
import time
from collections.abc import Mapping


class Systemd:
    """The service manager's socket; without one (no NOTIFY_SOCKET) nothing is said.

    A manager that does not listen must not stop the trader: what cannot be sent is
    lost, and the manager draws its own conclusions when the watchdog runs out.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ is the notation for Linux's abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._interval = _watchdog_seconds(environ)
        self._next = 0.0

    @property
    def watchdog_interval(self) -> float | None:
        """Seconds within which the manager wants to hear of us, or None."""
        return self._interval

    def notify(self, *lines: str) -> None:
        """Send assignments such as `READY=1`, `STOPPING=1` or `STATUS=...`."""
        if not self._address:
            return
        # A status is one line; a second would be read as another assignment.
        message = "\n".join(line.replace("\n", " ") for line in lines)
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        with socket.socket(socket.AF_UNIX, kind) as sender:
            try:
                sender.sendto(message.encode(), self._address)
            except OSError:
                return

    def watchdog(self) -> None:
        """Say that we are alive, if the manager asks; call it as often as you like.

        Sends at most every third of the interval, so that two may be lost.
        """
        if self._interval is None:
            return
        now = time.monotonic()
        if now >= self._next:
            self.notify("WATCHDOG=1")
            self._next = now + self._interval / 3


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Return the interval that is meant for this process (sd_watchdog_enabled(3))."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        microseconds = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return microseconds / 1e6 if microseconds > 0 else None
