"""Orders on the wire, and what becomes of them, against a scripted peer."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.broker.guard import Rate
from alvh_trader.broker.translate import broker_order, order_contract
from alvh_trader.domain.order import Order
from alvh_trader.engine.command import CancelOrder, PreviewMargin
from alvh_trader.engine.event import (
    BrokerDisconnected,
    BrokerReported,
    CommissionReported,
    MarginPreviewed,
    MarketUpdated,
    OrderDoubted,
    OrderFilled,
    OrderNotSent,
    OrderRefused,
    OrderUpdated,
)
from tests.broker.peer import (
    TIME,
    UNSET,
    Fields,
    Peer,
    commission,
    execution,
    open_order,
    order_status,
)
from tests.broker.rig import (
    Rig,
    hedge,
    place,
    reprice,
    rig,
    roll,
    sale,
    unconnected,
    until,
)


async def placed(r: Rig) -> None:
    """Place the hedge T1 and wait for the broker's word that it works."""
    r.trader.place(place(hedge()))
    await r.inbox.wait(OrderUpdated)


# ------------------------------------------------------------------- wire ---


def test_a_single_leg_is_a_plain_limit_day_order() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(hedge(limit="4.10")))
            await r.inbox.wait(OrderUpdated)
            (ticket,) = r.peer.tickets()
            assert (ticket.con_id, ticket.sec_type) == (111, "OPT")
            assert (ticket.action, ticket.quantity) == ("BUY", "2")
            assert (ticket.order_type, ticket.limit, ticket.tif) == (
                *("LMT", "4.1", "DAY"),
            )
            assert (ticket.account, ticket.ref) == ("DU1234567", "T1")
            assert (ticket.transmit, ticket.outside_rth) == ("1", "0")
            assert not ticket.is_what_if

    asyncio.run(story())


def test_a_negative_single_leg_is_sold_at_what_it_brings() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(sale(limit="-1.5")))
            told = await r.inbox.wait(OrderUpdated)
            (ticket,) = r.peer.tickets()
            assert (ticket.action, ticket.limit) == ("SELL", "1.5")
            assert told.report.terms == sale().terms, "the sign comes back"

    asyncio.run(story())


@pytest.mark.covers("F79", "F81")
def test_a_combo_is_bought_at_its_signed_net_price() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(roll(limit="-1.25")))
            await r.inbox.wait(OrderUpdated)
            (ticket,) = r.peer.tickets()
            assert (ticket.sec_type, ticket.symbol) == ("BAG", "SPX")
            assert (ticket.action, ticket.quantity, ticket.limit) == (
                *("BUY", "3", "-1.25"),
            )
            assert ticket.legs == [
                (222, 1, "SELL", "SMART"),
                (223, 1, "BUY", "SMART"),
            ]

    asyncio.run(story())


def test_a_reprice_keeps_the_number_and_everything_but_the_limit() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.trader.reprice(reprice(hedge(limit="1.55")))
            told = await r.inbox.wait(OrderUpdated, 2)
            first, second = r.peer.tickets()
            assert (first.limit, second.limit) == ("1.5", "1.55")
            second.limit = first.limit
            assert second == first
            assert told.report.terms == hedge(limit="1.55").terms

    asyncio.run(story())


@pytest.mark.covers("F30", "F47")
def test_order_ids_start_above_journal_gateway_and_open_orders() -> None:
    async def story() -> None:
        for floor, offered, seen, expected in (
            *((500, 7, 3, 500), (1, 7, 3, 7), (1, 7, 90, 91)),
        ):
            peer = Peer(next_id=offered)
            peer.open_orders = [open_order(seen, 8000, "Submitted", ref="OLD")]
            async with rig(peer, next_order_id=floor) as r:
                r.trader.place(place(hedge()))
                await r.inbox.wait(OrderUpdated, 2)
                assert r.peer.tickets()[0].order_id == expected

    asyncio.run(story())


@pytest.mark.covers("F30", "F46", "F47")
def test_order_ids_do_not_fall_when_the_gateway_rolls_back() -> None:
    async def story() -> None:
        async with rig(Peer(next_id=40)) as r:
            await placed(r)
            r.peer.drop()
            await r.inbox.wait(BrokerDisconnected)
            r.peer.next_id = 1
            await r.ready()
            r.trader.place(place(hedge("T2")))
            await until(lambda: len(r.peer.got("3")) == 2)
            assert [t.order_id for t in r.peer.tickets()] == [40, 41]

    asyncio.run(story())


# ----------------------------------------------------------------- refusing ---


@pytest.mark.covers("P06")
def test_no_order_leaves_before_the_first_report() -> None:
    async def story() -> None:
        async with unconnected() as r:
            await r.trader.connect()
            r.trader.place(place(hedge()))
            assert "not reconciled" in r.inbox.last(OrderNotSent).reason
            await r.trader.pulse()
            assert r.peer.got("3") == []

    asyncio.run(story())


def test_a_roll_whose_permit_expired_does_not_leave() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(roll(), seconds=5))
            await r.inbox.wait(OrderUpdated)
            r.peer.time = TIME + 5
            await r.trader.pulse()
            r.trader.reprice(reprice(roll(limit="-1.2"), seconds=5))
            assert "permit expired" in r.inbox.last(OrderNotSent).reason
            r.trader.place(place(roll("R2"), seconds=5))
            assert [e.ref for e in r.inbox.of(OrderNotSent)] == ["R1", "R2"]
            await r.trader.pulse()
            assert len(r.peer.got("3")) == 1

    asyncio.run(story())


def test_a_permit_is_good_for_one_send() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(roll()))
            await r.inbox.wait(OrderUpdated)
            r.trader.reprice(reprice(roll(limit="-1.2")))
            assert "used before" in r.inbox.last(OrderNotSent).reason
            r.trader.reprice(reprice(roll(limit="-1.2"), seconds=61))
            await until(lambda: len(r.peer.got("3")) == 2)

    asyncio.run(story())


def test_the_same_name_is_never_sent_twice() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.trader.place(place(hedge()))
            assert r.inbox.last(OrderDoubted).ref == "T1"
            await r.trader.pulse()
            assert len(r.peer.got("3")) == 1

    asyncio.run(story())


def test_an_unknown_order_cannot_be_repriced_and_its_cancel_is_doubted() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.reprice(reprice(hedge("GONE")))
            assert r.inbox.last(OrderNotSent).ref == "GONE"
            r.trader.cancel(CancelOrder(ref="GONE"))
            assert r.inbox.last(OrderDoubted).ref == "GONE"
            await r.trader.pulse()
            assert r.peer.got("3") == r.peer.got("4") == []

    asyncio.run(story())


# ------------------------------------------------------------------ answers ---


def test_a_rejected_new_order_is_refused() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.on["3"] = lambda f: r.peer.error(f[1], 201, "margin")
            r.trader.place(place(hedge()))
            told = await r.inbox.wait(OrderRefused)
            assert (told.ref, told.code, told.text) == ("T1", 201, "margin")
            assert r.inbox.of(OrderDoubted) == []

    asyncio.run(story())


def test_an_inactive_order_with_a_rejection_is_refused_too() -> None:
    async def story() -> None:
        async with rig() as r:

            def refuse(fields: Fields) -> None:
                r.peer.send(*open_order(int(fields[1]), 9001, "Inactive"))
                r.peer.error(fields[1], 201, "margin")

            r.peer.on["3"] = refuse
            r.trader.place(place(hedge()))
            assert (await r.inbox.wait(OrderRefused)).code == 201

    asyncio.run(story())


@pytest.mark.covers("F69")
@pytest.mark.parametrize("code", [104, 105, 110, 201, 321, 329])
def test_a_refused_change_leaves_the_original_in_doubt_not_dead(code: int) -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.peer.on["3"] = lambda f: r.peer.error(f[1], code)
            r.trader.reprice(reprice(hedge(limit="1.55")))
            told = await r.inbox.wait(OrderDoubted)
            assert (told.ref, told.code) == ("T1", code)
            assert r.inbox.of(OrderRefused) == []
            r.trader.cancel(CancelOrder(ref="T1"))
            await until(lambda: len(r.peer.got("4")) == 1)

    asyncio.run(story())


@pytest.mark.covers("F45", "F64")
@pytest.mark.parametrize("code", [103, 161, 202, 10147, 10148, 31337])
def test_an_answer_that_proves_nothing_is_a_doubt(code: int) -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.peer.error(1, code)
            assert (await r.inbox.wait(OrderDoubted)).code == code

    asyncio.run(story())


@pytest.mark.covers("F45", "F46")
def test_of_a_number_that_is_anothers_nothing_is_said_of_ours() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.on["3"] = lambda f: r.peer.error(f[1], 103, "Duplicate order id")
            r.trader.place(place(hedge()))
            assert (await r.inbox.wait(OrderDoubted)).code == 103
            r.peer.send(*order_status(1, 8008, "Submitted"))
            r.peer.send(*execution("a.b.8.01", ref="", perm_id=8008))
            r.peer.send(*order_status(1, 8008, "Filled", filled=2, remaining=0))
            await r.trader.pulse()
            assert r.inbox.of(OrderUpdated) == []
            (told,) = r.inbox.of(OrderFilled)
            assert told.fill.ref == "", "it is booked, and not to ours"
            r.trader.cancel(CancelOrder(ref="T1"))
            await r.trader.pulse()
            assert r.peer.got("4") == [], "the number is not cancelled for it"

    asyncio.run(story())


@pytest.mark.covers("F60")
@pytest.mark.parametrize("code", [399, 404, 2109, 2137, 10349])
def test_a_notice_changes_nothing(code: int) -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            before = len(r.inbox.events)
            r.peer.error(1, code)
            await r.trader.pulse()
            assert isinstance(r.inbox.events[-1], MarketUpdated)
            assert len(r.inbox.events) == before + 1
            r.trader.reprice(reprice(hedge(limit="1.6")))
            await until(lambda: len(r.peer.got("3")) == 2)

    asyncio.run(story())


@pytest.mark.covers("F66", "I07")
def test_our_own_cancel_is_a_matter_of_status() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)

            def answer(fields: Fields) -> None:
                r.peer.send(*order_status(int(fields[2]), 9001, "Cancelled"))
                r.peer.error(fields[2], 202, "Order Canceled - reason:")

            r.peer.on["4"] = answer
            r.trader.cancel(CancelOrder(ref="T1"))
            told = await r.inbox.wait(OrderUpdated, 2)
            await r.trader.pulse()
            assert told.report.status == "Cancelled"
            assert r.inbox.of(OrderDoubted) == []

    asyncio.run(story())


@pytest.mark.covers("F49")
def test_a_late_submitted_does_not_bring_a_filled_order_back() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.peer.send(*order_status(1, 9001, "Filled", filled=2, remaining=0))
            r.peer.send(*order_status(1, 9001, "Submitted"))
            await r.inbox.wait(OrderUpdated, 3)
            r.trader.reprice(reprice(hedge(limit="1.6")))
            assert "no live order" in r.inbox.last(OrderNotSent).reason
            r.trader.cancel(CancelOrder(ref="T1"))
            await r.trader.pulse()
            assert r.peer.got("4") == []

    asyncio.run(story())


@pytest.mark.covers("F48")
def test_repeated_words_are_told_once() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            for _ in range(4):
                r.peer.send(*order_status(1, 9001, "Submitted"))
            await r.trader.pulse()
            assert len(r.inbox.of(OrderUpdated)) == 1

    asyncio.run(story())


@pytest.mark.covers("F19")
def test_a_drop_right_after_the_order_leaves_it_open_to_reconciliation() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.on["3"] = lambda _: r.peer.drop()
            r.trader.place(place(hedge()))
            await r.inbox.wait(BrokerDisconnected)
            assert not r.inbox.of(OrderRefused)
            assert not r.inbox.of(OrderNotSent)
            r.peer.open_orders = [open_order(1, 9001, "Submitted")]
            await r.ready()
            (order,) = r.inbox.last(BrokerReported).orders
            assert (order.ref, order.perm_id) == ("T1", 9001)

    asyncio.run(story())


@pytest.mark.covers("F04")
def test_orders_of_an_earlier_life_can_be_repriced_and_cancelled() -> None:
    peer = Peer(next_id=9)
    peer.open_orders = [
        open_order(4, 9004, "Submitted", ref="OLD"),
        order_status(4, 9004, "Submitted"),
        open_order(4, 7777, "Submitted", ref="OLD", client_id=99),
    ]

    async def story() -> None:
        async with rig(peer) as r:
            r.trader.reprice(reprice(hedge("OLD", limit="1.55")))
            await until(lambda: len(peer.got("3")) == 1)
            assert peer.tickets()[0].order_id == 4
            r.trader.cancel(CancelOrder(ref="OLD"))
            await until(lambda: len(peer.got("4")) == 1)
            assert peer.got("4")[0][2] == "4"

    asyncio.run(story())


@pytest.mark.covers("F56")
def test_two_live_orders_of_one_name_are_both_cancelled_and_never_changed() -> None:
    peer = Peer()
    peer.open_orders = [
        open_order(4, 9004, "Submitted", ref="TWIN"),
        open_order(5, 9005, "Submitted", ref="TWIN"),
    ]

    async def story() -> None:
        async with rig(peer) as r:
            r.trader.reprice(reprice(hedge("TWIN", limit="1.55")))
            assert "2 live orders" in r.inbox.last(OrderNotSent).reason
            r.trader.cancel(CancelOrder(ref="TWIN"))
            await until(lambda: len(peer.got("4")) == 2)

    asyncio.run(story())


@pytest.mark.covers("F62", "F63")
def test_an_order_that_the_gateway_changed_is_told_as_the_broker_shows_it() -> None:
    async def story() -> None:
        async with rig() as r:

            def preset(fields: Fields) -> None:
                for _ in range(2):
                    r.peer.send(*open_order(int(fields[1]), 9001, "Submitted", tif="X"))

            r.peer.on["3"] = preset
            r.trader.place(place(hedge()))
            told = await r.inbox.wait(OrderUpdated)
            await r.trader.pulse()
            assert told.report.terms == replace(hedge().terms, tif="X")
            assert len(r.inbox.of(OrderUpdated)) == 1

    asyncio.run(story())


def test_orders_that_come_too_fast_do_not_leave_and_cancels_still_do() -> None:
    async def story() -> None:
        # Of the bounds of an hour and a day tests/broker/test_guard.py tells.
        async with rig(order_rates=(Rate(100, timedelta(days=1)),)) as r:
            for number in range(5):
                r.trader.place(place(hedge(ref=f"T{number}")))
            await r.trader.pulse()
            late = r.inbox.of(OrderNotSent)
            assert [event.ref for event in late] == ["T3", "T4"]
            assert "no token is left" in late[0].reason
            assert len(r.peer.got("3")) == 3
            for _ in range(4):
                for number in range(3):
                    r.trader.cancel(CancelOrder(ref=f"T{number}"))
            await until(lambda: len(r.peer.got("4")) == 10)
            assert "no token is left" in r.inbox.last(OrderDoubted).text

    asyncio.run(story())


@pytest.mark.parametrize("order", [hedge(), sale(), roll()], ids=lambda o: o.ref)
def test_an_order_is_shown_in_the_words_in_which_it_was_sent(order: Order) -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(order))
            told = await r.inbox.wait(OrderUpdated)
            assert told.report.terms == order.terms

    asyncio.run(story())


def test_an_echo_without_its_name_is_still_ours() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.peer.send(*open_order(1, 9001, "Submitted", ref="", limit="1.6"))
            told = await r.inbox.wait(OrderUpdated, 2)
            assert told.report.ref == "T1"

    asyncio.run(story())


# -------------------------------------------------------------------- fills ---


@pytest.mark.covers("F77")
def test_each_leg_is_a_fill_in_the_order_of_the_wire() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.place(place(roll()))
            await r.inbox.wait(OrderUpdated)
            r.peer.send(*execution("a.b.1.01", sec_type="BAG", ref="R1", price="-1.25"))
            r.peer.send(
                *execution("a.b.2.01", con_id=222, side="SLD", ref="R1", quantity=3)
            )
            r.peer.send(*execution("a.b.3.01", con_id=223, ref="R1", quantity=3))
            r.peer.send(*order_status(1, 9001, "Filled", filled=3, remaining=0))
            r.peer.send(*commission("a.b.2.01", "3.93"))
            await r.trader.pulse()
            kinds = [type(e).__name__ for e in r.inbox.events[-5:]]
            assert kinds == [
                *("OrderFilled", "OrderFilled", "OrderUpdated"),
                *("CommissionReported", "MarketUpdated"),
            ]
            fills = [e.fill for e in r.inbox.of(OrderFilled)]
            assert [(f.con_id, f.quantity) for f in fills] == [(222, -3), (223, 3)]
            assert r.inbox.last(CommissionReported).amount == 3.93

    asyncio.run(story())


@pytest.mark.covers("F52", "F53")
def test_duplicates_are_dropped_and_corrections_passed_on() -> None:
    async def story() -> None:
        async with rig() as r:
            for exec_id in ("a.b.1.01", "a.b.1.01", "a.b.1.02", "a.b.1.01"):
                r.peer.send(*execution(exec_id))
            await r.trader.pulse()
            told = [e.fill.exec_id for e in r.inbox.of(OrderFilled)]
            assert told == ["a.b.1.01", "a.b.1.02"]

    asyncio.run(story())


@pytest.mark.covers("F51")
def test_fills_of_orders_this_session_never_saw_are_told() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.send(
                *execution("a.b.1.01", order_id=77, perm_id=5, client_id=3, ref="")
            )
            told = await r.inbox.wait(OrderFilled)
            assert (told.fill.ref, told.fill.perm_id) == ("", 5)

    asyncio.run(story())


@pytest.mark.covers("F57")
def test_an_execution_without_a_name_takes_that_of_its_order() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            r.peer.send(*execution("a.b.1.01", order_id=1, perm_id=9001, ref=""))
            r.peer.send(*execution("a.b.2.01", order_id=1, perm_id=123, ref=""))
            await r.inbox.wait(OrderFilled, 2)
            refs = [e.fill.ref for e in r.inbox.of(OrderFilled)]
            assert refs == ["T1", ""], "another permanent id is another order"

    asyncio.run(story())


@pytest.mark.covers("F99")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20180205-14:31:07", datetime(2018, 2, 5, 14, 31, 7, tzinfo=UTC)),
        ("20180205 09:31:07 US/Eastern", datetime(2018, 2, 5, 14, 31, 7, tzinfo=UTC)),
        ("20180205 08:31:07 US/Central", datetime(2018, 2, 5, 14, 31, 7, tzinfo=UTC)),
        ("20180205  09:31:07", datetime.fromtimestamp(TIME, UTC)),
        ("20180205 09:31:07 中国标准时间", datetime.fromtimestamp(TIME, UTC)),
    ],
)
def test_no_execution_is_lost_for_its_time(text: str, expected: datetime) -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.send(*execution("a.b.1.01", time=text))
            assert (await r.inbox.wait(OrderFilled)).fill.at == expected

    asyncio.run(story())


@pytest.mark.covers("F24")
def test_fills_during_a_lost_link_are_told() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.error(-1, 1100)
            r.peer.send(*execution("a.b.1.01"))
            await r.inbox.wait(OrderFilled)

    asyncio.run(story())


# ------------------------------------------------------------------ what-if ---


async def preview(r: Rig) -> tuple[float | None, float | None]:
    await r.trader.preview(PreviewMargin(order=hedge()))
    told = r.inbox.last(MarginPreviewed)
    return told.initial_margin_change, told.initial_margin_after


def test_a_preview_gives_the_margin_and_sends_nothing_to_the_market() -> None:
    async def story() -> None:
        async with rig() as r:
            assert await preview(r) == (1250.5, 101250.5)
            assert [t.is_what_if for t in r.peer.tickets()] == [True]
            assert r.inbox.of(OrderUpdated) == []
            await placed(r)
            first, second = r.peer.tickets()
            assert first.order_id != second.order_id

    asyncio.run(story())


@pytest.mark.covers("F70", "P19")
@pytest.mark.parametrize("how", ["silence", "unset", "error", "not a number", "drop"])
def test_a_preview_without_a_finite_answer_is_none(how: str) -> None:
    async def story() -> None:
        async with rig() as r:

            def answer(fields: Fields) -> None:
                margins = {"unset": UNSET, "not a number": "nan"}.get(how)
                if margins:
                    order = open_order(
                        *(int(fields[1]), 0, "PreSubmitted"),
                        what_if=True,
                        margins=(margins, margins),
                    )
                    r.peer.send(*order)
                elif how == "error":
                    r.peer.error(fields[1], 110, "price")
                elif how == "drop":
                    r.peer.drop()

            r.peer.on["3"] = answer
            assert await preview(r) == (None, None)
            assert not r.inbox.of(OrderRefused)
            assert not r.inbox.of(OrderDoubted)

    asyncio.run(story())


def test_a_warning_does_not_end_a_preview() -> None:
    async def story() -> None:
        async with rig() as r:
            honest = r.peer.on["3"]

            def answer(fields: Fields) -> None:
                r.peer.error(fields[1], 399, "held until the open")
                honest(fields)

            r.peer.on["3"] = answer
            assert await preview(r) == (1250.5, 101250.5)

    asyncio.run(story())


# ------------------------------------------------------------- one by permanent id ---


@pytest.mark.covers("F56")
def test_a_change_that_became_an_order_of_its_own_is_another_order() -> None:
    async def story() -> None:
        async with rig() as r:
            await placed(r)
            # The same number, the same name, another permanent id: both are open.
            r.peer.send(*open_order(1, 7777, "Submitted", limit="1.55"))
            told = await r.inbox.wait(OrderUpdated, 2)
            assert told.report.perm_id == 7777
            r.peer.send(*order_status(1, 9001, "Submitted", filled=1, remaining=1))
            told = await r.inbox.wait(OrderUpdated, 3)
            assert (told.report.perm_id, told.report.filled) == (9001, 1)
            r.trader.cancel(CancelOrder(ref="T1"))
            await until(lambda: len(r.peer.got("4")) == 2)

    asyncio.run(story())


@pytest.mark.covers("F80", "F79")
def test_a_combo_has_legs_and_one_net_price() -> None:
    with pytest.raises(AssertionError, match="without legs"):
        replace(roll(), legs=())
    sent = broker_order(roll(), order_id=1, client_id=17, account="DU1")
    assert sent.orderComboLegs == []
    assert order_contract(roll()).comboLegs is not None
