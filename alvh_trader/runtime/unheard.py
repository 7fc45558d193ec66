"""Notice that no alert reaches anybody: in live a person must see what is done."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from alvh_trader.engine.event import ControlTripped
from alvh_trader.ports import Put

LOOK_EVERY = 30.0
"""Seconds between two looks."""

UNHEARD_MAX = timedelta(minutes=15)
"""An alert that no channel has taken for so long takes new risk away (F132)."""


class DeliveryWatch:
    """Tells the engine, once, when alerts have reached no channel for too long.

    `unheard_since` returns of when the oldest alert is that no channel has taken, None
    where there is none. What an earlier process owed has as long again.
    """

    def __init__(
        self,
        unheard_since: Callable[[], datetime | None],
        put: Put,
        now: Callable[[], datetime],
    ) -> None:
        self._unheard_since = unheard_since
        self._put = put
        self._now = now
        self._began = now()
        self._told = False

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self.look()

    def look(self) -> None:
        """Tell of it, if it is new."""
        since, now = self._unheard_since(), self._now()
        is_late = since is not None and now - max(since, self._began) >= UNHEARD_MAX
        if is_late and not self._told:
            text = f"no channel has taken an alert of {since:%Y-%m-%d %H:%M} UTC"
            self._put(ControlTripped(at=now, control="T06", text=text))
        self._told = is_late
