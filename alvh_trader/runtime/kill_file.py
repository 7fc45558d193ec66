"""The kill file: a halt that outlives the journal, the process and the build.

While a file of that name lies beside the journal no new order leaves: it is looked for
before every order, and twice a second to tell the engine. Anybody who may write the
folder can make it with `touch`, whether or not the daemon runs (reliability.md P01).
"""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from alvh_trader.engine.event import ControlTripped
from alvh_trader.errors import ControlError
from alvh_trader.journal.files import sync_folder
from alvh_trader.ports import Put

NAME = "KILL"

LOOK_EVERY = 0.5
"""Seconds between two looks that tell the engine; each order is looked at by itself."""


class KillFile:
    """The file beside one journal."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(NAME)

    def is_set(self) -> bool:
        """Return whether the file is there; what cannot be looked at counts as so."""
        try:
            self.path.lstat()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return True

    def set(self, text: str) -> None:
        """Make the file, durably; one that is there stays as it is.

        Raises:
            ControlError: It cannot be made.
        """
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(handle, f"{text}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
            sync_folder(self.path.parent)
        except OSError as error:
            raise ControlError(
                f"cannot make {self.path}: {error.strerror or error}"
            ) from error

    def remove(self) -> None:
        """Remove the file, durably, if it is there.

        Raises:
            ControlError: It is there and cannot be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise ControlError(
                f"cannot remove {self.path}: {error.strerror or error}"
            ) from error


class KillWatch:
    """Tells the engine that the file has come."""

    def __init__(self, file: KillFile, put: Put, now: Callable[[], datetime]) -> None:
        self._file = file
        self._put = put
        self._now = now
        self._was_set = False

    def look(self) -> None:
        """Tell of the file if it was not there at the look before."""
        is_set = self._file.is_set()
        if is_set and not self._was_set:
            text = f"{self._file.path} is there"
            self._put(ControlTripped(at=self._now(), control="P01", text=text))
        self._was_set = is_set

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY)
