"""Other readings of a case's ratio, its calm near expiry, and butterflies."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.engine.evaluation import evaluate
from alvh_trader.engine.event import OperatorReleased
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.vix import expected_move
from alvh_trader.strategy.params import EdrParams, Params
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.worked_market import CALM, Market


def test_drift_is_one_at_the_first_look_and_rises_as_spx_falls() -> None:
    world = World(CALM).start()
    world.run(60)
    first = world.case.telemetry
    assert first is not None
    assert first.drift == pytest.approx(1.0)
    world.change(spot=6950.0)
    world.run(60)
    second = world.case.telemetry
    assert second is not None
    assert second.at_entry == first.at_entry
    assert second.drift is not None
    assert second.drift > 1.1


def test_delta_risk_is_that_of_the_worked_example() -> None:
    world = World().start()
    world.run(60)
    found = world.case.telemetry
    assert found is not None
    assert found.delta_risk == pytest.approx(2.730, abs=0.06)
    assert expected_move(6860.0, 21.20) == pytest.approx(76.12, abs=0.01)


def test_a_roll_begins_the_drift_anew() -> None:
    world = World().start().until(Phase.COOLDOWN)
    world.run(60)
    found = world.case.telemetry
    assert found is not None
    assert found.shorts == tuple(v.short.con_id for v in world.case.condor.verticals)
    assert found.drift == pytest.approx(1.0, abs=0.02)


# --------------------------------------------------------------------- near expiry ---


def near_expiry(world: World) -> World:
    """Let the case settle tomorrow, as its bookkeeping says."""
    world.run(60)
    case = world.case
    tomorrow = new_york_date(world.now) + timedelta(days=1)
    sides = {
        name: replace(side, short=replace(side.short, expiry=tomorrow))
        for name, side in (("put", case.condor.put), ("call", case.condor.call))
        if side is not None
    }
    condor = replace(case.condor, **sides)
    changed = replace(case, condor=condor)
    world.state = replace(world.state, cases={case.case_id: changed})
    return world


def test_near_expiry_the_ratio_is_the_median_of_five_minutes() -> None:
    world = near_expiry(World(CALM).start())
    for spot in (7000.0, 7002.0, 6999.0, 7001.0):
        world.change(spot=spot)
        world.tick(20)
    calm = world.case.edr
    assert calm is not None
    assert len(world.case.ratios) == 4
    world.change(spot=6900.0)
    world.tick(20)
    wild = max(ratio for _, ratio in world.case.ratios)
    assert wild > 1.15 * calm
    assert world.case.edr == pytest.approx(calm, rel=0.05)


def test_what_was_read_more_than_five_minutes_ago_is_forgotten() -> None:
    world = near_expiry(World(CALM).start())
    world.run(900, every=20)
    assert len(world.case.ratios) <= 15
    world.change(spot=6900.0)
    world.run(400, every=20)
    read = sorted(ratio for _, ratio in world.case.ratios)
    assert world.case.edr == pytest.approx(read[len(read) // 2], rel=0.01)


def test_far_from_expiry_the_ratio_is_the_reading() -> None:
    world = World(CALM).start()
    world.run(60)
    assert world.case.ratios == ()


# --------------------------------------------------------------------- butterflies ---


def fly(world: World) -> World:
    """Give the case the shape of an iron butterfly, released by a person."""
    case = world.case
    kind = type(case.condor.kind)("IRON_FLY")
    changed = replace(case, condor=replace(case.condor, kind=kind))
    world.state = replace(world.state, cases={case.case_id: changed})
    return world


def rules_with(*, exempt: bool) -> World:
    params = Params(edr=EdrParams(exempt=exempt))
    return World(Market(), rules=replace(RULES, params=params))


def test_a_butterfly_has_no_ratio_and_is_left_to_a_person() -> None:
    world = fly(rules_with(exempt=True).start())
    world.run(300)
    assert world.is_at(Phase.MONITOR)
    assert world.case.edr == 0.0
    assert "butterfly" in world.case.standing
    assert world.alerts("breach") == []


def test_without_the_exemption_it_has_one() -> None:
    world = fly(rules_with(exempt=False).start())
    world.run(60)
    found = evaluate(Turn(world.state, world.rules, world.now), world.case)
    assert not isinstance(found, str)
    assert found.edr.value == pytest.approx(0.9423, abs=2e-3)
    assert world.phase is not Phase.MONITOR


def test_a_release_does_not_make_it_a_condor() -> None:
    world = fly(rules_with(exempt=True).start())
    world.tell(OperatorReleased(at=world.now, case=""))
    world.run(300)
    assert world.is_at(Phase.MONITOR)
