import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from alvh_trader.engine.command import CancelOrder
from alvh_trader.errors import JournalError
from alvh_trader.journal.read import Delivery, Reader
from alvh_trader.journal.store import Journal
from tests.journal.samples import (
    START,
    alert,
    decision,
    filled,
    market,
    place,
    started,
    updated,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "j.db"
    with Journal.open(made, channels=("mail",)) as journal:
        journal.append(started())
        journal.append(decision("C1"))
        journal.append(place("R1", "C1"))
        journal.append(updated("R1"))
        journal.append(market(1))
        journal.append(place("R2", "C2"))
        journal.append(filled("R1"))
        journal.append(CancelOrder(ref="R2"))
        journal.append(decision("C2", after="MANUAL"))
        journal.append(alert("C2"))
        journal.save_snapshot(10, b"state")
    return made


def test_decisions_come_in_order_of_all_cases_or_of_one(path: Path) -> None:
    with Reader.open(path) as reader:
        assert [seq for seq, _ in reader.decisions()] == [2, 9]
        assert list(reader.decisions("C2")) == [(9, decision("C2", after="MANUAL"))]
        assert list(reader.decisions("C9")) == []


def test_orders_are_what_was_asked_and_what_was_answered(path: Path) -> None:
    with Reader.open(path) as reader:
        assert [r.seq for r in reader.orders()] == [3, 4, 6, 7, 8]
        assert [r.seq for r in reader.orders("C1")] == [3, 4, 7]
        assert [r.case for r in reader.orders("C2")] == ["C2", "C2"]


def test_a_case_has_all_that_names_it_or_its_orders(path: Path) -> None:
    with Reader.open(path) as reader:
        assert [r.seq for r in reader.of_case("C1")] == [2, 3, 4, 7]
        assert [r.seq for r in reader.of_case("C2")] == [6, 8, 9, 10]


def test_events_are_without_commands_and_decisions(path: Path) -> None:
    with Reader.open(path) as reader:
        assert [seq for seq, _ in reader.events_after()] == [1, 4, 5, 7]
        assert [seq for seq, _ in reader.events_after(4)] == [5, 7]


def test_alerts_tell_how_far_they_got(path: Path) -> None:
    with Reader.open(path) as reader:
        (found,) = reader.alerts()
        assert (found.seq, found.at, found.alert) == (10, START, alert("C2"))
        assert found.deliveries == (Delivery("mail", "pending", 0, None),)


def test_the_last_state_and_record_are_at_hand(path: Path) -> None:
    with Reader.open(path) as reader:
        assert reader.last_state() == (10, b"state")
        last = reader.last_record()
        assert last is not None
        assert last[0] == 10
        assert last[1] >= START


def test_an_empty_journal_has_no_last_anything(tmp_path: Path) -> None:
    Journal.open(tmp_path / "j.db").close()
    with Reader.open(tmp_path / "j.db") as reader:
        assert reader.last_state() is None
        assert reader.last_record() is None
        assert reader.verify() == 0


def test_there_must_be_a_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        Reader.open(tmp_path / "j.db")
    assert list(tmp_path.iterdir()) == []


def test_reading_behind_the_end_is_an_error(path: Path) -> None:
    with Reader.open(path) as reader, pytest.raises(JournalError, match="no record 99"):
        list(reader.events_after(99))


def test_a_page_more_than_one_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        for i in range(1201):
            journal.append(market(i, quotes=0))
    with Reader.open(path) as reader:
        assert [seq for seq, _ in reader.events_after()] == list(range(1, 1202))


@pytest.mark.covers("F116")
def test_a_slow_reader_does_not_stop_the_writer_from_clearing_the_wal(
    path: Path,
) -> None:
    with Reader.open(path) as reader, Journal.open(path) as journal:
        reading = reader.events_after()
        next(reading)
        for i in range(5000):
            journal.append(market(i, quotes=16))
            journal.commit()
        wal = path.with_name("j.db-wal").stat().st_size
        assert wal < 16 * 1024 * 1024
        assert sum(1 for _ in reading) == 3 + 5000


def test_a_closed_journal_in_a_folder_that_cannot_be_written_is_readable(
    path: Path,
) -> None:
    # As root the folder stays writable and the ordinary way is taken; both must work.
    path.parent.chmod(0o555)
    try:
        with Reader.open(path) as reader:
            assert reader.verify() == 10
    finally:
        path.parent.chmod(0o755)


def test_whoever_follows_a_run_is_told_all_but_quotes(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j.db") as journal:
        for body in (started(), market(1), alert()):
            journal.append(body)
    with Reader.open(tmp_path / "j.db") as reader:
        assert [record.seq for record in reader.told_after()] == [1, 3]
        assert [record.seq for record in reader.told_after(1)] == [3]


def test_a_closed_journal_can_be_read_where_nothing_can_be_written() -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # Others must reach it.
    path = folder / "j.db"
    with Journal.open(path) as journal:
        journal.append(started())
    path.chmod(0o444)
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        with Reader.open(path) as reader:
            assert reader.verify() == 1
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
    path.with_name("j.db-wal").mkdir()
    with pytest.raises(JournalError, match="cannot be opened"):
        Reader.open(path)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: list(reader.alerts()),
        lambda reader: reader.archives(),
        lambda reader: reader.snapshots(),
        lambda reader: reader.last_record(),
        lambda reader: reader.run(),
        lambda reader: reader.rules("0" * 32),
        lambda reader: reader.copy_to(reader.path.with_name("copy.db")),
    ],
    ids=["alerts", "archives", "snapshots", "last", "run", "rules", "copy"],
)
def test_whatever_is_asked_of_a_damaged_journal_the_answer_names_it(
    path: Path, ask: Callable[[Reader], object]
) -> None:
    """All behind the first page is noise, so that no table can be read."""
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\x55" * (len(whole) - 4096))
    with Reader.open(path) as reader, pytest.raises(JournalError, match=r"j\.db"):
        ask(reader)


def test_a_reader_that_made_a_copy_still_cannot_write(
    path: Path, tmp_path: Path
) -> None:
    with Reader.open(path) as reader:
        assert reader._connection.pragma("query_only") == 1
        reader.copy_to(tmp_path / "copy.db")
        assert reader._connection.pragma("query_only") == 1


def test_the_rules_of_the_run_are_those_that_were_noted_last(path: Path) -> None:
    with Reader.open(path) as reader:
        assert reader.rules() is None
    with Journal.open(path) as journal:
        first, second = (journal.keep_rules(text) for text in ("one", "two"))
    with Reader.open(path) as reader:
        assert reader.run()["rules"] == second
        assert (reader.rules(), reader.rules(first)) == ("two", "one")


def test_the_first_record_of_all_may_be_a_cases_own(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    with Journal.open(path) as journal:
        journal.append(decision("C1"))
    with Reader.open(path) as reader:
        assert [r.seq for r in reader.of_case("C1")] == [1]


def test_alerts_of_which_no_delivery_can_be_read_name_the_journal(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("DROP TABLE deliveries").fetchall()
    connection.close()
    with Reader.open(path) as reader, pytest.raises(JournalError, match=r"j\.db"):
        list(reader.alerts())
