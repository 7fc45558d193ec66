"""Unmodified client libraries connect, synchronise, are refused, and return."""

import asyncio

import pytest

from tests.contract.client import VERSION_MAX, Bench, ib, play, pulse


def test_a_connect_synchronises_everything_without_a_complaint() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect(7)
        floor = it.gateway.floor
        assert client.client.serverVersion() == min(VERSION_MAX, 178)
        assert client.managedAccounts() == [floor.account_id]
        assert len(client.positions()) == len(client.portfolio()) == 4
        assert client.openTrades() == client.fills() == []
        values = {(v.tag, v.currency): v.value for v in client.accountValues()}
        expected = f"{floor.exchange.account().net_liquidation:.2f}"
        assert values["NetLiquidation", "USD"] == expected

    assert play(scene) == []


def test_a_read_only_connect_works_too() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect(7, readonly=True)
        assert client.isConnected()

    assert play(scene) == []


def test_client_0_binds_orders_without_an_error() -> None:
    async def scene(it: Bench) -> None:
        await pulse(await it.connect(0))

    assert play(scene) == []


def test_a_client_id_in_use_is_told_326_and_dropped() -> None:
    async def scene(it: Bench) -> None:
        first = await it.connect(7)
        second = ib.IB()
        told: list[int] = []
        second.errorEvent += lambda _req, code, *_: told.append(code)
        with pytest.raises((TimeoutError, ConnectionError)):
            await second.connectAsync("127.0.0.1", it.port, clientId=7, timeout=0.5)
        assert 326 in told
        await pulse(first)

    complaints = play(scene)
    assert any("326" in line for line in complaints)
    assert not any("Error handling fields" in line for line in complaints)


def test_a_client_reconnects_under_its_id_and_finds_its_order() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect(7)
        (call,) = await client.qualifyContractsAsync(
            ib.Option("VIX", "20180417", 15, "C", "SMART", tradingClass="VIX")
        )
        client.placeOrder(call, ib.LimitOrder("BUY", 1, 0.05, orderRef="kept"))
        await pulse(client)
        client.disconnect()
        await asyncio.sleep(0.05)
        again = await it.connect(7)
        (trade,) = again.openTrades()
        assert trade.order.orderRef == "kept"
        assert trade.contract.conId == call.conId
        assert again.client.getReqId() > trade.order.orderId

    assert play(scene) == []


def test_two_clients_see_each_others_orders_only_when_they_ask_for_all() -> None:
    async def scene(it: Bench) -> None:
        trader, watcher = await it.connect(1), await it.connect(2)
        (call,) = await trader.qualifyContractsAsync(
            ib.Option("VIX", "20180417", 15, "C", "SMART", tradingClass="VIX")
        )
        trader.placeOrder(call, ib.LimitOrder("BUY", 1, 0.05))
        await pulse(trader)
        assert await watcher.reqOpenOrdersAsync() == []
        (seen,) = await watcher.reqAllOpenOrdersAsync()
        assert seen.order.clientId == 1

    assert play(scene) == []


def test_at_a_finite_speed_ticks_come_by_themselves() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect(1)
        (spx,) = await client.qualifyContractsAsync(ib.Index("SPX", "CBOE"))
        ticker = client.reqMktData(spx)
        seen: set[float] = set()
        async with asyncio.timeout(10):
            while len(seen) < 3:
                await ticker.updateEvent
                seen.add(ticker.last)

    assert play(scene, speed=300.0) == []
