"""Faults of the link and of frames, each on a raw socket."""

import asyncio

import pytest
from msgspec import Struct

from alvh_trader.gateway.fault import Planned
from alvh_trader.wire.account_reply import (
    CurrentTime,
    Error,
    ManagedAccounts,
    NextValidId,
    Position,
)
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.market_reply import TickPrice
from alvh_trader.wire.market_request import RequestMarketData
from alvh_trader.wire.order_reply import (
    ExecutionData,
    OpenOrder,
    OrderStatus,
)
from alvh_trader.wire.request import (
    CancelOrder,
    RequestAllOpenOrders,
    RequestExecutions,
    RequestIds,
    RequestPositions,
    StartApi,
)
from tests.gateway.peer import errors, only, order, vix_call
from tests.gateway.raw import Stage, Unread, play

SPX = RequestMarketData(req_id=9, contract=ContractSpec(con_id=416904))


def codes(messages: list[Struct]) -> list[int]:
    return [it.code for it in only(Error, messages)]


def test_1100_loses_orders_and_hides_fills_until_1102() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        con_id = vix_call(stage.exchange).con_id
        await line.ask(SPX)
        await line.ask(RequestPositions())
        await line.ask(order(con_id, 1, None))
        stage.fault("1100")
        heard = await line.pulse(4)
        assert codes(heard) == [1100]
        assert not only(ExecutionData, heard), "the fill in the window is not told"
        assert not only(TickPrice, heard), "nor are prices"
        assert not only(Position, heard)
        assert stage.gateway.floor.is_cut_off
        assert [
            it.order_id
            for it in only(OpenOrder, await line.ask(RequestAllOpenOrders()))
        ] == [1], "known as it was"
        await line.ask(order(con_id, 2, None))
        stage.end("1100")
        heard = await line.pulse(2)
        assert codes(heard)[:1] == [1102]
        assert not only(ExecutionData, heard), "it must be asked for"
        assert only(TickPrice, heard), "streams go on"
        assert only(Position, heard)
        told = await line.ask(RequestExecutions(req_id=5))
        assert [it.order_id for it in only(ExecutionData, told)] == [1]
        assert not only(OpenOrder, await line.ask(RequestAllOpenOrders())), "2 is lost"

    play(scene)


def test_1101_loses_every_stream() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(SPX)
        stage.fault("1101+20")
        heard = await line.pulse(4)
        assert codes(heard) == [1100, 1101]
        assert not only(TickPrice, heard)
        assert only(TickPrice, await line.ask(SPX)), "asked for again, it goes on"

    play(scene)


@pytest.mark.parametrize(("name", "first"), [("1102", 1100), ("2110", 2110)])
def test_a_link_that_comes_back_keeps_streams(name: str, first: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(SPX)
        stage.fault(f"{name}+20")
        heard = await line.pulse(5)
        assert codes(heard) == [first, 1102]
        assert only(TickPrice, heard)

    play(scene)


def test_flood_1100_is_a_flood() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("flood_1100=833+20")
        assert codes(await line.pulse()) == [1100] * 833 + [1102]

    play(scene)


def test_nightly_reset_ends_with_a_restart_and_lower_numbers() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        con_id = vix_call(stage.exchange).con_id
        for number in range(1, 9):
            await line.ask(order(con_id, number, "0.01"))
        stage.fault("nightly_reset")
        with pytest.raises(ConnectionError):
            await line.pulse(9)
        assert codes(line.heard)[3:836] == [1100] * 833
        assert codes(line.heard)[836:] == [2103, 2105, 2104, 2106]
        assert stage.gateway.injector.is_refusing
        stage.end("restart")
        greeting = await (await stage.open_again()).start(1)
        assert only(NextValidId, greeting)[0].order_id == 4

    play(scene)


def test_restart_closes_the_port_for_a_while_and_rolls_numbers_back() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        con_id = vix_call(stage.exchange).con_id
        for number in range(1, 9):
            await line.ask(order(con_id, number, "0.01"))
        stage.fault("restart=5+0.2")
        await line.until_closed()
        await asyncio.sleep(0)
        with pytest.raises(OSError, match=r".*"):
            await stage.open()
        again = await stage.open_again()
        greeting = await again.start(1)
        assert only(NextValidId, greeting)[-1].order_id == 4
        orders = only(OpenOrder, await again.ask(RequestAllOpenOrders()))
        assert len(orders) == 8, "orders outlive the gateway"

    play(scene)


def test_refuse_leaves_connections_alone() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("refuse+0.2")
        await line.pulse()
        with pytest.raises(OSError, match=r".*"):
            await stage.open()
        await line.pulse()

    play(scene)


def test_farm_flap_is_told_and_silences_streams() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(SPX)
        stage.fault("farm_flap+40")
        heard = await line.pulse()
        assert codes(heard) == [2103, 2105]
        assert not only(TickPrice, heard)
        heard = await line.pulse(3)
        assert codes(heard) == [2104, 2106]
        assert only(TickPrice, heard)

    play(scene)


def test_farm_idle_is_only_told() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("farm_idle")
        assert codes(await line.pulse()) == [2108, 2119]

    play(scene)


def test_silence_says_nothing_of_itself() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(SPX)
        stage.fault("silence+60")
        heard = await line.pulse(2)
        assert not only(TickPrice, heard)
        assert not codes(heard)
        assert only(TickPrice, await line.pulse(3))

    play(scene)


def test_lines_lost_are_never_heard_of_again() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(SPX)
        stage.fault("lines_lost")
        assert not only(TickPrice, await line.pulse(5))

    play(scene)


def test_half_open_passes_nothing_either_way_and_new_connections_work() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("half_open")
        line.say(order(vix_call(stage.exchange).con_id, 1, "0.01"))
        line.say(RequestIds(1))
        assert await line.silence() == []
        other = await stage.client(2)
        assert not only(OpenOrder, await other.ask(RequestAllOpenOrders()))

    play(scene)


def test_mute_carries_out_what_is_sent() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("mute")
        line.say(order(vix_call(stage.exchange).con_id, 1, "0.01"))
        assert await line.silence() == []
        other = await stage.client(2)
        assert len(only(OpenOrder, await other.ask(RequestAllOpenOrders()))) == 1

    play(scene)


def test_deaf_hears_nothing_and_still_speaks() -> None:
    async def scene(stage: Stage) -> None:
        line, other = await stage.client(1), await stage.client(2)
        await line.ask(SPX)
        stage.gateway.injector.begin(Planned(name="deaf", client=1))
        line.say(order(vix_call(stage.exchange).con_id, 1, "0.01"))
        assert not only(OpenOrder, await other.ask(RequestAllOpenOrders()))
        await other.pulse(3)
        assert only(TickPrice, await line.silence())

    play(scene)


def test_drop_breaks_connections() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("drop")
        assert await line.until_closed() == []
        assert await (await stage.open()).start(1), "the id is free again"

    play(scene)


@pytest.mark.parametrize(
    ("name", "live"), [("drop_before_place", 0), ("drop_after_place", 1)]
)
def test_a_connection_that_breaks_around_an_order(name: str, live: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(name)
        line.say(order(vix_call(stage.exchange).con_id, 1, "0.01"))
        assert await line.until_closed() == []
        again = await stage.client()
        orders = only(OpenOrder, await again.ask(RequestAllOpenOrders()))
        assert len(orders) == live

    play(scene)


def test_326_after_reconnect_passes() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("326_after_reconnect+0.2")
        await line.until_closed()
        again = await stage.open()
        again.say(StartApi(1))
        refused = await stage.open()
        with pytest.raises(ConnectionError):
            await refused.start(1)
        assert errors(refused.heard) == [(-1, 326)]
        await asyncio.sleep(0.3)
        assert (await stage.client()).heard

    play(scene)


def test_100_closes_the_connection() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("100")
        line.say(RequestIds(1))
        assert codes(await line.until_closed()) == [100]

    play(scene)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("no_nextValidId", NextValidId), ("no_managedAccounts", ManagedAccounts)],
)
def test_a_handshake_can_stop_short(name: str, kind: type) -> None:
    async def scene(stage: Stage) -> None:
        stage.fault(name)
        line = await stage.open()
        line.knock(1)
        heard = await line.silence()
        assert heard
        assert not only(kind, heard)

    play(scene)


def test_other_account_is_another_login() -> None:
    async def scene(stage: Stage) -> None:
        stage.fault("other_account=U7654321")
        line = await stage.client()
        assert only(ManagedAccounts, line.heard)[0].accounts == "U7654321"

    play(scene)


def test_clock_skew_is_in_every_answer() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("clock_skew=90")
        (told,) = only(CurrentTime, await line.pulse())
        assert told.seconds - stage.exchange.now.timestamp() == 90

    play(scene)


@pytest.mark.parametrize(
    ("words", "number"), [("nextid_rollback=2", 3), ("nextid_reset", 1)]
)
def test_numbers_roll_back_and_are_given_again(words: str, number: int) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        con_id = vix_call(stage.exchange).con_id
        for n in range(1, 5):
            await line.ask(order(con_id, n, "0.01"))
            await line.ask(CancelOrder(n))
        stage.fault(words)
        (told,) = only(NextValidId, await line.ask(RequestIds(1)))
        assert told.order_id == number
        again = await line.ask(order(con_id, number, "0.01"))
        assert [it.status for it in only(OrderStatus, again)] == ["Submitted"]

    play(scene)


# --------------------------------------------------------------------- frames ---


@pytest.mark.parametrize(
    "name", ["malformed_frame", "garbage_frame", "unknown_message", "empty_frame"]
)
def test_a_frame_that_is_no_message_breaks_nothing_else(name: str) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(name)
        assert len(only(Unread, await line.pulse())) == 1
        assert only(CurrentTime, await line.pulse())

    play(scene)


def test_oversized_frame_swallows_all_that_follows() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("oversized_frame")
        line.say(RequestIds(1))
        with pytest.raises(Exception, match="2147483647 bytes"):
            await line.silence()

    play(scene)


def test_huge_frame_is_one_long_notice() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("huge_frame=3")
        (notice,) = only(Error, await line.pulse())
        assert len(notice.text) == 3 * 1024 * 1024

    play(scene)


def test_chunk_split_cuts_frames_anywhere() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("chunk_split=3")
        line.chunks.clear()
        assert only(Position, await line.ask(RequestPositions()))
        assert max(line.chunks) < 30, "no frame of a position comes in one piece"

    play(scene)
