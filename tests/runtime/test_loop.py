"""Written down, then done: what the loop owes the journal before it acts."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alvh_trader.domain.order import Fill, Purpose
from alvh_trader.engine import invariants
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    RaiseAlert,
    RepriceOrder,
)
from alvh_trader.engine.event import (
    DaemonStarted,
    Event,
    OperatorReleased,
    OrderFilled,
)
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.step import step
from alvh_trader.errors import InvariantError, JournalError
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import ACTS, Loop, decode_state, encode_state
from alvh_trader.runtime.recovery import recover
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, START, World, fingerprint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def history() -> tuple[Event, ...]:
    """Return every event of the worked example, from the start to COOLDOWN."""
    return tuple(World().start().until(Phase.COOLDOWN).events)


def stumbling(world: World, monkeypatch: pytest.MonkeyPatch) -> OperatorReleased:
    """Return an event behind which the state is called impossible."""
    moment = world.now + timedelta(seconds=7)

    def check(state: State, _rules: Rules) -> None:
        if state.at == moment:
            raise InvariantError("not so: of all moments, this one")

    monkeypatch.setattr(invariants, "check", check)
    return OperatorReleased(at=moment, case="")


def overfill(world: World) -> OrderFilled:
    """Return a fill of more than was ordered: one of broker and engine is wrong."""
    (order,) = world.placed(Purpose.HEDGE)
    fill = Fill(
        exec_id="e.9.9.01",
        ref=order.ref,
        perm_id=1,
        con_id=order.legs[0].instrument.con_id,
        quantity=order.quantity + 1,
        price=Decimal("1.42"),
        at=world.now,
    )
    return OrderFilled(at=world.now, fill=fill)


@pytest.mark.covers("I01", "V6")
def test_what_acts_is_durable_before_it_is_carried_out(
    path: Path, journal: Journal, history: tuple[Event, ...]
) -> None:
    done: list[Command] = []

    def dispatch(command: Command) -> None:
        if isinstance(command, ACTS):
            with Reader.open(path) as reader:
                written = [r.body for r in reader.records_after(0)]
            assert command in written[-40:]
        done.append(command)

    loop = Loop(journal, dispatch, State(), RULES)
    for event in history:
        loop.process(event)
    assert sum(isinstance(c, PlaceOrder) for c in done) == 3
    assert any(isinstance(c, RaiseAlert) for c in done)


def test_whatever_could_not_be_asked_for_twice_acts() -> None:
    assert {PlaceOrder, RepriceOrder, CancelOrder, RaiseAlert} <= set(ACTS)


def test_the_journal_tells_event_decisions_and_commands_in_this_order(
    path: Path, journal: Journal, history: tuple[Event, ...]
) -> None:
    loop = Loop(journal, lambda _: None, State(), RULES)
    state, expected = State(), list[object]()
    for event in history:
        loop.process(event)
        outcome = step(state, event, RULES)
        state = outcome.state
        expected += [event, *outcome.decisions, *outcome.commands]
    journal.commit()
    with Reader.open(path) as reader:
        assert [r.body for r in reader.records_after(0)] == expected


@pytest.mark.covers("F113", "I01")
def test_nothing_is_carried_out_where_the_commit_fails(
    path: Path, journal: Journal, history: tuple[Event, ...]
) -> None:
    done: list[Command] = []
    loop = Loop(journal, done.append, State(), RULES)
    place = next(
        n
        for n, event in enumerate(history)
        if any(isinstance(c, PlaceOrder) for c in _follows(history[:n], event))
    )
    for event in history[:place]:
        loop.process(event)
    before = list(done)
    # SQLite turns every COMMIT into a rollback and an error while this hook is set.
    journal._connection.set_commit_hook(lambda: True)
    with pytest.raises(JournalError):
        loop.process(history[place])
    assert done == before
    with pytest.raises(JournalError, match="nothing is written any more"):
        loop.process(history[place + 1])
    assert done == before


def _follows(past: tuple[Event, ...], event: Event) -> tuple[Command, ...]:
    state = State()
    for earlier in past:
        state = step(state, earlier, RULES).state
    return step(state, event, RULES).commands


def test_nothing_is_carried_out_where_an_event_cannot_be_written(
    journal: Journal,
) -> None:
    done: list[Command] = []
    loop = Loop(journal, done.append, State(), RULES)
    journal.close()
    with pytest.raises(JournalError):
        loop.process(DaemonStarted(at=START, mode="paper", config_hash=""))
    assert done == []
    assert loop.state == State()


@pytest.mark.covers("I11")
def test_an_impossible_state_is_not_entered_and_nothing_is_sent(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Command] = []
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    loop = Loop(journal, done.append, State(), RULES)
    for event in world.events:
        loop.process(event)
    before, sent = loop.state, len(done)
    with pytest.raises(InvariantError, match="of all moments"):
        loop.process(stumbling(world, monkeypatch))
    assert loop.state == before
    assert len(done) == sent


def test_what_stumbled_is_met_again_by_the_next_process(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot behind the event would hide it: none is taken."""
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in world.events:
            loop.process(event)
        with pytest.raises(InvariantError):
            loop.process(stumbling(world, monkeypatch))
        loop.flush()
    with Journal.open(path) as journal:
        assert recover(journal, RULES).is_halted


def test_a_flush_keeps_the_state_for_the_next_process(
    path: Path, history: tuple[Event, ...]
) -> None:
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in history:
            loop.process(event)
        loop.flush()
        last = journal.last_seq
    with Journal.open(path) as journal:
        kept = journal.snapshots()[0]
        assert kept.seq == last
        assert decode_state(kept.body) == loop.state


def test_a_snapshot_is_taken_when_the_day_changes(
    journal: Journal, history: tuple[Event, ...]
) -> None:
    loop = Loop(journal, lambda _: None, State(), RULES)
    for event in history:
        loop.process(event)
    before = journal.snapshots()
    tomorrow = DaemonStarted(
        at=history[-1].at + timedelta(days=1), mode="paper", config_hash=""
    )
    loop.process(tomorrow)
    after = journal.snapshots()
    assert len(after) == len(before) + 1
    assert decode_state(after[0].body) == loop.state


def test_a_state_of_any_moment_survives_its_codec(history: tuple[Event, ...]) -> None:
    state = State()
    for event in history:
        state = step(state, event, RULES).state
        again = decode_state(encode_state(state))
        assert again == state
        assert fingerprint(again) == fingerprint(state)
