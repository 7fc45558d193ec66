"""Time and market: days begin, breadth is recorded, blindness is said."""

from datetime import UTC, datetime, timedelta

import pytest

from alvh_trader.domain.market import Breadth, Quote
from alvh_trader.engine.command import RequestBars
from alvh_trader.engine.event import BreadthSeeded, MarketUpdated, RequestFailed
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.worked_market import CALM, SPX, STRESSED_LINE, VIX, VIX9D

CLOSE = datetime(2026, 5, 21, 20, 0, tzinfo=UTC)


def counted(world: World, at: datetime, net: int = -1200, total: int = 2900) -> None:
    """Tell the exchange's counts."""
    half = total // 2
    counts = Breadth(at, half + net // 2, half - net // 2, 100)
    world.tell(MarketUpdated(at=at, breadth=counts))


def test_the_days_net_advances_join_the_line_once_at_the_close() -> None:
    world = World(CALM).start()
    world.run(20)
    counted(world, CLOSE - timedelta(seconds=1))
    assert world.state.net_advances == STRESSED_LINE
    counted(world, CLOSE)
    assert world.state.net_advances == (*STRESSED_LINE, -1200)
    counted(world, CLOSE + timedelta(minutes=1), net=-1000)
    assert world.state.net_advances == (*STRESSED_LINE, -1200)


def test_counts_that_cannot_be_the_exchanges_are_passed_over() -> None:
    world = World(CALM).start()
    world.run(20)
    before = world.state.breadth
    counted(world, world.now, total=300)
    assert world.state.breadth == before


def test_a_line_that_is_known_is_not_seeded_again() -> None:
    world = World(CALM).start()
    world.tell(BreadthSeeded(at=world.now, net_advances=(1, 2, 3)))
    assert world.state.net_advances == STRESSED_LINE


def test_a_new_session_asks_for_its_own_bars_and_lists() -> None:
    world = World(CALM).start()
    world.run(60)
    assert set(world.state.bars) == {"SPX", "VIX"}
    asked = sum(isinstance(c, RequestBars) for c in world.commands)
    world.now += timedelta(days=1)
    world.broker.begin_day(world.now.date())
    world.run(120, every=20)
    assert sum(isinstance(c, RequestBars) for c in world.commands) == asked + 2
    assert world.state.sessions == 2


def test_a_weekend_is_no_new_session() -> None:
    world = World(CALM).start()
    world.run(20)
    day = world.state.day
    world.now = datetime(2026, 5, 23, 15, 0, tzinfo=UTC)
    world.run(60)
    assert world.state.day == day
    assert world.state.sessions == 1


def test_two_minutes_without_a_ratio_degrade_the_case_and_are_told() -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    world.run(40)
    world.mute = {SPX.con_id}
    world.run(120, every=20)
    assert world.is_at(Phase.MONITOR)
    world.run(60, every=20)
    assert world.is_at(Phase.DEGRADED)
    assert world.criticals() == ["market_unseen", "blind"]


def test_after_a_minute_of_good_data_a_blind_case_is_reconciled() -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    world.mute = {SPX.con_id}
    world.until(Phase.DEGRADED)
    world.mute = set()
    since = world.now
    world.until(Phase.RECONCILE, within=120)
    assert world.now - since >= timedelta(seconds=60)
    world.until(Phase.MONITOR, within=60)


@pytest.mark.parametrize("mute", [{VIX.con_id}, {VIX.con_id, VIX9D.con_id}])
def test_vix9d_or_the_options_stand_in_for_a_silent_vix(mute: set[int]) -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    world.run(40)
    before = world.case.edr
    world.mute = mute
    world.run(600)
    assert world.is_at(Phase.MONITOR)
    assert world.case.edr == pytest.approx(before, abs=0.02)


@pytest.mark.covers("F87")
def test_a_lone_bad_tick_is_not_believed() -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    world.run(60)
    world.now += timedelta(seconds=20)
    wild = {**world.look().quotes, VIX.con_id: Quote(world.now, last=95.0)}
    world.tell(MarketUpdated(at=world.now, quotes=wild))
    assert world.case.edr is not None
    assert world.case.edr > 2
    assert world.is_at(Phase.MONITOR)
    world.run(300)
    assert world.is_at(Phase.MONITOR)
    assert world.criticals() == []


def test_the_regime_follows_the_median_and_not_one_print() -> None:
    world = World(CALM).start()
    world.run(400)
    world.change(vix=40.0)
    world.tick()
    before = world.state.regime
    world.run(400)
    assert (before, world.state.regime) == (Regime.TRANSITION, Regime.CRISIS)


def test_a_question_that_failed_is_told_and_asked_again() -> None:
    world = World(CALM)
    world.withheld.add(RequestBars)
    world.start().run(30)
    asked = sum(isinstance(c, RequestBars) for c in world.commands)
    world.open.clear()
    world.tell(RequestFailed(at=world.now, request="bars SPX", reason="no permission"))
    assert len(world.alerts("request_failed")) == 1
    world.run(130)
    assert sum(isinstance(c, RequestBars) for c in world.commands) > asked


def test_nothing_is_looked_at_while_there_is_no_session() -> None:
    world = World().start()
    world.run(20)
    world.disconnect()
    before = len(world.commands)
    world.run(600)
    assert len(world.commands) == before
