"""What filled while nobody listened is proposed by name, and booked when adopted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Fill, OrderStatus, Purpose
from alvh_trader.engine.event import OperatorAbandoned, OrderFilled
from alvh_trader.engine.missed import explaining, units
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge, rolling
from tests.engine.test_session import working_hedge
from tests.playbook import World

pytestmark = pytest.mark.covers("F58", "T02")


def away(world: World, ref: str, count: int | None = None) -> World:
    """Let an order fill while nobody listens, and come back on the next day."""
    world.disconnect()
    world.trade(ref, count)
    world.now += timedelta(days=1)
    world.broker.begin_day(world.now.date())
    return world.connect()


def con_ids(world: World, ref: str) -> list[int]:
    order = world.state.tickets[ref].order
    return [leg.instrument.con_id for leg in order.legs]


@pytest.mark.covers("F02", "V1", "V3")
def test_a_hedge_that_filled_unheard_is_adopted_and_not_bought_again() -> None:
    world = working_hedge()
    order = hedge(world)
    away(world, order.ref).run(240)
    (con_id,) = con_ids(world, order.ref)
    (told,) = world.alerts("position")
    assert f"by {order.ref}, 7 of 7 filled" in told.text
    assert told.case == order.case
    assert world.state.tickets[order.ref].is_in_doubt, "it is not given up"
    assert world.state.lots == {}, "nothing is booked before a person says so"
    assert world.is_at(Phase.RECONCILE)
    world.adopt(f"POSITION:{con_id}")
    assert world.state.tickets[order.ref].status is OrderStatus.FILLED
    assert world.state.lots[order.ref].units == 7
    assert world.state.ledger[con_id] == 7
    world.run(1800)
    assert world.discrepancies == []
    assert world.placed(Purpose.HEDGE) == [order]
    assert world.placed(Purpose.ROLL), "it counts as the hedge that it is"


def test_an_order_that_positions_show_cannot_be_abandoned() -> None:
    world = working_hedge()
    ref = hedge(world).ref
    away(world, ref).run(240)
    world.tell(OperatorAbandoned(at=world.now, ref=ref))
    assert world.state.tickets[ref].is_in_doubt
    (told,) = world.alerts("abandon_refused")
    assert "adopt" in told.text


def test_what_filled_in_part_is_booked_in_part_and_the_rest_is_given_up() -> None:
    world = working_hedge()
    ref = hedge(world).ref
    away(world, ref, 4).run(120)
    assert "4 of 7 filled" in world.alerts("position")[0].text
    world.adopt()
    world.run(240)
    assert world.state.lots[ref].units == 4
    assert world.state.tickets[ref].status is OrderStatus.NOT_SEEN
    assert world.discrepancies == []


@pytest.mark.covers("F68", "V3")
def test_an_execution_that_comes_after_its_adoption_halts_as_one_too_many() -> None:
    world = working_hedge()
    order = hedge(world)
    away(world, order.ref).run(240)
    world.adopt()
    (con_id,) = con_ids(world, order.ref)
    late = Fill(
        exec_id="0000cccc.00000001.01.01",
        ref=order.ref,
        perm_id=0,
        con_id=con_id,
        quantity=order.quantity,
        price=Decimal("1.40"),
        at=world.now,
    )
    world.broker.fills.append(late)
    world.tell(OrderFilled(at=world.now, fill=late))
    assert "OVERFILL" in world.discrepancies
    sent = len(world.broker.received)
    world.run(600)
    assert world.state.is_halted
    assert "POSITION" in world.discrepancies, "it is in the ledger twice"
    assert len(world.broker.received) == sent, "a person looks first"


@pytest.mark.covers("F07")
def test_one_leg_adopted_of_a_roll_is_the_whole_roll() -> None:
    world = rolling()
    (order,) = world.placed(Purpose.ROLL)
    away(world, order.ref).run(120)
    assert len(world.discrepancies) == len(order.legs)
    before = {leg.option.con_id: leg.quantity for leg in world.case.legs}
    world.adopt(f"POSITION:{con_ids(world, order.ref)[0]}")
    world.run(120)
    assert world.discrepancies == []
    after = {leg.option.con_id: leg.quantity for leg in world.case.legs}
    for leg in order.legs:
        con_id = leg.instrument.con_id
        change = after.get(con_id, 0) - before.get(con_id, 0)
        assert change == leg.ratio * order.quantity


def test_what_explains_a_leg_only_or_is_not_the_only_one_explains_nothing() -> None:
    world = rolling()
    (order,) = world.placed(Purpose.ROLL)
    world.disconnect()
    ticket, legs = world.state.tickets[order.ref], order.legs
    held = {leg.instrument.con_id: leg.ratio * order.quantity for leg in legs}
    ledger = {k: p.quantity for k, p in world.state.positions.items()}
    booked = {k: ledger.get(k, 0) - count for k, count in held.items()}
    seen = replace(world.state, ledger={**ledger, **booked})
    assert units(seen, ticket) == order.quantity
    one, *_ = held
    assert explaining(seen, one) == ticket
    assert (
        units(replace(seen, ledger={**seen.ledger, one: ledger.get(one, 0)}), ticket)
        == 0
    )
    more = {k: n - held[k] for k, n in booked.items()}
    assert units(replace(seen, ledger={**ledger, **more}), ticket) == 0, "too many"
    other = replace(ticket, order=replace(order, ref="ALVH-other"))
    both = {**seen.tickets, "ALVH-other": other}
    assert explaining(replace(seen, tickets=both), one) is None
    known = replace(ticket, status=OrderStatus.WORKING)
    assert units(seen, known) == 0, "its executions are to come"
