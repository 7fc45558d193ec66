"""Files beside a journal: durable copies, and names that nobody has."""

import os
from pathlib import Path

import apsw


def copy(connection: apsw.Connection, target: Path) -> None:
    """Copy what `connection` sees to `target`, durably.

    SQLite does not make the copy durable, so that is done here.
    """
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        connection.execute("VACUUM INTO ?", (os.fspath(target),))
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(target.parent)


def free_name(path: Path) -> Path:
    """Return `path`, or where it is taken the first of `path`.1, .2 that is not."""
    count = 0
    name = path
    while name.exists():
        count += 1
        name = path.with_name(f"{path.name}.{count}")
    return name


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, as a file's fsync does its bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
