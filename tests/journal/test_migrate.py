import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from alvh_trader.engine.event import Event
from alvh_trader.errors import JournalError
from alvh_trader.journal.codec import CHAIN_START, digest_of, encode, link, stamp
from alvh_trader.journal.connection import open_writer
from alvh_trader.journal.migrate import (
    SCHEMA_VERSION,
    Migration,
    create,
    migrate,
)
from alvh_trader.journal.read import Reader
from alvh_trader.journal.records import Snapshot
from alvh_trader.journal.store import Journal
from tests.journal.disk import disk
from tests.journal.samples import market, started

NOW = SCHEMA_VERSION

FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE records (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('event', 'command', 'decision')),
  type TEXT NOT NULL, case_id TEXT, body BLOB NOT NULL, chain BLOB NOT NULL
) STRICT;
CREATE INDEX records_by_case ON records (case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX records_by_type ON records (type, seq) WHERE type <> 'MarketUpdated';
CREATE TABLE snapshots (
  seq INTEGER PRIMARY KEY REFERENCES records (seq), body BLOB NOT NULL
) STRICT;
CREATE TABLE deliveries (
  seq INTEGER NOT NULL REFERENCES records (seq), channel TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending'
  CHECK (state IN ('pending', 'delivered', 'merged', 'retired')),
  attempts INTEGER NOT NULL DEFAULT 0, error TEXT, PRIMARY KEY (seq, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_pending ON deliveries (channel, seq) WHERE state = 'pending';
"""
"""The tables as schema 1 had them."""

KILLED = """
import os, signal, sys
from pathlib import Path
from alvh_trader.journal.connection import open_writer
from alvh_trader.journal.migrate import migrate

def die(connection):
    connection.execute("DELETE FROM snapshots").fetchall()
    connection.execute("DELETE FROM records").fetchall()
    connection.cache_flush()  # What a full page cache does: changes reach the WAL.
    os.kill(os.getpid(), signal.SIGKILL)

path, now = Path(sys.argv[1]), int(sys.argv[2])
migrate(open_writer(path), path, target=now + 1, migrations={now: die})
"""


def add_colour(connection: apsw.Connection) -> None:
    connection.execute("ALTER TABLE meta ADD COLUMN colour TEXT").fetchall()


def fail(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM records").fetchall()
    raise apsw.SQLError("halfway")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "j.db"
    with Journal.open(made) as journal:
        journal.append(started())
    return made


def test_a_current_journal_is_left_alone(path: Path) -> None:
    connection = open_writer(path)
    assert migrate(connection, path) is None
    connection.close()
    assert {p.name for p in path.parent.iterdir()} == {"j.db", "j.db.lock"}


def test_an_older_journal_is_backed_up_and_brought_forward(path: Path) -> None:
    connection = open_writer(path)
    steps: dict[int, Migration] = {NOW: add_colour, NOW + 1: lambda _: None}
    backup = migrate(connection, path, target=NOW + 2, migrations=steps)
    assert connection.pragma("user_version") == NOW + 2
    assert "colour" in [row[1] for row in connection.execute("PRAGMA table_info(meta)")]
    connection.close()
    assert backup == path.with_name(f"j.db.schema{NOW}")
    assert backup.stat().st_mode & 0o777 == 0o600
    with Reader.open(backup) as old:
        assert old.verify() == 1


def test_a_second_backup_does_not_overwrite_the_first(path: Path) -> None:
    taken = path.with_name(f"j.db.schema{NOW}")
    for name in (taken, taken.with_name(f"{taken.name}.1")):
        name.write_text("precious")
    connection = open_writer(path)
    backup = migrate(connection, path, target=NOW + 1, migrations={NOW: add_colour})
    connection.close()
    assert backup == taken.with_name(f"{taken.name}.2")
    assert taken.read_text() == "precious"


def test_a_failed_step_leaves_the_journal_as_it_was(path: Path) -> None:
    connection = open_writer(path)
    steps: dict[int, Migration] = {NOW: add_colour, NOW + 1: fail}
    with pytest.raises(JournalError, match=r"as it was.*halfway.*j\.db\.schema"):
        migrate(connection, path, target=NOW + 2, migrations=steps)
    connection.close()
    with Reader.open(path) as reader:
        assert reader.verify() == 1


@pytest.mark.covers("F18")
def test_there_is_no_way_back(path: Path) -> None:
    connection = open_writer(path)
    with pytest.raises(JournalError) as refused:
        migrate(connection, path, target=0)
    connection.close()
    assert str(refused.value) == (
        f"{path} has schema {NOW} and this program knows up to 0: it was written by a "
        "newer version; going back is not possible"
    )


def test_a_missing_step_is_said_before_anything_is_done(path: Path) -> None:
    connection = open_writer(path)
    with pytest.raises(JournalError, match="no way leads here"):
        migrate(connection, path, target=NOW + 2, migrations={NOW: add_colour})
    connection.close()
    assert not path.with_name(f"j.db.schema{NOW}").exists()


def test_a_crash_while_making_a_journal_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.with_name("j.db.new").write_bytes(b"half")
    create(path)
    assert {p.name for p in tmp_path.iterdir()} == {"j.db"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_journal_is_on_the_disk_before_it_gets_its_name(tmp_path: Path) -> None:
    with disk() as log:
        create(tmp_path / "j.db")
    calls = [call.kind for call in log.log if call.name == "j.db.new"]
    assert set(calls) == {"write", "sync"}
    assert calls[-1] == "sync"


def test_this_program_writes_the_schema_it_names(path: Path) -> None:
    connection = open_writer(path)
    assert connection.pragma("user_version") == SCHEMA_VERSION
    connection.close()


def first_journal(path: Path, rules: str | None) -> None:
    """Make a journal as the first version of this program left it."""
    create(path)
    connection = apsw.Connection(str(path))
    connection.pragma("foreign_keys", "OFF")
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    for (name,) in connection.execute(tables).fetchall():
        connection.execute(f"DROP TABLE {name}").fetchall()
    connection.execute(FIRST).fetchall()
    connection.pragma("user_version", 1)
    if rules is not None:
        connection.execute("INSERT INTO meta VALUES ('rules', ?)", (rules,)).fetchall()
    connection.close()


@pytest.mark.covers("F18")
@pytest.mark.parametrize("rules", ["the rules", None])
def test_a_journal_of_the_first_schema_keeps_all_it_held(
    tmp_path: Path, rules: str | None
) -> None:
    path = tmp_path / "old.db"
    first_journal(path, rules)
    chain = CHAIN_START
    connection = apsw.Connection(str(path))
    events: tuple[Event, ...] = (started(), market(1))
    for seq, event in enumerate(events, start=1):
        body = encode(event)
        head = (stamp(event.at), "event", type(event).__name__, None)
        chain = link(chain, seq, head, body)
        connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (seq, *head, body, chain),
        ).fetchall()
    kept = "INSERT INTO snapshots VALUES (2, CAST('kept' AS BLOB))"
    connection.execute(kept).fetchall()
    connection.close()
    with Journal.open(path) as journal:
        assert [event for _, event in journal.events_after(0)] == [started(), market(1)]
        assert journal.snapshots() == [Snapshot(2, "", "", b"kept")]
        journal.save_snapshot(journal.append(market(2)), b"new")
    with Reader.open(path) as reader:
        assert reader.verify() == 3
        assert reader.rules() == rules
        assert reader.rules(digest_of("the rules")) == rules
    assert path.with_name("old.db.schema1").exists()


@pytest.mark.covers("F18")
def test_a_kill_inside_a_migration_leaves_the_journal_as_it_was(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(NOW)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert path.with_name("j.db-wal").stat().st_size > 0
    with Reader.open(path.with_name(f"j.db.schema{NOW}")) as backup:
        assert backup.verify() == 1
    with Journal.open(path) as journal:
        assert journal.append(market(1)) == 2
    with Reader.open(path) as reader:
        assert reader.verify() == 2


def lose_records(connection: apsw.Connection) -> None:
    connection.pragma("defer_foreign_keys", "ON")
    connection.execute("DELETE FROM records").fetchall()


def test_rows_that_lose_what_they_refer_to_undo_a_migration(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.save_snapshot(1, b"state")
    connection = open_writer(path)
    with pytest.raises(JournalError, match="1 rows lost what they refer to"):
        migrate(connection, path, target=NOW + 1, migrations={NOW: lose_records})
    connection.close()
    with Reader.open(path) as reader:
        assert reader.verify() == 1


def test_a_journal_that_somebody_writes_is_not_migrated(path: Path) -> None:
    intruder = apsw.Connection(str(path))
    intruder.execute("BEGIN IMMEDIATE").fetchall()
    connection = open_writer(path)
    connection.set_busy_timeout(1)
    with pytest.raises(JournalError, match="is as it was"):
        migrate(connection, path, target=NOW + 1, migrations={NOW: add_colour})
    connection.close()
    intruder.close()


def test_a_reader_leaves_an_older_journal_alone(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", 1)
    connection.close()
    words = f"has schema 1, this program reads {SCHEMA_VERSION}; the daemon brings"
    with pytest.raises(JournalError, match=words):
        Reader.open(path)
