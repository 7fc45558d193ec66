"""What an unmodified client library makes of the worst that the gateway can do."""

import asyncio
from typing import Any

import pytest

from alvh_trader.gateway.fault_schedule import read_words
from tests.contract.client import Bench, ib, play, pulse, until
from tests.contract.test_trading import vix_call

pytestmark = pytest.mark.covers("F131")


def begin(it: Bench, words: str) -> None:
    it.gateway.injector.begin(read_words(words))
    it.gateway.after_input()


def codes(client: Any) -> list[int]:
    """Return a list that grows with every error code that the client hears."""
    heard: list[int] = []
    client.errorEvent += lambda _id, code, *_: heard.append(code)
    return heard


async def buy(client: Any, quantity: int = 1, limit: float | None = None) -> Any:
    """Order a VIX call, at the market where no limit is given."""
    call = await vix_call(client)
    order = (
        ib.MarketOrder("BUY", quantity)
        if limit is None
        else ib.LimitOrder("BUY", quantity, limit)
    )
    return client.placeOrder(call, order)


def test_fills_of_a_lost_link_are_there_for_who_asks() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        heard = codes(client)
        trade = await buy(client)
        await asyncio.wait_for(trade.statusEvent, 5)
        begin(it, "1102+60")
        await until(client, lambda: 1102 in heard)
        assert heard[:1] == [1100]
        assert not trade.fills
        assert not trade.isDone()
        fills = await client.reqExecutionsAsync()
        assert [fill.execution.permId for fill in fills] == [trade.orderStatus.permId]

    assert not [line for line in play(scene) if "decod" in line.lower()]


def test_the_library_does_not_notice_a_black_hole() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        begin(it, "half_open")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reqCurrentTimeAsync(), 0.3)
        assert client.isConnected()
        other = await it.connect(2)
        await pulse(other)

    play(scene)


def test_a_correction_is_counted_twice_by_the_library() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        begin(it, "exec_correction=0.1")
        trade = await buy(client)
        await until(client, lambda: len(trade.fills) == 2)
        first, second = (fill.execution for fill in trade.fills)
        assert first.execId[:-1] == second.execId[:-1]
        assert second.price == pytest.approx(first.price + 0.1)
        positions = await client.reqPositionsAsync()
        held = {row.contract.conId: row.position for row in positions}
        assert held[trade.contract.conId] == 1

    assert play(scene) == []


def test_an_order_lost_on_the_way_stays_pending() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        begin(it, "lost_order")
        trade = await buy(client)
        await pulse(client, 5)
        assert trade.orderStatus.status == "PendingSubmit"
        assert await client.reqAllOpenOrdersAsync() == []

    assert play(scene) == []


def test_a_change_can_make_a_twin() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        trade = await buy(client, limit=0.05)
        await pulse(client)
        begin(it, "duplicate_after_modify")
        trade.order.lmtPrice = 0.06
        client.placeOrder(trade.contract, trade.order)
        await pulse(client)
        live = it.gateway.floor.exchange.open_orders()
        assert len({order.perm_id for order in live}) == 2

    assert play(scene) == []


def test_an_undecodable_message_is_logged_and_nothing_else() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        begin(it, "malformed_frame")
        begin(it, "unknown_message")
        await pulse(client, 2)
        assert client.isConnected()

    assert play(scene) != []


def test_frames_may_be_cut_anywhere() -> None:
    async def scene(it: Bench) -> None:
        begin(it, "chunk_split=5+9999")
        client = await it.connect()
        trade = await buy(client)
        await until(client, trade.isDone)

    assert play(scene) == []


def test_a_client_comes_back_after_a_restart_and_finds_its_orders() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        for _ in range(4):
            await buy(client, limit=0.05)
        await pulse(client)
        begin(it, "restart=3+0.2")
        await asyncio.wait_for(client.disconnectedEvent, 5)
        with pytest.raises(OSError, match=r"(?i)connect"):
            await it.connect(2)
        again = None
        while again is None:
            try:
                again = await it.connect()
            except OSError:
                await asyncio.sleep(0.05)
        assert len(again.openTrades()) == 4

    play(scene)


def test_nothing_is_held_where_executions_are_not_answered() -> None:
    async def scene(it: Bench) -> None:
        begin(it, "endless=positions")
        client = ib.IB()
        client.client.MaxRequests = 0
        it.clients.append(client)
        await client.connectAsync("127.0.0.1", it.port, clientId=1, timeout=1)
        assert client.isConnected(), "the library takes silence for the end"
        assert client.positions() != []

    play(scene)


def test_duplicates_do_not_count_twice() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        for words in ("dup_exec=3", "dup_status=3", "commission_first"):
            begin(it, words)
        trade = await buy(client)
        await until(client, trade.isDone)
        assert len({fill.execution.execId for fill in trade.fills}) == 1

    play(scene)
