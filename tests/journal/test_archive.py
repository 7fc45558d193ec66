"""A journal stays small, and no record is lost on its way to an archive."""

import shutil
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from alvh_trader.engine.event import Event, MarketUpdated
from alvh_trader.engine.state import State
from alvh_trader.errors import JournalError
from alvh_trader.journal import archive
from alvh_trader.journal.codec import Body
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import Loop
from alvh_trader.runtime.recovery import recover
from alvh_trader.runtime.replay import Check, Replay
from tests.journal.disk import disk
from tests.journal.samples import START, alert, market, started
from tests.playbook import RULES
from tests.runtime.test_recovery import HISTORIES

FEBRUARY = "j-2018-02.archive.db"
MARCH = "j-2018-03.archive.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "ROWS", 7)


def later(days: int, second: int) -> Event:
    return MarketUpdated(at=START + timedelta(days=days, seconds=second), quotes={})


def written(path: Path) -> list[Body]:
    """Write two months of records with an alert and some kept states; return them."""
    bodies: list[Body] = [started(), *(market(n) for n in range(20)), alert()]
    bodies += [later(30, n) for n in range(12)]
    with Journal.open(path, channels=("mail",)) as journal:
        for body in bodies:
            journal.append(body)
        journal.save_snapshot(journal.last_seq - 1, b"state")
        journal.deliveries.delivered([22], "mail")
    return bodies


def moved(path: Path, size: int = 0) -> int:
    """Move as much as may be; return how many records that was."""
    count = 0
    with Journal.open(path, channels=("mail",)) as journal:
        while step := journal.archive.move(size):
            count += step
    return count


def all_of(path: Path) -> list[Body]:
    with Reader.open(path) as reader:
        return [record.body for record in reader.records_after()]


def test_older_records_move_to_one_archive_for_each_month(path: Path) -> None:
    bodies = written(path)
    assert moved(path) == 32
    with Reader.open(path) as reader:
        assert reader.verify() == 2
        assert reader.archives() == [path.with_name(FEBRUARY), path.with_name(MARCH)]
    for name, count in ((FEBRUARY, 22), (MARCH, 10)):
        with Reader.open(path.with_name(name)) as reader:
            assert reader.verify() == count
    assert all_of(path) == bodies
    with Reader.open(path.with_name(FEBRUARY)) as reader:
        (kept,) = reader.alerts()
        assert [d.state for d in kept.deliveries] == ["delivered"]


def test_an_archive_may_be_read_alone_and_reads_those_before_it(path: Path) -> None:
    bodies = written(path)
    moved(path)
    assert all_of(path.with_name(MARCH)) == bodies[:32]


def test_the_chain_goes_on_behind_what_was_moved(path: Path) -> None:
    bodies = written(path)
    moved(path)
    with Journal.open(path) as journal:
        assert journal.append(later(31, 0)) == len(bodies) + 1
        assert [seq for seq, _ in journal.events_after(30)][:2] == [31, 32]
    assert all_of(path) == [*bodies, later(31, 0)]


def test_a_small_journal_keeps_everything(path: Path) -> None:
    written(path)
    assert moved(path, size=10**7) == 0
    assert not path.with_name(FEBRUARY).exists()


def test_what_is_still_needed_stays(path: Path) -> None:
    bodies = written(path)
    with Journal.open(path, channels=("mail",)) as journal:
        journal.append(alert())
        journal.save_snapshot(journal.append(later(31, 1)), b"state")
    connection = apsw.Connection(str(path))
    pending = "UPDATE deliveries SET state = 'pending' WHERE seq = 22"
    connection.execute(pending).fetchall()
    connection.close()
    assert moved(path) == 21
    with Journal.open(path, channels=("mail",)) as journal:
        journal.deliveries.delivered([22], "mail")
        assert [seq for seq, *_ in journal.deliveries.owed()] == [len(bodies) + 1]
    assert moved(path) > 0


def test_without_a_kept_state_nothing_moves(path: Path) -> None:
    with Journal.open(path) as journal:
        for second in range(20):
            journal.append(market(second))
    assert moved(path) == 0


@pytest.mark.covers("F113", "F114")
@pytest.mark.parametrize("kind", ["write", "sync", "open", "read"])
def test_a_disk_that_fails_on_the_way_loses_and_doubles_nothing(
    tmp_path: Path, kind: str
) -> None:
    first = tmp_path / "first.db"
    bodies = written(first)
    hits = 0
    for number in (1, 2, 4, 8, 16, 32, 64, 128):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = Path(shutil.copy(first, folder / "j.db"))
        began: list[int] = []

        def fault(
            call: str, count: int, began: list[int] = began, number: int = number
        ) -> None:
            if began and call == kind and count >= began[0] + number:
                raise apsw.IOError("disk I/O error")

        with disk(fault) as made:
            try:
                with Journal.open(path, channels=("mail",)) as journal:
                    began.append(made.calls)
                    while journal.archive.move(0):
                        pass
            except JournalError:
                hits += 1
        moved(path)
        assert all_of(path) == bodies
        with Reader.open(path) as reader:
            assert reader.verify() == 2
    assert hits > 0


def test_an_archive_that_is_not_there_is_named(path: Path) -> None:
    written(path)
    moved(path)
    path.with_name(FEBRUARY).rename(path.with_name("elsewhere.db"))
    with pytest.raises(
        JournalError, match=f"records 1 to 22 were moved to .*{FEBRUARY}"
    ):
        all_of(path)
    with Reader.open(path) as reader:
        assert len(list(reader.records_after(22))) == 12
        assert reader.verify() == 2


@pytest.mark.covers("T07")
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE records SET type = 'Other' WHERE seq = 5", "record 5 is not what was"),
        ("DELETE FROM records WHERE seq = 22", "does not end with record 22"),
    ],
)
def test_an_archive_that_was_changed_is_found(
    path: Path, statement: str, words: str
) -> None:
    written(path)
    moved(path)
    connection = apsw.Connection(str(path.with_name(FEBRUARY)))
    connection.pragma("foreign_keys", "OFF")
    connection.execute(statement).fetchall()
    connection.close()
    with pytest.raises(JournalError, match=words):
        all_of(path)


def test_archives_of_another_history_are_left_alone(path: Path) -> None:
    """An old copy is restored; what it does not know has been archived already."""
    bodies = written(path)
    old = Path(shutil.copy(path, path.with_name("old.db")))
    moved(path)
    with Journal.open(old, channels=("mail",)) as journal:
        journal.append(later(31, 5))
    lost = [path.with_name(FEBRUARY), path.with_name(MARCH)]
    before = [there.read_bytes() for there in lost]
    path.unlink()
    old.rename(path)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE records SET chain = zeroblob(16) WHERE seq <= 32")
    connection.close()
    moved(path)
    assert [there.read_bytes() for there in lost] == before
    assert path.with_name("j-2018-02.1.archive.db").exists()
    assert len(bodies) == 34


def test_an_archive_that_was_made_and_not_filled_is_used(path: Path) -> None:
    bodies = written(path)
    with Journal.open(path.with_name(FEBRUARY)):
        pass
    moved(path)
    assert all_of(path) == bodies
    assert not path.with_name("j-2018-02.1.archive.db").exists()


def test_a_recovery_and_a_replay_read_through_the_archives(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ROWS", 50)
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in HISTORIES["smooth"]:
            loop.process(event)
        loop.flush()
    assert moved(path) > 100
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE snapshots SET body = CAST('{\"cases\": 7}' AS BLOB)")
    connection.close()
    with Journal.open(path) as journal:
        assert recover(journal, RULES) == loop.state
    with Reader.open(path) as reader:
        replay = Replay(State(), RULES, reader.rules)
        found = Check(replay, reader.snapshots()).run(reader.lines_after())
    assert not found.why_not
    assert found.events == len(HISTORIES["smooth"])


def test_an_archive_that_is_ahead_is_read_as_far_as_it_counts(path: Path) -> None:
    """A crash between the two commits leaves records in both files."""
    bodies = written(path)
    with Journal.open(path, channels=("mail",)) as journal:
        assert journal.archive.move(0) == 7
    behind = Path(shutil.copy(path, path.with_name("behind.db")))
    moved(path)
    behind.rename(path)
    assert all_of(path) == bodies
    assert moved(path) == 25
    assert all_of(path) == bodies


def test_an_archive_that_is_ahead_must_have_been_the_same_up_to_here(
    path: Path,
) -> None:
    written(path)
    with Journal.open(path, channels=("mail",)) as journal:
        assert journal.archive.move(0) == 7
    behind = Path(shutil.copy(path, path.with_name("behind.db")))
    moved(path)
    behind.rename(path)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE archives SET chain = zeroblob(16)").fetchall()
    connection.close()
    with pytest.raises(JournalError, match="does not end with record 7 as it was"):
        all_of(path)


def test_a_journal_of_just_its_size_keeps_everything(path: Path) -> None:
    written(path)
    with Journal.open(path, channels=("mail",)) as journal:
        read = journal._transaction.read
        ((used,),) = read(archive._USED, ())
        assert journal.archive.move(used) == 0
        assert journal.archive.move(used - 1) > 0


def test_archives_of_one_month_are_numbered_without_end(path: Path) -> None:
    """Three restored copies leave three archives that are not ours."""
    written(path)
    for name in (FEBRUARY, "j-2018-02.1.archive.db", "j-2018-02.2.archive.db"):
        with Journal.open(path.with_name("other.db")) as other:
            other.append(started(START + timedelta(days=len(name))))
            other.append(market(len(name)))
        path.with_name("other.db").rename(path.with_name(name))
        for left in path.parent.glob("other.db-*"):
            left.unlink()
    assert moved(path) > 0
    assert path.with_name("j-2018-02.3.archive.db").exists()
