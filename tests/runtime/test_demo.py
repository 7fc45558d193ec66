"""The demo's own care for its files; whole demos are in tests/e2e."""

from pathlib import Path

import pytest

from alvh_trader.errors import JournalLockedError
from alvh_trader.journal.lock import WriterLock
from alvh_trader.runtime.demo import clear


def test_an_earlier_run_is_removed_with_its_side_files(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"journal.db{suffix}").write_text("x")
    (tmp_path / "journal.db.bak").write_text("mine")
    clear(journal)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"journal.db.lock", "journal.db.bak"}


def test_nothing_to_remove_makes_nothing(tmp_path: Path) -> None:
    clear(tmp_path / "none" / "journal.db")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    journal.write_text("x")
    with WriterLock(journal), pytest.raises(JournalLockedError):
        clear(journal)
    assert journal.read_text() == "x"
