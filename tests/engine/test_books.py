"""Whose contracts are whose: condors that come, go, change, and are naked."""

from datetime import timedelta

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Purpose
from alvh_trader.domain.position import Position
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.strategy.worked import NEW_EXPIRY, condor
from tests.worked_market import CALM


def calm() -> World:
    """Return a world at MONITOR."""
    world = World(CALM).start()
    world.run(60, every=20)
    assert world.is_at(Phase.MONITOR)
    return world


def reported(world: World) -> None:
    """Let the broker's report be believed: told twice, some seconds apart."""
    world.tell(world.broker.reported(world.now))
    world.now += timedelta(seconds=6)
    world.tell(world.broker.reported(world.now))
    world.answer()


def legs(world: World) -> list[Option]:
    return [leg.option for leg in world.case.legs]


def test_a_condor_is_found_and_named_in_the_journal() -> None:
    world = calm()
    (found,) = [d for d in world.decisions if d.trigger == "FOUND"]
    assert found.findings[0].value == "10 x 6400/6350/7875/7925"
    assert world.case.condor.quantity == 10


def test_a_second_condor_is_a_second_case() -> None:
    world = calm()
    other = condor(5, (6050.0, 6100.0, 7700.0, 7750.0), NEW_EXPIRY)
    for position in other.positions():
        world.broker.hold(position.instrument, position.quantity)
    reported(world)
    world.run(60, every=20)
    assert len(world.state.cases) == 2
    assert {c.phase for c in world.state.cases.values()} == {Phase.MONITOR}
    assert sorted(c.condor.quantity for c in world.state.cases.values()) == [5, 10]


def test_a_condor_that_somebody_closed_is_closed_and_told() -> None:
    world = calm()
    world.broker.positions.clear()
    reported(world)
    assert world.is_at(Phase.CLOSED)
    assert world.alerts("closed")
    world.run(600)
    assert world.broker.received == []


def test_a_condor_that_expired_is_closed_without_a_word() -> None:
    world = calm()
    world.now += timedelta(days=41)  # 2026-07-01.
    world.broker.begin_day(world.now.date())
    world.run(120)
    assert world.is_at(Phase.CLOSED)
    assert world.alerts("closed") == []
    assert world.alerts("position_break") == []


def test_a_condor_closed_in_part_is_for_a_person() -> None:
    world = calm()
    for option, sign in zip(legs(world), (1, -1, 1, -1), strict=True):
        world.broker.hold(option, 4 * sign)
    reported(world)
    world.run(120)
    assert world.is_at(Phase.MANUAL)
    assert "manual" in world.criticals()


def test_the_same_strikes_again_are_another_case() -> None:
    world = calm()
    held = dict(world.broker.positions)
    world.broker.positions.clear()
    reported(world)
    world.broker.positions.update(held)
    reported(world)
    first, second = world.state.cases
    assert second == f"{first}-2"
    assert world.state.cases[first].phase is Phase.CLOSED


def test_a_naked_short_forbids_all_new_risk_and_is_told_once() -> None:
    world = World().start()
    world.run(20)
    naked = condor(1, (6050.0, 6100.0, 7700.0, 7750.0), NEW_EXPIRY).positions()[0]
    world.broker.positions[naked.instrument.con_id] = Position(
        naked.instrument, -2, 500.0
    )
    reported(world)
    world.run(900)
    assert world.state.is_naked
    assert world.criticals().count("naked") == 1
    assert world.broker.received == []
    world.broker.hold(naked.instrument, 2)
    reported(world)
    assert not world.state.is_naked


def test_a_rolled_condor_is_not_taken_for_a_new_one() -> None:
    world = World().start().until(Phase.COOLDOWN)
    world.run(120)
    assert len(world.state.cases) == 1
    assert world.case.condor.expiry == NEW_EXPIRY
    assert len(world.placed(Purpose.ROLL)) == 2
