"""Faults of trades themselves, each on a raw socket; the account must agree."""

import json
from decimal import Decimal

import pytest
from msgspec import Struct

from alvh_trader.wire.account_reply import Position
from alvh_trader.wire.order_reply import ExecutionData, OrderStatus
from alvh_trader.wire.request import CancelOrder, RequestExecutions, RequestPositions
from tests.gateway.peer import (
    Audit,
    Peer,
    combo,
    errors,
    floor,
    only,
    order,
    spx_puts,
    vix_call,
)
from tests.gateway.raw import Raw, Stage, play
from tests.gateway.test_injector import begun

LOW = "0.05"


async def buy(
    line: Raw, stage: Stage, limit: str | None = None, quantity: int = 1
) -> list[Struct]:
    con_id = vix_call(stage.exchange).con_id
    heard = await line.ask(order(con_id, 1, limit, quantity=quantity))
    return heard + await line.pulse(6)


async def held(line: Raw, stage: Stage) -> float:
    """Return how many calls the account holds, by what the client is told."""
    con_id = vix_call(stage.exchange).con_id
    rows = only(Position, await line.ask(RequestPositions()))
    return sum(float(str(it.position)) for it in rows if it.contract.con_id == con_id)


def cash(stage: Stage) -> Decimal:
    return stage.exchange.account().cash


def statuses(heard: list[Struct]) -> list[str]:
    return [it.status for it in only(OrderStatus, heard)]


@pytest.mark.parametrize(
    ("name", "status", "codes"),
    [("held", "PreSubmitted", [(1, 404)]), ("inactive", "Inactive", [])],
)
def test_an_order_that_is_held_trades_when_it_is_let_go(
    name: str, status: str, codes: list[tuple[int, int]]
) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(name)
        heard = await buy(line, stage)
        assert set(statuses(heard)) == {status}
        assert errors(heard) == codes
        assert not only(ExecutionData, heard)
        stage.end(name)
        assert statuses(await line.pulse(6))[-1] == "Filled"

    play(scene)


def test_a_partial_fill_goes_on_when_it_is_over() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("partial_fill=2")
        heard = await buy(line, stage, quantity=5)
        assert sum(it.quantity for it in only(ExecutionData, heard)) == 2
        assert statuses(heard)[-1] == "Submitted"
        assert await held(line, stage) == 2
        stage.end("partial_fill")
        await line.pulse(12)
        assert await held(line, stage) == 5

    play(scene)


def test_a_partial_combo_is_whole_in_ratio() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        upper, lower = spx_puts(stage.exchange)
        legs = (upper.con_id, "BUY"), (lower.con_id, "SELL")
        stage.fault("partial_combo=1")
        await line.ask(combo(legs, 1, None, quantity=3))
        heard = await line.pulse(6)
        assert [it.quantity for it in only(ExecutionData, heard)] == [1, 1, 1]
        (resting,) = stage.exchange.open_orders()
        assert (resting.filled, resting.remaining) == (1, 2)

    play(scene)


def test_an_overfill_is_in_the_account() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("overfill")
        before = cash(stage)
        heard = await buy(line, stage, "10")
        rows = only(ExecutionData, heard)
        assert [it.cumulative for it in rows] == [1, 2]
        assert await held(line, stage) == 2
        paid = sum(Decimal(str(it.price)) * 100 + 1 for it in rows)
        assert cash(stage) == before - paid

    play(scene)


def test_a_fill_after_the_cancellation_wins() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await buy(line, stage, LOW)
        stage.fault("fill_after_cancel")
        heard = await line.ask(CancelOrder(1)) + await line.pulse()
        told = statuses(heard)
        assert told.index("Cancelled") < told.index("Filled")
        (row,) = only(ExecutionData, heard)
        assert float(str(row.price)) == float(LOW)
        assert await held(line, stage) == 1

    play(scene)


def test_a_correction_replaces_what_it_corrects() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("exec_correction=0.1")
        first, second = only(ExecutionData, await buy(line, stage))
        assert first.exec_id[:-2] == second.exec_id[:-2]
        assert (first.exec_id[-2:], second.exec_id[-2:]) == ("01", "02")
        assert float(second.price) == pytest.approx(float(first.price) + 0.1)
        (told,) = only(ExecutionData, await line.ask(RequestExecutions(req_id=3)))
        assert told.exec_id == second.exec_id
        assert await held(line, stage) == 1

    play(scene)


@pytest.mark.parametrize(
    ("words", "change"), [("exec_correction=0.1", "-10"), ("exec_bust", None)]
)
def test_cash_follows_a_correction(words: str, change: str | None) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        before = cash(stage)
        con_id = vix_call(stage.exchange).con_id
        await line.ask(order(con_id, 1, None))
        heard = await line.pulse(6)
        (row,) = only(ExecutionData, heard)
        price = Decimal(str(row.price))
        assert cash(stage) == before - price * 100 - 1
        stage.fault(words)
        await line.ask(order(con_id, 2, None))
        heard = await line.pulse(6)
        first, second = only(ExecutionData, heard)
        paid = Decimal(str(first.price)) * 100
        moved = Decimal(0) if change is None else paid - Decimal(change)
        assert cash(stage) == before - price * 100 - 2 - moved
        assert await held(line, stage) == (1 if change is None else 2)
        assert second.quantity == (0 if change is None else 1)

    play(scene)


def test_a_liquidation_says_so() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("liquidation=2")
        await line.pulse(6)
        rows = only(ExecutionData, await line.ask(RequestExecutions(req_id=3)))
        assert {it.liquidation for it in rows} == {1}
        assert sum(it.quantity for it in rows) == 2

    play(scene)


def test_the_audit_has_a_line_for_a_correction() -> None:
    audit = Audit()
    on = floor(audit=audit)
    peer = Peer(on)
    begun(on, "exec_correction=0.1")
    peer.ask(order(vix_call(on.exchange).con_id, 1, None))
    for _ in range(6):
        peer.pulse()
    events = [json.loads(line) for line in audit.lines]
    assert [it["event"] for it in events] == ["order", "fill", "correct"]
    assert events[2]["price"] == pytest.approx(events[1]["price"] + 0.1)
