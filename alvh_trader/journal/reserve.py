"""What lies beside a journal for the day on which its disk fails (reliability.md F113).

`journal.db.reserve` is room that is given up when nothing can be written any more, so
that the next process can write down what it halts and cancels. `journal.db.failed` says
why the last writer stopped; the next one starts in doubt.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from alvh_trader.journal.files import sync_folder

WORDS_MAX = 500


class Reserve:
    """The reserve of `size` bytes beside the journal at `path`; 0 is none."""

    def __init__(self, path: Path, size: int) -> None:
        self._room = path.with_name(path.name + ".reserve")
        self._note = path.with_name(path.name + ".failed")
        self._size = size

    def doubts(self, others: tuple[str, ...]) -> tuple[str, ...]:
        """Set the room aside; return why that failed, and why the last writer did.

        A writer that failed and said so explains the `others`.
        """
        found = list(others)
        with suppress(FileNotFoundError):
            words = self._note.read_text(encoding="utf-8", errors="replace")
            found = [f"the last run could not write it: {words or 'not known why'}"]
        if self._size and not self._fill():
            mega = self._size / 2**20
            found.append(f"the disk has no {mega:g} MiB to spare beside it")
        return tuple(found)

    def _fill(self) -> bool:
        """Return whether the room is there."""
        handle = os.open(self._room, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._room.unlink()
            return False
        finally:
            os.close(handle)
        return True

    def give_up(self, why: str) -> None:
        """Free the room, and leave a note for the next process as well as may be.

        The disk is failing: what cannot be done is left, for the process ends anyway.
        """
        with suppress(OSError):
            self._room.unlink()
        with suppress(OSError), self._note.open("wb") as file:
            file.write(why[:WORDS_MAX].encode(errors="replace"))
            file.flush()
            os.fsync(file.fileno())
            sync_folder(self._note.parent)

    def settle(self) -> None:
        """Take the note away: what it says is in the journal now."""
        self._note.unlink(missing_ok=True)
