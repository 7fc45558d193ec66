"""Orders under way: silence, doubt, rungs, refusals, and the ledger of fills."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.order import OrderStatus, Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    PlaceOrder,
    RepriceOrder,
    RequestReport,
    Severity,
)
from alvh_trader.engine.event import (
    CommissionReported,
    OrderDoubted,
    OrderFilled,
    OrderNotSent,
    OrderRefused,
    OrderUpdated,
)
from alvh_trader.engine.orders import number_of
from alvh_trader.execution.ticket import Ticket
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge
from tests.engine.test_session import working_hedge
from tests.playbook import World
from tests.worked_market import Market


def unheard() -> World:
    """Return a world whose hedge order has left and of which nothing is heard."""
    world = World(fills=False).start()
    world.withheld.add(PlaceOrder)
    return world.until(Phase.HEDGE_WORKING)


def ticket(world: World) -> Ticket:
    return world.state.tickets[hedge(world).ref]


# ------------------------------------------------------ silence and doubt -----


@pytest.mark.covers("I02")
def test_ten_seconds_of_silence_are_a_doubt_and_not_an_end() -> None:
    world = unheard()
    world.withheld.add(RequestReport)
    world.run(8, every=2)
    assert ticket(world).status is OrderStatus.INTENT
    world.run(4, every=2)
    assert ticket(world).is_in_doubt
    assert len(world.alerts("order_unknown")) == 1
    assert any(isinstance(c, RequestReport) for c in world.open)


@pytest.mark.covers("P07", "V5")
def test_while_an_order_is_in_doubt_no_other_leaves() -> None:
    world = unheard()
    world.withheld.add(RequestReport)
    world.run(1200)
    assert len(world.placed(Purpose.HEDGE)) == 1
    assert ticket(world).is_in_doubt


def test_an_order_that_the_report_shows_is_believed_again() -> None:
    world = unheard()
    world.withheld.add(RequestReport)
    world.run(20)
    world.withheld.clear()
    world.answer()
    assert ticket(world).status is OrderStatus.WORKING
    assert len(world.placed(Purpose.HEDGE)) == 1


def test_an_answer_that_proves_nothing_asks_for_a_report() -> None:
    world = working_hedge()
    world.withheld.add(RequestReport)
    ref = hedge(world).ref
    world.now += timedelta(seconds=30)
    world.tell(OrderDoubted(at=world.now, ref=ref, code=10147, text="not found"))
    assert ticket(world).is_in_doubt
    world.answer(RequestReport)
    assert ticket(world).status is OrderStatus.WORKING


# ---------------------------------------------------------------- rungs -----


def test_a_hedge_climbs_to_the_ask_and_is_given_up_after_three_minutes() -> None:
    world = World(Market(vix_half=0.04), fills=False).start()
    world.until(Phase.HEDGE_WORKING)
    world.answer()
    first, start = hedge(world).limit, world.now
    world.run(60)
    limits = [
        c.approved.order.limit for c in world.commands if isinstance(c, RepriceOrder)
    ]
    assert [first, *limits] == sorted({first, *limits})
    assert len(limits) == 2
    assert float(limits[-1]) == pytest.approx(1.4213 + 0.04, abs=0.011)
    while not any(isinstance(c, CancelOrder) for c in world.commands):
        world.tick()
    assert world.now - start == timedelta(seconds=180)


def test_a_rung_that_the_gate_refuses_is_not_climbed_to() -> None:
    world = World(Market(vix_half=0.04), fills=False).start()
    world.until(Phase.HEDGE_WORKING)
    world.answer()
    world.mute = {hedge(world).legs[0].instrument.con_id}
    world.now += timedelta(seconds=31)
    world.tell(world.look())
    assert not any(isinstance(c, RepriceOrder) for c in world.commands)


# ------------------------------------------------------- refused and ended -----


def test_a_rejection_is_told_and_other_instruments_are_tried() -> None:
    world = working_hedge()
    ref = hedge(world).ref
    del world.broker.working[ref]
    world.tell(OrderRefused(at=world.now, ref=ref, code=201, text="no permission"))
    (alert,) = world.alerts("order_rejected")
    assert alert.severity is Severity.CRITICAL
    assert "201 no permission" in alert.text
    world.run(120)
    _, second = world.placed(Purpose.HEDGE)
    assert len(second.legs) == 2
    assert world.placed(Purpose.ROLL) == []


def test_a_hedge_that_never_left_is_planned_again() -> None:
    world = unheard()
    world.open.clear()
    ref = hedge(world).ref
    world.tell(OrderNotSent(at=world.now, ref=ref, reason="session changed"))
    assert ticket(world).status is OrderStatus.CANCELLED
    assert world.alerts("order_not_sent")
    world.run(60)
    assert len(world.placed(Purpose.HEDGE)) == 2


@pytest.mark.covers("F73")
def test_an_order_that_ends_without_our_asking_is_told() -> None:
    world = working_hedge()
    report = world.broker.end(hedge(world).ref)
    assert report is not None
    world.tell(OrderUpdated(at=world.now, report=report))
    (alert,) = world.alerts("cancelled_by_other")
    assert "with 0 filled" in alert.text


def test_what_we_cancelled_ends_without_an_alert() -> None:
    world = working_hedge()
    world.run(240)
    assert world.alerts("cancelled_by_other") == []


# --------------------------------------------------------------- fills -----


def test_the_premium_of_the_day_is_counted_from_fills() -> None:
    world = working_hedge()
    world.fill(hedge(world).ref, 3)
    assert world.state.hedge_spent == pytest.approx(3 * 142.0)
    world.fill(hedge(world).ref, 4)
    assert world.state.hedge_spent == pytest.approx(7 * 142.0)


@pytest.mark.covers("F53")
def test_a_correction_of_a_price_corrects_the_cost() -> None:
    world = working_hedge()
    (told, *_) = world.trade(hedge(world).ref)
    assert isinstance(told, OrderFilled)
    fill = replace(told.fill, exec_id=told.fill.exec_id[:-2] + "02")
    dearer = replace(fill, price=fill.price * 2)
    world.tell(told, OrderFilled(at=world.now, fill=dearer))
    (lot,) = world.state.lots.values()
    assert lot.units == 7
    assert lot.cost == pytest.approx(2 * 7 * 142.0)
    assert world.state.hedge_spent == pytest.approx(2 * 7 * 142.0)


def test_a_fill_of_no_order_of_ours_is_in_the_ledger_and_nowhere_else() -> None:
    world = working_hedge()
    (told, *_) = world.trade(hedge(world).ref)
    assert isinstance(told, OrderFilled)
    foreign = replace(told.fill, ref="", perm_id=88, exec_id="e.8.8.01")
    world.tell(OrderFilled(at=world.now, fill=foreign))
    assert world.state.ledger[foreign.con_id] == 7
    assert world.state.lots == {}


def test_a_commission_changes_the_cash_book_alone() -> None:
    world = working_hedge()
    before = replace(world.state, at=None, wants_reviewed=None)
    world.tell(CommissionReported(at=world.now, exec_id="e.1.1.01", amount=1.3))
    kept = world.state.cash
    assert kept.pending == {"e.1.1": 1.3}
    after = replace(world.state, at=None, wants_reviewed=None, cash=before.cash)
    assert after == before


@pytest.mark.covers("F48", "F49", "F51", "F52", "V3")
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_order_and_repetition_of_messages_leads_to_the_same_books(
    data: st.DataObject,
) -> None:
    world = working_hedge()
    ref = hedge(world).ref
    events = [e for units in (1, 2, 4) for e in world.trade(ref, units)]
    told = data.draw(st.permutations([*events, *events[: len(events) // 2]]))
    world.tell(*told)
    assert ticket(world).status is OrderStatus.FILLED
    (lot,) = world.state.lots.values()
    assert lot.units == 7
    assert len(lot.exec_ids) == 3
    assert world.state.ledger[hedge(world).legs[0].instrument.con_id] == 7
    assert world.state.hedge_spent == pytest.approx(7 * 142.0)


# ---------------------------------------------------------- references -----


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        ("ALVH-c1234567-HEDGE-12", 12),
        ("ALVH-c1234567-ROLL-3", 3),
        ("ALVH-c1234567-ROLL-x", 0),
        ("manual-12", 0),
        ("", 0),
    ],
)
def test_a_reference_tells_its_number_if_it_is_ours(ref: str, number: int) -> None:
    assert number_of(ref) == number


def test_references_are_never_used_twice_over_restarts() -> None:
    world = World(fills=False).start()
    for _ in range(3):
        world.run(400)
        world.restart()
    refs = [o.ref for o in world.placed(Purpose.HEDGE)]
    assert len(refs) == len(set(refs)) >= 3
    assert all(world.case.case_id[:8] in ref for ref in refs)
