"""The real client library is told by number, late, or that it asks too much."""

import asyncio
from typing import Any

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.entitlement import Entitlement
from tests.contract.client import Bench, ib, play, pulse


async def vix_call(client: Any) -> Any:
    (call,) = await client.qualifyContractsAsync(
        ib.Option("VIX", "20180417", 15, "C", "SMART", tradingClass="VIX")
    )
    return call


def heard_of(client: Any) -> list[int]:
    codes: list[int] = []
    client.errorEvent += lambda _id, code, *_: codes.append(code)
    return codes


def test_generic_ticks_arrive_in_the_fields_of_the_library() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        option = client.reqMktData(await vix_call(client), "100,101,106,221,233")
        (spx,) = await client.qualifyContractsAsync(ib.Index("SPX", "CBOE"))
        index = client.reqMktData(spx, "104,106,165")
        await pulse(client)
        assert option.callOpenInterest > 0
        assert option.putOpenInterest == 0
        assert option.callVolume == option.volume
        assert option.bid <= option.markPrice <= option.ask
        assert option.rtVolume > 0
        assert 0.02 < index.histVolatility < 1
        assert 0.02 < index.impliedVolatility < 1
        assert index.low52week < index.last <= index.high52week

    assert play(scene) == []


def test_delayed_data_arrives_where_nothing_is_subscribed() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        codes = heard_of(client)
        client.reqMarketDataType(3)
        option = client.reqMktData(await vix_call(client))
        await pulse(client)
        assert codes == [10167]
        assert option.marketDataType == 3
        assert 0 < option.bid < option.ask
        assert 0 < option.modelGreeks.delta < 1

    play(scene, settings=ApiSettings(market_data=Entitlement.DELAYED))


def test_a_client_that_is_too_fast_is_told_and_then_disconnected() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        codes = heard_of(client)
        async with asyncio.timeout(10):
            while client.isConnected():
                for _ in range(30):
                    client.reqMarketDataType(1)
                await asyncio.sleep(0.01)
        assert codes == [0, 100] * 3

    limits = ApiSettings(messages_per_second=20)
    play(scene, speed=60.0, settings=limits)
