"""SQLite connections set up as the journal needs them, each setting read back.

Why these settings: with WAL and synchronous FULL no acknowledged commit was lost in
simulated power cuts, with NORMAL most were (reliability.md §0.11). SQLite before
3.51.3 can corrupt a WAL file that two connections checkpoint.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from alvh_trader.errors import JournalError

SQLITE_MIN = (3, 51, 3)
"""The release that mended the WAL-reset bug."""

APPLICATION_ID = 0x416C7668
"""Marks the file as ours ("Alvh"); written once, when the file is made."""

MAGIC = b"SQLite format 3\0"
_VERSION_AT = 60  # Offsets of the file format's header (sqlite.org/fileformat2.html).
_APPLICATION_AT = 68
_HEADER_BYTES = 100

_COMMON = (
    ("busy_timeout", 2000, 2000),
    ("foreign_keys", "ON", 1),
    ("trusted_schema", "OFF", 0),
    ("cell_size_check", "ON", 1),
    ("mmap_size", 0, 0),
)
_WRITER = (
    *_COMMON,
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
)
_READER = (*_COMMON, ("query_only", "ON", 1))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite, of the system and of what was read into one line.

    Readers of rows raise `ValueError`; here it gets the name of the file.
    """
    try:
        yield
    except ValueError as error:
        line = " ".join(str(error).split())
        raise JournalError(f"{path} is damaged: {line}") from error
    except apsw.Error as error:
        raise JournalError(f"{path}: {_reason(error)}") from error
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror or error}") from error


def open_writer(path: Path) -> apsw.Connection:
    """Return the writing connection to an existing journal.

    Raises:
        apsw.Error: SQLite cannot open it.
        JournalError: A setting did not take.
    """
    return _open(path, apsw.SQLITE_OPEN_READWRITE, _WRITER)


def open_reader(path: Path) -> apsw.Connection:
    """Return a connection that can only read, while somebody else may write.

    Raises:
        apsw.Error: SQLite cannot open it.
        JournalError: A setting did not take.
    """
    try:
        return _open(path, apsw.SQLITE_OPEN_READONLY, _READER)
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        if path.with_name(path.name + "-wal").exists():
            raise
    # A closed journal in a folder we cannot write: nobody is changing it, so it may
    # be read without the shared memory SQLite would have to make.
    uri = f"{path.as_uri()}?immutable=1"
    return _open(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI, _READER)


def header_of(path: Path) -> tuple[int, int] | None:
    """Return (application id, schema version) as the file's header has them.

    None for an empty file. Nothing is opened through SQLite, so that a file which is
    not ours is not touched (a mere look would recover or checkpoint its WAL).

    Raises:
        JournalError: It cannot be read, or is no SQLite file.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except IsADirectoryError as error:
        raise JournalError(f"{path} is a folder, not a journal") from error
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from error
    if not header:
        return None
    if len(header) < _HEADER_BYTES or not header.startswith(MAGIC):
        raise JournalError(f"{path} is not a journal; it was left as it is")
    return (
        int.from_bytes(header[_APPLICATION_AT : _APPLICATION_AT + 4], "big"),
        int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4], "big"),
    )


def require(path: Path, *, version: int) -> None:
    """Check by its header that an existing file is a journal we understand.

    Raises:
        JournalError: It is not, or a newer program made it.
    """
    header = header_of(path)
    if header is None:
        raise JournalError(f"{path} is empty")
    application, found = header
    if application != APPLICATION_ID:
        raise JournalError(
            f"{path} is a database of another program; it was left as it is"
        )
    if found > version:
        raise JournalError(
            f"{path} has schema {found} and this program knows up to {version}: it was "
            "written by a newer version; install that one, or name another file"
        )


def _open(
    path: Path | str, flags: int, pragmas: Sequence[tuple[str, int | str, int | str]]
) -> apsw.Connection:
    library = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if library < SQLITE_MIN:
        raise JournalError(
            f"SQLite {apsw.sqlite_lib_version()} may corrupt a journal; "
            f"{'.'.join(map(str, SQLITE_MIN))} or newer is needed (it comes with apsw)"
        )
    connection = apsw.Connection(os.fspath(path), flags=flags)
    try:
        for name, wanted, expected in pragmas:
            connection.pragma(name, wanted)
            _expect(connection, name, expected)
        connection.pragma("schema_version")  # The first read: is it a database at all?
    except BaseException:
        connection.close()
        raise
    return connection


def _expect(connection: apsw.Connection, name: str, expected: int | str) -> None:
    found = connection.pragma(name)
    if found != expected:
        raise JournalError(
            f"{connection.filename}: PRAGMA {name} is {found}, not {expected}"
        )


def _reason(error: apsw.Error) -> str:
    known = {
        apsw.FullError: "the disk is full",
        apsw.CorruptError: "the file is damaged",
        apsw.NotADBError: "the file is not a journal, or is damaged",
        apsw.BusyError: "another process holds it",
        apsw.LockedError: "another process holds it",
        apsw.ReadOnlyError: "it cannot be written",
        apsw.CantOpenError: "it cannot be opened",
        apsw.IOError: "the disk failed",
    }
    # SQLite quotes a damaged schema with its line breaks.
    line = " ".join(str(error).split())
    return f"{known.get(type(error), 'SQLite failed')} ({line})"
