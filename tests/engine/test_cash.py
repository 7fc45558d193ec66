"""The cash book: which fill, commission and margin belongs to which case."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from alvh_trader.capital.cashbook import CashBook, Kind
from alvh_trader.domain.inputs import Inputs
from alvh_trader.domain.market import Bar
from alvh_trader.domain.order import Fill, exec_base
from alvh_trader.engine.event import (
    BarsReported,
    CommissionReported,
    InputsRead,
    OrderFilled,
)
from alvh_trader.engine.yields import PROVISIONAL
from alvh_trader.strategy.phase import Phase
from tests.capital.worked import FACILITIES, REIT, VAULT
from tests.engine.test_entries import cash as with_nothing_held
from tests.engine.test_entries import opened
from tests.playbook import World
from tests.worked_market import CALM


def total(book: CashBook, kind: Kind) -> float:
    return sum(f.usd for f in book.flows if f.kind is kind)


def paid(fills: list[Fill]) -> float:
    return -sum(f.quantity * float(f.price) * 100 for f in fills)


def test_a_condor_ties_up_its_margin_and_brings_its_credit() -> None:
    world = World(CALM).start()
    world.run(60)
    book, condor = world.state.cash, world.case.condor
    assert book.margins == {world.case.case_id: 50_000.0}
    assert total(book, Kind.MARGIN) == -50_000
    assert total(book, Kind.CREDIT) == pytest.approx(condor.credit * 1_000)


def test_hedge_and_roll_are_entered_fill_by_fill_and_margin_follows_the_width() -> None:
    world = World().start().until(Phase.COOLDOWN)
    world.run(120)
    book = world.state.cash
    hedges = [f for f in world.broker.fills if "HEDGE" in f.ref]
    rolls = [f for f in world.broker.fills if "ROLL" in f.ref]
    assert total(book, Kind.HEDGE) == pytest.approx(paid(hedges))
    assert total(book, Kind.HEDGE) < 0
    assert total(book, Kind.ROLL) == pytest.approx(paid(rolls))
    assert -total(book, Kind.MARGIN) == world.case.condor.risk_notional
    assert {f.case for f in book.flows} == {world.case.case_id}


def test_a_commission_is_charged_to_the_case_of_its_fill_whichever_comes_first() -> (
    None
):
    world = World()
    world.fills = False
    world.start().until(Phase.HEDGE_WORKING)
    (order,) = world.broker.received
    (event, *_) = world.trade(order.ref, 1)
    assert isinstance(event, OrderFilled)
    early = CommissionReported(at=world.now, exec_id=event.fill.exec_id, amount=0.85)
    world.tell(early)
    assert total(world.state.cash, Kind.COMMISSION) == 0
    world.tell(event, early, event, early)
    book = world.state.cash
    assert total(book, Kind.COMMISSION) == pytest.approx(-0.85)
    assert [f.case for f in book.flows if f.kind is Kind.COMMISSION] == [
        world.case.case_id
    ]
    assert book.pending == {}


def test_a_condor_of_our_own_brings_what_its_fills_did_and_costs_what_they_cost() -> (
    None
):
    world = with_nothing_held(fills=False)
    order = opened(world)
    for event in world.trade(order.ref, 3):
        world.tell(event)
        if isinstance(event, OrderFilled):
            # Three of four are told before the unit is whole, and a case.
            name = event.fill.exec_id
            world.tell(CommissionReported(at=world.now, exec_id=name, amount=1.95))
    world.run(120)
    world.fill(order.ref, 7)
    world.run(120)
    book = world.state.cash
    assert total(book, Kind.CREDIT) == pytest.approx(paid(world.broker.fills), abs=0.1)
    assert total(book, Kind.COMMISSION) == pytest.approx(-4 * 1.95)
    assert book.margins == {world.case.case_id: 50_000.0}
    assert book.pending == {}


def test_a_commission_of_nobodys_execution_is_charged_to_nobody() -> None:
    world = World(CALM).start()
    world.run(60)
    world.tell(CommissionReported(at=world.now, exec_id="x.1.1.01", amount=2.0))
    world.run(120)
    assert world.state.cash.pending == {"x.1.1": 2.0}
    assert total(world.state.cash, Kind.COMMISSION) == 0
    world.now = datetime(2026, 5, 22, 14, 0, tzinfo=UTC)
    world.run(120)
    assert world.state.cash.pending == {}


def test_a_correction_replaces_what_the_execution_had_paid() -> None:
    world = World()
    world.fills = False
    world.start().until(Phase.HEDGE_WORKING)
    (order,) = world.broker.received
    (event, *_) = world.trade(order.ref, 1)
    assert isinstance(event, OrderFilled)
    world.tell(event)
    before = total(world.state.cash, Kind.HEDGE)
    corrected = replace(
        event.fill,
        exec_id=event.fill.exec_id[:-2] + "02",
        price=event.fill.price + Decimal("0.10"),
    )
    world.tell(OrderFilled(at=world.now, fill=corrected))
    assert total(world.state.cash, Kind.HEDGE) == pytest.approx(before - 10)


def closed_by_hand(world: World) -> None:
    """Let another client buy the condor back, and the broker show it."""
    for number, leg in enumerate(world.case.legs):
        fill = Fill(
            exec_id=f"manual.{number}.01.01",
            ref="",
            perm_id=99,
            con_id=leg.option.con_id,
            quantity=-leg.quantity,
            price=Decimal("1.50") if leg.quantity < 0 else Decimal("0.50"),
            at=world.now,
        )
        world.broker.fills.append(fill)
        world.broker.hold(leg.option, -leg.quantity)
        world.tell(OrderFilled(at=world.now, fill=fill))


def test_what_somebody_else_closes_gives_the_margin_back_at_his_prices() -> None:
    world = World(CALM).start()
    world.run(120)
    name = world.case.case_id
    closed_by_hand(world)
    world.tell(world.broker.reported(world.now))
    world.adopt()
    world.run(120)
    assert world.is_at(Phase.CLOSED)
    book = world.state.cash
    assert book.margins == {}
    assert total(book, Kind.MARGIN) == 0
    # Two shorts at 1.50 and two wings at 0.50, ten times.
    assert total(book, Kind.CLOSE) == pytest.approx(-2_000)
    assert total(book, Kind.SETTLEMENT) == 0
    assert name in book.cases


def test_an_expired_condor_is_settled_at_the_close_of_its_last_day() -> None:
    world = World(CALM).start()
    world.run(120)
    book, name = world.state.cash, world.case.case_id
    world.now = datetime(2026, 7, 1, 14, 0, tzinfo=UTC)
    for leg in world.case.legs:
        world.broker.hold(leg.option, -leg.quantity)
    world.tick()
    world.tell(world.broker.reported(world.now))
    world.tell(
        BarsReported(
            at=world.now,
            symbol="SPX",
            bars=(Bar(date(2026, 6, 30), 6_390.0, 6_400.0, 6_370.0, 6_380.0),),
        )
    )
    world.run(120)
    book = world.state.cash
    assert world.is_at(Phase.CLOSED)
    # The 6400 put is 20 points in the money, ten times 100.
    assert total(book, Kind.SETTLEMENT) == -20_000
    (back,) = [f for f in book.flows if f.kind is Kind.MARGIN and f.usd > 0]
    assert back.day == date(2026, 6, 30)
    assert world.state.capital is not None
    (done,) = world.state.capital.returns
    assert done.case == name
    assert not done.is_open
    assert done.so_far is not None
    assert done.so_far < -90


def test_a_settlement_that_nobody_reports_leaves_the_case_without_a_return() -> None:
    world = World(CALM).start()
    world.run(120)
    name = world.case.case_id
    world.now = datetime(2026, 7, 9, 14, 0, tzinfo=UTC)
    for leg in world.case.legs:
        world.broker.hold(leg.option, -leg.quantity)
    world.tick()
    world.tell(world.broker.reported(world.now))
    world.tell(BarsReported(at=world.now, symbol="SPX", bars=()))
    world.run(60)
    assert world.state.cash.margins == {name: 50_000.0}
    world.now += timedelta(days=6)
    world.tell(BarsReported(at=world.now, symbol="SPX", bars=()))
    world.run(60)
    assert world.state.cash.unsettled == (name,)
    assert world.state.cash.margins == {}
    assert world.state.capital is not None
    (gone,) = world.state.capital.returns
    assert gone.so_far is None
    assert "not reported" in gone.note


def test_interest_is_entered_for_the_days_since_the_last_session() -> None:
    world = World(CALM)
    world.tell(InputsRead(at=world.now, inputs=Inputs(facilities=FACILITIES)))
    world.start().run(60)
    assert total(world.state.cash, Kind.INTEREST) == 0
    world.now = datetime(2026, 5, 26, 14, 0, tzinfo=UTC)
    world.run(60)
    by_hand = (60_000 * 0.0555 + 40_000 * 0.075) * 5 / 365
    assert total(world.state.cash, Kind.INTEREST) == pytest.approx(-by_hand)


def test_credit_earned_with_borrowed_money_is_due_to_the_vault() -> None:
    credited = replace(VAULT, credited=45_000.0)
    world = World(CALM)
    stated = replace(FACILITIES, facilities=(credited, REIT))
    world.tell(InputsRead(at=world.now, inputs=Inputs(facilities=stated)))
    world.start().run(120)
    credit = world.case.condor.credit * 1_000
    # 45 000 of the 900 000 in the account are borrowed.
    assert world.state.capital is not None
    assert world.state.capital.sweep_due == pytest.approx(credit * 0.05)
    (alert,) = world.alerts("sweep_due")
    assert "155 USD" in alert.text
    swept = replace(stated, swept=200.0)
    world.tell(InputsRead(at=world.now, inputs=Inputs(facilities=swept)))
    world.run(120)
    assert world.state.capital is not None
    assert world.state.capital.sweep_due == 0
    assert len(world.alerts("sweep_due")) == 1


def test_old_statements_owe_the_vault_nothing_new() -> None:
    credited = replace(
        VAULT, credited=45_000.0, as_of=VAULT.as_of - timedelta(hours=30)
    )
    world = World(CALM)
    stated = replace(FACILITIES, facilities=(credited, REIT))
    world.tell(InputsRead(at=world.now, inputs=Inputs(facilities=stated)))
    world.start().run(120)
    assert world.state.cash.owed == {}


@pytest.mark.covers("T03", "F55")
def test_a_commission_that_never_comes_is_told_once() -> None:
    world = World().start().until(Phase.STABILISE)
    assert world.alerts("commission") == []
    world.until(Phase.COOLDOWN)
    world.run(600)
    told = world.alerts("commission")
    assert len(told) == len(world.broker.fills)
    assert all("is not reported" in alert.text for alert in told)
    world.run(600)
    assert len(world.alerts("commission")) == len(told)


@pytest.mark.covers("F55")
def test_what_a_case_brought_is_provisional_until_its_commissions_are_known() -> None:
    """Most of them come late, and the last one never: with no next day either."""
    world = World().start().until(Phase.COOLDOWN)
    assert provisional(world) == []
    world.run(1200)
    name = world.case.case_id
    assert provisional(world) == [name]
    for fill in world.broker.fills[:-1]:
        told = CommissionReported(at=world.now, exec_id=fill.exec_id, amount=0.0)
        world.tell(told)
    last = exec_base(world.broker.fills[-1].exec_id)
    assert world.state.cash.missing == {last: name}
    world.now += timedelta(days=1)
    world.broker.begin_day(world.now.date())
    world.run(1200)
    assert last not in world.state.fills
    assert provisional(world) == [name]


def provisional(world: World) -> list[str]:
    """Return the cases whose returns are shown as provisional."""
    view = world.state.capital
    assert view is not None
    return [each.case for each in view.returns if PROVISIONAL in each.note]


@pytest.mark.covers("T03")
@pytest.mark.parametrize(("usd", "count"), [(7 * 9.0, 0), (7 * 9.0 + 0.01, 1)])
def test_a_commission_far_from_what_is_reckoned_with_is_told(
    usd: float, count: int
) -> None:
    world = World().start().until(Phase.STABILISE)
    (fill,) = world.broker.fills
    world.tell(CommissionReported(at=world.now, exec_id=fill.exec_id, amount=usd))
    world.tell(world.broker.reported(world.now))
    assert len(world.alerts("commission")) == count
