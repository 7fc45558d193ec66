"""When the market moves and the daemon looks at it: often where something goes on.

A quiet minute is one step, as it is in a demo. The daemon looks a second after each
step, so that what it sees is as fresh as it would be in earnest.
"""

import asyncio
import contextvars
from collections.abc import Callable
from types import SimpleNamespace

from tests.simulation.loop import VirtualLoop

STEP = 10.0
"""Seconds between two steps where something goes on."""

ALERT = 20.0
"""The same where the daemon only asks: it has something in mind."""

QUIET = 60.0
"""The same where nothing goes on."""

ALERT_FOR = 300.0
"""Seconds after the last busy one in which questions are a reason for small steps."""

LOOK_AFTER = 1.0
"""Seconds between a step and the look at it: longer than bytes are under way."""


class Rhythm:
    """Calls `step` as often as `pause` says, in steps of ten seconds."""

    def __init__(
        self,
        clockwork: VirtualLoop,
        step: Callable[[], None],
        pause: Callable[[], float],
    ) -> None:
        self._clockwork = clockwork
        self._step = step
        self._pause = pause
        self._asleep: list[asyncio.Future[None]] = []
        self._stepped = self._stirred = -QUIET

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
        now, pause = self._clockwork.time(), self._pause()
        if pause == STEP:
            self._stirred = now
        elif now - self._stirred >= ALERT_FOR:
            pause = QUIET
        if now - self._stepped >= pause:
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
