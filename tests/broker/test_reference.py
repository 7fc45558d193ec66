"""Questions about what exists."""

import asyncio
from datetime import date

import pytest

from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.domain.market import Bar
from alvh_trader.engine.command import (
    ListExpiries,
    ListFutures,
    ListOptions,
    RequestBars,
)
from alvh_trader.engine.event import (
    BarsReported,
    ExpiriesListed,
    FuturesListed,
    OptionsListed,
    RequestFailed,
)
from tests.broker.peer import Fields, Peer, details, option
from tests.broker.rig import rig

SERIES = ListOptions(symbol="VIX", trading_class="VIX", last_trade=date(2018, 2, 13))


def bar(day: str, close: str = "2700.5") -> Fields:
    return [day, "2690.0", "2710.0", "2680.0", close, "0", "0", "1"]


def test_daily_bars_come_without_todays() -> None:
    peer = Peer()
    peer.bars = [bar(f"2018020{n}", f"270{n}") for n in (1, 2, 4, 5)]

    async def story() -> None:
        async with rig(peer) as r:
            await r.trader.ask(RequestBars(symbol="SPX", sessions=2))
            told = r.inbox.last(BarsReported)
            assert told.symbol == "SPX"
            assert told.bars == (
                Bar(date(2018, 2, 2), 2690.0, 2710.0, 2680.0, 2702.0),
                Bar(date(2018, 2, 4), 2690.0, 2710.0, 2680.0, 2704.0),
            )
            asked = peer.got("20")[0]
            assert asked[2] == "416904"
            assert asked[16:22] == ["1 day", "3 D", "1", "TRADES", "1", "0"]

    asyncio.run(story())


def test_a_long_history_is_asked_for_in_years() -> None:
    async def story() -> None:
        async with rig() as r:
            await r.trader.ask(RequestBars(symbol="VIX", sessions=600))
            assert r.peer.got("20")[0][17] == "3 Y"

    asyncio.run(story())


def test_series_are_those_of_smart_and_cboe_with_the_usual_multiplier() -> None:
    peer = Peer()
    peer.series = [
        ["SMART", "416904", "SPXW", "100", "2", "20180316", "20180213", "1", "2500.0"],
        ["CBOE", "416904", "SPXW", "100", "1", "20180316", "1", "2500.0"],
        ["CBOE", "416904", "SPX", "100", "1", "20180315", "1", "2500.0"],
        ["IBUSOPT", "416904", "SPXW", "100", "1", "20190101", "1", "2500.0"],
        ["SMART", "416904", "NANOS", "1", "1", "20180316", "1", "250.0"],
    ]

    async def story() -> None:
        async with rig(peer) as r:
            await r.trader.ask(ListExpiries(symbol="SPX"))
            assert r.inbox.last(ExpiriesListed).series == (
                ("SPX", date(2018, 3, 15)),
                ("SPXW", date(2018, 2, 13)),
                ("SPXW", date(2018, 3, 16)),
            )

    asyncio.run(story())


def test_a_series_is_listed_with_settlement_and_last_trading_day() -> None:
    peer = Peer()
    vix = {"symbol": "VIX", "trading_class": "VIX", "last_trade": "20180213"}
    peer.instruments += [
        option(31, 22.0, "C", expiry="20180214", **vix),
        option(30, 20.0, "P", expiry="20180214", **vix),
        option(32, 20.0, "C", expiry="20180214", **vix),
        option(33, 24.0, "C", expiry="20180214", multiplier="10", **vix),
        option(34, 20.0, "C", symbol="VIX", trading_class="VIXW"),
    ]

    async def story() -> None:
        async with rig(peer) as r:
            await r.trader.ask(SERIES)
            told = r.inbox.last(OptionsListed)
            assert [o.con_id for o in told.options] == [32, 30, 31]
            assert told.options[0] == Option(
                *(32, "VIX", "VIX", date(2018, 2, 14), date(2018, 2, 13)),
                *(20.0, Right.CALL),
            )

    asyncio.run(story())


def test_an_unknown_series_is_empty_and_no_failure() -> None:
    async def story() -> None:
        async with rig() as r:
            await r.trader.ask(SERIES)
            assert r.inbox.last(OptionsListed).options == ()

    asyncio.run(story())


@pytest.mark.parametrize("how", ["silence", "error"])
def test_a_series_without_an_answer_is_a_failure(how: str) -> None:
    async def story() -> None:
        async with rig(request_timeout=0.1) as r:
            r.peer.mute("9")
            if how == "error":
                r.peer.on["9"] = lambda f: r.peer.error(f[2], 322, "busy")
            await r.trader.ask(SERIES)
            told = r.inbox.last(RequestFailed)
            assert told.request == "ListOptions"
            assert ("322" in told.reason) == (how == "error")

    asyncio.run(story())


def test_monthly_futures_are_listed_and_weeklies_left_out() -> None:
    peer = Peer()
    for con_id, trading_class, last, multiplier in (
        *((1, "VX", "20180321", "1000"), (2, "VX", "20180214", "1000")),
        *((3, "VX06", "20180207", "1000"), (4, "VXM", "20180214", "100")),
    ):
        peer.instruments.append(
            details(
                *(con_id, "VIX", "FUT"),
                exchange="CFE",
                trading_class=trading_class,
                last_trade=f"{last} 08:00:00 US/Central",
                expiry=last,
                multiplier=multiplier,
            )
        )

    async def story() -> None:
        async with rig(peer) as r:
            await r.trader.ask(ListFutures(symbol="VIX"))
            told = r.inbox.last(FuturesListed).futures
            assert [f.con_id for f in told] == [2, 4, 1]
            day = date(2018, 2, 14)
            assert told[0] == Future(2, "VIX", "VX", day, day, 1000)

    asyncio.run(story())


def test_bars_of_an_index_nobody_knows_are_a_failure() -> None:
    async def story() -> None:
        async with rig() as r:
            await r.trader.ask(RequestBars(symbol="VVIX", sessions=3))
            assert "no index VVIX" in r.inbox.last(RequestFailed).reason
            assert r.peer.got("20") == []

    asyncio.run(story())


def test_no_bars_because_of_an_error_is_a_failure_and_not_an_empty_history() -> None:
    async def story() -> None:
        async with rig() as r:
            r.peer.on["20"] = lambda f: r.peer.error(f[1], 200, "no definition")
            await r.trader.ask(RequestBars(symbol="SPX", sessions=3))
            assert r.inbox.last(RequestFailed).request == "RequestBars"

    asyncio.run(story())


def test_a_future_that_has_settled_is_asked_for_up_to_its_end() -> None:
    day = date(2018, 1, 17)
    future = Future(9, "VIX", "VX", day, day, 1000)
    peer = Peer()
    peer.bars = [bar("20180112", "11.2"), bar("20180116", "11.7")]

    async def story() -> None:
        async with rig(peer) as r:
            asked = RequestBars(symbol="VIX", sessions=2, future=future)
            await r.trader.ask(asked)
            told = r.inbox.last(BarsReported)
            assert told.future == future
            assert [b.close for b in told.bars] == [11.2, 11.7]
            sent = r.peer.got("20")[0]
            assert (sent[2], sent[4], sent[5]) == ("9", "FUT", "20180117")
            assert sent[14:18] == ["1", "20180117-23:59:59", "1 day", "3 D"]

    asyncio.run(story())


def test_a_future_that_trades_is_asked_for_up_to_now() -> None:
    day = date(2018, 3, 21)
    future = Future(9, "VIX", "VX", day, day, 1000)

    async def story() -> None:
        async with rig() as r:
            await r.trader.ask(RequestBars(symbol="VIX", sessions=2, future=future))
            assert r.peer.got("20")[0][15] == ""

    asyncio.run(story())


def test_futures_that_have_settled_are_told_apart() -> None:
    peer = Peer()
    for con_id, last in ((1, "20171220"), (2, "20180117"), (3, "20180321")):
        peer.instruments.append(
            details(
                *(con_id, "VIX", "FUT"),
                exchange="CFE",
                trading_class="VX",
                last_trade=last,
                expiry=last,
                multiplier="1000",
            )
        )

    async def story() -> None:
        async with rig(peer) as r:
            await r.trader.ask(ListFutures(symbol="VIX", since=date(2018, 1, 2)))
            told = r.inbox.last(FuturesListed)
            assert [f.con_id for f in told.futures] == [3]
            assert [f.con_id for f in told.settled] == [2]

    asyncio.run(story())
