"""Step 5: windows, sides, splits, the check afterwards, and the pause."""

from datetime import UTC, datetime, time, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.inputs import FomcCalendar, Inputs
from alvh_trader.domain.instrument import Right
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    PreviewMargin,
    RepriceOrder,
    RequestReport,
    Severity,
)
from alvh_trader.engine.event import (
    InputsRead,
    MarginPreviewed,
    OrderFilled,
    OrderUpdated,
)
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import about_to_roll, rolling
from tests.playbook import World
from tests.worked_market import CALM


def rolls(world: World) -> list[Order]:
    return world.placed(Purpose.ROLL)


# ------------------------------------------------------------ windows -----


@pytest.mark.parametrize("clock", [time(9, 35), time(15, 46)])
def test_outside_the_roll_window_a_hedge_is_bought_and_held(clock: time) -> None:
    world = World()
    world.now = datetime.combine(world.now.date(), clock, NEW_YORK).astimezone(UTC)
    world.start().run(480)
    assert world.placed(Purpose.HEDGE)
    assert rolls(world) == []
    assert any(
        f.what == "time" for d in world.decisions for f in d.findings if not f.holds
    )


def _released(world: World, *at: datetime) -> World:
    calendar = FomcCalendar(meetings=(), as_of=world.now.date(), releases=at)
    world.tell(InputsRead(at=world.now, inputs=Inputs(fomc=calendar)))
    return world


def test_near_a_scheduled_release_nothing_is_rolled_and_hedging_goes_on() -> None:
    world = World()
    release = world.now + timedelta(minutes=6)
    _released(world, release).start()
    while world.now <= release + timedelta(minutes=5):
        assert rolls(world) == []
        world.tick()
    assert world.placed(Purpose.HEDGE)
    world.until(Phase.COOLDOWN, within=1200)


def test_a_release_that_comes_near_takes_a_working_roll_off_the_book() -> None:
    world = rolling()
    (order,) = rolls(world)
    _released(world, world.now + timedelta(minutes=4))
    world.tick()
    assert CancelOrder(ref=order.ref) in world.commands
    world.until(Phase.HOLD_HEDGED, within=60)


def test_a_roll_stops_with_its_window_and_what_has_moved_is_split() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.now = datetime.combine(world.now.date(), time(15, 45), NEW_YORK).astimezone(
        UTC
    )
    world.run(30)
    sent = len(rolls(world))
    world.fills = True
    world.run(600)
    assert world.is_at(Phase.SPLIT_HOLD)
    assert len(rolls(world)) == sent


def test_after_the_close_nothing_is_decided() -> None:
    world = World()
    world.now = datetime(2026, 5, 21, 20, 30, tzinfo=UTC)
    world.start().run(3600)
    assert world.is_at(Phase.RECONCILE)
    assert world.broker.received == []


# -------------------------------------------------------------- sides -----


def test_the_tested_side_goes_first_and_the_other_waits_for_it() -> None:
    world = rolling()
    world.run(20)
    (first,) = rolls(world)
    rights = {leg.instrument.right for leg in first.legs}  # type: ignore[union-attr]
    assert rights == {Right.PUT}
    world.fill(first.ref)
    world.run(30)
    assert len(rolls(world)) == 2


def test_a_side_concedes_three_times_and_is_cancelled_after_three_minutes() -> None:
    world = rolling()
    (order,) = rolls(world)
    start = world.now
    world.until(Phase.HOLD_HEDGED, within=300)
    prices = [
        c.approved.order.limit for c in world.commands if isinstance(c, RepriceOrder)
    ]
    assert prices == sorted(prices)
    assert len(prices) == 3
    assert float(prices[-1] - order.limit) == pytest.approx(0.30)
    assert CancelOrder(ref=order.ref) in world.commands
    assert timedelta(seconds=170) <= world.now - start <= timedelta(seconds=200)
    assert world.case.is_whole()


def test_every_new_limit_of_a_roll_has_a_permit_of_its_own() -> None:
    world = rolling()
    world.run(170)
    permits = [c.approved.permit for c in world.commands if isinstance(c, RepriceOrder)]
    issued = [p.issued for p in permits if p is not None]
    assert len(issued) == len(permits) == len(set(issued)) == 3


def test_one_side_rolled_and_the_other_not_is_split_and_told() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.until(Phase.SPLIT_HOLD, within=400)
    (alert,) = world.alerts("split")
    assert alert.severity is Severity.CRITICAL
    assert world.case.rolled_sides == 1
    assert {leg.option.expiry for leg in world.case.legs} == {
        world.case.condor.put.short.expiry if world.case.condor.put else None,
        world.case.condor.call.short.expiry if world.case.condor.call else None,
    }


def test_a_split_is_finished_when_everything_holds_again() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.until(Phase.SPLIT_HOLD, within=400)
    world.fills = True
    world.until(Phase.COOLDOWN, within=900)
    assert world.case.is_whole()
    assert len({leg.option.expiry for leg in world.case.legs}) == 1


def test_a_side_filled_in_part_is_finished_by_what_is_left() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref, 4)
    world.until(Phase.SPLIT_HOLD, within=400)
    world.fills = True
    world.until(Phase.COOLDOWN, within=1200)
    assert [o.quantity for o in rolls(world)] == [10, 6, 10]
    assert {abs(leg.quantity) for leg in world.case.legs} == {10}


def test_a_split_that_stays_overnight_is_told_once_before_the_close() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.until(Phase.SPLIT_HOLD, within=400)
    world.withheld.add(PreviewMargin)
    assert world.alerts("split_overnight") == []
    world.now = datetime.combine(
        world.now.date(), time(15, 44, 50), NEW_YORK
    ).astimezone(UTC)
    world.run(600)
    (told,) = world.alerts("split_overnight")
    assert told.severity is Severity.CRITICAL
    assert "the hedge trades until 2026-06-02" in told.text


def test_a_split_in_the_red_is_not_finished() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.until(Phase.SPLIT_HOLD, within=400)
    sent = len(rolls(world))
    world.fills = True
    # Now the calls that are left behind are tested, and in the red.
    world.change(spot=7700.0, vix=24.0)
    world.run(900)
    assert world.is_at(Phase.SPLIT_HOLD)
    assert len(rolls(world)) == sent


def test_while_split_a_lost_hedge_keeps_the_second_side_back() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.until(Phase.SPLIT_HOLD, within=400)
    sent = len(rolls(world))
    (call,) = {leg.instrument for leg in world.placed(Purpose.HEDGE)[0].legs}
    world.broker.hold(call, -world.broker.positions[call.con_id].quantity)
    world.run(60)
    world.fills = True
    world.run(900)
    assert len(rolls(world)) == sent


def give_up(world: World, ref: str) -> None:
    """Let time pass until we want an order cancelled; the broker is slow with it."""
    world.withheld.add(CancelOrder)
    while not any(isinstance(c, CancelOrder) and c.ref == ref for c in world.commands):
        world.tick()


def test_a_second_side_that_fills_after_all_ends_the_split() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    while len(rolls(world)) < 2:
        world.tick()
    ref = rolls(world)[1].ref
    give_up(world, ref)
    late = world.trade(ref)
    ended = replace(world.broker.ended[-1], status="Cancelled", filled=0)
    world.tell(OrderUpdated(at=world.now, report=ended))
    world.withheld.add(RequestReport)
    world.tick()
    assert world.is_at(Phase.SPLIT_HOLD)
    world.tell(*late)
    world.withheld.clear()
    world.answer()
    world.until(Phase.COOLDOWN, within=300)
    assert world.case.is_whole()


def test_a_fill_of_a_roll_that_was_given_up_is_for_a_person() -> None:
    world = rolling()
    ref = rolls(world)[0].ref
    give_up(world, ref)
    late = [e for e in world.trade(ref, 3) if isinstance(e, OrderFilled)]
    report = world.broker.end(ref)
    assert report is not None
    world.tell(OrderUpdated(at=world.now, report=replace(report, filled=0)))
    world.withheld.add(RequestReport)
    world.tick()
    assert world.is_at(Phase.HOLD_HEDGED)
    world.tell(*late)
    world.withheld.clear()
    world.answer()
    world.run(60)
    assert world.is_at(Phase.MANUAL)
    assert "manual" in world.criticals()


def test_a_split_whose_other_side_expired_is_a_vertical() -> None:
    world = rolling()
    world.fill(rolls(world)[0].ref)
    world.until(Phase.SPLIT_HOLD, within=400)
    world.market = CALM
    world.now += timedelta(days=41)  # 2026-07-01, the day after the old expiry.
    world.broker.begin_day(world.now.date())
    world.run(1800, every=30)
    assert not world.is_at(Phase.SPLIT_HOLD)
    assert {leg.quantity for leg in world.case.legs} == {10, -10}
    assert len(world.case.legs) == 2


# -------------------------------------------------------- plan and margin -----


def test_a_what_if_without_an_answer_ends_the_plan_after_two_minutes() -> None:
    world = about_to_roll()
    world.until(Phase.HOLD_HEDGED, within=180)
    assert rolls(world) == []
    assert world.case.roll is None


def test_an_answer_to_another_what_if_is_no_answer() -> None:
    world = about_to_roll()
    world.tell(
        MarginPreviewed(
            at=world.now,
            ref="ALVH-other-ROLL-99",
            initial_margin_change=0.0,
            initial_margin_after=None,
        )
    )
    world.now += timedelta(seconds=10)
    world.tell(world.look())
    assert rolls(world) == []


def test_no_candidate_is_held_and_looked_for_again() -> None:
    world = World().start().until(Phase.STABILISE)
    # Wide markets of SPX options: no leg passes the filter of §6.3.
    world.change(spx_half=5.0)
    world.run(1500)
    assert rolls(world) == []
    assert world.path.count("ROLL_PLAN") >= 2


# ------------------------------------------------------- verify, cooldown -----


def unverified() -> World:
    """Return a world in which a roll has filled and no report answers any more."""
    world = World().start().until(Phase.ROLL_WORKING)
    while len(rolls(world)) < 2:
        world.tick()
    world.withheld.add(RequestReport)
    return world.until(Phase.VERIFY)


def test_a_roll_is_verified_by_a_report_younger_than_its_fills() -> None:
    world = unverified()
    world.run(100)
    assert world.is_at(Phase.VERIFY)
    world.answer(RequestReport)
    world.tick()
    assert world.is_at(Phase.COOLDOWN)
    (told,) = world.alerts("rolled")
    assert "6125/6070/7600/7655" in told.text


def test_a_roll_that_nobody_can_verify_is_for_a_person() -> None:
    world = unverified()
    world.until(Phase.MANUAL, within=200)
    assert "manual" in world.criticals()


def test_positions_that_are_not_the_rolls_are_for_a_person() -> None:
    world = World().start().until(Phase.VERIFY)
    short = next(leg for leg in world.case.legs if leg.quantity < 0)
    world.broker.hold(short.option, 3)
    world.run(100)
    assert world.is_at(Phase.RECONCILE)
    world.adopt()
    world.run(100)
    assert world.is_at(Phase.MANUAL)
    assert rolls(world) == rolls(world)[:2]


def test_the_pause_after_a_roll_lasts_until_the_same_time_of_the_next_session() -> None:
    world = World().start().until(Phase.COOLDOWN)
    rolled = world.now
    world.market = CALM
    world.now = datetime(2026, 5, 22, 13, 30, tzinfo=UTC)
    world.broker.begin_day(world.now.date())
    world.until(Phase.MONITOR, within=7200, every=30)
    assert world.now - rolled == pytest.approx(
        timedelta(days=1), abs=timedelta(minutes=1)
    )
    assert len(world.case.rolled) == 1
    assert world.case.roll is None
