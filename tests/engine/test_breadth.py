"""Step 4: only broad stress, the red level, or a person lets a roll go on."""

from datetime import timedelta
from math import exp

import pytest

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.inputs import Constituent, Constituents, Inputs
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.case import Ask
from alvh_trader.engine.event import InputsRead
from alvh_trader.strategy.phase import Phase
from tests.playbook import START, World
from tests.worked_market import ROTATING_LINE, STRESSED_LINE, Market, calendar


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


def companies(moves: list[float]) -> Constituents:
    """Return companies whose prices moved so much (log) in five sessions."""
    days = calendar().last(new_york_date(START), 6)
    members = tuple(
        Constituent(
            symbol=f"N{n}",
            shares=1e9,
            cash_flow=10.0,
            closes=tuple((d, 100.0 * exp(move * i / 5)) for i, d in enumerate(days)),
        )
        for n, move in enumerate(moves)
    )
    return Constituents(members=members, as_of=days[-1])


def with_companies(moves: list[float]) -> World:
    world = World()
    given = Inputs(constituents=companies(moves))
    world.tell(InputsRead(at=world.now, inputs=given))
    return world


def values(world: World) -> dict[str, str]:
    return {f.what: f.value for d in world.decisions for f in d.findings}


def test_companies_that_fall_together_confirm_stress() -> None:
    world = with_companies([-0.02 - 0.001 * n for n in range(20)])
    world.start().until(Phase.ROLL_PLAN)
    assert values(world)["companies whose P/CF fell in five days"] == "100%"
    assert values(world)["verdict"] == "BROAD_STRESS"


def test_companies_that_scatter_make_it_rotation() -> None:
    world = with_companies([0.06 if n % 2 else -0.062 for n in range(20)])
    assert held(world)
    assert values(world)["verdict"] == "SECTOR_ROTATION"


def test_companies_of_which_too_few_fall_leave_it_unknown() -> None:
    world = with_companies([-0.05] * 13 + [0.03] * 7)
    assert held(world)
    assert values(world)["verdict"] == "UNKNOWN"


def test_without_companies_a_finding_warns() -> None:
    world = World().start().until(Phase.ROLL_PLAN)
    bounds = {f.what: f.bound for d in world.decisions for f in d.findings}
    assert "a warning" in bounds["P/CF of constituents"]
