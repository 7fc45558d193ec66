"""Steps 1 and 2: what arms, what confirms, and what skips a confirmation."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from alvh_trader.domain.instrument import Right
from alvh_trader.domain.order import Purpose
from alvh_trader.engine.command import RequestBars
from alvh_trader.signals.edr import delta_ratio
from alvh_trader.strategy.params import BreakEvenParams
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.worked_market import APPROACH, CALM, Market

RISING_LINE = (*(-200 for _ in range(40)), *(400 for _ in range(12)))
RALLY = Market(spot=7660.0, vix=13.8, vix_forward=14.4, vix_sigma=0.9, net=1200)
"""The call side is tested (alvh.md §2.5)."""


def unaligned(market: Market | None = None) -> World:
    world = World(market)
    world.is_aligned = False
    return world.start()


def test_in_a_calm_market_nothing_is_asked_for_but_what_is_looked_at() -> None:
    world = World(CALM).start()
    world.run(3600, every=20)
    assert world.is_at(Phase.MONITOR)
    assert world.broker.received == []
    assert world.criticals() == []


def test_an_approach_without_momentum_arms_and_waits() -> None:
    world = unaligned(APPROACH)
    world.run(3600)
    assert world.path == ("RECONCILE", "MONITOR", "ARMED")
    assert world.broker.received == []
    assert len(world.alerts("arm")) == 1
    assert world.criticals() == []


def test_a_ratio_below_a_level_says_which_vix_and_which_delta_would_reach_it() -> None:
    world = unaligned(APPROACH)
    world.run(600)
    stood = next(d for d in world.decisions if d.trigger == "approach without momentum")
    ratio = stood.findings[0]
    vix, delta = (float(n) for n in re.findall(r"\d+\.\d+", ratio.mend))
    seen = float(re.findall(r"delta (\d+\.\d+)", ratio.value)[0])
    # What is printed is rounded to four digits.
    assert delta_ratio(vix, seen, None).value == pytest.approx(0.94, abs=5e-4)
    assert delta_ratio(APPROACH.vix, delta, None).value == pytest.approx(0.94, abs=7e-4)
    assert ratio.value.startswith("0.8")


def test_an_armed_case_is_clear_after_a_quarter_of_an_hour_below_the_exit() -> None:
    world = unaligned(APPROACH).until(Phase.ARMED)
    world.market = CALM
    world.run(14 * 60)
    assert world.is_at(Phase.ARMED)
    world.run(120)
    assert world.is_at(Phase.MONITOR)


def test_an_approach_with_momentum_is_hedged_and_not_rolled() -> None:
    world = World(APPROACH).start().until(Phase.HOLD_HEDGED)
    assert "CONFIRM" not in world.path
    assert world.case.reason == "APPROACH"
    world.run(1800)
    assert world.placed(Purpose.HEDGE)
    assert world.placed(Purpose.ROLL) == []


def test_an_approach_that_becomes_a_breach_is_rolled() -> None:
    world = World(APPROACH).start().until(Phase.HOLD_HEDGED)
    world.market = Market()
    world.until(Phase.ROLL_WORKING)
    assert world.case.reason == "EDR_BREACH"


def test_a_breach_without_momentum_for_half_an_hour_buys_the_floor() -> None:
    world = unaligned().until(Phase.CONFIRM)
    since = world.now
    world.until(Phase.HEDGE_WORKING, within=2000)
    assert timedelta(minutes=30) <= world.now - since <= timedelta(minutes=31)
    (bought,) = world.placed(Purpose.HEDGE)
    assert bought.quantity == 4
    world.run(3600)
    assert world.placed(Purpose.ROLL) == []


def test_the_red_level_waits_for_no_momentum() -> None:
    world = unaligned(Market(spot=6800.0, vix=22.0, vix_forward=21.8, vix_sigma=1.18))
    world.until(Phase.HEDGE_WORKING, within=120)
    triggers = {d.trigger for d in world.decisions if d.moved}
    assert "RED" in triggers
    assert "ALIGNED" not in triggers
    assert world.case.edr == pytest.approx(1.1732, abs=5e-4)


def test_without_bars_momentum_is_unknown_and_not_aligned() -> None:
    world = World()
    world.withheld.add(RequestBars)
    world.start().run(900)
    assert world.is_at(Phase.CONFIRM)
    world.answer(RequestBars)
    world.tick()
    assert world.is_at(Phase.HEDGE_PLAN)


def test_a_break_even_that_a_spike_does_not_reach_is_tested_again_later() -> None:
    far = BreakEvenParams(gate=0.5, vix_rise=0.01, vix_rise_least=0.1)
    params = replace(RULES.params, break_even=far)
    world = World(rules=replace(RULES, params=params)).start()
    world.run(1200)
    assert world.broker.received == []
    failed = [d.at for d in world.decisions if d.trigger == "GATE_FAILED"]
    assert len(failed) >= 3
    pauses = {b - a for a, b in pairwise(failed)}
    assert min(pauses) >= timedelta(minutes=5)


def test_the_call_side_is_hedged_by_the_floor_alone() -> None:
    world = World(RALLY, line=RISING_LINE)
    world.is_aligned = False  # These bars rise, which confirms a tested call.
    world.start().until(Phase.STABILISE)
    assert world.case.tracker.accepted is not None
    assert world.case.edr is not None
    assert world.case.edr >= 0.94
    (bought,) = world.placed(Purpose.HEDGE)
    spent = sum(lot.cost for lot in world.state.lots.values())
    assert 0.01 * 50_000 <= spent <= 0.012 * 50_000 + 100
    world.tick()
    assert world.case.snapshots[-1].tested is Right.CALL
    world.run(120)
    assert "BREADTH" in world.path
    assert bought.quantity >= 1


def test_clear_again_before_confirmation_leads_back_to_monitor() -> None:
    world = unaligned().until(Phase.CONFIRM)
    world.market = CALM
    world.until(Phase.MONITOR, within=1200)
    assert world.broker.received == []
    assert world.case.reason is None


def test_a_breach_is_told_once_and_again_only_after_it_was_clear() -> None:
    world = unaligned().until(Phase.CONFIRM)
    world.run(600)
    assert len(world.alerts("breach")) == 1
    world.market = CALM
    world.until(Phase.MONITOR, within=1200)
    world.market = Market()
    world.until(Phase.CONFIRM)
    assert len(world.alerts("breach")) == 2
