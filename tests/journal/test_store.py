import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader import ports
from alvh_trader.engine.command import CancelOrder
from alvh_trader.engine.event import DaemonStarted
from alvh_trader.errors import (
    InvariantError,
    JournalError,
    JournalForbiddenError,
    JournalLockedError,
)
from alvh_trader.journal.codec import Body
from alvh_trader.journal.read import Reader
from alvh_trader.journal.records import Snapshot
from alvh_trader.journal.store import SNAPSHOTS_KEPT, Journal
from tests.journal.samples import (
    START,
    alert,
    any_record,
    filled,
    market,
    place,
    started,
    updated,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


@pytest.fixture
def shut_folder() -> Iterator[Path]:
    """Yield a folder in which this process, even if run by root, may not write."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # Others must reach it.
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_it_is_the_journal_that_the_core_asks_for(path: Path) -> None:
    with Journal.open(path) as journal:
        port: ports.Journal = journal
        assert port.append(started()) == 1


def test_records_are_numbered_without_gaps_and_go_on_after_reopening(
    path: Path,
) -> None:
    with Journal.open(path) as journal:
        assert [journal.append(market(i)) for i in range(3)] == [1, 2, 3]
    with Journal.open(path) as journal:
        assert journal.last_seq == 3
        assert journal.append(market(3)) == 4
    with Reader.open(path) as reader:
        assert reader.verify() == 4


@settings(max_examples=40, deadline=None)
@given(st.lists(any_record(), max_size=6))
def test_what_was_appended_is_what_is_read(bodies: list[Body]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.db"
        with Journal.open(path) as journal:
            journal.append(started())
            for body in bodies:
                journal.append(body)
        with Reader.open(path) as reader:
            assert [r.body for r in reader.records_after(1)] == bodies


def test_a_reader_sees_only_what_is_committed(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.commit()
        journal.append(market(1))
        with Reader.open(path) as reader:
            assert [seq for seq, _ in reader.events_after(0)] == [1]
            journal.commit()
            assert [seq for seq, _ in reader.events_after(0)] == [1, 2]


def test_a_command_has_the_time_of_the_event_before(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(market(9))
        journal.append(CancelOrder(ref="R1"))
    with Journal.open(path) as journal:
        journal.append(CancelOrder(ref="R2"))
    with Reader.open(path) as reader:
        assert {r.at for r in reader.records_after()} == {START + timedelta(seconds=9)}


def test_a_command_before_any_event_is_our_fault(path: Path) -> None:
    with Journal.open(path) as journal, pytest.raises(InvariantError) as found:
        journal.append(CancelOrder(ref="R1"))
    assert str(found.value) == "a command before any event"


def test_what_happens_to_an_order_belongs_to_its_case(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.append(place("R1", "C1"))
    with Journal.open(path) as journal:  # The link survives a restart.
        journal.append(filled("R1"))
        journal.append(filled("R-of-another"))
    with Reader.open(path) as reader:
        assert [r.seq for r in reader.of_case("C1")] == [2, 3]


@pytest.mark.covers("F17", "T09")
def test_a_second_writer_is_refused_and_the_first_goes_on(path: Path) -> None:
    with Journal.open(path) as journal:
        with pytest.raises(JournalLockedError, match="another process"):
            Journal.open(path)
        assert journal.append(started()) == 1
        journal.commit()


def test_another_name_of_the_same_file_is_the_same_journal(path: Path) -> None:
    alias = path.with_name("alias.db")
    alias.symlink_to(path)
    with Journal.open(path), pytest.raises(JournalLockedError):
        Journal.open(alias)


def test_a_closed_journal_says_so_and_frees_its_lock(path: Path) -> None:
    journal = Journal.open(path)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        journal.append(started())
    with pytest.raises(JournalError, match="closed"):
        journal.commit()
    Journal.open(path).close()


def test_closing_commits(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
    with Reader.open(path) as reader:
        assert reader.last_record() == (1, START)


def test_the_newest_snapshots_are_kept(path: Path) -> None:
    with Journal.open(path) as journal:
        assert journal.snapshots() == []
        for i in range(6):
            journal.save_snapshot(journal.append(market(i)), b"state %d" % i)
        assert journal.snapshots()[0] == Snapshot(6, "", "", b"state 5")
    connection = apsw.Connection(str(path))
    kept = connection.execute("SELECT seq FROM snapshots ORDER BY seq").fetchall()
    connection.close()
    assert kept == [(6 - i,) for i in reversed(range(SNAPSHOTS_KEPT))]


@pytest.mark.covers("F130")
def test_a_snapshot_names_its_build_and_its_rules(path: Path) -> None:
    with Journal.open(path, run={"build": "b1"}) as journal:
        rules = journal.keep_rules("the rules")
        journal.save_snapshot(journal.append(started()), b"state")
        assert journal.snapshots() == [Snapshot(1, "b1", rules, b"state")]


def test_recovery_reads_the_events_behind_a_snapshot(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.append(alert())
        journal.append(market(1))
        assert list(journal.events_after(1)) == [(3, market(1))]
        assert list(journal.events_after(3)) == []


def test_the_run_is_noted(path: Path) -> None:
    Journal.open(path, run={"mode": "paper", "version": "1"}).close()
    Journal.open(path, run={"mode": "watch"}).close()
    with Reader.open(path) as reader:
        assert reader.run() == {"mode": "watch", "version": "1"}


def test_one_missing_folder_is_made_and_only_for_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "var" / "j.db"
    Journal.open(path).close()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_missing_folders_are_a_typing_error(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        Journal.open(tmp_path / "a" / "b" / "j.db")


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.touch()
    with Journal.open(path) as journal:
        assert journal.append(started()) == 1


def test_a_file_that_is_no_journal_is_refused_and_not_touched(path: Path) -> None:
    path.write_bytes(b"my diary\n" * 500)
    before = path.stat()
    with pytest.raises(JournalError, match=r"j\.db is not a journal"):
        Journal.open(path)
    assert path.read_bytes() == b"my diary\n" * 500
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert [p.name for p in path.parent.iterdir()] == ["j.db"]


def test_a_database_of_another_program_is_refused_and_not_touched(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (x)").fetchall()
    connection.close()
    before = path.read_bytes()
    for opener in (Journal.open, Reader.open):
        with pytest.raises(JournalError, match="another program"):
            opener(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["j.db"]


def test_a_journal_of_a_newer_program_is_refused_and_not_touched(path: Path) -> None:
    Journal.open(path).close()
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "delete")
    connection.pragma("user_version", 99)
    connection.close()
    before = path.read_bytes()
    for opener in (Journal.open, Reader.open):
        with pytest.raises(JournalError, match=r"schema 99 .* newer version"):
            opener(path)
    assert path.read_bytes() == before


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    for opener in (Journal.open, Reader.open):
        with pytest.raises(JournalError, match="is a folder"):
            opener(tmp_path)


@pytest.mark.covers("F120")
def test_a_folder_we_cannot_write_is_said(shut_folder: Path) -> None:
    assert JournalForbiddenError.exit_code == 78
    with pytest.raises(JournalForbiddenError, match="Permission denied"):
        Journal.open(shut_folder / "j.db")
    with pytest.raises(JournalForbiddenError, match="Permission denied"):
        Journal.open(shut_folder / "var" / "j.db")


@pytest.mark.covers("F120")
def test_a_journal_that_is_not_ours_is_said(shut_folder: Path) -> None:
    folder = shut_folder / ".."
    path = Path(tempfile.mkdtemp(dir=folder)) / "j.db"
    Journal.open(path).close()
    for there in (path, path.with_name("j.db.lock")):
        there.chmod(0o400)
    with pytest.raises(JournalForbiddenError) as refused:
        Journal.open(path)
    assert str(refused.value) == (
        f"{path.resolve()} cannot be written by this user: Permission denied, or a "
        "disk that is only read"
    )
    path.chmod(0o600)
    with pytest.raises(JournalForbiddenError, match="cannot write"):
        Journal.open(path)
    shutil.rmtree(path.parent)


@pytest.mark.covers("F117", "T07")
def test_a_changed_byte_is_found(path: Path) -> None:
    with Journal.open(path) as journal:
        for i in range(200):
            journal.append(market(i))
    data = bytearray(path.read_bytes())
    place_of_a_bid = data.find(b"1.05", len(data) // 2)
    data[place_of_a_bid : place_of_a_bid + 4] = b"1.06"
    path.write_bytes(data)
    with Reader.open(path) as reader:
        with pytest.raises(JournalError, match=r"record \d+ is not what was written"):
            reader.verify()
        with pytest.raises(JournalError, match="not what was written"):
            list(reader.events_after(0))
    with (
        Journal.open(path) as journal,
        pytest.raises(JournalError, match=r"damaged: [^(]"),
    ):
        list(journal.events_after(0))


@pytest.mark.covers("F117", "T07")
def test_a_damaged_page_is_refused_in_sqlite_s_words(path: Path) -> None:
    with Journal.open(path) as journal:
        for i in range(200):
            journal.append(market(i))
    data = bytearray(path.read_bytes())
    data[-4096:] = bytes(4096)
    path.write_bytes(data)
    with pytest.raises(JournalError, match=r"j\.db is damaged: [^(N].*page \d+"):
        Journal.open(path)


@pytest.mark.covers("F117")
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_anywhere_is_a_journal_error_or_harmless(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "j.db"
        with Journal.open(path, channels=("a",)) as journal:
            for i in range(60):
                journal.append(market(i))
                journal.append(alert())
        image = bytearray(path.read_bytes())
        start = data.draw(st.integers(0, len(image) - 1))
        noise = data.draw(st.binary(min_size=1, max_size=64))
        image[start : start + len(noise)] = noise
        path.write_bytes(image)
        try:
            with Reader.open(path) as reader:
                read = list(reader.events_after(0))
                list(reader.alerts())
                reader.verify()
        except JournalError as error:
            message = str(error)
        else:
            message = ""
            assert read == [(2 * i + 1, market(i)) for i in range(60)]
        assert "\n" not in message


@pytest.mark.covers("T07")
def test_a_lost_row_is_found(path: Path) -> None:
    with Journal.open(path) as journal:
        for i in range(5):
            journal.append(market(i))
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM records WHERE seq IN (3, 4)").fetchall()
    connection.close()
    with (
        Reader.open(path) as reader,
        pytest.raises(JournalError, match="records 3 to 4 are missing"),
    ):
        reader.verify()


@pytest.mark.covers("F114")
@pytest.mark.covers("F115")
def test_after_a_failure_nothing_more_is_written(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.commit()
        intruder = apsw.Connection(str(path))
        intruder.execute("BEGIN IMMEDIATE").fetchall()  # The lock is only advisory.
        with pytest.raises(JournalError, match="another process holds it"):
            journal.append(market(1))
        intruder.execute("ROLLBACK").fetchall()
        intruder.close()
        with pytest.raises(JournalError, match="nothing is written any more"):
            journal.append(market(2))
        with pytest.raises(JournalError, match="nothing is written any more"):
            journal.commit()
    with Journal.open(path) as journal:
        assert journal.append(market(3)) == 2


def test_a_record_that_cannot_be_written_down_does_no_harm(path: Path) -> None:
    with Journal.open(path) as journal:
        with pytest.raises(InvariantError):
            journal.append(DaemonStarted(at=START, mode="\ud800", config_hash=""))
        assert journal.append(started()) == 1


def test_before_the_first_record_there_is_no_state_to_keep(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.save_snapshot(0, b"state")
        assert journal.snapshots() == []


def test_rules_are_known_by_their_digest(path: Path) -> None:
    with Journal.open(path) as journal:
        digest = journal.keep_rules("the rules")
        assert journal.keep_rules("the rules") == digest
        assert journal.rules(digest) == "the rules"
        assert journal.rules("another") is None
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE rules SET body = 'others'").fetchall()
    connection.close()
    with Reader.open(path) as reader, pytest.raises(JournalError, match="not what was"):
        reader.rules(digest)


def test_an_order_without_a_case_belongs_to_none(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.append(place("R1", ""))
    with Journal.open(path) as journal:
        journal.append(filled("R1"))
    with Reader.open(path) as reader:
        assert list(reader.of_case("")) == []


@pytest.mark.covers("F130")
def test_a_build_that_others_followed_is_in_doubt(path: Path) -> None:
    for build in ("old", "old", "new"):
        with Journal.open(path, run={"build": build}) as journal:
            assert journal.doubts == ()
    with Journal.open(path, run={"build": "old"}) as journal:
        assert journal.doubts == ("build old wrote here before build new did",)


@pytest.mark.covers("I14", "V6")
def test_only_what_is_durable_is_an_order_that_the_journal_holds(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.append(place("r1", "C1"))
        assert not journal.holds_order("r1"), "it is not committed"
        journal.commit()
        assert journal.holds_order("r1")
        assert not journal.holds_order("r2")
        journal.append(updated("r2"))
        journal.commit()
        assert not journal.holds_order("r2"), "an answer is no intent"


@pytest.mark.parametrize(
    ("harm", "ask"),
    [
        (
            "UPDATE records SET chain = zeroblob(16)",
            lambda journal, _: list(journal.events_after(0)),
        ),
        (
            "UPDATE rules SET body = 'other'",
            lambda journal, rules: journal.rules(rules),
        ),
        ("DROP TABLE snapshots", lambda journal, _: journal.snapshots()),
    ],
    ids=["events", "rules", "snapshots"],
)
def test_damage_that_a_writer_comes_upon_names_the_journal(
    path: Path, harm: str, ask: Callable[[Journal, str], object]
) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        rules = journal.keep_rules("the rules")
        other = apsw.Connection(str(path))
        other.execute(harm).fetchall()
        other.close()
        with pytest.raises(JournalError, match=r"j\.db"):
            ask(journal, rules)
