"""Opening condors: what it takes, how it is sent, and that the fills make the case."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.capital.cashbook import Kind
from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting, Inputs
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.command import CancelOrder, PreviewMargin, RepriceOrder
from alvh_trader.engine.event import CommissionReported, InputsRead, OrderFilled
from alvh_trader.engine.state import Rules
from alvh_trader.portfolio.case import Kind as Shape
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World
from tests.strategy.worked import condor
from tests.worked_market import Market

T0 = Market(spot=7138.80, vix=17.95, vix_forward=18.2)
AT = datetime(2026, 5, 7, 15, 0, tzinfo=UTC)
STRIKES = [6350, 6400, 7875, 7925]


def rules(**entries: Any) -> Rules:
    """Return rules that open condors without asking for a calendar."""
    given = {"enabled": True, "blackout_sessions": 0, **entries}
    changed = replace(RULES.params.entries, **given)
    return replace(RULES, params=replace(RULES.params, entries=changed))


def cash(market: Market = T0, given: Rules | None = None, **options: Any) -> World:
    """Return a world that holds nothing but cash, on the example's first day."""
    world = World(market, rules=given or rules(), **options)
    world.broker.positions.clear()
    world.now = AT
    return world.start()


def opened(world: World) -> Order:
    """Let time pass until the order to open is sent; return it."""
    for _ in range(30):
        if orders := world.placed(Purpose.OPEN):
            return orders[-1]
        world.tick()
    raise AssertionError(why(world))


def why(world: World) -> list[str]:
    """Return every reason that was given for an entry, or for none, with its value."""
    return [
        " ".join([d.trigger, *(f.value for f in d.findings[:1] if not f.holds)])
        for d in world.decisions
        if d.case == "entries"
    ]


def strikes_of(order: Order) -> list[float]:
    legs = [leg.instrument for leg in order.legs]
    return sorted(o.strike for o in legs if isinstance(o, Option))


def test_the_condor_of_the_example_is_opened_and_becomes_a_case() -> None:
    world = cash()
    order = opened(world)
    assert strikes_of(order) == STRIKES
    assert (order.quantity, order.case) == (10, "")
    # Rounded toward the trader: the middle is 3.0929.
    assert order.limit == Decimal("-3.10")
    world.run(600)
    assert world.case.opened_by == order.ref
    assert world.case.condor.kind is Shape.IRON_CONDOR
    assert world.case.condor.credit == pytest.approx(3.09, abs=0.02)
    assert world.case.is_age_known
    assert world.is_at(Phase.MONITOR)
    assert world.path == ("MONITOR",)
    assert len(world.alerts("opened")) == 1
    assert world.criticals() == []


def test_recognition_does_not_adopt_what_the_ledger_took_in() -> None:
    world = cash()
    opened(world)
    for _ in range(5):
        world.tell(world.broker.reported(world.now))
        world.run(60)
    assert len(world.state.cases) == 1
    assert [d.trigger for d in world.decisions if d.trigger == "FOUND"] == []


def test_there_is_one_attempt_a_day() -> None:
    world = cash()
    opened(world)
    world.run(3600, every=20)
    assert len(world.placed(Purpose.OPEN)) == 1
    assert why(world)[-1] == "no entry: OPEN orders today 1"


def test_what_does_not_fill_walks_within_the_collar_and_is_given_up() -> None:
    world = cash(replace(T0, spx_half=0.12), fills=False)
    order = opened(world)
    world.run(400)
    limits = [
        c.approved.order.limit for c in world.commands if isinstance(c, RepriceOrder)
    ]
    assert limits == sorted(limits)
    assert all(order.limit < rung <= order.limit + Decimal("0.30") for rung in limits)
    assert any(isinstance(c, CancelOrder) for c in world.commands)
    assert world.state.cases == {}
    assert "the entry is given up for today 0 of 10" in why(world)
    assert len(world.alerts("not_opened")) == 1
    world.run(1200, every=20)
    assert len(world.placed(Purpose.OPEN)) == 1
    world.now += timedelta(days=1)
    world.broker.begin_day(world.now.date())
    world.run(300)
    assert len(world.placed(Purpose.OPEN)) == 2


def test_what_has_filled_is_a_smaller_condor() -> None:
    world = cash(fills=False)
    order = opened(world)
    world.fill(order.ref, 4)
    assert world.case.condor.quantity == 4
    world.run(60)
    world.fill(order.ref, 2)
    assert world.case.condor.quantity == 6
    world.run(400)
    assert order.ref not in world.broker.working
    assert (world.case.condor.quantity, world.case.phase) == (6, Phase.MONITOR)
    assert world.case.is_whole()
    assert world.criticals() == []


def test_the_cash_book_has_all_of_the_credit_and_every_commission() -> None:
    world = cash(fills=False)
    order = opened(world)
    world.fill(order.ref, 4)
    world.run(120)
    world.fill(order.ref, 6)
    for fill in world.broker.fills:
        paid = CommissionReported(at=world.now, exec_id=fill.exec_id, amount=1.3)
        world.tell(paid)
    world.run(120)
    flows = world.state.cash.of(world.case.case_id)
    credit = sum(f.usd for f in flows if f.kind is Kind.CREDIT)
    fees = sum(f.usd for f in flows if f.kind is Kind.COMMISSION)
    traded = sum(f.quantity * float(f.price) for f in world.broker.fills)
    assert credit == pytest.approx(-100 * traded)
    assert credit == pytest.approx(world.case.condor.credit * 1_000)
    assert fees == pytest.approx(-8 * 1.3)


def test_no_leg_that_filled_alone_makes_a_case() -> None:
    world = cash(fills=False)
    order = opened(world)
    work = world.broker.working[order.ref]
    for leg in order.legs[:3]:
        assert isinstance(leg.instrument, Option)
        fill = world.broker.execute(
            work, leg.instrument, leg.ratio, world.now, lambda _: Decimal("1.00")
        )
        world.tell(OrderFilled(at=world.now, fill=fill))
    assert world.state.cases == {}


def test_an_execution_that_is_taken_back_closes_the_case() -> None:
    world = cash(fills=False)
    order = opened(world)
    world.fill(order.ref, 1)
    for fill in tuple(world.broker.fills):
        bust = replace(fill, exec_id=fill.exec_id[:-2] + "02", quantity=0)
        world.tell(OrderFilled(at=world.now, fill=bust))
    assert world.is_at(Phase.CLOSED)


def test_a_fill_during_a_restart_is_found_and_taken_in_once() -> None:
    world = cash(fills=False)
    order = opened(world)
    world.trade(order.ref)  # The broker fills it; nobody hears.
    world.restart()
    world.run(300)
    assert len(world.state.cases) == 1
    assert world.case.opened_by == order.ref
    assert world.is_at(Phase.MONITOR)
    assert len(world.placed(Purpose.OPEN)) == 1


@pytest.mark.parametrize(
    ("vix", "size"),
    [(11.0, 5), (13.5, 10), (17.95, 10), (21.0, 0), (27.0, 0), (37.0, 0)],
)
def test_the_regime_says_whether_and_how_many(vix: float, size: int) -> None:
    relaxed = rules()
    params = replace(
        relaxed.params,
        # Calm surfaces bring less; how much is enough is not what is tested here.
        condor=replace(relaxed.params.condor, credit_share=0.0),
        roll=replace(relaxed.params.roll, irr_over_wacc=-100.0, leg_spread_share=1.0),
    )
    world = cash(replace(T0, vix=vix), replace(relaxed, params=params))
    world.run(300)
    assert sum(o.quantity for o in world.placed(Purpose.OPEN)) == size
    if not size:
        assert any("VIX regime" in reason for reason in why(world))
        assert not any(isinstance(c, PreviewMargin) for c in world.commands)


def test_an_order_at_work_is_cancelled_where_it_would_not_be_sent_any_more() -> None:
    world = cash(fills=False)
    world.now += timedelta(hours=4, minutes=42)  # 15:42 in New York.
    order = opened(world)
    world.run(120, every=20)
    assert CancelOrder(ref=order.ref) in world.commands
    assert "the entry is cancelled: time 15:45" in why(world)


def test_missing_vix_is_one_regime_worse_and_opens_nothing() -> None:
    """Calm opens condors and so does the next regime; but nothing fresh is known."""
    world = cash(replace(T0, vix=16.0), fills=False)
    world.withheld = {PreviewMargin}
    world.run(60)
    world.mute = {2, 3}
    world.run(180)
    assert any("no entry: VIX regime ELEVATED" in reason for reason in why(world))
    world.withheld = set()
    world.run(300)
    assert world.placed(Purpose.OPEN) == []


def test_off_by_default_nothing_is_opened_or_watched() -> None:
    world = cash(given=RULES)
    world.run(600)
    assert world.broker.received == []
    assert why(world) == []
    assert len(world.watched) == 4


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (replace(rules(), may_trade=False), "mode watching"),
        (rules(blackout_sessions=1), "releases the calendar is missing"),
        (replace(rules(), limits=replace(RULES.limits, entries_per_day_max=0)), "OPEN"),
        (replace(rules(), limits=replace(RULES.limits, cases_max=1)), "cases held 1"),
    ],
)
def test_what_hinders_is_said_and_nothing_is_asked(given: Rules, reason: str) -> None:
    world = World(T0, rules=given)
    world.now = AT
    world.start()
    world.run(300)
    assert world.placed(Purpose.OPEN) == []
    assert any(f"no entry: {reason}" in r for r in why(world)), why(world)
    assert not any(isinstance(c, PreviewMargin) for c in world.commands)


@pytest.mark.parametrize(("day", "opens"), [(7, False), (8, False), (11, True)])
def test_no_condor_is_opened_around_a_meeting(day: int, opens: bool) -> None:
    """2026-05-07 is a Thursday; the session after the next is Monday the 11th."""
    world = cash(given=rules(blackout_sessions=1))
    meeting = FomcMeeting(released=datetime(2026, 5, day, 18, 0, tzinfo=UTC))
    fomc = FomcCalendar(meetings=(meeting,), as_of=date(2026, 5, 1))
    world.tell(InputsRead(at=world.now, inputs=Inputs(fomc=fomc)))
    world.run(300)
    assert bool(world.placed(Purpose.OPEN)) == opens


def test_a_case_in_the_extreme_tier_lets_nothing_be_opened() -> None:
    world = World(Market(spot=6650.0, vix=19.9, vix_forward=19.9), rules=rules())
    world.start()
    world.run(300)
    assert any("no entry: EDR extreme yes" in r for r in why(world)), why(world)
    assert world.placed(Purpose.OPEN) == []


def test_a_second_condor_keeps_the_two_sigma_rule_of_the_whole_book() -> None:
    """Ten condors lose 5.2 % at worst: there is room for one more, not for ten."""
    held = condor(10, costs=(19.51, 21.71, 2.37, 1.48))
    world = World(T0, rules=rules(), held=held)
    world.now = AT
    world.start()
    world.run(300)
    sizes = [o.quantity for o in world.placed(Purpose.OPEN)]
    assert sizes in ([], [1])
    test = world.state.book_test
    assert test is not None
    assert test.stress is not None
    assert test.stress.drawdown < 6.0


def test_strict_lets_a_case_lose_two_per_cent() -> None:
    given = replace(rules(), limits=replace(RULES.limits, strict=True))
    world = cash(given=given)
    # 18 000 USD over 100 (50 - 3.0929 + 0.30) USD.
    assert opened(world).quantity == 3


def test_without_a_margin_answer_nothing_is_sent() -> None:
    world = cash()
    world.margin_change = None
    world.run(600)
    assert world.placed(Purpose.OPEN) == []
    assert "the gate refuses the condor no answer" in why(world)
    silent = cash()
    silent.withheld = {PreviewMargin}
    silent.run(600)
    assert silent.placed(Purpose.OPEN) == []


def test_ours_is_defended_where_what_others_opened_is_not() -> None:
    world = cash(given=replace(rules(), adopts=False))
    opened(world)
    world.run(60)
    world.now += timedelta(days=14)  # T2 of the example.
    world.broker.begin_day(world.now.date())
    world.change(spot=6860.0, vix=21.20, vix_forward=21.05)
    world.until(Phase.HEDGE_WORKING)
    assert world.placed(Purpose.HEDGE)


def test_it_does_not_buy_what_another_condor_sold() -> None:
    """The wing at 6350 is short elsewhere: bought, both cases would lack a leg.

    So the next condor is opened, 55 points wide: its wings are at 6345 and 7930.
    """
    other = condor(1, (6300.0, 6350.0, 7925.0, 7975.0), costs=(1.0, 2.0, 1.0, 0.5))
    world = World(T0, rules=rules(), held=other)
    world.now = AT
    world.start()
    order = opened(world)
    held = {p.instrument.con_id: p.quantity for p in other.positions()}
    assert all(
        leg.ratio * held.get(leg.instrument.con_id, 0) >= 0 for leg in order.legs
    )
    assert strikes_of(order) != STRIKES
    world.run(120)
    assert len([c for c in world.state.cases.values() if c.is_whole()]) == 2


# ------------------------------------------------------------ any history -----

BLOWS = st.sampled_from(
    [
        "a look",
        "a minute",
        "one fills",
        "three fill",
        "a fill nobody hears of",
        "a bust",
        "cancelled by the broker",
        "the session goes",
        "the process dies",
        "VIX jumps",
        "VIX goes dark",
    ]
)


def strike(world: World, blow: str) -> None:
    """Let one thing happen to a world in which a condor is being opened."""
    refs = sorted(world.broker.working)
    match blow:
        case "a look":
            world.tick(20)
        case "a minute":
            world.run(60, every=20)
        case "one fills" | "three fill" | "a fill nobody hears of" if refs:
            work = world.broker.working[refs[0]]
            left = work.order.quantity - work.filled
            events = world.trade(refs[0], min(left, 3 if "three" in blow else 1))
            if "nobody" not in blow:
                world.tell(*events)
        case "a bust" if world.broker.fills:
            for fill in world.broker.fills[-4:]:
                void = replace(fill, exec_id=fill.exec_id[:-2] + "02", quantity=0)
                world.broker.fills[world.broker.fills.index(fill)] = void
                option = world.broker.positions[fill.con_id].instrument
                world.broker.hold(option, -fill.quantity)
                world.tell(OrderFilled(at=world.now, fill=void))
        case "cancelled by the broker" if refs:
            world.tell(*world.respond(CancelOrder(ref=refs[0])))
        case "the session goes":
            world.disconnect()
            world.connect()
        case "the process dies":
            world.restart()
        case "VIX jumps":
            world.change(vix=27.0)
        case "VIX goes dark":
            world.mute = {2, 3}
        case _:
            pass


@settings(max_examples=15, deadline=None)
@given(st.lists(BLOWS, max_size=12), st.booleans())
def test_whatever_happens_the_fills_of_an_entry_are_one_case(
    blows: list[str], begins_with_order: bool
) -> None:
    world = cash(fills=False)
    if begins_with_order:
        opened(world)
    for blow in blows:
        strike(world, blow)
    world.mute = set()
    world.run(900, every=20)
    orders = world.placed(Purpose.OPEN)
    assert len(orders) <= 1
    assert not any(d.trigger == "FOUND" for d in world.decisions)
    held = {k: p.quantity for k, p in world.broker.positions.items() if p.quantity}
    owned: Counter[int] = Counter()
    for case in world.state.cases.values():
        if case.phase is not Phase.CLOSED:
            assert case.opened_by == orders[0].ref
            owned.update({leg.option.con_id: leg.quantity for leg in case.legs})
    assert {k: v for k, v in owned.items() if v} == held
    assert not world.state.is_naked
    assert world.alerts("position_break") == []
