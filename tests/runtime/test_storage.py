from datetime import UTC, datetime

import pytest

from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import Event, StorageStrained
from alvh_trader.errors import JournalError
from alvh_trader.runtime.storage import StorageWatch
from tests.playbook import World

NOW = datetime(2026, 5, 21, 15, tzinfo=UTC)


@pytest.mark.covers("F116")
def test_each_strain_is_told_once() -> None:
    strains = ["", "the WAL grows", "the WAL grows", "", "the WAL grows"]
    put: list[Event] = []
    tidied: list[int] = []
    watch = StorageWatch(
        lambda: tidied.append(1), lambda: strains.pop(0), put.append, lambda: NOW
    )
    while strains:
        watch.look()
    assert len(tidied) == 5
    assert put == [StorageStrained(at=NOW, reason="the WAL grows")] * 2


def test_an_archive_that_cannot_be_written_is_told_and_hinders_nothing() -> None:
    def tidy() -> None:
        raise JournalError("the archive is read only")

    put: list[Event] = []
    watch = StorageWatch(tidy, str, put.append, lambda: NOW)
    watch.look()
    watch.look()
    assert put == [StorageStrained(at=NOW, reason="the archive is read only")]


@pytest.mark.covers("F116")
def test_a_strain_is_an_alert_and_hinders_nothing() -> None:
    world = World().start()
    world.tell(StorageStrained(at=world.now, reason="the WAL grows"))
    alert = world.alerts("storage")[-1]
    assert alert.severity is Severity.WARNING
    assert alert.text == "the journal: the WAL grows"
    assert not world.state.is_halted
