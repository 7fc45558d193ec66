"""The capital of both engines as the engine sees it, and what a roll makes of it."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.inputs import Facilities, Inputs, MacroSeries
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.event import InputsRead
from alvh_trader.engine.funding import (
    cost_of,
    funding_of,
    largest_delta,
    risk_free,
)
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.phase import Phase
from tests.capital.worked import AT, FACILITIES, REIT, VAULT
from tests.playbook import World


def told(facilities: Facilities | None, macro: dict[str, float] | None = None) -> World:
    """Return a started world whose operator has stated facilities and a bill rate."""
    world = World()
    bills = {
        name: MacroSeries(id=name, points=((date(2026, 5, 18), rate),))
        for name, rate in (macro or {}).items()
    }
    inputs = Inputs(facilities=facilities, macro=bills)
    world.tell(InputsRead(at=world.now, inputs=inputs))
    return world.start()


def turn_of(world: World) -> Turn:
    return Turn(world.state, world.rules, world.now)


def as_old(hours: float) -> Facilities:
    then = AT - timedelta(hours=hours)
    lines = tuple(replace(f, as_of=then) for f in FACILITIES.facilities)
    assert FACILITIES.treasury is not None
    treasury = replace(FACILITIES.treasury, as_of=then)
    return replace(FACILITIES, facilities=lines, treasury=treasury)


def test_both_engines_carry_the_losses_while_their_statements_are_fresh() -> None:
    found = funding_of(turn_of(told(FACILITIES)))
    assert found is not None
    assert (found.equity, found.deployed, found.shock) == (900_000, 1_050_000, 1_700)
    stale = funding_of(turn_of(told(as_old(25))))
    assert stale is not None
    assert (stale.deployed, stale.value, stale.shock) == (900_000, 1_000_000, 1_700)


def test_stale_facilities_lend_nothing_and_a_roll_is_still_possible() -> None:
    world = told(as_old(25)).until(Phase.COOLDOWN)
    assert world.placed(Purpose.ROLL)
    found = funding_of(turn_of(world))
    assert found is not None
    assert found.available == 0


def test_a_roll_costs_the_shock_of_the_outside_capital_too() -> None:
    def drawdown(facilities: Facilities | None) -> float:
        world = told(facilities)
        while world.case.roll is None:
            world.tick()
        return world.case.roll.drawdown

    alone = drawdown(None)
    # The same losses, and 1 700 USD of haircuts, over the account alone.
    assert drawdown(as_old(25)) == pytest.approx(alone + 1_700 / 900_000, abs=2e-5)


def test_dear_capital_keeps_a_roll_back() -> None:
    dear = tuple(
        replace(f, apr=29.0, mev_gas=0.5, drawn=9_000_000.0) for f in (VAULT, REIT)
    )
    world = told(Facilities(facilities=dear)).until(Phase.HOLD_HEDGED)
    assert world.placed(Purpose.ROLL) == []
    findings = [f for d in world.decisions for f in d.findings if not f.holds]
    assert any(f.what.startswith("5 expected return") for f in findings)


def test_a_roll_is_charged_with_the_delta_of_the_whole_book_where_that_is_more() -> (
    None
):
    world = told(None)
    turn = turn_of(world)
    assert largest_delta(turn, -5.0) == -5.0
    world.run(120)
    turn, view = turn_of(world), world.state.capital
    assert view is not None
    assert view.delta is not None
    assert view.delta > 1.0
    assert largest_delta(turn, -1.0) == view.delta
    assert largest_delta(turn, -1e6) == -1e6


def test_the_bill_rate_serves_for_ten_days() -> None:
    world = told(None, {"DTB3": 3.75})
    turn = turn_of(world)
    assert risk_free(turn) == 3.75
    cost = cost_of(turn, 0.0, 6860.0)
    assert cost is not None
    assert cost.wacc == 3.75
    turn.at += timedelta(days=11)
    assert risk_free(turn) is None
    cost = cost_of(turn, 0.0, 6860.0)
    assert cost is not None
    assert cost.wacc == 4.0
