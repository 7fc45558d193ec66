"""Notice that the event loop lags: what is decided late is decided on old news."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from alvh_trader.engine.event import ControlTripped
from alvh_trader.ports import Put

log = structlog.get_logger()

LOOK_EVERY = 0.5
LATE_MAX = 0.5
"""Seconds: how often the loop is asked to be in time, and how late it may be."""

TIMES = 3
WITHIN = 60.0
"""So many delays within so many seconds are no accident (reliability.md I12)."""


class LagWatch:
    """Tells the engine when the loop was late again and again."""

    def __init__(self, put: Put, now: Callable[[], datetime]) -> None:
        self._put = put
        self._now = now
        self._late: list[float] = []

    def note(self, at: float, late: float) -> None:
        """Take one look: it was due at `at` and came `late`, in seconds."""
        if late <= LATE_MAX:
            return
        log.warning("loop.late", seconds=round(late, 3))
        self._late = [*(t for t in self._late if t > at - WITHIN), at]
        if len(self._late) >= TIMES:
            text = f"the loop was late {TIMES} times in {WITHIN:g} s, now {late:.1f} s"
            self._put(ControlTripped(at=self._now(), control="I12", text=text))
            self._late = []

    async def run(self) -> None:
        """Look for ever."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            self.note(due, loop.time() - due)
