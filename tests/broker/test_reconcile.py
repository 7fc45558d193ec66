"""The complete picture: every question answered, and the same twice."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest

from alvh_trader.domain.instrument import Option, Other, Right
from alvh_trader.domain.order import Terms
from alvh_trader.engine.event import BrokerReported, OrderFilled, ReportFailed
from tests.broker.peer import (
    Fields,
    Peer,
    commission,
    completed_order,
    execution,
    open_order,
    option,
    order_status,
    position,
)
from tests.broker.rig import REPORT, Rig, rig, unconnected

QUESTIONS = {
    "16": "open orders",
    "99": "completed orders",
    "7": "executions",
    "61": "positions",
    "62": "account values",
}


async def report(r: Rig) -> BrokerReported:
    await r.trader.ask(REPORT)
    event = r.inbox.events[-1]
    assert isinstance(event, BrokerReported), event
    return event


def test_a_report_holds_what_every_answer_said() -> None:
    peer = Peer()
    peer.instruments.append(
        option(222, trading_class="SPX", last_trade="20180315", expiry="20180316")
    )
    peer.positions = [position(222, -3), position(9, 0), position(7, 5, sec_type="STK")]
    peer.open_orders = [
        open_order(4, 9004, "Submitted", ref="T4", quantity="5"),
        order_status(4, 9004, "Submitted", filled=2, remaining=3),
        open_order(0, 77, "PreSubmitted", ref="", client_id=0, action="SELL"),
    ]
    peer.completed = [completed_order(9003, "Filled", ref="T3", filled="2")]
    peer.executions = [execution("a.b.c.01", order_id=3, perm_id=9003, ref="T3")]

    async def story() -> None:
        async with rig(peer) as r:
            told = r.inbox.last(BrokerReported)
            assert told.account.available_funds == 400000.0
            assert told.account.cushion == pytest.approx(0.8)
            held = {p.instrument.con_id: p for p in told.positions}
            assert set(held) == {222, 7}
            assert held[222].quantity == -3
            assert held[222].average_cost == 812.5
            assert held[222].instrument == Option(
                *(222, "SPX", "SPX", date(2018, 3, 16), date(2018, 3, 15)),
                *(2500.0, Right.PUT),
            )
            assert held[7].instrument == Other(7, "SPX", "STK")
            ours, foreign = told.orders
            assert (ours.ref, ours.order_id, ours.perm_id) == ("T4", 4, 9004)
            assert (ours.status, ours.filled) == ("Submitted", 2)
            assert ours.terms == Terms(((111, 1),), 5, Decimal("1.5"))
            assert (foreign.ref, foreign.perm_id, foreign.client_id) == ("", 77, 0)
            assert foreign.terms is not None
            assert foreign.terms.limit == Decimal("-1.5"), "a sale receives"
            (done,) = told.completed
            assert (done.ref, done.status, done.filled) == ("T3", "Filled", 2)
            (fill,) = told.fills
            assert (fill.ref, fill.quantity, fill.con_id) == ("T3", 1, 111)
            assert fill.price == Decimal("1.5")
            assert r.inbox.of(OrderFilled) == [], "a replay is not news"

    asyncio.run(story())


@pytest.mark.covers("F38")
@pytest.mark.parametrize("message", QUESTIONS)
def test_one_question_without_an_end_marker_fails_the_report(message: str) -> None:
    async def story() -> None:
        async with rig(request_timeout=0.1) as r:
            r.peer.mute(message)
            await r.trader.ask(REPORT)
            assert QUESTIONS[message] in r.inbox.last(ReportFailed).reason

    asyncio.run(story())


@pytest.mark.covers("F44")
def test_an_answer_that_comes_too_late_does_not_pass_for_the_next_one() -> None:
    async def story() -> None:
        async with rig(request_timeout=0.1) as r:
            r.peer.mute("61")
            await r.trader.ask(REPORT)
            assert r.inbox.of(ReportFailed)

            def answer(_: Fields) -> None:
                # First the late answer to the old question, then the true one.
                r.peer.send(*position(5, 1, sec_type="STK"))
                r.peer.send("62", "1")
                r.peer.on["61"] = honest
                honest(_)

            def honest(_: Fields) -> None:
                r.peer.send(*position(6, 1, sec_type="STK"))
                r.peer.send("62", "1")

            r.peer.on["61"] = answer
            told = await report(r)
            assert [p.instrument.con_id for p in told.positions] == [6]

    asyncio.run(story())


def test_a_picture_that_moves_while_it_is_taken_is_taken_again() -> None:
    async def story() -> None:
        async with rig() as r:
            sizes = iter([1, 2, 2, 2])

            def answer(_: Fields) -> None:
                r.peer.send(*position(6, next(sizes), sec_type="STK"))
                r.peer.send("62", "1")

            r.peer.on["61"] = answer
            told = await report(r)
            assert told.positions[0].quantity == 2
            assert next(sizes, None) is None, "two attempts, two questions each"

    asyncio.run(story())


def test_a_picture_that_never_stands_still_is_no_picture() -> None:
    async def story() -> None:
        async with rig() as r:
            sizes = iter(range(1, 100))

            def answer(_: Fields) -> None:
                r.peer.send(*position(6, next(sizes), sec_type="STK"))
                r.peer.send("62", "1")

            r.peer.on["61"] = answer
            await r.trader.ask(REPORT)
            assert "changed during 3 reports" in r.inbox.last(ReportFailed).reason

    asyncio.run(story())


@pytest.mark.covers("F53", "F77")
def test_corrections_replace_what_they_correct_and_summaries_are_no_fills() -> None:
    peer = Peer()
    peer.executions = [
        execution("a.b.1.01", sec_type="BAG", con_id=28812380, price="-1.25"),
        execution("a.b.2.01", quantity=1, price="1.50"),
        execution("a.b.3.01", side="SLD", quantity=2, price="0.75"),
        execution("a.b.2.02", quantity=1, price="1.45"),
        execution("a.b.2.01", quantity=1, price="1.50"),
        execution("a.b.4.01", account="DU9"),
    ]

    async def story() -> None:
        async with rig(peer) as r:
            fills = r.inbox.last(BrokerReported).fills
            assert [(f.exec_id, f.quantity, str(f.price)) for f in fills] == [
                ("a.b.2.02", 1, "1.45"),
                ("a.b.3.01", -2, "0.75"),
            ]

    asyncio.run(story())


@pytest.mark.covers("F55")
def test_commissions_come_once_however_often_executions_are_asked() -> None:
    from alvh_trader.engine.event import CommissionReported

    peer = Peer()
    peer.executions = [
        execution("a.b.1.01", sec_type="BAG"),
        execution("a.b.2.01"),
    ]
    peer.commissions = [commission("a.b.1.01"), commission("a.b.2.01", "1.31")]

    async def story() -> None:
        async with rig(peer) as r:
            await report(r)
            told = r.inbox.of(CommissionReported)
            assert [(c.exec_id, c.amount) for c in told] == [("a.b.2.01", 1.31)]

    asyncio.run(story())


def test_an_account_without_a_number_is_no_account() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.account["AvailableFunds"] = ""
            await r.trader.ask(REPORT)
            assert "AvailableFunds" in r.inbox.last(ReportFailed).reason

    asyncio.run(story())


@pytest.mark.covers("F39")
def test_questions_asked_at_once_are_answered_one_after_the_other() -> None:
    async def story() -> None:
        async with unconnected() as r:
            await r.trader.connect()
            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(_awaited(r))
            assert len(r.inbox.of(BrokerReported)) == 4
            order = [f[0] for f in r.peer.received if f[0] in QUESTIONS]
            assert order == ["16", "99", "7", "61", "62", "61", "7"] * 4

    async def _awaited(r: Rig) -> None:
        await r.trader.ask(REPORT)

    asyncio.run(story())


def test_subscriptions_that_come_with_an_answer_are_ended() -> None:
    async def story() -> None:
        async with rig() as r:
            await r.trader.pulse()
            assert len(r.peer.got("64")) == 2, "positions, asked twice"
            (asked,) = r.peer.got("62")
            assert [f[2] for f in r.peer.got("63")] == [asked[2]]

    asyncio.run(story())


def test_the_settlement_day_of_a_position_is_asked_for_once() -> None:
    peer = Peer()
    peer.instruments.append(option(222))
    peer.positions = [position(222, -3)]

    async def story() -> None:
        async with rig(peer) as r:
            before = len(peer.got("9"))
            await report(r)
            assert len(peer.got("9")) == before

    asyncio.run(story())


def test_a_position_the_broker_no_longer_lists_is_held_but_not_understood() -> None:
    peer = Peer()
    peer.positions = [position(222, -3)]

    async def story() -> None:
        async with rig(peer) as r:
            (held,) = r.inbox.last(BrokerReported).positions
            assert held.instrument == Other(222, "SPX", "OPT")

    asyncio.run(story())


@pytest.mark.covers("F78")
def test_nobody_asks_for_the_details_of_a_combo() -> None:
    peer = Peer()
    peer.positions = [position(28812380, 1, sec_type="BAG")]

    async def story() -> None:
        async with rig(peer) as r:
            (held,) = r.inbox.last(BrokerReported).positions
            assert held.instrument == Other(28812380, "SPX", "BAG")
            assert not [asked for asked in r.peer.got("9") if "BAG" in asked]

    asyncio.run(story())
