"""The second layer: when it is bought, of what, and that it is in nobody's way."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Layer, Order, Purpose
from alvh_trader.engine.command import CancelOrder, RequestBars
from alvh_trader.engine.evaluation import evaluate, snapshot
from alvh_trader.engine.layers import ASIDE
from alvh_trader.engine.proof import hedge_proof
from alvh_trader.engine.state import Longer, Rules, State
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.layer2 import Layer2Limits
from alvh_trader.strategy.params import Layer2Params
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.worked_market import CALM, LONGER, Market


def rules(*, rsi: float = 99.0, leave: float = 99.5, **layer2: Any) -> Rules:
    """Return the rules with a flag that is up (RSI below 99) unless said otherwise."""
    signals = replace(
        RULES.params.signals, layer2=Layer2Limits(rsi=rsi, rsi_leave=leave)
    )
    asked = Layer2Params(**{"adds_only": False, **layer2})
    params = replace(RULES.params, signals=signals, layer2=asked)
    return replace(RULES, params=params)


def world(market: Market = CALM, **changes: Any) -> World:
    made = World(market, rules=rules(**changes))
    made.more = (LONGER,)
    return made.start()


def longer(seen: World) -> list[Order]:
    return [o for o in seen.placed(Purpose.HEDGE) if o.layer is Layer.L2]


def test_a_weak_rsi_buys_longer_calls_once_a_day_within_one_per_cent() -> None:
    seen = world()
    seen.run(900)
    (order,) = longer(seen)
    (leg,) = order.legs
    assert isinstance(leg.instrument, Option)
    assert (leg.instrument.trading_class, leg.instrument.last_trade) == LONGER
    spent = seen.case.layer2_spent
    assert 0 < spent <= 0.01 * 50_000
    (lot,) = seen.state.lots.values()
    assert (lot.layer, lot.case) == (Layer.L2, seen.case.case_id)
    assert seen.case.layer2_quarter == date(2026, 4, 1)


def test_the_quarter_has_one_budget() -> None:
    seen = world()
    for day in (0, 1, 5, 6, 7):
        seen.now = datetime(2026, 5, 21, 15, 0, tzinfo=UTC) + timedelta(days=day)
        seen.broker.begin_day(new_york_date(seen.now))
        seen.run(600)
    assert seen.case.layer2_spent <= 0.01 * 50_000


@pytest.mark.parametrize(
    "changes",
    [{"rsi": 1.0, "leave": 1.5}, {"enabled": False}, {"tenors": (200.0,)}],
    ids=["flag down", "switched off", "no series"],
)
def test_nothing_is_bought_uncalled_for(changes: dict[str, Any]) -> None:
    seen = world(**changes)
    seen.run(900)
    assert longer(seen) == []


def test_by_default_it_adds_to_a_first_layer_and_buys_nothing_alone() -> None:
    calm = world(adds_only=True)
    calm.run(900)
    assert calm.placed(Purpose.HEDGE) == []
    stressed = world(Market(), adds_only=True)
    stressed.until(Phase.COOLDOWN)
    first, *_ = stressed.placed(Purpose.HEDGE)
    assert first.layer is not Layer.L2
    stressed.run(900)
    assert len(longer(stressed)) == 1


def test_a_flag_that_is_not_known_is_off_and_told_once_a_day() -> None:
    seen = World(CALM, rules=rules(), line=())
    seen.more = (LONGER,)
    seen.withheld.add(RequestBars)
    seen.start().run(900)
    assert seen.state.signals.layer2 is None
    assert longer(seen) == []
    assert len(seen.alerts("layer2_unknown")) == 1


def test_it_is_no_hedge_of_step_three_but_its_vega_counts() -> None:
    seen = world()
    seen.run(900)
    turn = Turn(seen.state, seen.rules, seen.now)
    reading = evaluate(turn, seen.case)
    assert not isinstance(reading, str)
    found = snapshot(turn, seen.case, reading)
    assert found is not None
    assert hedge_proof(turn, seen.case).filled == 0
    assert found.hedge.veq > 0
    assert found.hedge.theta < 0
    assert (found.hedge.delta, found.hedge.gamma) == (0.0, 0.0)


def test_beyond_sixty_days_not_even_its_vega_counts() -> None:
    seen = world(counted_dte=33)
    seen.run(900)
    turn = Turn(seen.state, seen.rules, seen.now)
    reading = evaluate(turn, seen.case)
    assert not isinstance(reading, str)
    found = snapshot(turn, seen.case, reading)
    assert found is not None
    assert found.hedge.veq == 0.0
    assert found.hedge.theta < 0


def test_it_is_cancelled_when_its_case_must_hedge() -> None:
    seen = world()
    seen.fills = False
    while not longer(seen):
        seen.tick()
    (order,) = longer(seen)
    case = replace(seen.case, phase=Phase.HEDGE_PLAN, since=seen.now)
    seen.state = replace(seen.state, cases={case.case_id: case})
    seen.run(70)
    assert CancelOrder(ref=order.ref) in seen.commands


def test_a_case_on_its_way_is_hedged_by_step_three_alone() -> None:
    seen = World(rules=rules())
    seen.more = (LONGER,)
    seen.start().until(Phase.COOLDOWN)
    for decision in seen.decisions:
        if decision.trigger == "layer 2 is bought":
            assert decision.before in ASIDE
    first = [o for o in seen.placed(Purpose.HEDGE) if o.layer is not Layer.L2]
    assert [o.quantity for o in first] == [7]


def test_what_was_set_aside_pays_first() -> None:
    seen = world()
    seen.state = replace(seen.state, l2_fund=100.0)
    seen.run(900)
    assert seen.case.layer2_spent > 100.0
    assert seen.state.l2_fund == 0.0


def with_history(state: State, sigma: float) -> State:
    """Return the state with twenty sessions of prices of the longer call."""
    days = [date(2026, 4, 1) + timedelta(days=i) for i in range(20)]
    return replace(state, longer=Longer(sigmas=tuple((d, sigma) for d in days)))


def test_profit_waits_for_a_discount() -> None:
    """The flag is down, a fund is there: contango, VVIX and the bleed are not known."""
    seen = world(rsi=1.0, leave=1.5)
    seen.state = replace(with_history(seen.state, 9.9), l2_fund=400.0)
    seen.run(900)
    assert longer(seen) == []
    assert seen.state.l2_fund == 400.0


def test_the_price_of_the_longer_call_is_noted_once_a_session() -> None:
    seen = world(rsi=1.0, leave=1.5)
    seen.now = datetime(2026, 5, 21, 18, 58, tzinfo=UTC)
    seen.run(600)
    ((day, sigma),) = seen.state.longer.sigmas
    assert day == date(2026, 5, 21)
    assert sigma == pytest.approx(1.15, abs=0.05)


def test_the_state_with_layers_survives_the_journal() -> None:
    seen = world()
    seen.run(300)
    before = seen.state.lots
    seen.restart()
    assert seen.state.lots == before
    assert json.dumps(sorted(before)) != "[]"
