"""Whatever the disk does, nothing is sent that is not written down, and all is said."""

import errno
import os
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import CancelOrder, Command, PlaceOrder
from alvh_trader.engine.event import BrokerConnected, DaemonStarted, OperatorHalted
from alvh_trader.engine.state import State
from alvh_trader.errors import JournalError, JournalLockedError
from alvh_trader.journal import reserve, store
from alvh_trader.journal.backup import back_up
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from alvh_trader.journal.transaction import Care
from alvh_trader.runtime.loop import Loop
from alvh_trader.runtime.recovery import recover
from alvh_trader.strategy.phase import Phase
from tests.journal.disk import disk
from tests.journal.samples import market, started
from tests.playbook import RULES, World
from tests.worked_market import INDEXES

MIB = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


class Failing:
    """A fault that can be switched on: `error` at every call of these kinds."""

    def __init__(self, error: Exception, *kinds: str) -> None:
        self.is_on = False
        self.struck = 0
        self._error = error
        self._kinds = kinds

    def __call__(self, kind: str, _number: int) -> None:
        if self.is_on and kind in self._kinds:
            self.struck += 1
            raise self._error


FULL = apsw.FullError("database or disk is full")
EIO = apsw.IOError("disk I/O error")


def doubts_of(path: Path, care: Care = Care()) -> tuple[str, ...]:  # noqa: B008
    with Journal.open(path, care=care) as journal:
        return journal.doubts


def cancels(sent: list[Command]) -> list[Command]:
    return [command for command in sent if isinstance(command, CancelOrder)]


@pytest.mark.covers("F113")
def test_on_a_full_disk_nothing_is_sent_and_the_next_process_may_cancel(
    path: Path,
) -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    (placed,) = world.placed(Purpose.HEDGE)
    sent: list[Command] = []
    failing = Failing(FULL, "write")
    care = Care(reserve=MIB)
    room = path.with_name("j.db.reserve")
    with disk(failing), Journal.open(path, care=care) as journal:
        loop = Loop(journal, sent.append, State(), RULES)
        for event in world.events:
            loop.process(event)
        assert room.stat().st_size == MIB
        failing.is_on = True
        with pytest.raises(JournalError, match="the disk is full"):
            loop.process(OperatorHalted(at=world.now))
        assert cancels(sent) == []
        failing.is_on = False
        with pytest.raises(JournalError, match="nothing is written any more"):
            loop.process(OperatorHalted(at=world.now))
    assert not room.exists()

    at = world.now + timedelta(seconds=30)
    with Journal.open(path, care=care) as journal:
        assert len(journal.doubts) == 1
        assert "the disk is full" in journal.doubts[0]
        loop = Loop(journal, sent.append, recover(journal, RULES), RULES)
        begins = DaemonStarted(
            at=at, mode="paper", config_hash="", doubts=journal.doubts
        )
        before = len(sent)
        for event in (
            begins,
            BrokerConnected(at=at, account_id="DU1", server_version=1, indexes=INDEXES),
            world.broker.reported(at),
            OperatorHalted(at=at),
        ):
            loop.process(event)
        assert loop.state.is_halted
        assert cancels(sent) == [CancelOrder(ref=placed.ref)]
        assert not any(isinstance(command, PlaceOrder) for command in sent[before:])
    assert doubts_of(path) == ()


@pytest.mark.covers("F114")
def test_after_a_failed_sync_the_same_file_is_never_tried_again(path: Path) -> None:
    failing = Failing(EIO, "sync")
    with disk(failing) as made, Journal.open(path) as journal:
        journal.append(started())
        journal.commit()
        journal.append(market(1))
        failing.is_on = True
        with pytest.raises(JournalError, match="the disk failed"):
            journal.commit()
        calls = made.calls
        for _ in range(3):
            with pytest.raises(JournalError, match="nothing is written any more"):
                journal.append(market(2))
            with pytest.raises(JournalError, match="nothing is written any more"):
                journal.commit()
        assert made.calls == calls
        assert failing.struck == 1
    with Journal.open(path) as journal:
        assert journal.last_seq in {1, 2}
        assert "the disk failed" in journal.doubts[0]
        # Until the start that tells of it is durable, it stays in doubt.
    assert "the disk failed" in doubts_of(path)[0]
    with Journal.open(path) as journal:
        journal.append(started())
        journal.commit()
    assert doubts_of(path) == ()


@pytest.mark.covers("F121")
def test_a_commit_that_takes_too_long_is_none(path: Path) -> None:
    ends = threading.Event()
    is_slow = False

    def fault(kind: str, _number: int) -> None:
        if is_slow and kind == "sync":
            ends.wait()

    sent: list[Command] = []
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    with disk(fault):
        journal = Journal.open(path, care=Care(deadline=60.0))
        loop = Loop(journal, sent.append, State(), RULES)
        for event in world.events:
            loop.process(event)
        journal._transaction._deadline._seconds = 0.05
        is_slow = True
        before = list(sent)
        with pytest.raises(JournalError, match=r"did not finish within 0\.05 s"):
            loop.process(OperatorHalted(at=world.now))
        assert sent == before
        journal.close()
        with pytest.raises(JournalLockedError):
            Journal.open(path)  # The commit is still under way.
        ends.set()
        journal._transaction._deadline._thread.join()
        journal._connection.close()
        journal._lock.release()
    assert "did not finish" in doubts_of(path)[0]


def test_an_error_within_the_deadline_is_the_one_of_the_disk(path: Path) -> None:
    failing = Failing(FULL, "write")
    care = Care(deadline=60.0)
    with disk(failing), Journal.open(path, care=care) as journal:
        journal.append(started())
        journal.commit()
        journal.append(market(1))
        failing.is_on = True
        with pytest.raises(JournalError, match="the disk is full"):
            journal.commit()


def in_use(path: Path, how: Callable[[Path], Path]) -> tuple[str, ...]:
    """Return what is in doubt about what `how` makes of a journal in use."""
    with Journal.open(path) as journal:
        journal.append(started())
        journal.commit()
        made = how(path)
    return doubts_of(made)


def copied(path: Path) -> Path:
    """Copy the main file alone, as one would any other file."""
    return Path(shutil.copy(path, path.with_name("copy.db")))


def bereft(path: Path) -> Path:
    """Leave what a crash leaves, without the WAL that somebody tidied up."""
    for name in ("j.db", "j.db-wal"):
        shutil.copy(path.with_name(name), path.with_name(f"crashed-{name}"))
    path.with_name("crashed-j.db-wal").unlink()
    return path.with_name("crashed-j.db")


def backed_up(path: Path) -> Path:
    return back_up(path, path.with_name("backup.db"))[0]


@pytest.mark.covers("F119")
@pytest.mark.parametrize("how", [copied, bereft, backed_up])
def test_a_journal_without_its_newest_part_is_in_doubt(
    path: Path, how: Callable[[Path], Path]
) -> None:
    (doubt,) = in_use(path, how)
    assert doubt == "it is a copy of a journal in use, or lost its -wal file"


@pytest.mark.covers("F119", "F130")
def test_every_doubt_about_a_journal_is_told(path: Path) -> None:
    Journal.open(path, run={"build": "old"}).close()
    with Journal.open(path, run={"build": "new"}):
        copy = copied(path)
    with Journal.open(copy, run={"build": "old"}) as journal:
        assert journal.doubts == (
            "it is a copy of a journal in use, or lost its -wal file",
            "build old wrote here before build new did",
        )


@pytest.mark.covers("F119")
def test_a_journal_that_was_closed_or_left_whole_is_not(path: Path) -> None:
    def crashed(path: Path) -> Path:
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{path.with_name('crashed.db')}{end}")
        return path.with_name("crashed.db")

    assert in_use(path, crashed) == ()
    assert doubts_of(path) == ()


@pytest.mark.covers("F116")
def test_a_reader_that_pins_the_wal_is_noticed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WAL_MAX", 100_000)
    with Journal.open(path) as journal:
        journal._connection.wal_autocheckpoint(4)
        journal.append(started())
        journal.commit()
        assert journal.strain() == ""
        with Reader.open(path) as reader:
            reader._connection.execute("BEGIN").fetchall()
            reader._connection.execute("SELECT count(*) FROM records").fetchall()
            for second in range(40):
                journal.append(market(second, quotes=40))
                journal.commit()
        assert "keeps its -wal file" in journal.strain()
    with Journal.open(path) as journal:
        assert journal.strain() == ""


def test_room_that_cannot_be_had_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(error: int) -> Callable[[int, int, int], None]:
        def fallocate(_handle: int, _offset: int, _size: int) -> None:
            raise OSError(error, "no")

        return fallocate

    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.ENOSPC))
    care = Care(reserve=5 * MIB)
    assert doubts_of(path, care) == ("the disk has no 5 MiB to spare beside it",)
    assert not path.with_name("j.db.reserve").exists()
    monkeypatch.setattr(os, "posix_fallocate", refuse(errno.EIO))
    with pytest.raises(JournalError, match=r"j\.db: no"):
        doubts_of(path, care)
    monkeypatch.undo()
    assert doubts_of(path, care) == ()
    assert path.with_name("j.db.reserve").stat().st_size == 5 * MIB


def test_a_note_that_cannot_be_written_keeps_nobody(path: Path) -> None:
    """The disk is failing: what cannot be done is left."""
    path.with_name("j.db.failed").mkdir()
    path.with_name("j.db.reserve").mkdir()
    reserve.Reserve(path, 0).give_up("why")
    assert path.with_name("j.db.failed").is_dir()


def test_a_note_without_words_is_still_one(path: Path) -> None:
    path.with_name("j.db.failed").touch()
    assert doubts_of(path) == ("the last run could not write it: not known why",)


def test_only_a_start_that_is_durable_takes_the_note_away(path: Path) -> None:
    note = path.with_name("j.db.failed")
    note.write_text("the disk failed")
    with Journal.open(path) as journal:
        journal.append(started())
        assert note.exists()
        journal.commit()
        assert not note.exists()
        note.write_text("by hand")
        journal.append(market(1))
        journal.commit()
        assert note.exists()


def test_room_and_note_are_the_owners_alone_and_take_any_words(path: Path) -> None:
    kept = reserve.Reserve(path, 4096)
    assert kept.doubts(()) == ()
    room = path.with_name("j.db.reserve")
    assert room.stat().st_mode & 0o777 == 0o600
    assert room.stat().st_size == 4096
    kept.give_up("half a pair \ud800")
    assert not room.exists()
    (told,) = reserve.Reserve(path, 0).doubts(())
    assert told == "the last run could not write it: half a pair ?"


def test_without_room_to_free_the_note_is_left_all_the_same(path: Path) -> None:
    kept = reserve.Reserve(path, 0)
    kept.give_up("no room was there")
    assert kept.doubts(("another",)) == (
        "the last run could not write it: no room was there",
    )


def test_a_wal_is_no_strain_until_it_is_larger_than_it_may_be(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wal = path.with_name("j.db-wal")
    with Journal.open(path) as journal:
        journal.append(started())
        journal.commit()
        size = wal.stat().st_size
        monkeypatch.setattr(store, "WAL_MAX", size)
        assert journal.strain() == ""
        monkeypatch.setattr(store, "WAL_MAX", size - 1)
        assert journal.strain() == "a reader keeps its -wal file from being reused"
        wal.rename(path.with_name("away"))
        monkeypatch.setattr(store, "WAL_MAX", 0)
        assert journal.strain() == "", "no file, no strain"
        path.with_name("away").rename(wal)


def test_a_commit_that_hangs_keeps_no_process_from_its_end(path: Path) -> None:
    before = set(threading.enumerate())
    care = Care(deadline=5.0)
    with Journal.open(path, care=care) as journal:
        journal.append(started())
        journal.commit()
        ours = set(threading.enumerate()) - before
        assert ours
        assert all(thread.daemon for thread in ours)
