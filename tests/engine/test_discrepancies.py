"""What the broker shows and we cannot explain: by name, frozen, healed or adopted."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from alvh_trader.domain.instrument import Option, Other
from alvh_trader.domain.order import Fill, OrderReport, OrderStatus, Purpose, Terms
from alvh_trader.engine.command import CancelOrder, PlaceOrder, RequestReport
from alvh_trader.engine.event import (
    BrokerConnected,
    OrderFilled,
    OrderRefused,
    OrderUpdated,
)
from alvh_trader.engine.sent import refused_alike
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.discrepancy import RULES, Name
from alvh_trader.risk.gate import fingerprint
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import hedge, rolling
from tests.engine.test_session import working_hedge
from tests.playbook import World
from tests.worked_market import CALM, Market


def calm() -> World:
    world = World(CALM).start()
    world.run(60, every=20)
    assert world.is_at(Phase.MONITOR)
    return world


def short_of(world: World) -> Option:
    return next(leg.option for leg in world.case.legs if leg.quantity < 0)


def long_of(world: World) -> Option:
    return next(leg.option for leg in world.case.legs if leg.quantity > 0)


def ticket(world: World) -> Ticket:
    return world.state.tickets[hedge(world).ref]


def by_somebody(world: World, option: Option, count: int, client_id: int = 0) -> None:
    """Let somebody else trade; the broker tells of it as of any execution."""
    world.broker.hold(option, count)
    number = world.broker.number()
    fill = Fill(
        exec_id=f"0000bbbb.{number:08d}.01.01",
        ref="",
        perm_id=90_000 + number,
        con_id=option.con_id,
        quantity=count,
        price=Decimal("3.00"),
        at=world.now,
        client_id=client_id,
    )
    world.broker.fills.append(fill)
    world.tell(OrderFilled(at=world.now, fill=fill))


def foreign(con_id: int) -> OrderReport:
    """Return an order that somebody gave at the broker's own screen."""
    return OrderReport(
        ref="",
        perm_id=4242,
        order_id=0,
        client_id=0,
        status="Submitted",
        filled=0,
        terms=Terms(((con_id, 1),), 10, Decimal("0.05")),
    )


def lost(world: World, option: Option, count: int) -> None:
    """Let a position change without a word; told twice, it is believed."""
    world.broker.hold(option, count)
    world.tell(world.broker.reported(world.now))
    world.now += timedelta(seconds=6)
    world.tell(world.broker.reported(world.now))


def under_fire(world: World, seconds: float = 900) -> None:
    """Let a breach come, in which a hedge would be bought."""
    world.market = Market()
    world.run(seconds)


# ------------------------------------------------------------------ positions ---


@pytest.mark.covers("T02", "F58", "V4")
def test_a_position_without_an_execution_is_never_booked_by_itself() -> None:
    world = calm()
    short = short_of(world)
    lost(world, short, 2)
    assert world.discrepancies == ["POSITION"]
    assert world.state.ledger[short.con_id] == -10
    (told,) = world.alerts("position")
    assert "as if +2 had been traded" in told.text
    assert world.is_at(Phase.RECONCILE)
    under_fire(world, 200)
    assert world.broker.received == []
    assert len(world.alerts("position")) == 1, "one alert, not one a minute"


@pytest.mark.covers("T02")
def test_a_position_that_stays_unexplained_halts_after_five_minutes() -> None:
    world = calm()
    lost(world, short_of(world), 2)
    world.run(240)
    assert "halted" not in world.criticals()
    world.run(120)
    assert world.state.is_halted
    assert "halted" in world.criticals()


@pytest.mark.covers("T02")
def test_what_touches_nothing_of_ours_forbids_new_risk_but_no_hedge() -> None:
    world = calm()
    shares = Other(4711, "ACME", "STK")
    world.broker.hold(shares, 100)
    world.tell(world.broker.reported(world.now))
    world.now += timedelta(seconds=6)
    world.tell(world.broker.reported(world.now))
    assert world.discrepancies == ["POSITION"]
    under_fire(world, 1200)
    assert not world.state.is_halted
    assert world.placed(Purpose.HEDGE)
    assert world.placed(Purpose.ROLL) == []


def test_an_execution_that_comes_late_heals_the_difference() -> None:
    world = calm()
    short = short_of(world)
    lost(world, short, 2)
    world.broker.hold(short, -2)
    world.tell(world.broker.reported(world.now))
    assert world.discrepancies == []
    assert world.alerts("healed")
    world.run(60)
    assert world.is_at(Phase.MONITOR)


@pytest.mark.covers("F58", "F72")
def test_only_adoption_books_what_nobody_executed() -> None:
    world = calm()
    short = short_of(world)
    lost(world, short, 2)
    key = f"POSITION:{short.con_id}"
    world.adopt("POSITION:1")
    assert world.discrepancies == ["POSITION"]
    world.adopt(key)
    assert world.discrepancies == []
    assert world.state.ledger[short.con_id] == -8
    world.run(60)
    assert world.is_at(Phase.MANUAL), "the condor is not whole: a person decides"


@pytest.mark.covers("F111")
def test_options_that_turn_into_shares_halt_at_once() -> None:
    world = calm()
    world.broker.hold(Other(4711, "SPX", "STK"), -1000)
    lost(world, short_of(world), 10)
    assert set(world.discrepancies) == {"ASSIGNED"}
    assert world.state.is_halted


@pytest.mark.covers("F98", "P05")
@pytest.mark.parametrize("listed", ["adjusted", "gone"])
def test_a_contract_with_other_terms_is_another_whatever_its_number(
    listed: str,
) -> None:
    world = calm()
    short = short_of(world)
    now = replace(short, multiplier=95)
    listing = now if listed == "adjusted" else Other(short.con_id, "SPX", "OPT")
    held = world.broker.positions
    before = held[short.con_id]
    held[short.con_id] = replace(before, instrument=listing)
    world.tell(world.broker.reported(world.now))
    assert world.discrepancies == ["CONTRACT"]
    (told,) = world.alerts("contract")
    assert f"{short.strike:g}{short.right} x 100" in told.text
    assert ("x 95" if listed == "adjusted" else "not listed") in told.text
    assert world.is_at(Phase.RECONCILE)
    under_fire(world, 600)
    assert world.broker.received == []
    held[short.con_id] = before
    world.run(60)
    assert world.discrepancies == []
    world.run(600)
    assert world.placed(Purpose.HEDGE)


@pytest.mark.covers("F98")
def test_a_leg_that_gets_another_number_is_a_persons_to_confirm() -> None:
    world = calm()
    short = short_of(world)
    renumbered = replace(short, con_id=short.con_id + 5_000_000)
    world.broker.hold(renumbered, -10)
    lost(world, short, 10)
    assert world.discrepancies == ["POSITION", "POSITION"]
    under_fire(world, 200)
    assert world.broker.received == []
    world.adopt()
    world.run(120)
    assert world.discrepancies == []
    assert world.is_at(Phase.MANUAL)
    assert world.broker.received == []


@pytest.mark.covers("F98", "F108")
def test_what_ends_today_may_be_delisted_before_it_has_left_the_account() -> None:
    world = calm()
    short = short_of(world)
    world.now += timedelta(days=(short.last_trade - world.now.date()).days)
    world.broker.begin_day(world.now.date())
    held = world.broker.positions
    gone = Other(short.con_id, "SPX", "OPT")
    held[short.con_id] = replace(held[short.con_id], instrument=gone)
    world.tell(world.broker.reported(world.now))
    assert world.alerts("contract") == []


@pytest.mark.covers("F109")
def test_a_position_gone_before_its_settlement_is_not_explained_by_the_calendar() -> (
    None
):
    world = calm()
    lost(world, long_of(world), -10)
    assert world.discrepancies == ["POSITION"]
    assert not [d for d in world.decisions if d.trigger == "EXPIRED"]


@pytest.mark.covers("F109", "F110")
def test_what_was_settled_is_written_down_and_is_no_discrepancy() -> None:
    world = calm()
    world.now += timedelta(days=41)  # 2026-07-01, the day after the last trade.
    world.broker.begin_day(world.now.date())
    world.run(120)
    (told,) = [d for d in world.decisions if d.trigger == "EXPIRED"]
    assert sorted(f.value for f in told.findings) == [
        *("+10 settled", "+10 settled", "-10 settled", "-10 settled"),
    ]
    assert world.discrepancies == []
    assert not any(world.state.ledger.get(leg.option.con_id) for leg in world.case.legs)


# ------------------------------------------------------------- somebody else ---


@pytest.mark.covers("F72", "F74", "I13")
@pytest.mark.parametrize(("client_id", "who"), [(0, "a person"), (77, "client 77")])
def test_somebody_else_who_trades_our_legs_freezes_the_case(
    client_id: int, who: str
) -> None:
    world = calm()
    by_somebody(world, short_of(world), 2, client_id)
    assert world.discrepancies == ["FOREIGN_TRADE"]
    (told,) = world.alerts("foreign_trade")
    assert f"{who} has traded +2" in told.text
    assert world.is_at(Phase.RECONCILE)
    under_fire(world)
    assert world.broker.received == []
    assert not world.state.is_halted, "it is explained, and it is his account"
    world.adopt()
    world.run(60)
    assert world.is_at(Phase.MANUAL)


@pytest.mark.covers("F72")
def test_a_person_who_sells_the_hedge_stops_the_roll_that_stood_on_it() -> None:
    world = rolling()
    call = hedge(world).legs[0].instrument
    assert isinstance(call, Option)
    by_somebody(world, call, -7)
    world.answer()
    world.run(300)
    assert world.discrepancies == ["FOREIGN_TRADE"]
    rolls = {o.ref for o in world.placed(Purpose.ROLL)}
    cancelled = {c.ref for c in world.commands if isinstance(c, CancelOrder)}
    assert rolls <= cancelled
    assert not any(t.is_live for t in world.state.tickets.values())


def test_what_somebody_adds_beside_us_touches_nothing() -> None:
    world = working_hedge()
    call = hedge(world).legs[0].instrument
    assert isinstance(call, Option)
    by_somebody(world, call, 3)
    assert world.discrepancies == []
    assert world.state.ledger[call.con_id] == 3


@pytest.mark.covers("I13", "F74")
def test_an_order_of_somebody_else_on_our_legs_freezes_until_it_is_gone() -> None:
    world = calm()
    order = foreign(short_of(world).con_id)
    told = replace(world.broker.reported(world.now), orders=(order,))
    world.tell(told, replace(told, at=world.now + timedelta(seconds=1)))
    assert world.discrepancies == ["FOREIGN_ORDER"]
    assert len(world.alerts("foreign_order")) == 1
    world.tick()
    assert world.is_at(Phase.RECONCILE)
    world.tell(replace(world.broker.reported(world.now)))
    world.run(30)
    assert world.discrepancies == []
    assert world.is_at(Phase.MONITOR)


@pytest.mark.covers("I13")
def test_an_order_that_was_adopted_may_rest_where_it_is() -> None:
    world = calm()
    order = foreign(short_of(world).con_id)
    world.tell(replace(world.broker.reported(world.now), orders=(order,)))
    world.withheld.add(RequestReport)
    world.adopt()
    told = replace(world.broker.reported(world.now), orders=(order,))
    world.tell(told)
    world.withheld.clear()
    assert [it.is_adopted for it in world.state.discrepancies.values()] == [True]
    world.run(20)
    assert world.is_at(Phase.MONITOR)


def test_orders_of_others_elsewhere_are_none_of_ours() -> None:
    world = calm()
    order = replace(foreign(4711), order_id=3, client_id=5)
    world.tell(replace(world.broker.reported(world.now), orders=(order,)))
    assert world.discrepancies == []


# ------------------------------------------------------------ orders of ours ---


def shown(world: World, **changes: object) -> OrderReport:
    """Return what the broker would say of our hedge order, with changes."""
    work = world.broker.working[hedge(world).ref]
    report = world.broker.report(work, "Submitted")
    return replace(report, **changes)


@pytest.mark.covers("F62", "F63", "F73")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": 8}, "quantity 7, shown 8"),
        ({"limit": Decimal("9.99")}, "shown 9.99"),
        ({"tif": "GTC"}, "tif DAY, shown GTC"),
        ({"kind": "MKT", "limit": None}, "kind LMT, shown MKT"),
        ({"legs": ((1, 1),)}, "shown 1, 1"),
        ({"extras": ("outsideRth=True",)}, "extras none, shown outsideRth=True"),
    ],
)
def test_an_order_that_is_another_at_the_broker_is_cancelled(
    change: dict[str, object], words: str
) -> None:
    world = working_hedge()
    terms = replace(hedge(world).terms, **change)
    world.tell(OrderUpdated(at=world.now, report=shown(world, terms=terms)))
    assert world.discrepancies == ["CHANGED_ORDER"]
    (told,) = world.alerts("changed_order")
    assert words in told.text
    assert CancelOrder(ref=hedge(world).ref) in world.commands
    world.answer()
    world.run(300)
    assert len(world.placed(Purpose.HEDGE)) == 1, "not again before a person says so"
    world.adopt()
    world.run(120)
    assert len(world.placed(Purpose.HEDGE)) == 2


@pytest.mark.covers("F62")
def test_an_order_of_an_earlier_life_is_compared_as_well() -> None:
    world = working_hedge()
    world.now += timedelta(seconds=5)
    work = world.broker.working[hedge(world).ref]
    work.order = replace(work.order, quantity=9)
    world.restart()
    assert world.discrepancies == ["CHANGED_ORDER"]


@pytest.mark.covers("F69")
def test_a_change_that_was_refused_leaves_the_ticket_where_the_broker_is() -> None:
    world = World(Market(vix_half=0.04), fills=False).start()
    world.until(Phase.HEDGE_WORKING)
    world.answer()
    first = ticket(world).order.limit
    before = shown(world)
    while ticket(world).rung == 0:
        world.tick()
    world.tell(OrderUpdated(at=world.now, report=before))
    assert ticket(world).rung == 1, "an old word, while the change is under way"
    world.now += timedelta(seconds=10)
    world.tell(OrderUpdated(at=world.now, report=before))
    assert (ticket(world).rung, ticket(world).order.limit) == (0, first)
    assert world.discrepancies == []


@pytest.mark.covers("F73")
def test_a_hedge_that_somebody_cancels_is_not_sent_again_before_adoption() -> None:
    world = working_hedge()
    report = world.broker.end(hedge(world).ref)
    assert report is not None
    world.tell(OrderUpdated(at=world.now, report=report))
    assert ticket(world).status is OrderStatus.CANCELLED_BY_OTHER
    under_fire(world)
    assert len(world.placed(Purpose.HEDGE)) == 1
    world.adopt()
    world.run(120)
    assert len(world.placed(Purpose.HEDGE)) == 2


@pytest.mark.covers("F56")
def test_one_of_two_orders_that_ends_does_not_end_the_intent() -> None:
    world = working_hedge()
    ref = hedge(world).ref
    twin = shown(world, perm_id=777)
    world.tell(OrderUpdated(at=world.now, report=twin))
    assert world.discrepancies == ["TWIN_ORDER"]
    assert CancelOrder(ref=ref) in world.commands
    ended = replace(twin, status="Cancelled")
    world.tell(OrderUpdated(at=world.now, report=ended))
    assert ticket(world).is_live
    assert ticket(world).ended == (777,)
    world.answer()
    assert ticket(world).status is OrderStatus.CANCELLED
    world.tell(world.broker.reported(world.now))
    assert world.discrepancies == []


@pytest.mark.covers("F03", "F49")
def test_an_order_that_was_given_up_and_works_after_all_is_ended() -> None:
    world = World(fills=False).start()
    world.withheld.add(PlaceOrder)
    world.until(Phase.HEDGE_WORKING)
    order = hedge(world)
    world.open.clear()  # The broker is slow: it is not to be seen for minutes.
    world.withheld.clear()
    while world.state.tickets[order.ref].is_live:
        world.tick()
    late = [o for o in world.placed(Purpose.HEDGE) if o.ref != order.ref]
    assert world.state.tickets[order.ref].status is OrderStatus.NOT_SEEN
    world.broker.accept(order)
    world.tell(world.broker.reported(world.now))
    assert world.discrepancies == [], "the report may be older than the end"
    world.now += timedelta(seconds=10)
    world.tell(world.broker.reported(world.now))
    assert "ENDED_YET_OPEN" in world.discrepancies
    assert CancelOrder(ref=order.ref) in world.commands
    world.answer()
    world.tell(world.broker.reported(world.now))
    assert "ENDED_YET_OPEN" not in world.discrepancies
    assert len(late) <= 1


# ---------------------------------------------------- what an error code proves ---


def refused(world: World) -> None:
    del world.broker.working[hedge(world).ref]
    world.withheld.add(RequestReport)
    world.tell(
        OrderRefused(at=world.now, ref=hedge(world).ref, code=201, text="margin")
    )


@pytest.mark.covers("F59")
def test_a_rejection_is_a_claim_until_reports_were_quiet_for_half_a_minute() -> None:
    world = working_hedge()
    refused(world)
    assert ticket(world).is_in_doubt
    world.withheld.clear()
    world.run(20, every=5)
    assert ticket(world).is_in_doubt, "the quantity is held"
    assert len(world.placed(Purpose.HEDGE)) == 1
    world.run(40, every=5)
    assert ticket(world).status is OrderStatus.REJECTED


@pytest.mark.covers("F59")
@pytest.mark.parametrize("word", ["Inactive", "Cancelled"])
def test_a_rejection_is_proven_by_the_list_of_what_is_over(word: str) -> None:
    world = working_hedge()
    ended = shown(world, status=word)
    refused(world)
    told = world.broker.reported(world.now)
    world.tell(replace(told, completed=(ended,)))
    assert ticket(world).status is OrderStatus.REJECTED
    assert world.discrepancies == []


def attempts(world: World) -> int:
    """Return how often the order that was refused for margin was sent."""
    orders = world.placed(Purpose.HEDGE)
    assert world.state.tickets[orders[0].ref].status is OrderStatus.REJECTED
    return sum(fingerprint(order) == fingerprint(orders[0]) for order in orders)


@pytest.mark.covers("F59", "P08")
@pytest.mark.parametrize(
    ("little", "enough"),
    [
        ({"available_funds": 805_000.0}, {"available_funds": 840_000.0}),
        ({"net_liquidation": 895_000.0}, {"net_liquidation": 885_000.0}),
    ],
)
def test_what_was_refused_for_margin_is_not_offered_again_to_the_same_account(
    little: dict[str, float], enough: dict[str, float]
) -> None:
    """Another hedge is tried instead; the same one when the account has changed."""
    world = working_hedge()
    refused(world)
    world.withheld.clear()
    world.broker.account = replace(world.broker.account, **little)
    world.run(1800)
    assert attempts(world) == 1
    assert len(world.placed(Purpose.HEDGE)) > 1
    world.broker.account = replace(world.broker.account, **enough)
    world.run(1800)
    assert attempts(world) > 1


@pytest.mark.covers("F59", "P08")
def test_an_order_that_changed_or_was_refused_for_its_form_is_another() -> None:
    world = working_hedge()
    refused(world)
    world.withheld.clear()
    world.run(60)
    order, turn = hedge(world), Turn(world.state, world.rules, world.now)
    again = replace(order, ref="ALVH-again", limit=order.limit + 1)
    assert refused_alike(turn, again) == (order.ref,), "a price mends no margin"
    assert refused_alike(turn, replace(again, quantity=1)) == ()
    tomorrow = world.now + timedelta(days=1)
    other = replace(world.state, day=tomorrow.date())
    assert refused_alike(Turn(other, world.rules, tomorrow), again) == ()
    of_its_form = {order.ref: replace(ticket(world), refused_worth=None)}
    other = replace(world.state, tickets=of_its_form)
    assert refused_alike(Turn(other, world.rules, world.now), again) == ()


@pytest.mark.covers("F59", "F61")
def test_an_order_that_was_rejected_and_works_all_the_same_works() -> None:
    world = working_hedge()
    work = world.broker.working[hedge(world).ref]
    refused(world)
    world.broker.working[hedge(world).ref] = work
    world.withheld.clear()
    world.answer()
    assert ticket(world).status is OrderStatus.WORKING
    assert not ticket(world).refused


@pytest.mark.covers("F61")
def test_an_inactive_order_holds_its_quantity_and_may_fill() -> None:
    world = working_hedge()
    report = shown(world, status="Inactive")
    world.tell(OrderUpdated(at=world.now, report=report))
    world.withheld.add(RequestReport)
    world.run(60)
    assert ticket(world).is_live
    assert len(world.placed(Purpose.HEDGE)) == 1
    world.withheld.clear()
    world.fill(hedge(world).ref)
    assert ticket(world).status is OrderStatus.FILLED


@pytest.mark.covers("F65", "I07")
def test_a_cancel_that_nobody_answers_is_a_doubt_and_is_sent_again() -> None:
    world = working_hedge()
    world.withheld |= {CancelOrder, RequestReport}
    world.run(300)
    assert ticket(world).is_in_doubt
    assert len(world.placed(Purpose.HEDGE)) == 1, "its quantity is still held"
    asked = [c for c in world.commands if isinstance(c, CancelOrder)]
    world.answer(RequestReport)
    again = [c for c in world.commands if isinstance(c, CancelOrder)]
    assert (len(asked), len(again)) == (1, 2)
    world.withheld.clear()
    world.answer()
    assert ticket(world).status is OrderStatus.CANCELLED


@pytest.mark.covers("F50", "F66")
def test_an_end_waits_for_the_executions_that_it_counts() -> None:
    world = working_hedge()
    ref = hedge(world).ref
    fills = [e for e in world.trade(ref, 3) if isinstance(e, OrderFilled)]
    report = world.broker.end(ref)
    assert report is not None
    world.withheld.add(RequestReport)
    world.tell(OrderUpdated(at=world.now, report=report))
    assert ticket(world).is_in_doubt, "three are said to have filled"
    world.tell(*fills, OrderUpdated(at=world.now, report=report))
    assert ticket(world).filled == 3
    assert not ticket(world).is_live


# -------------------------------------------------------------------- numbers ---


@pytest.mark.covers("F46", "F47")
def test_numbers_that_begin_again_are_told_and_decide_nothing() -> None:
    world = working_hedge()
    assert world.state.last_order_id > 0
    world.disconnect()
    world.tell(
        BrokerConnected(
            at=world.now,
            account_id="DU1",
            server_version=178,
            indexes=tuple(world.state.indexes.values()),
            next_order_id=1,
        )
    )
    (told,) = world.alerts("order_ids_reset")
    assert "from 1 again" in told.text
    world.answer()
    assert ticket(world).status is OrderStatus.WORKING


# -------------------------------------------------------------------- fills ---


@pytest.mark.covers("F68")
def test_an_overfill_halts_and_is_booked_all_the_same() -> None:
    world = working_hedge()
    (told, *_) = world.trade(hedge(world).ref)
    assert isinstance(told, OrderFilled)
    more = replace(told.fill, exec_id="0000e0d5.99999999.01.01", quantity=2)
    world.broker.hold(hedge(world).legs[0].instrument, 2)
    world.broker.fills.append(more)
    world.tell(told, OrderFilled(at=world.now, fill=more))
    assert world.discrepancies == ["OVERFILL"]
    assert ticket(world).filled == 9
    assert world.state.ledger[more.con_id] == 9
    world.tell(world.broker.reported(world.now))
    assert world.state.is_halted


@pytest.mark.covers("F76", "I09")
def test_legs_that_stay_out_of_ratio_are_told_with_what_would_close_them() -> None:
    world = rolling()
    roll = world.placed(Purpose.ROLL)[0]
    told = [e for e in world.trade(roll.ref, 4) if isinstance(e, OrderFilled)]
    world.withheld.add(RequestReport)
    world.tell(told[0])
    world.tick(4)
    assert world.discrepancies == []
    world.tick(6)
    assert world.discrepancies == ["LEGGED_OUT"]
    (alert,) = world.alerts("legged_out")
    con_id, count = told[0].fill.con_id, told[0].fill.quantity
    assert f"legged out by {count:+d} of {con_id}" in alert.text
    assert f"trading {-count:+d} of {con_id} would close it" in alert.text
    world.tell(*told[1:])
    assert world.discrepancies == []
    assert world.state.tickets[roll.ref].filled == 4


@pytest.mark.covers("F71")
def test_a_liquidation_by_the_broker_halts() -> None:
    world = calm()
    short = short_of(world)
    world.broker.hold(short, 3)
    fill = Fill(
        exec_id="0000cccc.00000001.01.01",
        ref="",
        perm_id=5,
        con_id=short.con_id,
        quantity=3,
        price=Decimal("4.00"),
        at=world.now,
        is_forced=True,
    )
    world.broker.fills.append(fill)
    world.tell(world.broker.reported(world.now))
    assert world.discrepancies == ["LIQUIDATION"]
    assert world.state.ledger[short.con_id] == -7, "it happened: it is booked"
    assert world.state.is_halted


@pytest.mark.covers("F46", "F57")
def test_without_a_name_the_permanent_id_says_whose_an_execution_is() -> None:
    world = working_hedge()
    (told, *_) = world.trade(hedge(world).ref)
    assert isinstance(told, OrderFilled)
    world.tell(OrderFilled(at=world.now, fill=replace(told.fill, ref="")))
    assert ticket(world).filled == 7
    assert world.discrepancies == []


@pytest.mark.covers("F51")
def test_an_execution_that_came_before_its_name_is_booked_to_its_order_once() -> None:
    world = rolling()
    roll = world.placed(Purpose.ROLL)[0]
    told = [e for e in world.trade(roll.ref) if isinstance(e, OrderFilled)]
    world.withheld.add(RequestReport)
    for event in told:
        bare = replace(event.fill, ref="", perm_id=0)
        world.tell(OrderFilled(at=event.at, fill=bare))
    assert "FOREIGN_TRADE" in world.discrepancies
    assert world.state.tickets[roll.ref].filled == 0
    booked = dict(world.state.ledger)
    world.tell(*told, *told)
    assert world.state.tickets[roll.ref].filled == roll.quantity
    assert world.state.ledger == booked
    assert world.discrepancies == []


@pytest.mark.covers("F57")
def test_our_name_on_a_contract_that_was_not_ordered_is_told() -> None:
    world = working_hedge()
    (told, *_) = world.trade(hedge(world).ref)
    assert isinstance(told, OrderFilled)
    stray = replace(told.fill, con_id=999)
    world.tell(OrderFilled(at=world.now, fill=stray))
    assert world.discrepancies == ["STRAY_FILL"]
    assert ticket(world).filled == 0


@pytest.mark.covers("F53", "F54")
def test_a_correction_reverses_what_it_corrects_and_is_told() -> None:
    world = working_hedge()
    call = hedge(world).legs[0].instrument.con_id
    (told, *_) = world.trade(hedge(world).ref)
    assert isinstance(told, OrderFilled)
    world.tell(told)
    less = replace(told.fill, exec_id=told.fill.exec_id[:-2] + "02", quantity=5)
    bust = replace(told.fill, exec_id=told.fill.exec_id[:-2] + "10", quantity=0)
    world.tell(OrderFilled(at=world.now, fill=less))
    assert world.state.ledger[call] == 5
    world.tell(OrderFilled(at=world.now, fill=bust), told)
    assert world.state.ledger[call] == 0
    assert world.state.lots == {}
    assert len(world.alerts("fill_corrected")) == 2
    # The broker's positions still have the seven: they are a break, not ours.
    world.tell(world.broker.reported(world.now))
    assert world.state.break_since is not None


def test_every_name_has_its_row() -> None:
    assert RULES.keys() == set(Name)
