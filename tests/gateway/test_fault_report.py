"""Faults of what is reported of orders, each on a raw socket."""

from msgspec import Struct

from alvh_trader.wire.order_reply import (
    CommissionReport,
    CompletedOrder,
    ExecutionData,
    OpenOrder,
    OrderStatus,
)
from alvh_trader.wire.request import (
    CancelOrder,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
)
from tests.gateway.peer import combo, errors, kinds, only, order, spx_puts, vix_call
from tests.gateway.raw import Raw, Stage, play

LOW = "0.01"
"""A limit that nobody sells at."""


async def buy(line: Raw, stage: Stage, limit: str | None = None) -> list[Struct]:
    """Send order 1 for a call and return all that comes of it."""
    con_id = vix_call(stage.exchange).con_id
    heard = await line.ask(order(con_id, 1, limit, ref="x"))
    return heard if limit else heard + await line.pulse(6)


async def buy_spread(line: Raw, stage: Stage) -> list[Struct]:
    """Buy a spread at the market and return all that comes of it."""
    upper, lower = spx_puts(stage.exchange)
    legs = (upper.con_id, "BUY"), (lower.con_id, "SELL")
    heard = await line.ask(combo(legs, 1, None))
    return heard + await line.pulse(6)


async def asked(line: Raw) -> list[ExecutionData]:
    return only(ExecutionData, await line.ask(RequestExecutions(req_id=7)))


def statuses(heard: list[Struct]) -> list[str]:
    return [it.status for it in only(OrderStatus, heard)]


def test_ack_lost_leaves_the_order_live() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("ack_lost")
        heard = await buy(line, stage, LOW)
        assert kinds(heard) == ["ManagedAccounts"]
        (live,) = only(OpenOrder, await line.ask(RequestAllOpenOrders()))
        assert live.order_ref == "x"
        stage.exchange.cancel(live.perm_id)
        heard = await line.ask(order(vix_call(stage.exchange).con_id, 2, LOW))
        assert only(OpenOrder, heard), "the next one is acknowledged"

    play(scene)


def test_stall_after_ack_is_silence_after_the_ack() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("stall_after_ack")
        line.say(order(vix_call(stage.exchange).con_id, 1, None))
        assert kinds(await line.silence()) == ["OpenOrder", "OrderStatus"]
        other = await stage.client(2)
        await other.pulse(6)
        assert len(await asked(other)) == 1, "it filled"
        assert await line.silence() == []

    play(scene)


def test_missing_order_status_leaves_executions() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("missing_orderStatus")
        heard = await buy(line, stage)
        assert only(ExecutionData, heard)
        assert only(OpenOrder, heard)
        assert not statuses(heard)

    play(scene)


def test_dup_status_repeats_every_status() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("dup_status=4")
        assert statuses(await buy(line, stage, LOW)) == ["Submitted"] * 4

    play(scene)


def test_late_status_reopens_a_filled_order_once() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("late_status")
        told = statuses(await buy(line, stage))
        assert told[told.index("Filled") + 1] == "Submitted"

    play(scene)


def test_exec_before_order_turns_the_order_of_things() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("exec_before_order")
        heard = kinds(await buy(line, stage))
        assert heard.index("ExecutionData") < heard.index("OpenOrder")

    play(scene)


def test_dup_exec_repeats_one_execution() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("dup_exec=3")
        rows = only(ExecutionData, await buy(line, stage))
        assert len(rows) == 3
        assert len({it.exec_id for it in rows}) == 1
        assert len(await asked(line)) == 1

    play(scene)


def test_missing_exec_comes_when_it_is_asked_for() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("missing_exec")
        heard = await buy(line, stage)
        assert "Filled" in statuses(heard)
        assert not only(ExecutionData, heard)
        assert len(await asked(line)) == 1

    play(scene)


def test_late_exec_comes_later() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("late_exec=120")
        assert not only(ExecutionData, await buy(line, stage))
        assert only(ExecutionData, await line.pulse(15))

    play(scene)


def test_exec_order_id_is_nobodys() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("exec_order_id")
        (row,) = only(ExecutionData, await buy(line, stage))
        assert (row.order_id, row.order_ref) == (0, "x")

    play(scene)


def test_missing_leg_is_one_row_of_one_trade() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("missing_leg")
        rows = only(ExecutionData, await buy_spread(line, stage))
        assert len(rows) == 2, "the summary and the first leg"
        assert len(await asked(line)) == 3

    play(scene)


def test_late_leg_comes_later() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("late_leg=100")
        assert len(only(ExecutionData, await buy_spread(line, stage))) == 2
        (late,) = only(ExecutionData, await line.pulse(12))
        assert late.exec_id.split(".")[2] == "02"

    play(scene)


def test_time_zones_may_be_awkward() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("time_zone")
        (row,) = only(ExecutionData, await buy(line, stage))
        assert row.time.endswith(" 中国标准时间")

    play(scene)


def test_late_commission_comes_later() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("late_commission=120")
        assert not only(CommissionReport, await buy(line, stage))
        assert only(CommissionReport, await line.pulse(15))

    play(scene)


def test_missing_commission_never_comes() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("missing_commission+9999")
        heard = await buy(line, stage)
        assert only(ExecutionData, heard)
        heard += await line.ask(RequestExecutions(req_id=7))
        assert not only(CommissionReport, heard)

    play(scene)


def test_commission_first_overtakes() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("commission_first")
        heard: list[Struct] = [
            it
            for it in await buy_spread(line, stage)
            if isinstance(it, ExecutionData | CommissionReport)
        ]
        assert kinds(heard) == ["ExecutionData"] + [
            "CommissionReport", "ExecutionData"
        ] * 2  # fmt: skip
        (_, first, _), (commission, _) = (
            only(ExecutionData, heard),
            only(CommissionReport, heard),
        )
        assert first.exec_id == commission.exec_id

    play(scene)


def test_cancel_pending_never_says_cancelled() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await buy(line, stage, LOW)
        stage.fault("cancel_pending")
        heard = await line.ask(CancelOrder(1))
        assert statuses(heard)[-1] == "PendingCancel"
        assert errors(heard) == [(1, 202)]
        done = only(CompletedOrder, await line.ask(RequestCompletedOrders(False)))
        assert [it.status for it in done] == ["Cancelled"]

    play(scene)
