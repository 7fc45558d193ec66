"""A whole trading day with an unmodified client library, and no decode error."""

import math
from typing import Any

import pytest

from tests.contract.client import Bench, ib, play, pulse, until


async def spx_options(client: Any, *strikes: float) -> list[Any]:
    """Return SPXW puts of one expiry."""
    (spx,) = await client.qualifyContractsAsync(ib.Index("SPX", "CBOE", "USD"))
    chains = await client.reqSecDefOptParamsAsync("SPX", "", "IND", spx.conId)
    chain = next(
        it for it in chains if (it.exchange, it.tradingClass) == ("SMART", "SPXW")
    )
    expiry = sorted(chain.expirations)[12]
    puts = [
        ib.Option(
            "SPX", expiry, strike, "P", "SMART", "100", "USD", tradingClass="SPXW"
        )
        for strike in strikes
    ]
    await client.qualifyContractsAsync(*puts)
    assert all(put.conId for put in puts)
    return puts


async def vix_call(client: Any, strike: float = 15.0) -> Any:
    """Return a monthly VIX call."""
    details = await client.reqContractDetailsAsync(
        ib.Option("VIX", "201804", exchange="SMART", currency="USD", tradingClass="VIX")
    )
    wanted = (strike, "C")
    return next(
        it.contract
        for it in details
        if (it.contract.strike, it.contract.right) == wanted
    )


def combo(*legs: tuple[Any, str]) -> Any:
    """Return a BAG of one contract each."""
    bag = ib.Contract(symbol="SPX", secType="BAG", exchange="SMART", currency="USD")
    bag.comboLegs = [
        ib.ComboLeg(conId=contract.conId, ratio=1, action=action, exchange="SMART")
        for contract, action in legs
    ]
    return bag


def test_reference_data_reads_as_it_was_written() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        (details,) = await client.reqContractDetailsAsync(
            ib.Index("SPX", "CBOE", "USD")
        )
        assert details.contract.conId == 416904
        call = await vix_call(client)
        (full,) = await client.reqContractDetailsAsync(ib.Contract(conId=call.conId))
        assert full.contract.localSymbol == "VIX   180418C00015000"
        assert (full.realExpirationDate, full.underSymbol) == ("20180418", "VIX")
        assert full.minTick == 0.01
        futures = await client.reqContractDetailsAsync(
            ib.Future("VIX", exchange="CFE", tradingClass="VX")
        )
        assert {it.contract.multiplier for it in futures} == {"1000"}
        rule = await client.reqMarketRuleAsync(109)
        assert [(row.lowEdge, row.increment) for row in rule] == [(0, 0.05), (3, 0.1)]
        samples = await client.reqMatchingSymbolsAsync("VIX")
        assert "VIX" in {row.contract.symbol for row in samples}
        await client.reqSmartComponentsAsync("9c0001")
        await client.reqNewsProvidersAsync()
        await client.reqMktDepthExchangesAsync()

    assert play(scene) == []


def test_bars_read_as_they_were_written() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        (spx,) = await client.qualifyContractsAsync(ib.Index("SPX", "CBOE", "USD"))
        await pulse(client, 10)
        daily = await client.reqHistoricalDataAsync(
            spx, "", "60 D", "1 day", "TRADES", True
        )
        assert len(daily) == 60
        assert daily[-1].date.isoformat() == "2018-01-22"
        for zone in (1, 2):
            intraday = await client.reqHistoricalDataAsync(
                spx, "", "2 D", "30 mins", "TRADES", True, zone
            )
            assert all(bar.low <= bar.open <= bar.high for bar in intraday)
            assert intraday[-1].date.timestamp() == 1516631400
        live = await client.reqHistoricalDataAsync(
            spx, "", "1 D", "1 min", "TRADES", True, keepUpToDate=True
        )
        before = len(live)
        await pulse(client, 12)
        assert len(live) > before
        assert [bar.date for bar in live] == sorted(bar.date for bar in live)
        await client.reqHeadTimeStampAsync(spx, "TRADES", True, 1)
        schedule = await client.reqHistoricalScheduleAsync(spx, 5)
        assert len(schedule.sessions) == 5
        real_time = client.reqRealTimeBars(spx, 5, "TRADES", False)
        await pulse(client, 3)
        assert len(real_time) > 3

    assert play(scene) == []


def test_market_data_comes_with_greeks_and_changes_with_time() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        (spx,) = await client.qualifyContractsAsync(ib.Index("SPX", "CBOE", "USD"))
        upper, lower = await spx_options(client, 2700, 2675)
        option, index = client.reqMktData(call), client.reqMktData(spx)
        net = client.reqMktData(combo((upper, "SELL"), (lower, "BUY")))
        await pulse(client)
        exchange = it.gateway.floor.exchange
        top = exchange.tops([call.conId])[0]
        assert (option.bid, option.ask) == (float(top.bid), float(top.ask))  # type: ignore[arg-type]
        greeks = option.modelGreeks
        assert 0 < greeks.delta < 1
        assert greeks.vega > 0
        assert greeks.theta < 0
        assert option.bidGreeks.impliedVol < option.askGreeks.impliedVol
        assert index.last == float(exchange.tops([spx.conId])[0].last)  # type: ignore[arg-type]
        assert math.isnan(index.bid)
        assert net.bid < net.ask < 0
        before = index.last
        await pulse(client, 20)
        assert index.last != before
        client.cancelMktData(call)
        (future,) = await client.qualifyContractsAsync(
            ib.Future("VIX", "201802", "CFE", tradingClass="VX")
        )
        single = client.reqTickByTickData(future, "BidAsk")
        await pulse(client, 20)
        assert single.ask > single.bid
        (snapshot,) = await client.reqTickersAsync(call)
        assert snapshot.ask > 0

    assert play(scene) == []


def test_a_limit_order_is_tried_placed_changed_and_filled() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        state = await client.whatIfOrderAsync(call, ib.LimitOrder("BUY", 2, 2.0))
        assert float(state.commission) == 2.0
        assert float(state.equityWithLoanChange) < 0
        trade = client.placeOrder(call, ib.LimitOrder("BUY", 2, 0.05, orderRef="a"))
        await pulse(client)
        assert trade.orderStatus.status == "Submitted"
        trade.order.lmtPrice = 20.0
        client.placeOrder(call, trade.order)
        await until(client, lambda: trade.orderStatus.status == "Filled")
        assert sum(fill.execution.shares for fill in trade.fills) == 2
        assert trade.orderStatus.avgFillPrice < 20
        assert sum(fill.commissionReport.commission for fill in trade.fills) == 2.0
        assert trade.fills[0].execution.time.isoformat().startswith("2018-01-22T14:")
        await pulse(client)
        held = {row.contract.conId: row.position for row in client.positions()}
        assert held[call.conId] == 2
        assert await client.reqExecutionsAsync()
        (done,) = await client.reqCompletedOrdersAsync(False)
        assert done.orderStatus.status == "Filled"

    assert play(scene) == []


def test_a_market_order_fills() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        trade = client.placeOrder(call, ib.MarketOrder("BUY", 1))
        await until(client, trade.isDone)
        assert trade.orderStatus.status == "Filled"

    assert play(scene) == []


def test_a_combo_fills_in_legs_and_a_summary() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        upper, lower = await spx_options(client, 2700, 2675)
        bag = combo((upper, "BUY"), (lower, "SELL"))
        state = await client.whatIfOrderAsync(bag, ib.LimitOrder("BUY", 1, 3.0))
        assert float(state.commission) > 0
        trade = client.placeOrder(bag, ib.LimitOrder("BUY", 3, 20.0, orderRef="roll"))
        await until(client, lambda: trade.orderStatus.status == "Filled")
        rows: dict[str, list[Any]] = {}
        for fill in trade.fills:
            rows.setdefault(fill.contract.secType, []).append(fill)
        summary = rows["BAG"]
        assert sum(fill.execution.shares for fill in summary) == 3
        legs = {fill.contract.conId: fill.execution.side for fill in rows["OPT"]}
        assert legs == {upper.conId: "BOT", lower.conId: "SLD"}
        assert all(fill.commissionReport.commission > 0 for fill in rows["OPT"])
        assert trade.orderStatus.avgFillPrice == pytest.approx(
            sum(f.execution.shares * f.execution.price for f in summary) / 3
        )
        await pulse(client)
        held = {row.contract.conId: row.position for row in client.positions()}
        assert (held[upper.conId], held[lower.conId]) == (3, -3)

    assert play(scene) == []


def test_a_bracket_of_the_library_lives_and_ends_as_one() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        bracket = client.bracketOrder("BUY", 2, 20.0, 30.0, 0.05)
        trades = [client.placeOrder(call, order) for order in bracket]
        await client.reqOpenOrdersAsync()
        entry, profit, stop = (trade.orderStatus for trade in trades)
        assert profit.whyHeld == "child"
        assert stop.whyHeld == "child,trigger"
        assert profit.parentId == entry.orderId
        await until(client, lambda: entry.status == "Filled")
        await pulse(client)
        assert (profit.status, stop.status) == ("Submitted", "PreSubmitted")
        assert stop.whyHeld == "trigger"
        client.cancelOrder(bracket.takeProfit)
        client.cancelOrder(bracket.stopLoss)
        await until(client, lambda: all(trade.isDone() for trade in trades))

    heard = [line for line in play(scene) if not line.startswith("Error 202,")]
    assert heard == []


def test_stops_trailing_stops_and_groups_read_as_they_were_written() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        group = client.oneCancelsAll(
            [ib.LimitOrder("BUY", 1, 0.05), ib.StopOrder("BUY", 1, 90.0)], "pair", 2
        )
        trail = ib.Order(
            action="SELL", totalQuantity=1, orderType="TRAIL", trailingPercent=5.0
        )
        dated = ib.LimitOrder("BUY", 1, 0.05)
        dated.tif, dated.goodTillDate = "GTD", "20180123-20:00:00"
        orders = [*group, ib.StopLimitOrder("BUY", 1, 90.0, 80.0), trail, dated]
        trades = [client.placeOrder(call, order) for order in orders]
        await pulse(client, 2)
        held = [trade.orderStatus.status for trade in trades]
        assert held == ["Submitted", *["PreSubmitted"] * 3, "Submitted"]
        seen = {
            it.order.orderType: it.order for it in await client.reqOpenOrdersAsync()
        }
        assert seen["STP"].auxPrice == 90.0
        assert seen["STP"].ocaGroup == "pair"
        assert seen["STP LMT"].lmtPrice == 90.0
        assert seen["TRAIL"].trailingPercent == 5.0
        assert seen["TRAIL"].trailStopPrice > 0
        client.reqGlobalCancel()
        await until(client, lambda: all(trade.isDone() for trade in trades))

    heard = [line for line in play(scene) if not line.startswith("Error 202,")]
    assert heard == []


def test_a_cancelled_order_ends_with_202_and_no_error() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        told: list[int] = []
        client.errorEvent += lambda _req, code, *_: told.append(code)
        trade = client.placeOrder(call, ib.LimitOrder("BUY", 1, 0.05))
        await pulse(client)
        client.cancelOrder(trade.order)
        await until(client, lambda: trade.orderStatus.status == "Cancelled")
        assert 202 in told

    # ib_insync takes 202 for a warning, ib_async logs it as an error.
    heard = [line for line in play(scene) if not line.startswith("Error 202,")]
    assert heard == []


def test_account_streams_follow_a_fill() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        account = it.gateway.floor.account_id
        call = await vix_call(client)
        total = client.reqPnL(account)
        held = client.positions()[0].contract.conId
        single = client.reqPnLSingle(account, "", held)
        summary = await client.accountSummaryAsync()
        assert "NetLiquidation" in {row.tag for row in summary}
        trade = client.placeOrder(call, ib.MarketOrder("BUY", 4))
        await until(client, lambda: trade.orderStatus.status == "Filled")
        await pulse(client, 3)
        values = it.gateway.floor.exchange.account()
        assert total.unrealizedPnL == pytest.approx(float(values.unrealized))
        assert abs(single.position) == 10
        cash = {v.tag: v.value for v in client.accountValues() if v.currency == "USD"}
        assert cash["TotalCashValue"] == f"{values.cash:.2f}"
        assert call.conId in {row.contract.conId for row in client.portfolio()}

    assert play(scene) == []


@pytest.mark.parametrize(("price", "code"), [(0.053, 110), (-1.0, 110), (1e6, 201)])
def test_a_refused_order_reads_as_refused(price: float, code: int) -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        told: list[int] = []
        client.errorEvent += lambda _req, code, *_: told.append(code)
        client.placeOrder(call, ib.LimitOrder("BUY", 10, price))
        await pulse(client)
        assert code in told
        assert await client.reqAllOpenOrdersAsync() == []

    complaints = play(scene)
    assert not any("Error handling fields" in line for line in complaints)


def test_a_global_cancel_ends_every_order() -> None:
    async def scene(it: Bench) -> None:
        client = await it.connect()
        call = await vix_call(client)
        trades = [
            client.placeOrder(call, ib.LimitOrder("BUY", 1, price))
            for price in (0.05, 0.06, 0.07)
        ]
        await pulse(client)
        client.reqGlobalCancel()
        await until(client, lambda: all(trade.isDone() for trade in trades))

    complaints = play(scene)
    assert not any("Error handling fields" in line for line in complaints)
