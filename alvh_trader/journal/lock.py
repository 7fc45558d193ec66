"""One writer for each journal: an advisory lock on a file beside it.

The lock file stays when the lock is given back: removing it would let a third
process lock a new file of the same name while a second one waits on the old.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from alvh_trader.errors import JournalForbiddenError, JournalLockedError


class WriterLock:
    """The right to write one journal; the kernel takes it back when we die."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = journal.with_name(journal.name + ".lock")
        self._file = -1

    def take(self) -> Self:
        """Take the lock, without waiting.

        Raises:
            JournalLockedError: Another process has it.
            JournalForbiddenError: The lock file cannot be made.
        """
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalForbiddenError(
                f"cannot write {self._path}: {error.strerror}; the journal needs a "
                "folder this user can write"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            self.release()
            raise JournalLockedError(
                f"{self._journal} is being written by another process"
                f"{f' (pid {holder})' if holder.isdigit() else ''}; stop that one, or "
                "name another file under [journal] path"
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        return self

    def release(self) -> None:
        """Give the lock back, if we have it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self.take()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
