import os
import tracemalloc
from pathlib import Path

import apsw
import pytest

from alvh_trader.errors import JournalError
from alvh_trader.journal import connection as module
from alvh_trader.journal.connection import (
    explained,
    header_of,
    open_reader,
    open_writer,
    require,
)
from alvh_trader.journal.migrate import SCHEMA_VERSION, create


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "j.db"
    create(made)
    return made


def test_the_writer_is_durable_and_strict(path: Path) -> None:
    connection = open_writer(path)
    settings = {
        name: connection.pragma(name)
        for name in (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "busy_timeout",
            "trusted_schema",
            "cell_size_check",
            "mmap_size",
        )
    }
    connection.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 2000,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "mmap_size": 0,
    }


def test_the_reader_cannot_write(path: Path) -> None:
    connection = open_reader(path)
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    connection.close()


def test_a_setting_that_does_not_take_is_an_error(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WRITER", (("foreign_keys", "ON", 7),))
    with pytest.raises(JournalError, match="PRAGMA foreign_keys is 1, not 7"):
        open_writer(path)


@pytest.mark.covers("F118")
def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SQLITE_MIN", (99, 0, 0))
    with pytest.raises(JournalError) as refused:
        open_writer(path)
    assert str(refused.value) == (
        f"SQLite {apsw.sqlite_lib_version()} may corrupt a journal; 99.0.0 or newer is "
        "needed (it comes with apsw)"
    )


@pytest.mark.covers("F118")
def test_the_oldest_sqlite_that_is_whole_will_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tuple(map(int, apsw.sqlite_lib_version().split(".")))
    monkeypatch.setattr(module, "SQLITE_MIN", library)
    open_writer(path).close()


def test_the_header_names_us_and_the_schema(path: Path) -> None:
    assert header_of(path) == (module.APPLICATION_ID, SCHEMA_VERSION)


def test_of_a_large_journal_only_the_header_is_read(path: Path) -> None:
    os.truncate(path, 2**25)
    tracemalloc.start()
    try:
        header_of(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**20


@pytest.mark.covers("F18")
def test_a_journal_of_a_newer_program_says_what_to_do(path: Path) -> None:
    with pytest.raises(JournalError) as refused:
        require(path, version=SCHEMA_VERSION - 1)
    assert str(refused.value) == (
        f"{path} has schema {SCHEMA_VERSION} and this program knows up to "
        f"{SCHEMA_VERSION - 1}: it was written by a newer version; install that one, "
        "or name another file"
    )


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    assert header_of(empty) is None
    with pytest.raises(JournalError, match="is empty"):
        require(empty, version=1)


@pytest.mark.parametrize("data", [b"hello\n", b"SQLite format 3\0", b"\0" * 4096])
def test_any_other_file_is_no_journal(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(data)
    with pytest.raises(JournalError, match="not a journal"):
        require(path, version=1)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (apsw.FullError, "the disk is full"),
        (apsw.CorruptError, "the file is damaged"),
        (apsw.NotADBError, "the file is not a journal, or is damaged"),
        (apsw.BusyError, "another process holds it"),
        (apsw.LockedError, "another process holds it"),
        (apsw.ReadOnlyError, "it cannot be written"),
        (apsw.CantOpenError, "it cannot be opened"),
        (apsw.IOError, "the disk failed"),
        (apsw.SQLError, "SQLite failed"),
    ],
)
def test_each_failure_is_one_line_that_names_the_file(
    kind: type[apsw.Error], said: str
) -> None:
    with pytest.raises(JournalError) as failed, explained(Path("j.db")):
        raise kind("in two\n  lines")
    assert str(failed.value) == f"j.db: {said} (in two lines)"


def test_words_of_the_system_and_of_a_reader_are_one_line_too() -> None:
    with pytest.raises(JournalError) as failed, explained(Path("j.db")):
        raise OSError(2, "No such file")
    assert str(failed.value) == "j.db: No such file"
    with pytest.raises(JournalError) as failed, explained(Path("j.db")):
        raise OSError("no number")
    assert str(failed.value) == "j.db: no number"
    with pytest.raises(JournalError) as failed, explained(Path("j.db")):
        raise ValueError("record 3\nis odd")
    assert str(failed.value) == "j.db is damaged: record 3 is odd"
