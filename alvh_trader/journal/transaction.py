"""The writer's one open transaction, and its end at the first failure.

After an error nothing more is written: what the disk has is then unknown, and only
opening the file again tells (reliability.md F114).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import apsw
from msgspec import Struct

from alvh_trader.errors import JournalError
from alvh_trader.journal.connection import explained
from alvh_trader.journal.deadline import Deadline
from alvh_trader.journal.reserve import Reserve

LEAVING_SECONDS = 1.0
"""How long a failed writer waits for its last note to be written."""

_CLOSED = "the journal is closed"


class Care(Struct, frozen=True):
    """How a journal is kept safe from its disk.

    `deadline` is how many seconds a commit may take, None for any time; `reserve` how
    many bytes are set aside beside it.
    """

    deadline: float | None = None
    reserve: int = 0


class Transaction:
    """Statements of one writer to the journal at `path`, made durable by `commit`."""

    def __init__(self, path: Path, connection: apsw.Connection, care: Care) -> None:
        self._path = path
        self._connection = connection
        self._deadline = Deadline(care.deadline)
        self.reserve = Reserve(path, care.reserve)
        self._failure: str | None = None

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._failure == _CLOSED

    @property
    def is_sound(self) -> bool:
        """Whether anything can still be written."""
        return self._failure is None

    def check(self) -> None:
        """Raise JournalError after a failure, and after the end."""
        if self._failure is not None:
            raise JournalError(f"{self._path}: {self._failure}")

    def write(self, statement: str, values: Sequence[object]) -> None:
        """Change something; durable after `commit`.

        Raises:
            JournalError: It could not be written; nothing will be any more.
        """
        self.check()
        with self._fail_stop():
            if not self._connection.in_transaction:
                # A deferred transaction could fail later, when it first writes.
                self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(statement, values)

    def read(
        self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[Any]:
        """Return rows as the writer sees them, with what is not committed yet."""
        self.check()
        with self._fail_stop():
            return self._connection.execute(statement, values).fetchall()

    def commit(self) -> None:
        """Make everything written durable (power cut included); then return.

        Raises:
            JournalError: It is not, or not in time; nothing will be written any more.
        """
        self.check()
        if self._connection.in_transaction:
            with self._fail_stop():
                self._deadline.run(self._commit)

    def checkpoint(self) -> None:
        """Bring what is committed into the main file."""
        self.check()
        with self._fail_stop():
            self._connection.wal_checkpoint()

    def close(self) -> bool:
        """Close the file, whatever happened before; return whether nobody uses it now.

        A commit that hangs uses it until the process ends.
        """
        self._failure = _CLOSED
        self._deadline.end()
        if self._deadline.is_missed:
            return False
        # After a failure there may be nothing left to close properly.
        with suppress(apsw.Error):
            self._connection.close()
        return True

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    @contextmanager
    def _fail_stop(self) -> Iterator[None]:
        """Write nothing more after a failure: SQLite may have rolled back already."""
        try:
            with explained(self._path):
                yield
        except BaseException as error:
            self._failure = f"nothing is written any more since: {error}"
            # Even a last note may hang, and the process must get on with its end.
            leaving = Thread(target=self.reserve.give_up, args=(str(error),))
            leaving.daemon = True
            leaving.start()
            leaving.join(LEAVING_SECONDS)
            raise
