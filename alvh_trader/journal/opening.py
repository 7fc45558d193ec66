"""Open the file for writing: made or migrated as needed, whole, and complete."""

import os
from pathlib import Path

import apsw

from alvh_trader.errors import JournalForbiddenError
from alvh_trader.journal.connection import header_of, open_writer, require
from alvh_trader.journal.migrate import SCHEMA_VERSION, create, migrate

OPEN = "open"
"""The key in `meta` that is there from the first to the last moment of a run."""


def expect_writable(path: Path) -> None:
    """Make the journal's folder, and check that both are ours (reliability.md F120).

    Raises:
        JournalForbiddenError: This user, or this disk, lets nobody write.
        JournalError: The file is no journal, or of a newer program.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except PermissionError as error:
        raise JournalForbiddenError(f"{path.parent}: {error.strerror}") from error
    # The folder as well: SQLite and the lock make files beside the journal.
    for there in (path.parent, path):
        may = os.access(there, os.R_OK | os.W_OK, effective_ids=True)
        if there.exists() and not may:
            raise JournalForbiddenError(
                f"{there} cannot be written by this user: Permission denied, or a "
                "disk that is only read"
            )
    if path.exists() and header_of(path) is not None:
        require(path, version=SCHEMA_VERSION)


def open_whole(path: Path) -> tuple[apsw.Connection, tuple[str, ...]]:
    """Return the connection to the journal at `path`, and what is in doubt about it.

    The caller holds the writer's lock.

    Raises:
        ValueError: A page of it is damaged.
        apsw.Error: SQLite cannot open it.
        JournalError: It cannot be migrated, or a setting did not take.
    """
    has_tail = path.with_name(path.name + "-wal").exists()
    if not path.exists() or path.stat().st_size == 0:
        create(path)
    require(path, version=SCHEMA_VERSION)
    connection = open_writer(path)
    try:
        migrate(connection, path)
        expect_whole_pages(connection)
        noted = connection.execute("SELECT 1 FROM meta WHERE key = ?", (OPEN,))
        was_open = noted.fetchall() != []
    except BaseException:
        connection.close()
        raise
    if was_open and not has_tail:
        # Whoever dies leaves the WAL behind; without it this is a copy, or its newest
        # records are gone (reliability.md F119).
        return connection, ("it is a copy of a journal in use, or lost its -wal file",)
    return connection, ()


def expect_whole_pages(connection: apsw.Connection) -> None:
    """Raise ValueError where SQLite finds a damaged page (reliability.md T07)."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != ("ok",):
        raise ValueError(str(found and found[0]))
