"""Every command and decision of a journal follows from its events, and is proved to."""

from datetime import datetime, timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.engine import invariants
from alvh_trader.engine.command import PlaceOrder
from alvh_trader.engine.event import DaemonStarted, Event, OperatorReleased
from alvh_trader.engine.state import Rules, State
from alvh_trader.errors import InvariantError
from alvh_trader.journal.codec import encode
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import Loop, encode_rules, encode_state
from alvh_trader.runtime.recovery import doubts_about, recover
from alvh_trader.runtime.replay import Check, Replay, Verdict
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.runtime.test_recovery import HISTORIES, restart


def checked(path: Path, rules: Rules = RULES) -> Verdict:
    with Reader.open(path) as reader:
        replay = Replay(State(), rules, reader.rules)
        return Check(replay, reader.snapshots()).run(reader.lines_after())


def change(path: Path, statement: str, *values: object) -> None:
    """Change a journal as somebody would who also mends its chain."""
    connection = apsw.Connection(str(path))
    connection.execute(statement, values).fetchall()
    connection.close()


def lines_of(path: Path) -> list[tuple[int, str, str, bytes]]:
    with Reader.open(path) as reader:
        return [(x.seq, x.kind, x.type, x.body) for x in reader.lines_after()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


@pytest.mark.covers("F15", "V11")
@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(sorted(HISTORIES)), data=st.data())
def test_any_recorded_run_is_reproduced_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    events = HISTORIES[name]
    breaks = data.draw(st.sets(st.integers(1, len(events) - 1), max_size=3))
    path = tmp_path_factory.mktemp("run") / "j.db"
    for first, last in zip([0, *sorted(breaks)], [*sorted(breaks), None], strict=True):
        with Journal.open(path) as journal:
            loop = Loop(journal, lambda _: None, recover(journal, RULES), RULES)
            for event in events[first:last]:
                loop.process(event)
            loop.flush()
    found = checked(path)
    assert not found.why_not
    assert found.events == len(events)
    assert found.commands > 10
    assert found.decisions > 5
    assert found.snapshots > 0


@pytest.mark.covers("F15")
def test_each_run_is_replayed_under_its_own_rules(path: Path) -> None:
    """The second process may send half as much; what the first did stays as it was."""
    world = World().start().until(Phase.COOLDOWN)
    strict = replace(RULES, may_trade=False)
    half = len(world.events) // 2
    loop = None
    for rules, events in ((RULES, world.events[:half]), (strict, world.events[half:])):
        with Journal.open(path) as journal:
            state = recover(journal, rules)
            assert loop is None or state == loop.state
            digest = journal.keep_rules(encode_rules(rules))
            loop = Loop(journal, lambda _: None, state, rules)
            begins = DaemonStarted(
                at=events[0].at, mode="paper", config_hash="", rules=digest
            )
            for event in (begins, *events):
                loop.process(event)
    with Journal.open(path) as journal:
        assert loop is not None
        assert recover(journal, RULES) == recover(journal, strict) == loop.state
    assert not checked(path).why_not
    change(path, "UPDATE rules SET body = ?", encode_rules(strict))
    with pytest.raises(Exception, match="are not what was noted"):
        checked(path)


def test_rules_of_another_version_are_passed_over(path: Path) -> None:
    with Journal.open(path) as journal:
        digest = journal.keep_rules('{"params": 7}')
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in HISTORIES["smooth"]:
            loop.process(
                replace(event, rules=digest)
                if isinstance(event, DaemonStarted)
                else event
            )
    assert not checked(path).why_not
    assert checked(path, replace(RULES, may_trade=False)).why_not


def test_a_stumble_is_replayed_as_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    moment = world.now + timedelta(seconds=7)

    def check(state: State, _rules: Rules) -> None:
        if state.at == moment:
            raise InvariantError("of all moments, this one")

    monkeypatch.setattr(invariants, "check", check)
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in world.events:
            loop.process(event)
        with pytest.raises(InvariantError):
            loop.process(OperatorReleased(at=moment, case=""))
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, recover(journal, RULES), RULES)
        for event in restart(world):
            loop.process(event)
        loop.flush()
    found = checked(path)
    assert not found.why_not
    assert found.snapshots == 1


@pytest.fixture
def lived(path: Path) -> Path:
    """Return the journal of the worked example."""
    with Journal.open(path) as journal:
        loop = Loop(journal, lambda _: None, State(), RULES)
        for event in HISTORIES["smooth"]:
            loop.process(event)
        loop.flush()
    return path


class Told:
    """A journal's records as a list that a test may change."""

    def __init__(self, path: Path) -> None:
        with Reader.open(path) as reader:
            self.lines = list(reader.lines_after())
            self.snapshots = reader.snapshots()

    def check(self) -> Verdict:
        replay = Replay(State(), RULES, lambda _: None)
        return Check(replay, self.snapshots).run(self.lines)

    def index(self, kind: str) -> int:
        return next(n for n, line in enumerate(self.lines) if line.type == kind)


@pytest.mark.covers("F15", "V11")
def test_a_command_that_does_not_follow_is_found(lived: Path) -> None:
    told = Told(lived)
    n = told.index("PlaceOrder")
    body = told.lines[n].body
    told.lines[n] = replace(told.lines[n], body=body.replace(b'"quantity":', b'"q":'))
    found = told.check()
    assert found.seq == told.lines[n].seq
    assert found.expected == body.decode()
    assert '"q":' in found.found


def test_a_command_too_many_is_found(lived: Path) -> None:
    told = Told(lived)
    told.lines.append(told.lines[told.index("PlaceOrder")])
    found = told.check()
    assert found.why_not
    assert '"type":"PlaceOrder"' in found.found
    assert found.expected == ""


@pytest.mark.parametrize("place", ["middle", "end"])
def test_a_command_that_is_missing_is_found(lived: Path, place: str) -> None:
    told = Told(lived)
    n = told.index("PlaceOrder")
    missing = told.lines.pop(n)
    if place == "end":
        del told.lines[n:]
    found = told.check()
    assert found.expected == missing.body.decode()
    assert found.found != found.expected


@pytest.mark.covers("V11")
def test_a_kept_state_that_is_another_is_found(lived: Path) -> None:
    told = Told(lived)
    wrong = encode_state(State(at=told_at(lived), last_number=99))
    told.snapshots[0] = replace(told.snapshots[0], body=wrong)
    assert told.check().why_not == "the state that was kept differs"
    told.snapshots[0] = replace(told.snapshots[0], body=b'{"cases": 7}')
    assert not told.check().why_not


def told_at(path: Path) -> datetime:
    with Reader.open(path) as reader:
        last = reader.last_record()
    assert last is not None
    return last[1]


def kept_twice(path: Path, build: str) -> None:
    """Write a run with two kept states; the second part by `build`."""
    events = HISTORIES["smooth"]
    parts: tuple[tuple[str, tuple[Event, ...]], ...] = (
        ("b1", events[:30]),
        (build, events[30:60]),
    )
    for name, part in parts:
        with Journal.open(path, run={"build": name}) as journal:
            loop = Loop(journal, lambda _: None, recover(journal, RULES), RULES)
            for event in part:
                loop.process(event)
            loop.flush()


def doubts(path: Path) -> tuple[str, ...]:
    with Journal.open(path) as journal:
        return doubts_about(journal, RULES, recover(journal, RULES))


@pytest.mark.covers("F15")
def test_two_ways_to_the_state_are_compared_at_each_start(path: Path) -> None:
    kept_twice(path, "b1")
    assert doubts(path) == ()
    with Reader.open(path) as reader:
        newest = reader.snapshots()[0]
    wrong = newest.body.replace(b'"last_number":', b'"last_number":9')
    assert wrong != newest.body
    change(path, "UPDATE snapshots SET body = ? WHERE seq = ?", wrong, newest.seq)
    (doubt,) = doubts(path)
    assert "lead to different ones" in doubt


def test_only_states_of_the_same_program_are_compared(path: Path) -> None:
    kept_twice(path, "b2")
    broken = b'{"cases": 7}'
    change(path, "UPDATE snapshots SET body = ? WHERE seq < 40", broken)
    assert doubts(path) == ()
    change(path, "UPDATE snapshots SET build = 'b2'")
    assert doubts(path) == ()


@pytest.mark.covers("F130", "T08")
def test_an_old_program_started_after_a_new_one_is_in_doubt(path: Path) -> None:
    for build in ("old", "old", "new", "new"):
        with Journal.open(path, run={"build": build}) as journal:
            assert journal.doubts == ()
    with Journal.open(path, run={"build": "old"}) as journal:
        assert journal.doubts == ("build old wrote here before build new did",)
    with Journal.open(path, run={"build": "old"}) as journal:
        assert journal.doubts == ()


@pytest.mark.covers("F130")
def test_a_start_in_doubt_sends_nothing_until_it_is_released() -> None:
    world = World(fills=False).start()
    world.tell(
        DaemonStarted(
            at=world.now + timedelta(seconds=1),
            mode="paper",
            config_hash="",
            doubts=("build old wrote here before build new did",),
        )
    )
    assert world.state.is_halted
    (alert,) = [c for c in world.commands if getattr(c, "code", "") == "halted"]
    assert b"build old wrote here before" in encode(alert)
    assert not any(isinstance(c, PlaceOrder) for c in world.commands)
