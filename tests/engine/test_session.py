"""Up, down, and whether the broker agrees with our books."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Fill, OrderReport, OrderStatus, Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    PlaceOrder,
    RequestReport,
    Watch,
)
from alvh_trader.engine.event import (
    BrokerReported,
    LinkChanged,
    OrderFilled,
    ReportFailed,
)
from alvh_trader.engine.session import first_order_id
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge, rolling
from tests.playbook import START, World
from tests.worked_market import CALM, Market


def working_hedge() -> World:
    """Return a world with an acknowledged, unfilled hedge order."""
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    world.answer()
    return world


def reports(world: World) -> int:
    return sum(isinstance(c, RequestReport) for c in world.commands)


def test_a_session_begins_with_a_report() -> None:
    world = World()
    world.withheld.add(RequestReport)
    world.start()
    assert [type(c) for c in world.commands] == [RequestReport]
    world.run(60)
    assert world.state.reconciled is None
    assert world.state.cases == {}


def test_a_lost_session_puts_every_live_order_in_doubt() -> None:
    world = working_hedge()
    world.disconnect()
    (ticket,) = world.state.tickets.values()
    assert ticket.is_in_doubt
    assert world.is_at(Phase.DEGRADED)
    assert "link_lost" in world.criticals()


@pytest.mark.covers("F03", "F30", "F46")
def test_a_process_begins_behind_every_number_that_the_last_one_may_have_used() -> None:
    # Found by a seed: an order that was lost on its way, a restart, and the next
    # order had the same number; had the first one come late, it had changed it.
    world = World(fills=False)
    first = first_order_id(world.state)
    world.start()
    second = first_order_id(world.state)
    assert second - first >= 10_000
    world.until(Phase.HEDGE_WORKING)
    world.restart()
    assert first_order_id(world.state) - second >= 10_000


@pytest.mark.covers("F05")
def test_what_filled_while_we_were_away_is_booked_from_the_report() -> None:
    world = working_hedge()
    world.disconnect()
    world.trade(hedge(world).ref)
    world.now += timedelta(seconds=30)
    world.connect()
    (lot,) = world.state.lots.values()
    assert lot.units == 7
    world.until(Phase.STABILISE, within=200)
    assert len(world.placed(Purpose.HEDGE)) == 1


@pytest.mark.covers("F04")
def test_a_restart_resumes_a_working_hedge_order() -> None:
    world = working_hedge()
    world.now += timedelta(seconds=5)
    world.restart()
    world.run(90)
    assert world.is_at(Phase.HEDGE_WORKING)
    assert len(world.placed(Purpose.HEDGE)) == 1
    world.fill(hedge(world).ref)
    world.until(Phase.STABILISE, within=60)


@pytest.mark.covers("I04", "I06")
def test_what_is_stale_after_an_outage_is_cancelled_but_not_before_it_is_known() -> (
    None
):
    world = working_hedge()
    world.disconnect()
    assert hedge(world).ref in world.broker.working, "it lives on at the broker"
    world.now += timedelta(minutes=30)
    world.withheld.add(RequestReport)
    world.connect()
    world.run(60)
    cancelled = CancelOrder(ref=hedge(world).ref)
    assert cancelled not in world.commands
    world.withheld.clear()
    world.run(30)
    assert cancelled in world.commands
    assert hedge(world).ref not in world.broker.working


@pytest.mark.covers("F02")
def test_an_order_the_broker_never_saw_is_given_up_and_the_hedge_planned_anew() -> None:
    world = World(fills=False).start()
    world.withheld.add(PlaceOrder)
    world.until(Phase.HEDGE_WORKING)
    world.disconnect()  # The order was lost with the session.
    world.withheld.clear()
    world.now += timedelta(seconds=5)
    world.connect()
    world.run(300)
    assert world.alerts("order_not_seen")
    placed = world.placed(Purpose.HEDGE)
    assert len(placed) > 1
    assert world.broker.received == placed[1:]
    assert {o.quantity for o in placed} == {7}


@pytest.mark.covers("F02", "F03", "F04", "I01", "P07")
@pytest.mark.parametrize("was_sent", [False, True])
def test_what_was_written_counts_as_sent_for_the_next_process(was_sent: bool) -> None:
    """It died between the record and an answer: only the broker knows on which side."""
    world = World(fills=False).start()
    world.withheld.add(PlaceOrder)
    world.until(Phase.HEDGE_WORKING)
    (order,) = world.placed(Purpose.HEDGE)
    assert world.state.tickets[order.ref].status is OrderStatus.INTENT
    if was_sent:
        world.broker.accept(order)  # And its answer went with the process.
    asked = len(world.commands)
    world.withheld.add(RequestReport)
    world.restart()
    assert world.state.tickets[order.ref].is_in_doubt
    assert isinstance(world.commands[asked], RequestReport)
    world.run(600)
    assert world.state.tickets[order.ref].is_in_doubt, "time alone proves nothing"
    assert world.placed(Purpose.HEDGE) == [order]
    world.withheld.clear()
    world.answer()
    found = world.state.tickets[order.ref].status
    lost = OrderStatus.NOT_SEEN
    assert found is (OrderStatus.WORKING if was_sent else lost)
    assert world.broker.received.count(order) == int(was_sent)


@pytest.mark.covers("F24", "F25")
def test_the_brokers_own_link_down_stops_everything_until_it_is_back() -> None:
    world = working_hedge()
    world.tell(LinkChanged(at=world.now, is_up=False))
    assert world.state.reconciled is None
    assert world.is_at(Phase.DEGRADED)
    watched = sum(isinstance(c, Watch) for c in world.commands)
    world.tell(LinkChanged(at=world.now, is_up=True, data_lost=True))
    world.answer()
    assert sum(isinstance(c, Watch) for c in world.commands) == watched + 1
    assert world.state.reconciled == world.now


@pytest.mark.covers("F38")
def test_a_failed_report_confirms_nothing() -> None:
    world = World().start()
    world.run(20)
    world.tell(ReportFailed(at=world.now, reason="no End marker"))
    assert world.state.reconciled is None
    assert world.alerts("report_failed")


@pytest.mark.covers("T02", "V4")
def test_one_disagreement_is_asked_about_and_only_the_second_is_believed() -> None:
    world = World().start()
    world.run(60)
    short = next(leg.option for leg in world.case.legs if leg.quantity < 0)
    world.broker.hold(short, 2)
    before = reports(world)
    world.tell(world.broker.reported(world.now))
    assert reports(world) == before + 1
    assert world.state.break_since == world.now
    assert world.discrepancies == []
    world.now += timedelta(seconds=6)
    world.tell(world.broker.reported(world.now))
    (alert,) = world.alerts("position")
    assert f"POSITION:{short.con_id}" in alert.text
    assert "-8 held, -10 booked" in alert.text
    assert world.state.ledger[short.con_id] == -10, "nothing was invented"


def test_a_disagreement_that_heals_is_forgotten() -> None:
    """A report's parts are not atomic: a fill may be in one and not in the other."""
    world = working_hedge()
    stale = world.broker.reported(world.now)
    fills = world.trade(hedge(world).ref)
    world.tell(*fills)
    world.tell(stale)
    since = world.state.break_since
    assert since == world.now
    world.answer()
    assert world.state.break_since is None
    assert world.discrepancies == []


@pytest.mark.covers("T02", "V4", "V5")
def test_while_the_books_disagree_no_order_leaves() -> None:
    world = World(CALM).start().until(Phase.MONITOR)
    short = next(leg.option for leg in world.case.legs if leg.quantity < 0)
    world.broker.hold(short, 1)
    world.tell(world.broker.reported(world.now))
    world.withheld.add(RequestReport)
    world.market = Market()
    world.run(600)
    assert "HEDGE_PLAN" in world.path
    assert world.broker.received == []


@pytest.mark.covers("F52", "T01")
def test_the_same_fill_by_message_and_by_report_is_one() -> None:
    world = working_hedge()
    told = world.trade(hedge(world).ref, 3)
    world.tell(*told, world.broker.reported(world.now), *told)
    call = hedge(world).legs[0].instrument.con_id
    assert world.state.ledger[call] == 3
    (lot,) = world.state.lots.values()
    assert lot.units == 3


def test_executions_before_our_first_report_are_already_in_the_positions() -> None:
    world = World()
    option = next(iter(world.broker.positions.values())).instrument
    report = world.broker.reported(world.now)
    foreign = Fill(
        exec_id="e.1.1.01",
        ref="",
        perm_id=5,
        con_id=option.con_id,
        quantity=-10,
        price=Decimal("3.00"),
        at=START,
    )
    world.withheld.add(RequestReport)
    world.start()
    world.tell(replace(report, fills=(foreign,)))
    assert world.state.reconciled == world.now
    assert world.state.ledger[option.con_id] == -10


@pytest.mark.covers("F16")
def test_an_order_of_ours_that_the_journal_has_never_seen_halts() -> None:
    world = World().start()
    world.run(30)
    stranger = OrderReport(
        ref="ALVH-c1234567-ROLL-77",
        perm_id=77,
        order_id=77,
        client_id=17,
        status="Submitted",
        filled=0,
    )
    report: BrokerReported = replace(
        world.broker.reported(world.now), orders=(stranger,)
    )
    world.tell(report)
    assert world.state.is_halted
    assert "stale_journal" in world.criticals()
    world.run(1800)
    assert world.broker.received == []
    assert world.state.last_number >= 77


def test_orders_of_others_are_none_of_ours() -> None:
    world = World().start()
    foreign = OrderReport(
        ref="",
        perm_id=9,
        order_id=0,
        client_id=0,
        status="Submitted",
        filled=0,
    )
    world.tell(replace(world.broker.reported(world.now), orders=(foreign,)))
    assert not world.state.is_halted
    assert world.state.tickets == {}


@pytest.mark.covers("F109")
def test_a_hedge_that_expires_leaves_the_books_without_a_trade() -> None:
    world = World().start().until(Phase.COOLDOWN)
    call = hedge(world).legs[0].instrument.con_id
    assert world.state.ledger[call] == 7
    world.now += timedelta(days=13)  # 2026-06-03, the day after its last trade.
    world.broker.begin_day(world.now.date())
    world.run(120)
    assert call not in world.state.ledger
    assert world.discrepancies == []
    world.now += timedelta(days=1)
    world.tick()
    assert world.state.lots == {}


def test_a_cancel_is_sent_once_while_the_broker_thinks() -> None:
    world = rolling()
    (ref,) = [o.ref for o in world.placed(Purpose.ROLL)]
    world.withheld.add(CancelOrder)
    world.run(400)
    sent = [c for c in world.commands if c == CancelOrder(ref=ref)]
    assert 1 <= len(sent) <= 8
    world.answer(CancelOrder)
    world.run(30)
    assert not any(t.is_live for t in world.state.tickets.values())


@pytest.mark.covers("F67", "I08")
def test_a_fill_after_the_cancel_still_counts() -> None:
    world = working_hedge()
    ref = hedge(world).ref
    fills = [e for e in world.trade(ref) if isinstance(e, OrderFilled)]
    world.broker.ended.clear()
    world.run(20)
    world.tell(*fills)
    assert world.state.tickets[ref].filled == 7
