"""Every question has an answer in every phase, and the answers are the numbers."""

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from alvh_trader.domain.freshness import LIMITS
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import PreviewMargin, RequestReport
from alvh_trader.engine.event import OperatorHalted
from alvh_trader.engine.explain import Answer, Question, answers
from alvh_trader.engine.gates import CANDIDATE, GREEKS, HEDGE, RULES, Gate
from alvh_trader.signals.edr import delta_ratio
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES as THE_RULES
from tests.playbook import World
from tests.worked_market import APPROACH, CALM, ROTATING_LINE, Market

NO_VIX = Market(dark=frozenset({"VIX"}))


CLOCK = -1 - sum(limit is not None for limit in LIMITS.values())
"""Where the clock's line stands, before those of the files that are missing."""


def ask(world: World, phase: Phase | None = None) -> dict[Question, Answer]:
    """Return the answers about the one case, as if it stood at `phase`."""
    case = world.case if phase is None else replace(world.case, phase=phase)
    state = replace(world.state, cases={case.case_id: case})
    told = [d for d in world.decisions if d.case == case.case_id]
    return {a.question: a for a in answers(state, world.rules, case, told)}


def closed(world: World) -> Gate:
    """Return the first gate that is not open."""
    return next(g for g in ask(world)[Question.ROLL].gates if not g.is_open)


def _calm() -> World:
    return World(CALM).start().until(Phase.MONITOR)


def _hedged() -> World:
    return World().start().until(Phase.STABILISE)


def _blind() -> World:
    world = _hedged()
    world.mute = {1, 2, 3}
    return world.until(Phase.DEGRADED)


def _rolled() -> World:
    return World().start().until(Phase.COOLDOWN)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("made", [_calm, _hedged, _blind, _rolled])
def test_every_question_has_an_answer_in_every_phase(
    made: Callable[[], World], phase: Phase
) -> None:
    found = ask(made(), phase)
    assert list(found) == list(Question)
    assert all(answer.answer for answer in found.values())
    assert str(phase) in found[Question.WHERE].answer
    shut = [g for g in found[Question.ROLL].gates if not g.is_open]
    for gate in shut:
        assert any(not f.holds for f in gate.findings), gate.name
    # A closed gate is never without something that would open it.
    assert bool(found[Question.CHANGE].would_change) or not shut


def _unaligned(market: Market) -> World:
    world = World(market)
    world.is_aligned = False
    return world.start()


def _waits_for_the_margin() -> World:
    world = World()
    world.withheld.add(PreviewMargin)
    return world.start().until(Phase.ROLL_PLAN)


def _rolls() -> World:
    world = World()
    world.start().until(Phase.ROLL_PLAN)
    world.fills = False
    return world.until(Phase.ROLL_WORKING)


def _split() -> World:
    world = _rolls()
    world.fill(world.placed(Purpose.ROLL)[0].ref)
    return world.until(Phase.SPLIT_HOLD)


def _verifies() -> World:
    world = World()
    world.start().until(Phase.ROLL_PLAN)
    world.tick()
    world.withheld.add(RequestReport)
    return world.until(Phase.VERIFY)


def _halted() -> World:
    world = _hedged()
    world.tell(OperatorHalted(at=world.now))
    return world


def _hedge_works() -> World:
    return World(fills=False).start().until(Phase.HEDGE_WORKING)


def _unhedged() -> World:
    return World(NO_VIX).start().until(Phase.HOLD_UNHEDGED)


REACHED: dict[Phase, Callable[[], World]] = {
    Phase.MONITOR: _calm,
    Phase.ARMED: lambda: _unaligned(APPROACH).until(Phase.ARMED),
    Phase.CONFIRM: lambda: _unaligned(Market()).until(Phase.CONFIRM),
    Phase.HEDGE_PLAN: lambda: World(NO_VIX).start().until(Phase.HEDGE_PLAN),
    Phase.HEDGE_WORKING: _hedge_works,
    Phase.STABILISE: _hedged,
    Phase.HOLD_HEDGED: lambda: World(APPROACH).start().until(Phase.HOLD_HEDGED),
    Phase.HOLD_UNHEDGED: _unhedged,
    Phase.ROLL_PLAN: _waits_for_the_margin,
    Phase.ROLL_WORKING: _rolls,
    Phase.SPLIT_HOLD: _split,
    Phase.VERIFY: _verifies,
    Phase.COOLDOWN: _rolled,
    Phase.DEGRADED: _blind,
    Phase.MANUAL: _halted,
}


@pytest.mark.parametrize("phase", REACHED)
def test_a_case_that_came_there_is_explained(phase: Phase) -> None:
    world = REACHED[phase]()
    assert world.is_at(phase)
    found = ask(world)
    last = world.decisions[-1].at
    assert found[Question.ROLL].since == last
    assert found[Question.GATE].since == last
    assert found[Question.WHERE].since == world.case.since


def test_in_calm_the_ratio_is_what_is_missing_and_by_how_much() -> None:
    world = _calm()
    found = ask(world)
    assert found[Question.HEDGE].answer == "none: approach, or another reason"
    wanted = found[Question.CHANGE].would_change[0]
    vix, delta = (float(n) for n in re.findall(r"(?:VIX|delta) (\d+\.\d+)", wanted))
    seen = world.case.tracker.accepted
    assert seen is not None
    assert seen.edr is not None
    held = seen.edr * 0.18 * 365**0.5 / seen.vix
    assert delta_ratio(vix, held, None).value == pytest.approx(0.85, abs=5e-4)
    assert delta_ratio(seen.vix, delta, None).value == pytest.approx(0.85, abs=5e-4)


def test_the_size_is_told_with_every_term_and_the_one_that_decided() -> None:
    found = ask(_hedged())[Question.SIZE]
    assert found.answer.startswith("7 of VIXW 26-06-03 22C, decided by the vega after")
    assert "6 must be filled" in found.answer
    terms = {f.what.split(",")[0]: f.value.split()[0] for f in found.findings}
    assert terms == {"n_lo": "4", "n_pre": "6", "n_post": "7", "n_wacc": "5", "n": "7"}
    assert all(f.bound == "<= 7" for f in found.findings)
    later = ask(_rolled())[Question.SIZE]
    assert "7, by the vega after the roll" in {f.value for f in later.findings}


def test_a_hedge_that_is_held_is_named_with_its_price() -> None:
    found = ask(_hedged())[Question.HEDGE]
    assert re.fullmatch(r"7 x VIXW 26-06-03 22C for \d+\.\d\d USD", found.answer)
    assert found.would_change == ()


def test_without_vix_quotes_the_hedge_is_missing_and_when_it_is_tried_again() -> None:
    world = _unhedged()
    found = ask(world)
    assert found[Question.HEDGE].answer == f"none: {HEDGE}"
    assert any(f.what == "hedge plan" for f in found[Question.HEDGE].findings)
    assert (
        found[Question.CHANGE].would_change[CLOCK].startswith("a hedge is tried again")
    )
    assert "11:11" in found[Question.CHANGE].would_change[CLOCK]


def test_greeks_that_are_not_stable_yet_say_what_is_missing() -> None:
    gate = closed(_hedged())
    assert gate.name == GREEKS
    assert [f.what for f in gate.findings if not f.holds] == [
        "snapshots",
        "snapshots span",
    ]


def test_rotation_keeps_the_hedge_and_says_how_broad_it_would_have_to_be() -> None:
    world = World(line=ROTATING_LINE).start().until(Phase.HOLD_HEDGED)
    gate = closed(world)
    assert gate.name == "step 4, breadth"
    assert not gate.findings[0].holds
    later = ask(world)[Question.CHANGE].would_change[CLOCK]
    assert re.search(r"looked at again at 2026-05-21 11:\d\d:\d\d", later)


def test_a_gate_behind_is_told_with_its_numbers_of_now() -> None:
    world = _hedged()
    world.change(vix=19.0, spot=7000.0)
    world.tick()
    found = {g.name: g for g in ask(world)[Question.ROLL].gates}
    step = found["step 2, break-evens"]
    assert step.is_behind
    assert step.is_open


def test_a_person_in_charge_is_the_first_gate() -> None:
    world = _halted()
    gate = closed(world)
    assert gate.name == RULES
    mends = {f.what: f.mend for f in gate.findings if not f.holds}
    assert mends == {
        "who decides": "a person releases the case",
        "kill switch": "alvh-trader clear",
    }


def test_a_closed_market_says_when_it_opens_and_keeps_the_last_numbers() -> None:
    world = _calm()
    world.now = world.now.replace(hour=21)
    world.tick()
    found = ask(world)
    gate = closed(world)
    assert gate.name == RULES
    assert [f.mend for f in gate.findings if not f.holds] == ["at 2026-05-22 09:30:00"]
    ratios = [f for f in _all(found) if f.what == "EDR"]
    assert all(f.value.startswith("0.39") for f in ratios)
    assert ratios


def test_a_lost_connection_is_the_first_gate() -> None:
    world = _hedged()
    world.disconnect()
    first = next(f for f in closed(world).findings if not f.holds)
    assert (first.what, first.value) == ("connection", "down")


def test_in_watch_mode_the_mode_is_the_first_gate() -> None:
    world = World(rules=replace(THE_RULES, may_trade=False)).start()
    world.until(Phase.HOLD_UNHEDGED)
    found = [f for f in closed(world).findings if not f.holds]
    assert [f.what for f in found] == ["mode"]


def test_after_a_roll_the_rest_and_its_end_are_told() -> None:
    world = _rolled()
    gate = closed(world)
    assert gate.name == "rest after a roll"
    assert gate.findings[0].mend.startswith("at 2026-05-22 11:")


def test_while_it_rolls_no_gate_is_closed_behind_it() -> None:
    found = ask(_rolls())
    assert found[Question.ROLL].answer == "it is being rolled"
    behind = {g.name for g in found[Question.ROLL].gates if g.is_behind}
    assert CANDIDATE in behind


def test_files_that_are_missing_say_how_fresh_they_would_have_to_be() -> None:
    wanted = ask(_calm())[Question.CHANGE].would_change
    line = "input facilities: missing; counts when younger than 24 h"
    assert line in wanted
    assert "input fomc: missing; counts when younger than 45 days" in wanted
    assert not any("tags" in change for change in wanted)


def test_explaining_changes_nothing() -> None:
    world = _hedged()
    before = world.state
    assert ask(world) == ask(world)
    assert world.state == before


def _all(found: dict[Question, Answer]) -> list[Finding]:
    return [f for g in found[Question.ROLL].gates for f in g.findings]
