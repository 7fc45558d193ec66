"""Look after the folder of inputs while the daemon runs, and tell when it changed."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from alvh_trader.engine.event import BreadthSeeded, Event, InputsRead
from alvh_trader.inputs.folder import Reading, files_in, read_folder
from alvh_trader.ports import Put

log = structlog.get_logger()

SETTLED = timedelta(seconds=2)
"""A file that was written within this time may still be written to."""

Files = list[tuple[str, tuple[int, ...]]]


class FolderWatch:
    """Reads the folder at the start, and again whenever one of its files changed.

    A `seed` that was named in the configuration takes the place of the folder's.
    """

    def __init__(
        self,
        folder: Path | None,
        put: Put,
        now: Callable[[], datetime],
        *,
        seed: tuple[int, ...] | None = None,
    ) -> None:
        self._folder = folder
        self._put = put
        self._now = now
        self._seed = seed
        self._read: Files = []
        self._told: tuple[int, ...] = ()

    def start(self, at: datetime | None) -> None:
        """Read the folder as it is and put what it says; `at` is None if unknown."""
        if self._folder is not None and not self._folder.is_dir():
            # No folder is no mistake: it is the same as one without files.
            log.debug("inputs.no_folder", folder=str(self._folder))
        self._read = self._files()
        self._tell(self._reading(at))

    async def run(self, every: float) -> None:
        """Look every so many seconds, for ever, on another thread."""
        while True:
            await asyncio.sleep(every)
            reading = await asyncio.to_thread(self.look)
            if reading is not None:
                self._tell(reading)

    def look(self) -> Reading | None:
        """Read the folder if it changed and has come to rest; None if not."""
        files = self._files()
        if files == self._read or self._is_written(files):
            return None
        reading = self._reading(self._now())
        # What changed while it was read is looked at once more, next time.
        self._read = files
        return reading

    def _files(self) -> Files:
        return [] if self._folder is None else files_in(self._folder)

    def _is_written(self, files: Files) -> bool:
        now = self._now().timestamp()
        ages = (now - mark[0] / 1e9 for _, mark in files)
        return any(0 <= age < SETTLED.total_seconds() for age in ages)

    def _reading(self, at: datetime | None) -> Reading:
        try:
            return read_folder(self._folder, at)
        except Exception as error:  # noqa: BLE001 - no file is worth a stopped daemon
            mistake = f"{self._folder}: cannot be read, by our own mistake: {error!r}"
            return Reading(mistakes=(mistake,))

    def _tell(self, reading: Reading) -> None:
        for mistake in reading.mistakes:
            log.warning("inputs.mistake", mistake=mistake)
        log.debug("inputs.read", mistakes=len(reading.mistakes))
        events: list[Event] = [
            InputsRead(at=self._now(), inputs=reading.inputs, mistakes=reading.mistakes)
        ]
        breadth = reading.breadth if self._seed is None else self._seed
        if breadth != self._told:
            events.append(BreadthSeeded(at=self._now(), net_advances=breadth))
            self._told = breadth
        for event in events:
            self._put(event)
