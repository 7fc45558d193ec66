"""When the market moves and the daemon looks at it: often where something goes on.

A quiet minute is one step, as it is in a demo, and after a while two of them are. The
daemon looks a second after each step, so that what it sees is as fresh as in earnest.
"""

import asyncio
import contextvars
from collections.abc import Callable
from types import SimpleNamespace

from tests.simulation.loop import VirtualLoop

STEP = 10.0
"""Seconds between two steps where something goes on."""

QUIET = 60.0
"""The same where nothing does."""

LONG_QUIET_AFTER, LONG_QUIET = 600.0, 120.0
"""The same after so many seconds in which nothing did."""

LOOK_AFTER = 1.0
"""Seconds between a step and the look at it: longer than bytes are under way."""


class Rhythm:
    """Calls `step` at every tenth second, or less often while nothing `is_busy`."""

    def __init__(
        self,
        clockwork: VirtualLoop,
        step: Callable[[], None],
        is_busy: Callable[[], bool],
    ) -> None:
        self._clockwork = clockwork
        self._step = step
        self._is_busy = is_busy
        self._asleep: list[asyncio.Future[None]] = []
        self._stepped = self._stirred = 0.0

    def start(self) -> None:
        """Begin with a step now."""
        self._call(0.0, self._beat)

    def words(self, pause: float) -> SimpleNamespace:
        """Return an `asyncio` for a module: a sleep of `pause` lasts until a look."""

        async def sleep(seconds: float) -> None:
            if seconds != pause:
                await asyncio.sleep(seconds)
                return
            look = self._clockwork.create_future()
            self._asleep.append(look)
            await look

        return SimpleNamespace(**{**vars(asyncio), "sleep": sleep})

    def _beat(self) -> None:
        self._call(STEP, self._beat)
        now = self._clockwork.time()
        if self._is_busy():
            self._stirred = now
        is_long = now - self._stirred >= LONG_QUIET_AFTER
        pause = LONG_QUIET if is_long else QUIET
        if self._stirred == now or now - self._stepped >= pause:
            self._stepped = now
            self._step()
            self._call(LOOK_AFTER, self._look)

    def _look(self) -> None:
        asleep, self._asleep = self._asleep, []
        for look in asleep:
            if not look.done():
                look.set_result(None)

    def _call(self, seconds: float, act: Callable[[], None]) -> None:
        at = self._clockwork.time() + seconds
        self._clockwork.call_at(at, act, context=contextvars.Context())
