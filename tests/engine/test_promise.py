"""The promise under faults: whatever goes wrong, no roll leaves (alvh.md §3.3, §12)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.case import Ask
from alvh_trader.engine.command import CancelOrder, PlaceOrder, PreviewMargin
from alvh_trader.engine.event import (
    LinkChanged,
    OperatorHalted,
    OrderFilled,
    OrderNotSent,
    OrderRefused,
)
from alvh_trader.risk.freeze import Freeze
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.strategy.worked import condor
from tests.worked_market import ROTATING_LINE, VIX, VIX9D, Market


def strikes(order: Order) -> list[tuple[int, float]]:
    """Return ratio and strike of each leg."""
    return [
        (leg.ratio, leg.instrument.strike)
        for leg in order.legs
        if isinstance(leg.instrument, Option)
    ]


def about_to_roll() -> World:
    """Return a world in which only the what-if's answer is missing for the roll."""
    world = World().start()
    world.withheld.add(PreviewMargin)
    world.until(Phase.ROLL_PLAN)
    while not any(isinstance(c, PreviewMargin) for c in world.open):
        world.tick()
    assert world.is_at(Phase.ROLL_PLAN)
    assert world.placed(Purpose.ROLL) == []
    return world


def hedge(world: World) -> Order:
    """Return the first hedge order."""
    return world.placed(Purpose.HEDGE)[0]


# ------------------------------------------- the way, with nothing wrong -----


def test_the_worked_example_is_hedged_by_seven_calls_and_then_rolled() -> None:
    world = World().start()
    world.until(Phase.STABILISE)
    assert world.placed(Purpose.ROLL) == []
    (bought,) = world.placed(Purpose.HEDGE)
    assert strikes(bought) == [(1, 22.0)]
    assert (bought.quantity, world.case.needed) == (7, 6)
    world.until(Phase.COOLDOWN)
    puts, calls = world.placed(Purpose.ROLL)
    assert strikes(puts) == [(1, 6400), (-1, 6350), (-1, 6125), (1, 6070)]
    assert strikes(calls) == [(1, 7875), (-1, 7925), (-1, 7600), (1, 7655)]
    assert (puts.quantity, calls.quantity) == (10, 10)
    assert world.case.condor.credit == pytest.approx(5.6264, abs=0.02)


def test_the_roll_is_permitted_by_the_executions_of_the_hedge() -> None:
    world = World().start().until(Phase.COOLDOWN)
    bought = {f.exec_id for f in world.broker.fills if f.ref == hedge(world).ref}
    for command in world.commands:
        if isinstance(command, PlaceOrder) and command.approved.permit is not None:
            permit = command.approved.permit
            assert set(permit.hedge_exec_ids) == bought
            assert permit.expires - permit.issued == timedelta(seconds=60)


def test_one_condor_is_hedged_by_the_next_strike_its_budget_reaches() -> None:
    world = World(held=condor(quantity=1)).start().until(Phase.HEDGE_WORKING)
    (bought,) = world.placed(Purpose.HEDGE)
    assert (bought.quantity, strikes(bought)) == (1, [(1, 24.0)])


# --------------------------------------------------- the hedge is not there -----


@pytest.mark.covers("P26", "V2")
def test_a_submitted_hedge_is_no_hedge() -> None:
    world = World(fills=False).start()
    world.run(3600)
    assert len(world.placed(Purpose.HEDGE)) >= 1
    assert world.placed(Purpose.ROLL) == []
    assert Phase.HOLD_UNHEDGED in world.path


@pytest.mark.covers("F83", "P26")
@pytest.mark.parametrize("units", [1, 5])
def test_a_hedge_filled_in_part_and_stalled_is_held(units: int) -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    world.fill(hedge(world).ref, units)
    world.until(Phase.HOLD_HEDGED)
    world.run(3600)
    assert world.placed(Purpose.ROLL) == []
    assert Phase.STABILISE not in world.path
    assert sum(x.units for x in world.state.lots.values()) == units


def test_the_bare_minimum_filled_is_enough_to_go_on() -> None:
    """The other side of the boundary: six of seven are n_min."""
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    world.fill(hedge(world).ref, 6)
    world.until(Phase.STABILISE, within=60)


def bust(world: World) -> None:
    """Let the exchange cancel the executions of the hedge (F54)."""
    for fill in tuple(world.broker.fills):
        busted = replace(fill, exec_id=fill.exec_id[:-2] + "02", quantity=0)
        world.broker.fills[world.broker.fills.index(fill)] = busted
        call = hedge(world).legs[0].instrument
        world.broker.hold(call, -fill.quantity)
        world.tell(OrderFilled(at=world.now, fill=busted))


def drop(world: World) -> None:
    """Let the position be gone without an execution (a person sold it elsewhere)."""
    call = hedge(world).legs[0].instrument
    world.broker.hold(call, -world.broker.positions[call.con_id].quantity)


@pytest.mark.covers("P26", "V2")
@pytest.mark.parametrize("loss", [bust, drop])
@pytest.mark.parametrize("phase", [Phase.STABILISE, Phase.ROLL_PLAN])
def test_a_hedge_that_was_filled_and_is_gone_is_no_hedge(
    phase: Phase, loss: Callable[[World], None]
) -> None:
    world = World().start()
    world.withheld.add(PreviewMargin)
    world.until(phase)
    world.fills = False
    loss(world)
    # A dropped position is known by the next report, which every roll needs.
    world.run(40)
    world.withheld.clear()
    world.answer()
    world.run(1800)
    assert world.placed(Purpose.ROLL) == []


@pytest.mark.covers("F54")
def test_a_busted_hedge_counts_no_longer_before_any_report() -> None:
    world = about_to_roll()
    bust(world)
    world.withheld.clear()
    world.answer(PreviewMargin)
    world.tick()
    assert world.placed(Purpose.ROLL) == []
    assert not any(lot.units for lot in world.state.lots.values())


def test_a_fill_of_another_expiry_is_no_hedge() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    work = world.broker.working[hedge(world).ref]
    call = hedge(world).legs[0].instrument
    assert isinstance(call, Option)
    other = replace(call, con_id=999, expiry=call.expiry + timedelta(days=7))
    fill = world.broker.execute(work, other, 7, world.now, lambda _: work.order.limit)
    world.tell(OrderFilled(at=world.now, fill=fill))
    world.run(1800)
    assert world.placed(Purpose.ROLL) == []
    assert Phase.STABILISE not in world.path


@pytest.mark.covers("F85", "P26")
def test_a_hedge_about_to_expire_is_no_hedge() -> None:
    world = about_to_roll()
    world.fills = False
    world.now += timedelta(days=8)  # 2026-05-29: two sessions to the last trade.
    world.withheld.clear()
    world.answer()
    world.run(1800)
    assert world.state.day is not None
    assert world.placed(Purpose.ROLL) == []


# ------------------------------------------------- the Greeks are not in band -----


def test_a_vega_offset_below_its_bound_stabilises_nothing() -> None:
    world = World().start().until(Phase.STABILISE)
    world.fills = False
    # With the forward lower the seven calls offset less than 0.40 of the vega.
    world.change(vix_forward=19.3)
    world.run(3600)
    offset = world.case.snapshots[-1].offset
    assert 0.36 < offset < 0.40
    assert Phase.BREADTH not in world.path
    assert world.placed(Purpose.ROLL) == []


def test_negative_theta_stabilises_nothing() -> None:
    world = World().start().until(Phase.STABILISE)
    world.fills = False
    world.change(vix_sigma=2.6)
    world.run(1200)
    assert world.case.snapshots[-1].net.theta < 0
    assert Phase.BREADTH not in world.path
    assert world.placed(Purpose.ROLL) == []


def test_greeks_that_leave_their_band_before_the_roll_stop_it() -> None:
    world = about_to_roll()
    world.change(vix_sigma=2.6)
    world.withheld.clear()
    world.answer()
    world.run(100)
    assert world.placed(Purpose.ROLL) == []


# --------------------------------------------------- the data are not fresh -----


@pytest.mark.covers("F90", "P16")
def test_a_vix_that_is_61_seconds_old_lets_no_roll_out() -> None:
    world = about_to_roll()
    world.mute = {VIX.con_id, VIX9D.con_id}
    world.run(60, every=10)
    world.withheld.clear()
    world.now += timedelta(seconds=1)
    world.answer()
    world.tell(world.look())
    assert world.placed(Purpose.ROLL) == []


def test_a_vix_that_is_50_seconds_old_still_does() -> None:
    """The other side of the boundary."""
    world = about_to_roll()
    world.mute = {VIX.con_id, VIX9D.con_id}
    world.run(40, every=10)
    world.withheld.clear()
    world.answer()
    world.tick()
    assert len(world.placed(Purpose.ROLL)) == 1


def test_a_stale_vix_reprices_no_roll_either() -> None:
    world = about_to_roll()
    world.fills = False
    world.withheld.clear()
    world.answer()
    world.tick()
    (ref,) = [o.ref for o in world.placed(Purpose.ROLL)]
    world.mute = {VIX.con_id, VIX9D.con_id}
    ticket = world.state.tickets[ref]
    while world.now < ticket.rung_since + ticket.rung_pause - timedelta(seconds=2):
        world.tick(2)
    quote = world.state.quotes[VIX.con_id]
    stale = replace(quote, at=world.now - timedelta(seconds=59))
    nine = replace(world.state.quotes[VIX9D.con_id], at=stale.at)
    world.state = replace(
        world.state,
        quotes={**world.state.quotes, VIX.con_id: stale, VIX9D.con_id: nine},
    )
    world.tick(2)
    assert world.state.tickets[ref].rung == ticket.rung


@pytest.mark.covers("F90", "P16")
@pytest.mark.parametrize("seconds", [31, 60])
def test_stale_quotes_of_a_leg_void_the_permit(seconds: int) -> None:
    world = about_to_roll()
    roll = world.case.roll
    assert roll is not None
    world.mute = {roll.sides[0].new.short.con_id}
    world.now += timedelta(seconds=seconds)
    world.withheld.clear()
    world.answer()
    world.tell(world.look())
    assert world.placed(Purpose.ROLL) == []


# ------------------------------------------------------- the link, the process -----


@pytest.mark.covers("V5")
def test_a_link_lost_between_permit_and_transmit_lets_no_roll_out() -> None:
    world = about_to_roll()
    world.disconnect()
    world.tell(world.preview(world.case.roll.preview_ref if world.case.roll else ""))
    world.now += timedelta(seconds=1)
    world.tell(world.look())
    assert world.placed(Purpose.ROLL) == []
    assert world.is_at(Phase.DEGRADED)


def test_the_brokers_own_lost_link_counts_like_ours() -> None:
    world = about_to_roll()
    world.tell(LinkChanged(at=world.now, is_up=False))
    world.withheld.clear()
    world.answer()
    world.run(60)
    assert world.placed(Purpose.ROLL) == []


def test_a_roll_that_the_last_gate_stopped_is_not_sent_again_by_itself() -> None:
    world = about_to_roll()
    world.withheld = {PlaceOrder}
    world.answer()
    world.tick()
    (order,) = world.placed(Purpose.ROLL)
    world.open.clear()
    world.tell(OrderNotSent(at=world.now, ref=order.ref, reason="not connected"))
    world.run(60)
    assert len(world.placed(Purpose.ROLL)) == 1
    assert world.broker.received == [hedge(world)]
    assert world.is_at(Phase.HOLD_HEDGED)


@pytest.mark.covers("V1")
def test_the_same_wake_up_twice_sends_one_order() -> None:
    world = about_to_roll()
    world.withheld = {PlaceOrder}
    world.answer()
    world.now += timedelta(seconds=10)
    event = world.look()
    for _ in range(3):
        world.tell(event)
    world.tell(*world.events[-20:])
    assert len(world.placed(Purpose.ROLL)) == 1


@pytest.mark.covers("F06", "I04")
def test_a_restart_while_rolling_cancels_the_roll_and_sends_none() -> None:
    world = about_to_roll()
    world.fills = False
    world.withheld.clear()
    world.answer()
    world.until(Phase.ROLL_WORKING)
    (order,) = world.placed(Purpose.ROLL)
    assert order.ref in world.broker.working
    world.restart()
    world.run(240)
    assert world.placed(Purpose.ROLL) == [order]
    assert world.broker.working == {}
    assert world.is_at(Phase.HOLD_HEDGED)


@pytest.mark.covers("F07")
def test_a_restart_between_the_sides_ends_in_a_split_that_is_finished() -> None:
    world = about_to_roll()
    world.fills = False
    world.withheld.clear()
    world.answer()
    world.until(Phase.ROLL_WORKING)
    world.fill(world.placed(Purpose.ROLL)[0].ref)
    world.restart()
    world.fills = True
    world.until(Phase.COOLDOWN)
    assert Phase.SPLIT_HOLD in world.path
    assert [o.quantity for o in world.placed(Purpose.ROLL)] == [10, 10]


@pytest.mark.covers("P01", "V8")
def test_after_the_kill_switch_nothing_is_sent() -> None:
    world = about_to_roll()
    world.tell(OperatorHalted(at=world.now))
    before = len(world.placed(Purpose.HEDGE))
    world.withheld.clear()
    world.answer()
    world.restart()
    world.run(1800)
    assert world.is_at(Phase.MANUAL)
    assert world.placed(Purpose.ROLL) == []
    assert len(world.placed(Purpose.HEDGE)) == before


# ----------------------------------------------- the market says something else -----


def test_sectors_that_rotate_hedge_and_hold() -> None:
    world = World(Market(net=100), line=ROTATING_LINE).start()
    world.until(Phase.HOLD_HEDGED)
    world.run(1800)
    assert world.placed(Purpose.ROLL) == []
    assert Phase.ROLL_PLAN not in world.path


def test_unknown_breadth_hedges_and_holds_below_the_red_level() -> None:
    world = World(Market(dark=frozenset({"AD-NYSE"}))).start()
    world.until(Phase.HOLD_HEDGED)
    world.run(1800)
    assert world.placed(Purpose.ROLL) == []


def test_in_stress_a_roll_waits_for_a_person() -> None:
    world = World(Market(vix=26.0, vix_forward=25.0)).start()
    world.run(3600)
    assert world.placed(Purpose.HEDGE)
    assert world.placed(Purpose.ROLL) == []
    assert any(
        f.what == "VIX regime" and not f.holds
        for d in world.decisions
        for f in d.findings
    )


def test_stress_that_comes_at_the_last_moment_stops_the_roll() -> None:
    world = about_to_roll()
    world.change(vix=26.0)
    # The regime is the median of five minutes.
    world.run(100)
    for _ in range(20):
        world.tick()
    world.withheld.clear()
    world.answer()
    world.run(600)
    assert world.placed(Purpose.ROLL) == []


def test_a_person_can_lift_what_the_regime_forbids() -> None:
    world = World(Market(vix=26.0, vix_forward=25.0)).start()
    while world.case.asks is not Ask.STRESS:
        world.tick()
    seen = len(world.decisions)
    world.acknowledge()
    world.run(600)
    tried = [d for d in world.decisions[seen:] if d.before == Phase.ROLL_PLAN]
    assert tried
    assert not any(f.what == "VIX regime" for d in tried for f in d.findings)


def test_without_quotes_of_vix_options_a_breach_stays_unhedged() -> None:
    world = World(Market(dark=frozenset({"VIX"}))).start()
    world.until(Phase.HOLD_UNHEDGED)
    world.run(7200)
    world.until(Phase.HOLD_UNHEDGED)
    assert world.broker.received == []
    assert len(world.alerts("unhedged_breach")) == 1
    assert world.criticals() == ["breach", "unhedged_breach"]


# ---------------------------------------------------------- margin and money -----


@pytest.mark.covers("P19")
@pytest.mark.parametrize("change", [None, 400_001.0])
def test_a_margin_unknown_or_too_large_lets_no_roll_out(change: float | None) -> None:
    world = about_to_roll()
    world.margin_change = change
    world.withheld.clear()
    world.answer()
    world.run(1800)
    assert world.placed(Purpose.ROLL) == []


@pytest.mark.covers("P02")
def test_watching_sends_nothing_at_all() -> None:
    world = World(rules=replace(RULES, may_trade=False)).start()
    world.run(3600)
    assert world.broker.received == []
    assert not any(isinstance(c, PlaceOrder) for c in world.commands)
    assert world.alerts("breach")
    assert world.alerts("unhedged_breach")


def test_what_is_not_adopted_is_watched_only() -> None:
    world = World(rules=replace(RULES, adopts=False)).start()
    world.run(3600)
    assert world.broker.received == []


def rolling() -> World:
    """Return a world in which the first side of the roll works, unfilled."""
    world = about_to_roll()
    world.fills = False
    world.withheld.clear()
    world.answer()
    return world.until(Phase.ROLL_WORKING)


@pytest.mark.covers("F84", "F59")
def test_a_roll_that_the_broker_refuses_leaves_the_hedge_and_takes_no_new_risk() -> (
    None
):
    world = rolling()
    (order,) = world.placed(Purpose.ROLL)
    before = world.state.lots
    del world.broker.working[order.ref]
    world.tell(OrderRefused(at=world.now, ref=order.ref, code=201, text="margin"))
    assert world.state.freeze is Freeze.REDUCE
    assert {"order_rejected", "reduced"} <= set(world.criticals())
    world.answer()
    world.run(1800)
    assert world.is_at(Phase.HOLD_HEDGED)
    assert world.state.lots == before
    assert world.placed(Purpose.HEDGE_SELL) == []
    # Its wider wing is new risk: the same roll is not tried again.
    assert world.placed(Purpose.ROLL) == [order]


def test_a_hedge_that_the_broker_refuses_freezes_nothing() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    (order,) = world.placed(Purpose.HEDGE)
    del world.broker.working[order.ref]
    world.tell(OrderRefused(at=world.now, ref=order.ref, code=201, text="margin"))
    assert world.state.freeze is Freeze.NONE
    assert "order_rejected" in world.criticals()


def test_a_hedge_busted_while_rolling_takes_the_roll_off_the_book() -> None:
    world = rolling()
    (order,) = world.placed(Purpose.ROLL)
    bust(world)
    assert CancelOrder(ref=order.ref) in world.open
    world.run(60)
    assert world.placed(Purpose.ROLL) == [order]
    assert world.broker.working == {}
    assert not world.is_at(Phase.ROLL_WORKING)


def test_a_cancel_lost_with_the_link_is_asked_for_again() -> None:
    world = rolling()
    (order,) = world.placed(Purpose.ROLL)
    bust(world)
    world.disconnect()
    assert order.ref in world.broker.working
    world.now += timedelta(seconds=5)
    world.connect()
    assert order.ref not in world.broker.working
