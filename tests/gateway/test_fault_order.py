"""Faults of orders, each on a raw socket."""

from decimal import Decimal

import pytest
from msgspec import Struct

from alvh_trader.wire.account_reply import Position
from alvh_trader.wire.order_reply import ExecutionData, OpenOrder, OrderStatus
from alvh_trader.wire.request import (
    CancelOrder,
    RequestAllOpenOrders,
    RequestExecutions,
    RequestPositions,
)
from tests.gateway.peer import errors, only, order, vix_call
from tests.gateway.raw import Raw, Stage, play

LOW, LOWER = "0.05", "0.02"


async def place(
    line: Raw, stage: Stage, limit: str | None = LOW, number: int = 1
) -> list[Struct]:
    return await line.ask(order(vix_call(stage.exchange).con_id, number, limit))


async def trial(line: Raw, stage: Stage) -> list[Struct]:
    con_id = vix_call(stage.exchange).con_id
    return await line.ask(order(con_id, 5, LOW, what_if=True))


async def live(line: Raw) -> list[OpenOrder]:
    return only(OpenOrder, await line.ask(RequestAllOpenOrders()))


def test_lost_order_is_lost_once() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("lost_order")
        assert only(OpenOrder, await trial(line, stage)), "no trial is lost"
        assert not only(OpenOrder, await place(line, stage))
        assert await live(line) == []
        assert only(OpenOrder, await place(line, stage))

    play(scene)


def test_late_order_arrives_later() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("late_order=30")
        await place(line, stage)
        assert await live(line) == []
        assert only(OpenOrder, await line.pulse(2))
        assert len(await live(line)) == 1

    play(scene)


@pytest.mark.parametrize(
    ("words", "code"), [("rejected", 201), ("rejected=203", 203), ("103", 103)]
)
def test_a_refusal_is_the_orders_only_answer(words: str, code: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(words)
        assert errors(await place(line, stage)) == [(1, code)]
        assert await live(line) == []

    play(scene)


@pytest.mark.parametrize("code", [10349, 10311, 399, 2109])
def test_a_notice_ends_nothing(code: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(str(code))
        assert errors(await place(line, stage)) == [(1, code)]
        assert len(await live(line)) == 1

    play(scene)


@pytest.mark.parametrize("code", [104, 105, 110, 321, 329, 2102])
def test_a_change_that_is_refused_changes_nothing(code: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(f"modify_refused={code}")
        assert errors(await place(line, stage)) == [], "a new order is no change"
        assert errors(await place(line, stage, LOWER)) == [(1, code)]
        assert [it.limit for it in await live(line)] == [float(LOW)]

    play(scene)


def test_duplicate_after_modify_makes_two() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await place(line, stage)
        stage.fault("duplicate_after_modify")
        await place(line, stage, LOWER)
        twins = await live(line)
        assert [(it.order_id, it.limit) for it in twins] == [
            (1, float(LOW)),
            (1, float(LOWER)),
        ]
        assert len({it.perm_id for it in twins}) == 2

    play(scene)


@pytest.mark.parametrize("code", [10147, 10148, 161])
def test_a_cancellation_that_is_refused_leaves_the_order(code: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await place(line, stage)
        stage.fault(f"cancel_refused={code}")
        assert errors(await line.ask(CancelOrder(1))) == [(1, code)]
        assert len(await live(line)) == 1

    play(scene)


def test_cancel_unanswered_leaves_the_order() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await place(line, stage)
        stage.fault("cancel_unanswered")
        assert len(await line.ask(CancelOrder(1))) == 1
        assert len(await live(line)) == 1

    play(scene)


def test_an_echo_may_differ_from_what_was_sent() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        for words in ("echo_price=0.1", "echo_quantity=2", "echo_tif=GTC"):
            stage.fault(words)
        (echo,) = only(OpenOrder, await place(line, stage))
        assert echo.limit == pytest.approx(float(LOW) + 0.1)
        assert (echo.quantity, echo.tif) == (3, "GTC")
        (true,) = stage.exchange.open_orders()
        assert (true.quantity, true.tif, true.limit) == (1, "DAY", Decimal(LOW))

    play(scene)


def test_a_trial_may_have_no_margins() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("whatif=unset")
        (told,) = only(OpenOrder, await trial(line, stage))
        assert told.margins.init_after is None
        stage.end("whatif")
        (told,) = only(OpenOrder, await trial(line, stage))
        assert told.margins.init_after is not None

    play(scene)


@pytest.mark.parametrize(
    ("value", "codes"), [("error", [201]), ("silent", []), ("warning", [399])]
)
def test_a_trial_may_have_no_answer(value: str, codes: list[int]) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(f"whatif={value}")
        heard = await trial(line, stage)
        assert [code for _, code in errors(heard)] == codes
        assert not only(OpenOrder, heard)

    play(scene)


@pytest.mark.parametrize(("name", "client"), [("human_trade", 0), ("other_client", 77)])
def test_somebody_else_trades(name: str, client: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        before = only(Position, await line.ask(RequestPositions()))
        stage.fault(name)
        heard = await line.pulse(6)
        assert not only(ExecutionData, heard), "it is not this client's"
        moved = only(Position, heard)
        assert moved[0].contract.con_id == before[0].contract.con_id
        held = [abs(float(str(it.position))) for it in (before[0], moved[0])]
        assert held[1] == held[0] - 1
        (row,) = only(ExecutionData, await line.ask(RequestExecutions(req_id=3)))
        assert (row.client_id, row.order_ref) == (client, "")

    play(scene)


def test_human_cancel_ends_every_order() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await place(line, stage)
        stage.fault("human_cancel")
        heard = await line.pulse()
        assert [it.status for it in only(OrderStatus, heard)] == ["Cancelled"]
        assert errors(heard) == [(1, 202)]

    play(scene)


def test_human_edit_shows_in_the_echo() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await place(line, stage)
        stage.fault("human_edit=0.1")
        (echo,) = only(OpenOrder, await line.pulse())
        assert echo.limit == pytest.approx(float(LOW) + 0.1)

    play(scene)
