"""After any kill the next process stands where the last one stood."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import Command, PlaceOrder, RaiseAlert
from alvh_trader.engine.event import (
    BrokerConnected,
    DaemonStarted,
    Event,
    OperatorReleased,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.errors import InvariantError, JournalError
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import Loop, decide
from alvh_trader.runtime.recovery import recover
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World, fingerprint
from tests.runtime.test_loop import overfill, stumbling
from tests.worked_market import INDEXES


def histories() -> dict[str, tuple[Event, ...]]:
    """Return recorded conversations: one that goes well, one that does not."""
    rough = World(fills=False).start().until(Phase.HEDGE_WORKING)
    rough.answer()
    rough.fill(rough.placed(Purpose.HEDGE)[0].ref, 5)
    rough.run(60)
    rough.disconnect()
    rough.now += timedelta(seconds=20)
    rough.restart()
    rough.run(1200)
    smooth = World().start().until(Phase.COOLDOWN)
    return {"smooth": tuple(smooth.events), "rough": tuple(rough.events)}


HISTORIES = histories()


def lived(events: Sequence[Event]) -> State:
    """Return the state of a process that lived through the events."""
    state = State()
    for event in events:
        state = step(state, event, RULES).state
    return state


def written(path: Path, events: Sequence[Event], flush_after: int) -> State:
    """Write a journal of the events with a snapshot somewhere; return the state."""
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for n, event in enumerate(events):
            loop.process(event)
            if n == flush_after:
                loop.flush()
        return loop.state


def recovered(path: Path) -> State:
    with Journal.open(path) as journal:
        return recover(journal, RULES)


def forget_snapshots(path: Path, body: bytes | None = None) -> None:
    """Take every snapshot out of a journal, or make it unreadable."""
    connection = apsw.Connection(str(path))
    if body is None:
        connection.execute("DELETE FROM snapshots")
    else:
        connection.execute("UPDATE snapshots SET body = ?", (body,))
    connection.close()


@pytest.mark.covers("V11")
@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_snapshot_and_what_came_after_it_is_the_state(
    tmp_path: Path, name: str, share: float
) -> None:
    events = HISTORIES[name]
    state = written(tmp_path / "j.db", events, round(share * (len(events) - 1)))
    again = recovered(tmp_path / "j.db")
    assert again == state
    assert fingerprint(again) == fingerprint(state) == fingerprint(lived(events))


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("body", [None, b"{}x", b'{"cases": 7}'])
def test_without_a_readable_snapshot_every_event_is_replayed(
    tmp_path: Path, name: str, body: bytes | None
) -> None:
    state = written(tmp_path / "j.db", HISTORIES[name], 20)
    forget_snapshots(tmp_path / "j.db", body)
    assert fingerprint(recovered(tmp_path / "j.db")) == fingerprint(state)


@pytest.mark.covers("F01", "V11")
@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(sorted(HISTORIES)), data=st.data())
def test_a_kill_at_any_moment_loses_nothing_that_was_written(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    events = HISTORIES[name]
    count = data.draw(st.integers(1, len(events)))
    flushed = data.draw(st.integers(0, count))
    path = tmp_path_factory.mktemp("kill") / "j.db"
    state = written(path, events[:count], flushed)
    assert fingerprint(recovered(path)) == fingerprint(state)


def test_an_empty_journal_is_a_new_beginning(tmp_path: Path) -> None:
    assert recovered(tmp_path / "j.db") == State()


def stumbled(path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Leave a journal whose last event the engine cannot take; return its world."""
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in world.events:
            loop.process(event)
        with pytest.raises(InvariantError):
            loop.process(stumbling(world, monkeypatch))
    return world


def restart(world: World) -> list[Event]:
    """Return the events of a start: the process, and its session."""
    at = world.now + timedelta(seconds=30)
    return [
        DaemonStarted(at=at, mode="paper", config_hash=""),
        BrokerConnected(at=at, account_id="DU1", server_version=178, indexes=INDEXES),
        world.broker.reported(at),
    ]


def test_after_an_invariant_broke_the_next_start_is_halted_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = stumbled(tmp_path / "j.db", monkeypatch)
    state = recovered(tmp_path / "j.db")
    assert state.is_halted
    assert state.last_number == world.state.last_number
    sent: list[Command] = []
    with Journal.open(tmp_path / "j.db") as journal:
        loop = Loop(journal, sent.append, state, RULES)
        for event in restart(world):
            loop.process(event)
        for _ in range(120):
            world.now += timedelta(seconds=10)
            loop.process(world.look())
    assert next(c.code for c in sent if isinstance(c, RaiseAlert)) == "halted"
    assert not any(isinstance(c, PlaceOrder) for c in sent)


def test_what_happened_after_a_halted_start_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third process replays through the stumble, not only up to it."""
    world = stumbled(tmp_path / "j.db", monkeypatch)
    state = recovered(tmp_path / "j.db")
    with Journal.open(tmp_path / "j.db") as journal:
        loop = Loop(journal, lambda _: None, state, RULES)
        for event in restart(world):
            loop.process(event)
        at = world.now + timedelta(seconds=60)
        loop.process(OperatorReleased(at=at, case=""))
    forget_snapshots(tmp_path / "j.db")
    assert fingerprint(recovered(tmp_path / "j.db")) == fingerprint(loop.state)


@pytest.mark.covers("F117")
def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "j.db", HISTORIES["smooth"], 5)
    forget_snapshots(tmp_path / "j.db")
    connection = apsw.Connection(str(tmp_path / "j.db"))
    connection.execute("UPDATE records SET body = ? WHERE seq = 9", (b"{}",))
    connection.close()
    with pytest.raises(JournalError):
        recovered(tmp_path / "j.db")


@pytest.mark.covers("I11")
def test_any_mistake_of_the_engine_is_met_like_a_broken_invariant() -> None:
    """No history leads to a state without a book of orders."""
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    impossible = replace(world.state, tickets=None)
    bought = overfill(world)
    with pytest.raises(InvariantError, match="stumbled on OrderFilled"):
        decide(impossible, bought, RULES)
