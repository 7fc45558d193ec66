"""The kill file on a real disk: made, seen, told of once, and removed."""

from pathlib import Path

import pytest

from alvh_trader.engine.event import ControlTripped, Event
from alvh_trader.errors import ControlError
from alvh_trader.runtime.kill_file import KillFile, KillWatch
from tests.playbook import START


@pytest.mark.covers("P01")
def test_it_lies_beside_the_journal_and_a_touch_is_enough(tmp_path: Path) -> None:
    file = KillFile(tmp_path / "j.db")
    assert not file.is_set()
    (tmp_path / "KILL").touch()
    assert file.is_set()
    file.remove()
    file.remove()
    assert not file.is_set()


def test_what_was_written_into_it_stays(tmp_path: Path) -> None:
    file = KillFile(tmp_path / "j.db")
    file.set("first")
    file.set("second")
    assert file.path.read_text() == "first\nsecond\n"


def test_a_dangling_link_counts_as_the_file(tmp_path: Path) -> None:
    (tmp_path / "KILL").symlink_to(tmp_path / "nowhere")
    assert KillFile(tmp_path / "j.db").is_set()


def test_a_folder_that_cannot_be_looked_into_counts_as_a_halt(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = KillFile(tmp_path / "file" / "j.db")
    assert file.is_set()
    with pytest.raises(ControlError, match="cannot make"):
        file.set("x")
    with pytest.raises(ControlError, match="cannot remove"):
        file.remove()


@pytest.mark.covers("P01")
def test_the_engine_is_told_each_time_it_comes(tmp_path: Path) -> None:
    told: list[Event] = []
    file = KillFile(tmp_path / "j.db")
    watch = KillWatch(file, told.append, lambda: START)
    watch.look()
    assert told == []
    for _ in range(2):
        file.set("x")
        watch.look()
        watch.look()
        file.remove()
        watch.look()
    text = f"{file.path} is there"
    assert told == [ControlTripped(at=START, control="P01", text=text)] * 2
