"""A copy that is made while the daemon writes is whole, or there is none."""

from pathlib import Path

import apsw
import pytest

from alvh_trader.errors import JournalError
from alvh_trader.journal.backup import back_up
from alvh_trader.journal.files import free_name
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from tests.journal.samples import market, started


def test_a_copy_holds_what_is_committed_while_the_writer_goes_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
        journal.append(market(1))
        journal.commit()
        journal.append(market(2))
        copy, count = back_up(path, tmp_path / "copy.db")
        assert journal.append(market(3)) == 4
    assert count == 2
    assert copy.stat().st_mode & 0o777 == 0o600
    with Reader.open(copy) as reader:
        assert [event for _, event in reader.events_after()] == [started(), market(1)]


def test_in_a_folder_copies_are_dated_and_only_the_newest_stay(tmp_path: Path) -> None:
    path, folder = tmp_path / "j.db", tmp_path / "copies"
    folder.mkdir()
    (folder / "other.db").write_text("not ours")
    for second in range(4):
        with Journal.open(path) as journal:
            journal.append(market(second))
        back_up(path, folder, keep=2)
    assert sorted(found.name for found in folder.iterdir()) == [
        "j-20180205T143002Z-000000003.db",
        "j-20180205T143003Z-000000004.db",
        "other.db",
    ]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(JournalError, match=r"copy\.db is there already"):
        back_up(path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_an_empty_journal_has_nothing_to_name_a_copy_by(tmp_path: Path) -> None:
    Journal.open(tmp_path / "j.db").close()
    with pytest.raises(JournalError, match="holds nothing yet"):
        back_up(tmp_path / "j.db", tmp_path)


@pytest.mark.covers("T07")
def test_a_damaged_journal_is_not_passed_on_as_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        for second in range(5):
            journal.append(market(second))
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE records SET type = 'Other' WHERE seq = 3").fetchall()
    connection.close()
    (tmp_path / "copy.db.unverified").write_text("of a copy that was interrupted")
    with pytest.raises(JournalError, match="record 3 is not what was written"):
        back_up(path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_copy_under_a_name_of_its_own_makes_no_other_go(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
    older = tmp_path / "j-1.db"
    older.write_text("an older copy")
    back_up(path, tmp_path / "j-2.db", keep=1)
    assert older.read_text() == "an older copy"


def test_in_a_folder_all_copies_stay_where_nobody_says_how_many(tmp_path: Path) -> None:
    path, folder = tmp_path / "j.db", tmp_path / "copies"
    folder.mkdir()
    for second in range(3):
        with Journal.open(path) as journal:
            journal.append(market(second))
        back_up(path, folder)
    assert len(list(folder.iterdir())) == 3


def test_a_copy_that_cannot_be_made_names_its_place(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
    with pytest.raises(JournalError, match=r"there is no folder .*/none$"):
        back_up(path, tmp_path / "none" / "copy.db")


def test_a_file_that_is_there_is_not_copied_over(tmp_path: Path) -> None:
    path, target = tmp_path / "j.db", tmp_path / "taken.db"
    with Journal.open(path) as journal:
        journal.append(started())
    target.touch()
    with Reader.open(path) as reader, pytest.raises(JournalError):
        reader.copy_to(target)


def test_names_are_counted_from_one(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    for expected in ("j.db", "j.db.1", "j.db.2"):
        name = free_name(path)
        assert name.name == expected
        name.touch()


def test_what_hinders_a_copy_names_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
    (tmp_path / "copy.db.unverified").mkdir()
    with pytest.raises(JournalError, match=r"copy\.db"):
        back_up(path, tmp_path / "copy.db")
