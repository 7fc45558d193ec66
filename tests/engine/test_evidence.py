"""What the broker says late or against itself: no fill lost, no order doubled."""

from datetime import timedelta
from decimal import Decimal

import pytest

from alvh_trader.domain.order import Fill, Order, OrderStatus, Purpose
from alvh_trader.engine.command import CancelOrder, PlaceOrder, RequestReport
from alvh_trader.engine.event import (
    LinkChanged,
    OrderDoubted,
    OrderFilled,
    OrderNotSent,
    OrderUpdated,
)
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge
from tests.engine.test_session import working_hedge
from tests.playbook import World


def status(world: World, order: Order) -> OrderStatus:
    return world.state.tickets[order.ref].status


def late_fills(world: World, order: Order) -> list[OrderFilled]:
    """Let the broker book an order that was over, and return what it tells of it."""
    fills = [
        Fill(
            exec_id=f"0000cccc.{number:08d}.01.01",
            ref=order.ref,
            perm_id=0,
            con_id=leg.instrument.con_id,
            quantity=leg.ratio * order.quantity,
            price=Decimal("1.40"),
            at=world.now,
        )
        for number, leg in enumerate(order.legs, 1)
    ]
    for leg in order.legs:
        world.broker.hold(leg.instrument, leg.ratio * order.quantity)
    world.broker.fills += fills
    return [OrderFilled(at=world.now, fill=fill) for fill in fills]


@pytest.mark.covers("F67", "I08", "V1")
def test_a_fill_after_the_end_takes_back_what_was_sent_in_its_place() -> None:
    world = working_hedge()
    while len(world.placed(Purpose.HEDGE)) < 2:
        world.tick()
    world.tick()
    first, second = world.placed(Purpose.HEDGE)
    assert status(world, first) is OrderStatus.CANCELLED
    assert status(world, second) is OrderStatus.WORKING
    world.tell(*late_fills(world, first))
    world.run(60)
    assert status(world, first) is OrderStatus.FILLED
    assert status(world, second) is OrderStatus.CANCELLED
    assert world.broker.working == {}
    assert world.state.lots[first.ref].units == first.quantity
    world.run(600)
    assert world.placed(Purpose.HEDGE) == [first, second]
    assert world.alerts("late_fill")
    assert world.discrepancies == []


@pytest.mark.covers("F44", "I02", "P07")
def test_an_acknowledgement_that_comes_late_finds_its_order_still_in_doubt() -> None:
    world = World(fills=False).start()
    world.withheld |= {PlaceOrder, RequestReport}
    world.until(Phase.HEDGE_WORKING)
    (order,) = world.placed(Purpose.HEDGE)
    world.run(120)
    assert status(world, order) is OrderStatus.UNKNOWN
    report = world.broker.accept(order)
    world.tell(OrderUpdated(at=world.now, report=report))
    assert status(world, order) is OrderStatus.WORKING
    world.open = [c for c in world.open if not isinstance(c, PlaceOrder)]
    world.withheld.clear()
    world.run(30)
    assert world.placed(Purpose.HEDGE) == [order]


@pytest.mark.covers("F24", "F25", "V3")
def test_a_fill_while_the_brokers_link_is_down_is_booked_at_once() -> None:
    world = working_hedge()
    order = hedge(world)
    world.tell(LinkChanged(at=world.now, is_up=False))
    assert status(world, order) is OrderStatus.UNKNOWN
    world.tell(*world.trade(order.ref))
    assert status(world, order) is OrderStatus.FILLED
    assert world.state.lots[order.ref].units == order.quantity
    world.tell(LinkChanged(at=world.now, is_up=True))
    world.answer()
    world.run(120)
    assert world.placed(Purpose.HEDGE) == [order]
    assert world.discrepancies == []


def cancelling(code: int) -> World:
    """Return a world whose hedge is being cancelled, and the answer is an error."""
    world = working_hedge()
    order = hedge(world)
    world.withheld |= {CancelOrder, RequestReport}
    while not world.state.tickets[order.ref].cancel_asked:
        world.tick()
    world.open = [c for c in world.open if not isinstance(c, CancelOrder)]
    world.tell(OrderDoubted(at=world.now, ref=order.ref, code=code, text="no"))
    assert status(world, order) is OrderStatus.UNKNOWN
    assert any(isinstance(c, RequestReport) for c in world.open)
    return world


@pytest.mark.covers("F64", "I07", "I08")
@pytest.mark.parametrize("code", [161, 10147, 10148])
@pytest.mark.parametrize("truth", ["filled", "works", "ended", "gone"])
def test_a_cancel_that_finds_no_order_is_settled_by_reports(
    truth: str, code: int
) -> None:
    world = cancelling(code)
    order = hedge(world)
    sent = len(world.commands)
    match truth:
        case "filled":
            world.trade(order.ref)
        case "ended":
            world.broker.end(order.ref)
        case "gone":
            del world.broker.working[order.ref]
        case _:
            pass
    world.withheld.clear()
    world.answer()
    again = [c for c in world.commands[sent:] if isinstance(c, CancelOrder)]
    if truth == "filled":
        assert status(world, order) is OrderStatus.FILLED
        assert world.state.lots[order.ref].units == order.quantity
    elif truth == "works":
        assert not again, "it was refused a moment ago"
        world.run(30)
        assert world.commands[sent:].count(CancelOrder(ref=order.ref)) == 1
        assert order.ref not in world.broker.working, (
            "whoever wanted its end still does"
        )
    elif truth == "ended":
        assert status(world, order) is OrderStatus.CANCELLED
    else:
        assert status(world, order) is OrderStatus.UNKNOWN
        assert world.placed(Purpose.HEDGE) == [order], "it holds its quantity"


@pytest.mark.covers("F64", "V14")
def test_a_broker_that_goes_on_refusing_a_cancel_is_not_flooded() -> None:
    """Refused and shown at work by turns, ten times a second for a minute."""
    world = cancelling(161)
    order = hedge(world)
    world.withheld.clear()
    world.withheld.add(CancelOrder)
    sent, began = len(world.commands), world.now
    while world.now - began < timedelta(seconds=60):
        world.tick()
        for _ in range(10):
            world.answer()
            refused = OrderDoubted(at=world.now, ref=order.ref, code=161, text="no")
            world.tell(refused)
    since = world.commands[sent:]
    assert 2 <= since.count(CancelOrder(ref=order.ref)) <= 7
    assert sum(isinstance(c, RequestReport) for c in since) <= 31
    assert status(world, order) in {OrderStatus.UNKNOWN, OrderStatus.CANCELLING}


@pytest.mark.covers("F21", "P06")
def test_what_was_not_sent_is_over_and_the_next_one_waits_for_agreement() -> None:
    world = World(fills=False).start()
    world.withheld.add(PlaceOrder)
    world.until(Phase.HEDGE_WORKING)
    (order,) = world.placed(Purpose.HEDGE)
    world.tell(OrderNotSent(at=world.now, ref=order.ref, reason="not connected"))
    assert status(world, order) is OrderStatus.CANCELLED
    world.withheld |= {RequestReport}
    world.disconnect()
    world.connect()
    world.run(120)
    assert world.placed(Purpose.HEDGE) == [order]
    world.withheld.clear()
    world.answer()
    world.run(300)
    assert world.broker.received == world.placed(Purpose.HEDGE)[1:]
    assert world.broker.received


@pytest.mark.covers("F60", "I06")
def test_an_order_that_is_held_works_and_is_cancelled_when_its_time_is_up() -> None:
    world = working_hedge()
    order = hedge(world)
    work = world.broker.working[order.ref]
    held = world.broker.report(work, "PreSubmitted")
    world.tell(OrderUpdated(at=world.now, report=held))
    assert status(world, order) is OrderStatus.WORKING
    ends = world.state.tickets[order.ref].deadline
    while world.now < ends:
        assert not world.state.tickets[order.ref].cancel_asked
        world.tick()
    assert CancelOrder(ref=order.ref) in world.commands
    assert order.ref not in world.broker.working
