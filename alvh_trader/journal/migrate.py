"""Make a journal, and bring an older one to the current schema."""

import os
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import apsw

from alvh_trader.errors import JournalError
from alvh_trader.journal.codec import digest_of
from alvh_trader.journal.connection import APPLICATION_ID
from alvh_trader.journal.files import copy, free_name, sync_folder

SCHEMA_VERSION = 2
"""One number for the tables and for the shapes of the records in them."""

Migration = Callable[[apsw.Connection], None]


_VERSION_2 = """
ALTER TABLE snapshots ADD COLUMN build TEXT NOT NULL DEFAULT '';
ALTER TABLE snapshots ADD COLUMN rules TEXT NOT NULL DEFAULT '';
CREATE TABLE rules (digest TEXT PRIMARY KEY, body TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE builds (build TEXT PRIMARY KEY, since INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE archives (last INTEGER PRIMARY KEY, chain BLOB NOT NULL,
  name TEXT NOT NULL) STRICT;
"""


def _name_rules_by_digest(connection: apsw.Connection) -> None:
    connection.execute(_VERSION_2).fetchall()
    noted = connection.execute("SELECT value FROM meta WHERE key = 'rules'").fetchall()
    for (text,) in noted:
        digest = digest_of(str(text))
        connection.execute("INSERT INTO rules VALUES (?, ?)", (digest, text))
        connection.execute("UPDATE meta SET value = ? WHERE key = 'rules'", (digest,))


MIGRATIONS: Mapping[int, Migration] = {1: _name_rules_by_digest}
"""From a version to the next one. A step that rewrites bodies rebuilds the chain."""


def create(path: Path) -> None:
    """Make an empty journal at `path`: complete or not at all.

    It is made under another name and renamed, so that a crash leaves no half journal.
    The caller holds the writer's lock; an existing (empty) file is replaced.
    """
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = apsw.Connection(os.fspath(draft), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.pragma("synchronous", "FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", SCHEMA_VERSION)
        schema = resources.files("alvh_trader.journal") / "schema.sql"
        connection.execute(schema.read_text(encoding="utf-8")).fetchall()
        connection.execute("COMMIT")
    finally:
        connection.close()
    draft.rename(path)
    sync_folder(path.parent)


def migrate(
    connection: apsw.Connection,
    path: Path,
    *,
    target: int = SCHEMA_VERSION,
    migrations: Mapping[int, Migration] = MIGRATIONS,
) -> Path | None:
    """Bring the journal to schema `target`; return where the backup of the old one is.

    None where there was nothing to do. All steps are one transaction.

    Raises:
        JournalError: The journal is newer than `target`, a step is missing, or a step
            failed; the journal is then as it was.
    """
    found = connection.pragma("user_version")
    assert isinstance(found, int)
    if found == target:
        return None
    if found > target:
        raise JournalError(
            f"{path} has schema {found} and this program knows up to {target}: it was "
            "written by a newer version; going back is not possible"
        )
    steps = [migrations.get(version) for version in range(found, target)]
    if None in steps:
        raise JournalError(f"{path} has schema {found}, from which no way leads here")
    backup = free_name(path.with_name(f"{path.name}.schema{found}"))
    copy(connection, backup)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for step in filter(None, steps):
            step(connection)
        _expect_references(connection)
        connection.pragma("user_version", target)
        connection.execute("COMMIT")
    except (apsw.Error, JournalError) as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise JournalError(
            f"{path} could not be brought from schema {found} to {target} and is as it "
            f"was ({error}); a copy is {backup}"
        ) from error
    return backup


def _expect_references(connection: apsw.Connection) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise JournalError(f"{len(broken)} rows lost what they refer to")
