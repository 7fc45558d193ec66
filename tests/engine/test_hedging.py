"""Step 3: what is bought, when it counts, and what is done when it is not to be had."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    ListExpiries,
    PlaceOrder,
    RepriceOrder,
    RequestReport,
)
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge, strikes
from tests.engine.test_session import working_hedge
from tests.playbook import RULES, World
from tests.worked_market import CALM, Market


def test_a_hedge_counts_when_executions_and_positions_show_it() -> None:
    world = working_hedge()
    world.withheld.add(RequestReport)
    world.fill(hedge(world).ref)
    world.run(30)
    assert world.is_at(Phase.HEDGE_WORKING)
    assert world.case.standing == "filled; positions do not show it yet"
    world.answer(RequestReport)
    world.tick()
    assert world.is_at(Phase.STABILISE)


def test_three_snapshots_span_a_minute_before_anything_else() -> None:
    world = World().start().until(Phase.STABILISE)
    since = world.now
    while "BREADTH" not in world.path:
        world.tick()
    assert world.now - since >= timedelta(seconds=60)
    (stable,) = [d for d in world.decisions if d.trigger == "IN_BAND"]
    said = {f.what: f.value for f in stable.findings}
    assert said["snapshots"] == "3"
    assert said["snapshots span"] == "60 s"


def test_a_clear_ratio_takes_an_unfilled_hedge_off_the_book() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    # Fifteen minutes below the exit take longer than the order lives.
    tracker = replace(world.case.tracker, clear_since=world.now - timedelta(minutes=15))
    case = replace(world.case, tracker=tracker)
    world.state = replace(world.state, cases={case.case_id: case})
    world.market = CALM
    world.run(60)
    assert CancelOrder(ref=hedge(world).ref) in world.commands
    assert world.is_at(Phase.MONITOR)
    assert world.broker.working == {}
    assert world.criticals().count("unhedged_breach") == 0


def test_ten_minutes_without_a_fill_are_enough() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    since = world.now
    world.until(Phase.HOLD_UNHEDGED, within=900)
    waited = world.now - since
    assert timedelta(minutes=10) <= waited <= timedelta(minutes=14)
    assert "unhedged_breach" in world.criticals()


@pytest.mark.covers("F86")
def test_a_vix_that_doubles_within_a_minute_is_hedged_once_and_not_chased() -> None:
    """One look is not enough; the limits stay within the spread, attempt by attempt."""
    world = World(CALM, fills=False).start().until(Phase.MONITOR)
    world.run(120)
    world.change(vix=34.0, spot=6860.0, vix_forward=26.0, vix_sigma=1.4, vix_half=0.05)
    jumped = world.now
    world.tick()
    assert world.placed(Purpose.HEDGE) == []
    world.until(Phase.HEDGE_WORKING)
    assert world.now - jumped >= timedelta(seconds=15)
    world.until(Phase.HOLD_UNHEDGED)
    orders = world.placed(Purpose.HEDGE)
    limits = [order.limit for order in orders] + [
        c.approved.order.limit for c in world.commands if isinstance(c, RepriceOrder)
    ]
    assert len({strikes(order)[0] for order in orders}) == 1
    bid, ask = 0.0, 0.0
    for leg in orders[0].legs:
        quote = world.state.quotes[leg.instrument.con_id]
        assert quote.bid is not None
        assert quote.ask is not None
        near, far = (quote.bid, quote.ask)[:: leg.ratio]
        bid, ask = bid + leg.ratio * near, ask + leg.ratio * far
    assert all(bid <= float(limit) <= ask + 0.01 for limit in limits)
    assert len(world.alerts("breach")) == 1
    assert "unhedged_breach" in world.criticals()
    assert world.placed(Purpose.ROLL) == []


@pytest.mark.covers("F86")
def test_while_a_case_wants_a_hedge_no_condor_is_opened() -> None:
    entries = replace(RULES.params.entries, enabled=True, blackout_sessions=0)
    rules = replace(RULES, params=replace(RULES.params, entries=entries))
    market = Market(spot=6750.0, vix=18.0, vix_forward=18.0, dark=frozenset({"VIX"}))
    world = World(market, rules=rules).start().until(Phase.HOLD_UNHEDGED)
    world.run(900)
    said = [d for d in world.decisions if d.case == "entries"]
    assert said[-1].trigger == "no entry: cases that want a hedge"
    assert said[-1].findings[0].value == world.case.case_id
    assert world.placed(Purpose.OPEN) == []


def test_executions_that_no_position_confirms_are_waited_for_ten_minutes() -> None:
    world = working_hedge()
    world.withheld.add(RequestReport)
    world.fill(hedge(world).ref)
    world.run(580)
    assert world.is_at(Phase.HEDGE_WORKING)
    world.run(40)
    assert world.path[-1] == "HOLD_HEDGED"
    assert world.placed(Purpose.ROLL) == []


def test_an_unhedged_breach_is_tried_again_every_ten_minutes_and_told_once() -> None:
    world = World(Market(dark=frozenset({"VIX"}))).start().until(Phase.HOLD_UNHEDGED)
    tries = world.path.count("HEDGE_PLAN")
    world.run(3600)
    assert world.path.count("HEDGE_PLAN") - tries in {5, 6}
    assert len(world.alerts("unhedged_breach")) == 1
    world.change(dark=frozenset())
    world.until(Phase.COOLDOWN, within=1800)


def test_a_hedge_already_held_is_not_bought_again() -> None:
    world = World().start().until(Phase.STABILISE)
    world.disconnect()
    world.now += timedelta(seconds=10)
    world.connect()
    world.run(600)
    assert len(world.placed(Purpose.HEDGE)) == 1


def test_too_little_offset_is_topped_up_within_the_budget() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    world.fill(hedge(world).ref, 6)
    world.until(Phase.STABILISE)
    world.change(vix_forward=19.6)
    world.fills = True
    world.run(300)
    spent = sum(lot.cost for lot in world.state.lots.values())
    assert len(world.placed(Purpose.HEDGE)) >= 2
    assert spent <= 0.02 * 50_000


def test_above_28_only_spreads_are_bought() -> None:
    world = World(Market(vix=29.0, vix_forward=27.0, vix_sigma=1.3)).start()
    world.until(Phase.HEDGE_WORKING, within=900)
    (bought, *_) = world.placed(Purpose.HEDGE)
    (_, low), (_, high) = strikes(bought)
    assert [leg.ratio for leg in bought.legs] == [1, -1]
    assert high - low >= 5


def test_the_days_premium_is_bounded() -> None:
    tight = replace(RULES, limits=Limits(hedge_spend_per_day_max=0.0005))
    world = World(rules=tight).start()
    world.run(900)
    assert world.broker.received == []
    assert world.alerts("order_refused")
    assert "unhedged_breach" in world.criticals()


def test_without_a_list_of_expiries_there_is_no_plan_and_no_guess() -> None:
    world = World()
    world.withheld.add(ListExpiries)
    world.start().run(600)
    assert "HOLD_UNHEDGED" in world.path
    assert not any(isinstance(c, PlaceOrder) for c in world.commands)


def test_clear_again_a_hedged_case_keeps_its_hedge_and_is_watched() -> None:
    world = World(Market(net=100)).start().until(Phase.HOLD_HEDGED)
    world.market = CALM
    world.until(Phase.MONITOR, within=1200)
    assert sum(x.units for x in world.state.lots.values()) == 7
    sold = world.placed(Purpose.HEDGE_SELL)
    assert sold == []
