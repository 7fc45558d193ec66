from pathlib import Path

import apsw
import pytest

from alvh_trader.errors import JournalError
from alvh_trader.journal.connection import open_writer
from alvh_trader.journal.migrate import SCHEMA_VERSION, create, migrate
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from tests.journal.samples import started


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
    backup = migrate(
        connection, path, target=3, migrations={1: add_colour, 2: lambda _: None}
    )
    assert connection.pragma("user_version") == 3
    assert "colour" in [row[1] for row in connection.execute("PRAGMA table_info(meta)")]
    connection.close()
    assert backup == path.with_name("j.db.schema1")
    assert backup.stat().st_mode & 0o777 == 0o600
    with Reader.open(backup) as old:
        assert old.verify() == 1


def test_a_second_backup_does_not_overwrite_the_first(path: Path) -> None:
    path.with_name("j.db.schema1").write_text("precious")
    connection = open_writer(path)
    backup = migrate(connection, path, target=2, migrations={1: add_colour})
    connection.close()
    assert backup == path.with_name("j.db.schema1.1")
    assert path.with_name("j.db.schema1").read_text() == "precious"


def test_a_failed_step_leaves_the_journal_as_it_was(path: Path) -> None:
    connection = open_writer(path)
    with pytest.raises(JournalError, match=r"as it was.*halfway.*j\.db\.schema1"):
        migrate(connection, path, target=3, migrations={1: add_colour, 2: fail})
    connection.close()
    with Reader.open(path) as reader:
        assert reader.verify() == 1


def test_there_is_no_way_back(path: Path) -> None:
    connection = open_writer(path)
    with pytest.raises(JournalError, match="newer version"):
        migrate(connection, path, target=0)
    connection.close()


def test_a_missing_step_is_said_before_anything_is_done(path: Path) -> None:
    connection = open_writer(path)
    with pytest.raises(JournalError, match="no way leads here"):
        migrate(connection, path, target=3, migrations={1: add_colour})
    connection.close()
    assert not path.with_name("j.db.schema1").exists()


def test_a_crash_while_making_a_journal_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    path.with_name("j.db.new").write_bytes(b"half")
    create(path)
    assert {p.name for p in tmp_path.iterdir()} == {"j.db"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_this_program_writes_the_schema_it_names(path: Path) -> None:
    connection = open_writer(path)
    assert connection.pragma("user_version") == SCHEMA_VERSION
    connection.close()
