"""Where a case comes back to after a restart: as far as its guards still hold."""

from datetime import timedelta

import pytest

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import RequestReport
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge, rolling
from tests.playbook import World
from tests.worked_market import CALM, ROTATING_LINE, Market


def back(world: World) -> str:
    """Restart, and return where the case resumed."""
    seen = len(world.decisions)
    world.now += timedelta(seconds=5)
    world.restart()
    for _ in range(20):
        world.tick()
        for decision in world.decisions[seen:]:
            if decision.before == "RECONCILE" and decision.moved:
                return decision.after
    raise AssertionError(f"still at {world.phase}")


@pytest.mark.parametrize(
    ("phase", "resumed"),
    [
        (Phase.MONITOR, "MONITOR"),
        (Phase.ARMED, "MONITOR"),
        (Phase.HEDGE_PLAN, "MONITOR"),
        (Phase.STABILISE, "STABILISE"),
        (Phase.ROLL_PLAN, "STABILISE"),
        (Phase.COOLDOWN, "COOLDOWN"),
    ],
)
def test_a_case_resumes_where_its_guards_still_hold(phase: Phase, resumed: str) -> None:
    world = World()
    world.is_aligned = phase is not Phase.ARMED
    world.start().until(phase)
    assert back(world) == resumed


def test_a_working_hedge_is_taken_up_again() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    assert back(world) == "HEDGE_WORKING"


def test_a_hedge_and_hold_stays_one() -> None:
    world = World(Market(net=100), line=ROTATING_LINE).start()
    world.until(Phase.HOLD_HEDGED)
    assert back(world) == "HOLD_HEDGED"


def test_an_unhedged_breach_stays_one() -> None:
    world = World(Market(dark=frozenset({"VIX"}))).start().until(Phase.HOLD_UNHEDGED)
    assert back(world) == "HOLD_UNHEDGED"


def test_a_roll_without_a_fill_is_cancelled_and_held() -> None:
    world = rolling()
    assert back(world) == "HOLD_HEDGED"
    assert world.broker.working == {}


def test_a_roll_that_filled_as_a_whole_is_verified() -> None:
    world = rolling()
    world.fills = True
    world.fill(world.placed(Purpose.ROLL)[0].ref)
    while len(world.placed(Purpose.ROLL)) < 2:
        world.tick()
    # Both sides are filled at the broker; the engine has not looked since.
    assert world.is_at(Phase.ROLL_WORKING)
    assert back(world) == "SPLIT_HOLD"
    world.until(Phase.COOLDOWN, within=300)
    assert len(world.placed(Purpose.ROLL)) == 2


def test_a_side_in_part_comes_back_as_a_split() -> None:
    world = rolling()
    world.fill(world.placed(Purpose.ROLL)[0].ref, 3)
    assert back(world) == "SPLIT_HOLD"


def test_a_hedge_lost_while_we_were_away_does_not_come_back() -> None:
    world = World().start().until(Phase.STABILISE)
    call = hedge(world).legs[0].instrument
    world.broker.hold(call, -7)
    world.now += timedelta(seconds=10)
    world.restart()
    world.fills = False
    world.run(400)
    assert world.placed(Purpose.ROLL) == []


def test_a_minute_without_a_clean_report_is_for_a_person() -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    world.disconnect()
    world.withheld.add(RequestReport)
    world.now += timedelta(seconds=5)
    world.connect()
    world.run(100)  # Degraded until the data are good for a minute.
    world.until(Phase.MANUAL, within=200)
    assert "manual" in world.criticals()


def test_a_condor_that_changed_while_we_were_away_is_for_a_person() -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    for leg in world.case.legs:
        world.broker.hold(leg.option, 4 if leg.quantity < 0 else -4)
    world.now += timedelta(seconds=10)
    world.restart()
    world.run(20)
    assert world.discrepancies == ["POSITION"] * 4
    world.adopt()
    world.run(120)
    assert world.is_at(Phase.MANUAL)
