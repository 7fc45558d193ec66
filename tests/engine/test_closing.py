"""A person wants a case gone: one order at a time, nothing else, and never too much."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Order, OrderStatus, Purpose
from alvh_trader.engine.command import CancelOrder, PlaceOrder, RequestReport
from alvh_trader.engine.event import (
    OperatorCleared,
    OperatorFlattened,
    OperatorHalted,
    OperatorReleased,
    OrderNotSent,
    OrderRefused,
)
from alvh_trader.engine.explain import Question, answers
from alvh_trader.engine.proposals import pending
from alvh_trader.risk.freeze import Freeze
from alvh_trader.strategy.phase import Phase
from tests.engine.test_entries import cash, opened
from tests.engine.test_promise import hedge, rolling
from tests.engine.test_proposals import live
from tests.engine.test_session import working_hedge
from tests.playbook import RULES, World
from tests.strategy.worked import condor
from tests.worked_market import CALM


def flatten(world: World, case: str = "") -> World:
    """Let a person ask for it."""
    world.tell(OperatorFlattened(at=world.now, case=case, by="ann"))
    world.answer()
    return world


def hedged(*, fills: bool = True) -> World:
    """Return a world whose ten condors have their seven calls."""
    world = World().start().until(Phase.STABILISE)
    world.fills = fills
    return world


def closings(world: World) -> list[Order]:
    return world.placed(Purpose.CLOSE)


def closing(*, fills: bool = False) -> World:
    """Return such a world whose closing order works."""
    world = flatten(hedged(fills=fills))
    world.run(20)
    assert len(closings(world)) == 1
    return world


def held(world: World, symbol: str) -> dict[float, int]:
    """Return what the broker has of an underlying, by strike."""
    return {
        p.instrument.strike: p.quantity
        for p in world.broker.positions.values()
        if isinstance(p.instrument, Option) and p.instrument.symbol == symbol
    }


def sales(world: World) -> list[Order]:
    return world.placed(Purpose.HEDGE_SELL)


# ---------------------------------------------------------------- the way -----


@pytest.mark.covers("T13")
def test_the_condor_is_bought_back_in_one_order_and_then_its_hedge_is_sold() -> None:
    world = flatten(hedged())
    assert world.is_at(Phase.CLOSING)
    world.run(120)
    (order,) = closings(world)
    assert order.quantity == 10
    assert {(leg.instrument.con_id, -10 * leg.ratio) for leg in order.legs} == {
        (con_id, p.quantity) for con_id, p in World().broker.positions.items()
    }
    assert order.limit > 0
    (sold,) = sales(world)
    assert sold.quantity == 7
    assert world.path[-2:] == (Phase.CLOSING, Phase.CLOSED)
    assert world.broker.positions == {}
    assert world.case.flatten is None
    assert [len(world.alerts(code)) for code in ("flatten", "closed", "flat")] == [
        1
    ] * 3
    world.run(600)
    assert len(world.broker.received) == 3


def test_a_case_without_a_hedge_is_flat_when_its_condor_is_gone() -> None:
    world = World(CALM).start()
    world.run(30)
    flatten(world).run(60)
    assert world.is_at(Phase.CLOSED)
    assert world.broker.positions == {}
    assert len(world.alerts("flat")) == 1


def test_it_is_never_closed_by_itself() -> None:
    world = hedged()
    world.run(1800)
    assert closings(world) == []


@pytest.mark.covers("T13")
def test_what_works_is_cancelled_before_anything_is_closed() -> None:
    world = working_hedge()
    world.withheld.add(CancelOrder)
    flatten(world)
    assert CancelOrder(ref=hedge(world).ref) in world.open
    world.run(100)
    assert closings(world) == []
    world.withheld.clear()
    world.fills = True
    world.answer(CancelOrder)
    world.run(60)
    assert len(closings(world)) == 1
    assert len(world.placed(Purpose.HEDGE)) == 1


def test_a_hedge_that_fills_as_it_is_cancelled_is_sold_with_the_rest() -> None:
    world = working_hedge()
    world.withheld.add(CancelOrder)
    flatten(world)
    world.fill(hedge(world).ref)
    world.withheld.clear()
    world.fills = True
    world.run(180)
    assert [o.quantity for o in sales(world)] == [7]
    assert world.broker.positions == {}


def test_a_roll_under_way_ends_and_a_split_is_closed_side_by_side() -> None:
    world = rolling()
    (first,) = world.placed(Purpose.ROLL)
    world.fill(first.ref)
    flatten(world)
    world.fills = True
    world.run(240)
    assert [len(o.legs) for o in closings(world)] == [2, 2]
    assert world.placed(Purpose.ROLL) == [first]
    assert world.broker.positions == {}
    assert world.is_at(Phase.CLOSED)


@pytest.mark.parametrize("units", [1, 4, 9])
def test_a_roll_that_filled_in_part_is_closed_vertical_by_vertical(units: int) -> None:
    world = rolling()
    world.fill(world.placed(Purpose.ROLL)[0].ref, units)
    flatten(world)
    world.fills = True
    world.run(400)
    assert world.broker.positions == {}
    assert world.is_at(Phase.CLOSED)


# ------------------------------------------------- no more than there is -----


@pytest.mark.covers("T13", "P09")
@pytest.mark.parametrize("units", [0, 1, 9])
def test_what_did_not_fill_is_offered_again_and_no_more_than_that(units: int) -> None:
    world = closing()
    if units:
        world.fill(closings(world)[0].ref, units)
    world.run(110)
    first, second = closings(world)
    assert world.state.tickets[first.ref].status is OrderStatus.CANCELLED
    assert second.quantity == 10 - units
    assert world.case.condor.quantity == 10 - units
    assert world.case.is_whole()
    world.fills = True
    world.fill(second.ref)
    world.run(120)
    assert world.broker.positions == {}


def test_a_ladder_climbs_to_the_far_side_of_the_market_and_not_beyond() -> None:
    world = closing()
    world.run(60)
    (work,) = world.broker.working.values()
    assert work.order.limit > closings(world)[0].limit
    asks = [world.state.quotes[x.instrument.con_id] for x in work.order.legs]
    far = sum(
        (q.ask or 0.0) if leg.ratio > 0 else -(q.bid or 0.0)
        for leg, q in zip(work.order.legs, asks, strict=True)
    )
    assert float(work.order.limit) <= far + 0.05


@pytest.mark.covers("T13", "P07")
def test_a_closing_order_in_doubt_is_not_sent_again() -> None:
    world = flatten(hedged(fills=False))
    world.withheld.add(PlaceOrder)
    world.run(50)
    (order,) = closings(world)
    assert world.state.tickets[order.ref].is_in_doubt
    # It arrives after all, and fills.
    world.withheld.clear()
    world.fills = True
    world.run(120)
    assert closings(world) == [order]
    assert world.broker.positions == {}


@pytest.mark.covers("F59")
def test_a_refused_closing_order_is_offered_anew_when_reports_prove_it_dead() -> None:
    world = flatten(hedged(fills=False))
    world.withheld.add(PlaceOrder)
    world.tick()
    (order,) = closings(world)
    world.open.clear()
    refused = OrderRefused(at=world.now, ref=order.ref, code=201, text="no")
    world.tell(refused)
    world.run(20)
    assert len(closings(world)) == 1
    world.withheld.clear()
    world.fills = True
    world.run(200)
    assert len(closings(world)) == 2
    assert world.broker.positions == {}


def fill_all(world: World) -> None:
    """Let everything trade that works."""
    for ref in tuple(world.broker.working):
        world.fill(ref)


@pytest.mark.covers("T13", "F03", "F05")
@pytest.mark.parametrize("fills", [False, True])
@pytest.mark.parametrize("after", range(0, 60, 5))
def test_killed_at_any_moment_it_is_neither_doubled_nor_lost(
    after: int, fills: bool
) -> None:
    world = flatten(hedged(fills=fills))
    world.run(after, every=5)
    world.restart()
    world.fills = True
    fill_all(world)
    world.run(300)
    assert world.broker.positions == {}
    assert world.is_at(Phase.CLOSED)
    filled = [world.state.tickets[o.ref].filled for o in closings(world)]
    assert sum(filled) == 10


def test_a_link_that_is_lost_in_the_middle_holds_it_up_and_no_more() -> None:
    world = closing()
    world.disconnect()
    world.now = world.now.replace(minute=world.now.minute + 3)
    assert world.is_at(Phase.CLOSING)
    world.connect()
    world.fills = True
    fill_all(world)
    world.run(200)
    assert world.broker.positions == {}


@pytest.mark.covers("V2")
def test_no_hedge_is_sold_before_positions_show_that_the_condor_is_gone() -> None:
    world = closing()
    world.withheld.add(RequestReport)
    world.fill(closings(world)[0].ref)
    world.run(200)
    assert world.case.legs == ()
    assert world.is_at(Phase.CLOSING)
    assert sales(world) == []
    world.withheld.clear()
    world.fills = True
    world.answer()
    world.run(60)
    assert len(sales(world)) == 1


def test_what_somebody_else_closes_takes_our_order_off_the_book() -> None:
    world = closing()
    (order,) = closings(world)
    for leg in order.legs:
        world.broker.hold(leg.instrument, leg.ratio * 3)
    world.run(100)
    assert CancelOrder(ref=order.ref) in world.commands
    # What nobody can explain is a person's: nothing is sent on top of it.
    world.run(300)
    assert closings(world) == [order]
    assert set(held(world, "SPX").values()) == {7, -7}


# --------------------------------------------------------- what it waits for -----


@pytest.mark.covers("P01", "T13")
def test_under_reduce_the_condor_goes_and_the_hedge_stays_until_it_is_cleared() -> None:
    world = hedged()
    world.tell(OperatorHalted(at=world.now, level=Freeze.REDUCE))
    flatten(world).run(120)
    assert held(world, "SPX") == {}
    assert held(world, "VIX") == {22.0: 7}
    assert sales(world) == []
    world.tell(OperatorCleared(at=world.now, by="ann"))
    world.run(400)
    assert world.broker.positions == {}


@pytest.mark.covers("P01", "V8")
@pytest.mark.parametrize("level", [Freeze.SAFE, Freeze.HALT])
def test_nothing_is_closed_from_safe_on(level: Freeze) -> None:
    world = hedged()
    world.tell(OperatorHalted(at=world.now, level=level))
    flatten(world).run(200)
    assert closings(world) == []
    (told,) = world.alerts("not_closed")
    assert "P01 KILL_SWITCH" in told.text


@pytest.mark.covers("P01")
def test_a_halt_ends_it_and_a_person_asks_anew() -> None:
    world = closing()
    world.fill(closings(world)[0].ref, 4)
    world.tell(OperatorHalted(at=world.now))
    world.answer()
    assert world.is_at(Phase.MANUAL)
    assert world.broker.working == {}
    world.run(60)
    world.tell(OperatorCleared(at=world.now, by="ann"))
    world.run(600)
    assert len(closings(world)) == 1
    world.fills = True
    flatten(world).run(200)
    assert world.broker.positions == {}


def test_a_release_ends_it_and_the_rules_go_on_with_what_is_left() -> None:
    world = closing()
    world.fill(closings(world)[0].ref, 4)
    world.tell(OperatorReleased(at=world.now, case=""))
    assert world.is_at(Phase.RECONCILE)
    world.answer()
    world.run(120)
    assert world.broker.working == {} or closings(world)[0].ref not in (
        world.broker.working
    )
    assert world.case.condor.quantity == 6
    assert world.case.is_whole()
    assert Phase.MANUAL not in world.path
    assert len(closings(world)) == 1


def test_in_a_closed_market_it_waits_for_the_open() -> None:
    world = hedged()
    world.now = datetime(2026, 5, 21, 20, 30, tzinfo=UTC)
    flatten(world).run(60)
    assert closings(world) == []
    assert "the market is closed" in world.case.standing
    world.now = datetime(2026, 5, 22, 13, 30, 30, tzinfo=UTC)
    world.run(300)
    assert world.is_at(Phase.CLOSED)


def test_without_quotes_it_says_so_and_tries_again() -> None:
    world = hedged()
    short = next(leg.option for leg in world.case.legs)
    world.mute = {short.con_id}
    world.run(70)
    flatten(world).run(60)
    assert closings(world) == []
    assert "a leg is not quoted" in world.alerts("not_closed")[0].text
    world.mute = set()
    world.run(120)
    assert world.broker.positions == {}


@pytest.mark.covers("P27")
def test_in_live_a_person_allows_each_closing_order() -> None:
    world = live()
    world.run(20)
    flatten(world)
    while not pending(world.state):
        world.tick()
    assert world.proposal.order.purpose is Purpose.CLOSE
    assert world.broker.received == []
    world.consents = True
    world.tell(world.consent(world.proposal))
    world.answer()
    world.run(300)
    assert world.broker.positions == {}


def test_who_only_watches_closes_nothing() -> None:
    world = World(CALM, rules=replace(RULES, may_trade=False)).start()
    world.run(30)
    flatten(world).run(120)
    assert world.broker.received == []
    assert Phase.CLOSING not in world.path


def test_another_case_is_left_alone() -> None:
    world = hedged()
    flatten(world, "cother").run(60)
    assert Phase.CLOSING not in world.path


def test_what_still_opens_it_is_cancelled_first() -> None:
    world = cash(fills=False)
    order = opened(world)
    world.fill(order.ref, 4)
    flatten(world)
    assert CancelOrder(ref=order.ref) in world.commands
    world.fills = True
    world.run(120)
    assert [o.quantity for o in closings(world)] == [4]
    assert world.broker.positions == {}


def test_a_large_condor_is_closed_by_several_orders_one_after_the_other() -> None:
    world = World(CALM, held=condor(quantity=25)).start()
    world.run(30)
    flatten(world).run(900)
    assert [o.quantity for o in closings(world)] == [10, 10, 5]
    assert world.broker.positions == {}
    assert len(world.alerts("not_closed")) == 1  # The twin waits for its window.


def test_what_cannot_be_had_is_offered_so_many_times_and_then_told() -> None:
    world = closing()
    world.run(2400)
    assert len(closings(world)) == 8
    assert "P24 PER_DAY" in world.alerts("not_closed")[-1].text
    assert world.broker.working == {}


def test_it_explains_itself() -> None:
    world = closing()
    case = world.case
    found = answers(world.state, RULES, case, world.decisions)
    told = {a.question: a.answer for a in found}
    assert "the closing order works, or waits for a person" in told[Question.WHERE]
    assert told[Question.ROLL] == "it is being closed, as a person asked"
    assert "the rules may act" in told[Question.GATE]


def test_legs_that_are_no_vertical_are_left_to_a_person() -> None:
    world = hedged(fills=False)
    legs = tuple(leg for leg in world.case.legs if leg.quantity > 0)
    case = replace(world.case, legs=legs)
    world.state = replace(world.state, cases={case.case_id: case})
    flatten(world).run(60)
    assert closings(world) == []
    assert "no vertical" in world.alerts("not_closed")[0].text


# ------------------------------------------------------------ whatever happens -----


def some_fill(world: World, units: int) -> None:
    for ref, work in tuple(world.broker.working.items()):
        left = work.order.quantity - work.filled
        world.fill(ref, min(units, left))


def lost_place(world: World, _units: int) -> None:
    for command in tuple(world.open):
        if isinstance(command, PlaceOrder):
            ref = command.approved.order.ref
            world.tell(OrderNotSent(at=world.now, ref=ref, reason="the socket"))
            world.open.remove(command)


def a_new_link(world: World, _units: int) -> None:
    world.disconnect()
    world.connect()


ACTS: dict[str, Callable[[World, int], object]] = {
    "fill": some_fill,
    "not sent": lost_place,
    "time": lambda world, units: world.run(10 * units, every=10),
    "restart": lambda world, _: world.restart(),
    "link": a_new_link,
    "silence": lambda world, _: world.withheld.add(PlaceOrder),
    "voice": lambda world, _: world.withheld.clear(),
    "reports": lambda world, _: world.withheld.add(RequestReport),
    "ask": lambda world, _: flatten(world),
    "release": lambda world, _: world.tell(OperatorReleased(at=world.now, case="")),
    "move": lambda world, units: world.change(spot=7000.0 + units),
}


@pytest.mark.covers("T13", "P09")
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(1, 9)), max_size=14)
)
def test_whatever_happens_no_position_grows_or_turns_round(
    acts: list[tuple[str, int]],
) -> None:
    world = World(CALM, fills=False).start()
    world.run(30)
    flatten(world)
    before = {k: p.quantity for k, p in world.broker.positions.items()}
    for name, units in acts:
        ACTS[name](world, units)
        world.tick()
        now = {k: p.quantity for k, p in world.broker.positions.items()}
        for con_id, had in before.items():
            left = now.get(con_id, 0)
            assert left * had >= 0
            assert abs(left) <= abs(had)
        assert now.keys() <= before.keys()
        closes = [
            w for w in world.broker.working.values() if w.order.purpose is Purpose.CLOSE
        ]
        assert len(closes) <= 1
        before = now
        for right in Right:
            side = [
                p
                for p in world.broker.positions.values()
                if isinstance(p.instrument, Option) and p.instrument.right is right
            ]
            assert sum(p.quantity for p in side) == 0
