"""What hedges may cost: by case, by year, and by what the shares are of."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.instrument import Future
from alvh_trader.domain.order import Layer, Leg, Purpose
from alvh_trader.engine.budget import base_of, spent_on, year_left
from alvh_trader.engine.hedging import layer_of
from alvh_trader.engine.lots import net_cost_of_year
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.params import HedgeKind, HedgeParams, NotionalBase, Params
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.strategy.worked import T2

MINI = Future(901, "VIX", "VXM", date(2026, 6, 17), date(2026, 6, 16), 100)


def turn_of(world: World) -> Turn:
    return Turn(world.state, world.rules, world.now)


def test_a_year_at_its_cap_buys_the_floor_and_tells_a_person() -> None:
    world = World().start().until(Phase.HEDGE_PLAN)
    world.state = replace(
        world.state, hedge_flows=((T2 - timedelta(days=30), -17_999.0),)
    )
    world.until(Phase.HEDGE_WORKING)
    (order,) = world.placed(Purpose.HEDGE)
    assert order.quantity == 4
    assert len(world.alerts("hedge_year")) == 1


def test_what_is_older_than_a_year_is_forgotten() -> None:
    world = World().start()
    world.tick()
    old = (T2 - timedelta(days=365), -10_000.0)
    world.state = replace(world.state, hedge_flows=(old, (T2, -100.0)))
    assert net_cost_of_year(world.state) == 100.0
    assert year_left(turn_of(world)) == pytest.approx(0.02 * 900_000 - 100)


@pytest.mark.parametrize(
    ("base", "usd"),
    [
        (NotionalBase.DEFINED_RISK, 50_000.0),
        (NotionalBase.ENGINE_NLV, 900_000.0),
        (NotionalBase.DEPLOYED_CAPITAL, 900_000.0),
    ],
)
def test_the_shares_are_of_what_the_operator_says(
    base: NotionalBase, usd: float
) -> None:
    world = World().start()
    params = replace(RULES.params, hedge=HedgeParams(notional_base=base))
    world.rules = replace(RULES, params=params)
    assert base_of(turn_of(world), world.case) == pytest.approx(usd)


def test_a_young_condor_is_in_layer_one_and_one_of_unknown_age_is_not() -> None:
    world = World().start()
    young = replace(world.case, is_age_known=True, opened=world.now)
    turn = turn_of(world)
    assert layer_of(turn, young) is Layer.L1
    assert layer_of(turn, replace(young, is_age_known=False)) is Layer.L1X
    edge = replace(young, opened=world.now - timedelta(days=21))
    assert layer_of(turn, edge) is Layer.L1
    old = replace(young, opened=world.now - timedelta(days=21, seconds=1))
    assert layer_of(turn, old) is Layer.L1X


def with_futures(*, fills: bool = True) -> World:
    hedge = HedgeParams(instruments=(HedgeKind.VXM_FUT,), future_stop=2.0)
    params: Params = replace(RULES.params, hedge=hedge)
    world = World(rules=replace(RULES, params=params), fills=fills).start()
    world.tick()
    world.state = replace(world.state, futures={"VIX": (MINI,)})
    return world


def test_a_mini_future_hedges_where_the_operator_lists_it() -> None:
    world = with_futures().until(Phase.STABILISE)
    (order,) = world.placed(Purpose.HEDGE)
    assert order.legs == (Leg(MINI, 1),)
    assert order.quantity == 5
    (lot,) = world.state.lots.values()
    assert lot.unit_cost == pytest.approx(2105.0)
    assert spent_on([lot], world.rules.params.hedge) == 1000.0
    assert world.state.hedge_spent == 1000.0
    assert net_cost_of_year(world.state) == 0.0


def test_a_future_at_its_stop_is_sold_and_the_loss_is_the_years() -> None:
    world = with_futures().until(Phase.HOLD_HEDGED)
    world.change(vix_forward=18.0)
    world.run(60)
    (order,) = world.placed(Purpose.HEDGE_SELL)
    assert (order.quantity, order.legs) == (5, (Leg(MINI, -1),))
    assert net_cost_of_year(world.state) == pytest.approx(5 * 305.0, abs=10)
