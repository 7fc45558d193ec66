"""Step 4: only broad stress, the red level, or a person lets a roll go on."""

from datetime import timedelta

import pytest

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.case import Ask
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.worked_market import ROTATING_LINE, STRESSED_LINE, Market


def held(world: World, seconds: float = 900) -> bool:
    """Return whether the case is held, hedged, without any roll."""
    world.start().until(Phase.HOLD_HEDGED)
    world.run(seconds)
    return world.placed(Purpose.ROLL) == []


def test_broad_stress_proceeds() -> None:
    world = World().start().until(Phase.ROLL_PLAN)
    verdicts = {
        f.value for d in world.decisions for f in d.findings if f.what == "verdict"
    }
    assert verdicts == {"BROAD_STRESS"}


@pytest.mark.parametrize(
    ("line", "net"),
    [
        (ROTATING_LINE, -1200),  # The line is above its mean.
        (STRESSED_LINE, -200),  # Today is not broad.
        (STRESSED_LINE[-15:], -1200),  # Too short to have a mean.
        ((), -1200),
    ],
)
def test_what_is_not_broad_stress_is_held(line: tuple[int, ...], net: int) -> None:
    assert held(World(Market(net=net), line=line))


def test_counts_older_than_five_minutes_say_nothing() -> None:
    world = World(Market(dark=frozenset({"VIX"}))).start().until(Phase.HOLD_UNHEDGED)
    # The counts stop, and the hedge that lets the case go on comes much later.
    world.change(dark=frozenset({"AD-NYSE"}))
    world.until(Phase.STABILISE)
    counted = world.state.breadth
    assert counted is not None
    assert world.now - counted.at >= timedelta(minutes=5)
    world.until(Phase.HOLD_HEDGED)
    assert any(
        d.before == "BREADTH" and d.trigger == "UNKNOWN" for d in world.decisions
    )
    assert world.placed(Purpose.ROLL) == []


def test_a_person_may_allow_a_roll_where_breadth_is_unknown() -> None:
    world = World(Market(dark=frozenset({"AD-NYSE"}))).start()
    world.until(Phase.HOLD_HEDGED)
    (asked,) = world.alerts("ack_wanted")
    assert f"alvh-trader ack {world.case.case_id}" in asked.text
    world.acknowledge()
    world.until(Phase.COOLDOWN, within=200)


def test_a_person_does_not_turn_rotation_into_stress() -> None:
    world = World(Market(net=100), line=ROTATING_LINE).start()
    world.until(Phase.HOLD_HEDGED)
    assert world.case.asks is None
    world.acknowledge(Ask.BREADTH)
    assert world.alerts("ack_unasked")
    world.run(1200)
    assert world.placed(Purpose.ROLL) == []


def test_unknown_breadth_does_not_stop_a_roll_in_the_red() -> None:
    red = Market(
        spot=6800.0,
        vix=22.0,
        vix_forward=21.8,
        vix_sigma=1.18,
        dark=frozenset({"AD-NYSE"}),
    )
    world = World(red).start().until(Phase.HOLD_HEDGED, within=900)
    assert "ROLL_PLAN" in world.path


def test_rotation_is_looked_at_again_every_five_minutes() -> None:
    world = World(Market(net=100), line=ROTATING_LINE).start()
    world.until(Phase.HOLD_HEDGED)
    before = world.path.count("BREADTH")
    world.run(1500)
    assert world.path.count("BREADTH") - before in {4, 5}
