"""Move the oldest records to files beside the journal; the chain goes on from them.

An archive is a journal itself, one for each month, and is read by the same commands.
First the archive has a record durably, then the journal lets go of it: whenever the
process dies, each record is in one of them, or in both.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alvh_trader.journal import records
from alvh_trader.journal.connection import explained, open_writer, require
from alvh_trader.journal.migrate import SCHEMA_VERSION, create

ROWS = 500
"""Records that are moved at once: the daemon decides nothing meanwhile."""

Write = Callable[[str, Sequence[object]], None]
Read = Callable[[str, Sequence[Any] | Mapping[str, Any]], list[Any]]

_RECORD = "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)"
_USED = """
SELECT (page_count - freelist_count) * page_size
FROM pragma_page_count, pragma_freelist_count, pragma_page_size
"""
"""Bytes: free pages stay in the file, and are filled again."""

_COPIED = (
    ("deliveries", "seq BETWEEN :first AND :last", 5),
    ("rules", "TRUE", 2),
    ("builds", "TRUE", 2),
    ("archives", "name <> :name", 3),
)
"""What goes along with records: table, which rows, how many columns."""


class Archive:
    """Keeps the journal at `path` small. Part of the one writer."""

    def __init__(
        self, path: Path, write: Write, read: Read, commit: Callable[[], None]
    ) -> None:
        self._path = path
        self._write = write
        self._read = read
        self._commit = commit

    def move(self, size: int) -> int:
        """Move some old records if more than `size` bytes are in use; return how many.

        What a recovery or an alert that is still owed may need stays where it is.

        Raises:
            JournalError: The journal, or the archive, could not be written.
        """
        ((used,),) = self._read(_USED, ())
        if used <= size:
            return 0
        rows = self._oldest()
        if rows:
            with explained(self._path):
                self._move(rows)
        return len(rows)

    def _oldest(self) -> list[Any]:
        """Return the next records to go, all of one month."""
        rows = self._read(
            "SELECT * FROM records WHERE seq < (SELECT min(seq) FROM snapshots) "
            "AND seq < ifnull((SELECT min(seq) FROM deliveries "
            "WHERE state = 'pending'), seq + 1) ORDER BY seq LIMIT ?",
            (ROWS,),
        )
        return [row for row in rows if _month(row) == _month(rows[0])]

    def _move(self, rows: list[Any]) -> None:
        (first, last), chain = (rows[0][0], rows[-1][0]), rows[-1][-1]
        name = self._name(_month(rows[0]), first)
        target = self._path.with_name(name)
        if not target.exists():
            create(target)
        self._copy(target, rows, {"first": first, "last": last, "name": name})
        self._write("DELETE FROM deliveries WHERE seq <= ?", (last,))
        self._write("DELETE FROM records WHERE seq <= ?", (last,))
        self._write("DELETE FROM archives WHERE name = ?", (name,))
        self._write("INSERT INTO archives VALUES (?, ?, ?)", (last, chain, name))
        self._commit()

    def _copy(self, target: Path, rows: list[Any], which: dict[str, object]) -> None:
        connection = open_writer(target)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_RECORD, rows)
            for table, condition, columns in _COPIED:
                marks = ", ".join("?" * columns)
                connection.executemany(
                    f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608
                    self._read(
                        f"SELECT * FROM {table} WHERE {condition}",  # noqa: S608
                        which,
                    ),
                )
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _name(self, month: str, first: int) -> str:
        """Return the month's archive, or the next of that month that may go on here.

        Where an older copy of the journal was restored, there may be archives of what
        it does not know; they are left alone.
        """
        count = 0
        while True:
            ending = f"-{month}" + (f".{count}" if count else "")
            name = f"{self._path.stem}{ending}.archive.db"
            if self._goes_on(self._path.with_name(name), first):
                return name
            count += 1

    def _goes_on(self, target: Path, first: int) -> bool:
        """Return whether `target` holds the same as we do, up to where it ends."""
        if not target.exists():
            return True
        require(target, version=SCHEMA_VERSION)
        connection = open_writer(target)
        try:
            seq, _, chain = records.last(connection)
        finally:
            connection.close()
        here = self._read(
            "SELECT chain FROM records WHERE seq = ?1 "
            "UNION SELECT chain FROM archives WHERE last = ?1",
            (seq,),
        )
        # An empty one is left by a crash between its making and its first records.
        return seq == 0 or (seq >= first - 1 and here == [(chain,)])


def _month(row: Sequence[Any]) -> str:
    return str(row[1])[: len("2018-02")]
