"""Look after what the journal is kept on while the daemon runs."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from alvh_trader.engine.event import StorageStrained
from alvh_trader.ports import Put

LOOK_EVERY = 5.0
"""Seconds between two looks."""


class StorageWatch:
    """Tells of each new strain once; `strain` returns "" while there is none."""

    def __init__(
        self, strain: Callable[[], str], put: Put, now: Callable[[], datetime]
    ) -> None:
        self._strain = strain
        self._put = put
        self._now = now
        self._told = ""

    async def run(self) -> None:
        """Look again and again, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self.look()

    def look(self) -> None:
        """Tell what is wrong, if that is new."""
        strain = self._strain()
        if strain and strain != self._told:
            self._put(StorageStrained(at=self._now(), reason=strain))
        self._told = strain
