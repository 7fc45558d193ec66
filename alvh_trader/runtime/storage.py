"""Look after what the journal is kept on while the daemon runs."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from alvh_trader.engine.event import StorageStrained
from alvh_trader.errors import JournalError
from alvh_trader.ports import Put

LOOK_EVERY = 5.0
"""Seconds between two looks."""


class StorageWatch:
    """Keeps the file small, and tells of each new strain once.

    `tidy` moves some older records away if there are too many; `strain` returns ""
    while there is none.
    """

    def __init__(
        self,
        tidy: Callable[[], object],
        strain: Callable[[], str],
        put: Put,
        now: Callable[[], datetime],
    ) -> None:
        self._tidy = tidy
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
        """Move what is too much, and tell what is wrong, if that is new."""
        try:
            self._tidy()
            strain = self._strain()
        except JournalError as error:
            # Archives are no condition for trading; the journal speaks for itself.
            strain = str(error)
        if strain and strain != self._told:
            self._put(StorageStrained(at=self._now(), reason=strain))
        self._told = strain
