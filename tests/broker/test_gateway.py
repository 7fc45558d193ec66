"""The adapter against the product's own paper gateway, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

import pytest

from alvh_trader.broker.clock import BrokerClock
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.broker.trader import Trader
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    ListExpiries,
    ListFutures,
    ListOptions,
    PreviewMargin,
    RequestBars,
    Watch,
)
from alvh_trader.engine.event import (
    BarsReported,
    BrokerConnected,
    BrokerReported,
    CommissionReported,
    ExpiriesListed,
    FuturesListed,
    MarginPreviewed,
    MarketUpdated,
    OptionsListed,
    OrderFilled,
    OrderRefused,
    OrderUpdated,
)
from alvh_trader.gateway.server import Gateway
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.scenario import scenario
from tests.broker.rig import REPORT, Inbox, place, reprice

# exchange-calendars reads a series in a way that the newest pandas is giving up.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Series.values returning an ndarray:DeprecationWarning"
)


class Desk:
    """A trader on the paper gateway, the last quotes and the inbox."""

    def __init__(self, port: int, client_id: int = 17) -> None:
        self.inbox = Inbox()
        self.clock = BrokerClock()
        options = BrokerOptions(port=port, client_id=client_id, request_rate=None)
        self.trader = Trader(options, self.inbox.put, self.clock)

    async def open(self) -> BrokerReported:
        await self.trader.connect()
        await self.trader.ask(REPORT)
        return self.inbox.last(BrokerReported)

    async def pulses(self, count: int) -> None:
        for _ in range(count):
            await self.trader.pulse()

    def quote(self, instrument: Option) -> Quote:
        quotes: dict[int, Quote] = {}
        for event in self.inbox.of(MarketUpdated):
            quotes |= event.quotes
        return quotes[instrument.con_id]

    async def vix_calls(self) -> list[Option]:
        """List the second monthly series and watch its calls near 20."""
        await self.trader.ask(ListExpiries(symbol="VIX"))
        monthly = [
            last
            for name, last in self.inbox.last(ExpiriesListed).series
            if name == "VIX"
        ]
        await self.trader.ask(
            ListOptions(symbol="VIX", trading_class="VIX", last_trade=monthly[1])
        )
        listed = self.inbox.last(OptionsListed).options
        calls = [o for o in listed if o.is_call and 14 <= o.strike <= 22]
        indexes = self.inbox.last(BrokerConnected).indexes
        self.trader.watch(Watch(instruments=(*indexes, *calls)))
        await self.pulses(3)
        return calls


@asynccontextmanager
async def lockstep(name: str = "volmageddon-2018") -> AsyncIterator[int]:
    gateway = Gateway(Exchange(scenario(name), seed=1))
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        group.create_task(gateway.run(on_listening=listening.set_result))
        try:
            yield await listening
        finally:
            gateway.stop()


@asynccontextmanager
async def desk(port: int, client_id: int = 17) -> AsyncIterator[Desk]:
    made = Desk(port, client_id)
    try:
        await made.open()
        yield made
    finally:
        await made.trader.close()


def buy(option: Option, limit: object, ref: str = "H1", quantity: int = 3) -> Order:
    return Order(
        ref=ref,
        case="C1",
        purpose=Purpose.HEDGE,
        legs=(Leg(option, 1),),
        quantity=quantity,
        limit=Decimal(str(limit)),
    )


def test_everything_the_engine_asks_is_answered() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            names = {i.symbol for i in d.inbox.last(BrokerConnected).indexes}
            assert names == {"SPX", "VIX", "VIX9D", "VIX3M", "VVIX", "AD-NYSE"}
            told = d.inbox.last(BrokerReported)
            assert told.account.account_id.startswith("***")
            assert sorted(p.quantity for p in told.positions) == [-10, -10, 10, 10]
            assert all(isinstance(p.instrument, Option) for p in told.positions)
            await d.trader.ask(RequestBars(symbol="SPX", sessions=100))
            bars = d.inbox.last(BarsReported).bars
            assert len(bars) == 100
            assert bars[-1].day < d.clock.now().date()
            calls = await d.vix_calls()
            assert {(o.expiry - o.last_trade).days for o in calls} == {1}
            await d.trader.ask(ListFutures(symbol="VIX"))
            listed = d.inbox.last(FuturesListed)
            assert {f.trading_class for f in listed.futures} == {"VX", "VXM"}
            assert listed.settled == ()

    asyncio.run(story())


def test_daily_bars_come_of_futures_that_trade_and_that_have_settled() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            await d.trader.ask(ListFutures(symbol="VIX", since=date(2017, 11, 1)))
            listed = d.inbox.last(FuturesListed)
            (old, *_), (new, *_) = (
                [f for f in found if f.trading_class == "VX"]
                for found in (listed.settled, listed.futures)
            )
            assert old.expiry == date(2017, 11, 15)
            for future, last in ((old, date(2017, 11, 14)), (new, date(2018, 1, 19))):
                await d.trader.ask(RequestBars(symbol="VIX", sessions=9, future=future))
                told = d.inbox.last(BarsReported)
                assert told.future == future
                assert len(told.bars) == 9
                assert told.bars[-1].day == last
                assert all(8 < b.close < 20 for b in told.bars)

    asyncio.run(story())


def test_streams_bring_quotes_and_breadth_in_step_with_time() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            calls = await d.vix_calls()
            before = d.clock.now()
            await d.pulses(1)
            event = d.inbox.last(MarketUpdated)
            assert event.at > before
            breadths = [e.breadth for e in d.inbox.of(MarketUpdated) if e.breadth]
            assert breadths[-1].advances + breadths[-1].declines > 1000
            assert breadths[-1].unchanged >= 0
            for call in calls:
                quote = d.quote(call)
                assert quote.mid is not None
                assert quote.at <= event.at

    asyncio.run(story())


def test_quotes_of_a_whole_session_never_look_stale() -> None:
    async def story() -> None:
        async with lockstep("calm-2017") as port, desk(port) as d:
            calls = await d.vix_calls()
            watched = {c.con_id for c in calls}
            named = {i.symbol: i for i in d.inbox.last(BrokerConnected).indexes}
            watched |= {named["SPX"].con_id, named["VIX"].con_id}
            newest = {con_id: d.clock.now() for con_id in watched}
            oldest = dict.fromkeys(watched, 0.0)
            ages: list[float] = []
            for _ in range(380):
                await d.trader.pulse()
                event = d.inbox.last(MarketUpdated)
                for con_id in watched:
                    if con_id in event.quotes:
                        newest[con_id] = event.quotes[con_id].at
                    age = (event.at - newest[con_id]).total_seconds()
                    oldest[con_id] = max(oldest[con_id], age)
                    if con_id == named["SPX"].con_id:
                        ages.append(age)
            stale_spx = sorted(ages)[-len(ages) // 100]
            assert stale_spx <= 15, "but for one pulse in a hundred"
            assert max(oldest.values()) <= 60

    asyncio.run(story())


def test_a_hedge_is_previewed_placed_repriced_and_filled() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            call = (await d.vix_calls())[0]
            low = d.quote(call).bid
            assert low is not None
            await d.trader.preview(PreviewMargin(order=buy(call, low)))
            previewed = d.inbox.last(MarginPreviewed)
            assert previewed.initial_margin_after is not None
            assert d.inbox.of(OrderUpdated) == []

            d.trader.place(place(buy(call, "0.05")))
            await d.pulses(1)
            (working,) = {e.report.perm_id for e in d.inbox.of(OrderUpdated)}
            assert d.inbox.last(OrderUpdated).report.status == "Submitted"

            ask = d.quote(call).ask
            assert ask is not None
            d.trader.reprice(reprice(buy(call, ask + 0.25)))
            await d.pulses(20)
            done = d.inbox.last(OrderUpdated).report
            assert (done.status, done.filled, done.perm_id) == ("Filled", 3, working)
            fills = [e.fill for e in d.inbox.of(OrderFilled)]
            assert sum(f.quantity for f in fills) == 3
            assert {f.ref for f in fills} == {"H1"}
            costs = {e.exec_id: e.amount for e in d.inbox.of(CommissionReported)}
            assert set(costs) == {f.exec_id for f in fills}

            await d.trader.ask(REPORT)
            told = d.inbox.last(BrokerReported)
            assert call in [p.instrument for p in told.positions]
            assert {f.exec_id for f in told.fills} == set(costs)
            assert [(o.ref, o.status) for o in told.completed] == [("H1", "Filled")]
            assert told.orders == ()

    asyncio.run(story())


def test_a_combo_fills_leg_by_leg_and_its_summary_is_no_fill() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            low, high = (await d.vix_calls())[:2]
            spread = Order(
                ref="B1",
                case="C1",
                purpose=Purpose.HEDGE,
                legs=(Leg(low, 1), Leg(high, -1)),
                quantity=2,
                limit=Decimal("1.00"),
            )
            d.trader.place(place(spread))
            await d.pulses(20)
            assert d.inbox.last(OrderUpdated).report.status == "Filled"
            bought: dict[int, int] = {}
            for event in d.inbox.of(OrderFilled):
                fill = event.fill
                bought[fill.con_id] = bought.get(fill.con_id, 0) + fill.quantity
            assert bought == {low.con_id: 2, high.con_id: -2}

    asyncio.run(story())


def test_an_order_is_cancelled_and_a_second_cancel_is_harmless() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            call = (await d.vix_calls())[0]
            d.trader.place(place(buy(call, "0.05")))
            await d.pulses(1)
            for _ in range(2):
                d.trader.cancel(CancelOrder(ref="H1"))
                await d.pulses(1)
                assert d.inbox.last(OrderUpdated).report.status == "Cancelled"
            assert d.inbox.of(OrderFilled) == []

    asyncio.run(story())


def test_a_price_off_the_grid_is_refused() -> None:
    async def story() -> None:
        async with lockstep() as port, desk(port) as d:
            call = (await d.vix_calls())[0]
            d.trader.place(place(buy(call, "0.0333")))
            await d.pulses(1)
            assert d.inbox.last(OrderRefused).code == 110

    asyncio.run(story())


def test_a_new_life_finds_its_orders_and_can_end_them() -> None:
    async def story() -> None:
        async with lockstep() as port:
            async with desk(port) as first:
                call = (await first.vix_calls())[0]
                first.trader.place(place(buy(call, "0.05")))
                await first.pulses(1)
            async with desk(port) as second:
                (order,) = second.inbox.last(BrokerReported).orders
                assert (order.ref, order.status) == ("H1", "Submitted")
                second.trader.place(place(buy(call, "0.05")))
                second.trader.cancel(CancelOrder(ref="H1"))
                await second.pulses(1)
                assert second.inbox.last(OrderUpdated).report.status == "Cancelled"
                await second.trader.ask(REPORT)
                assert second.inbox.last(BrokerReported).orders == ()

    asyncio.run(story())


@pytest.mark.parametrize("seed_runs", [2])
def test_the_same_run_gives_the_same_events(seed_runs: int) -> None:
    async def run() -> list[str]:
        async with lockstep() as port, desk(port) as d:
            call = (await d.vix_calls())[0]
            d.trader.place(place(buy(call, "1.00")))
            await d.pulses(100)
            return [repr(event) for event in d.inbox.events[:-1]]

    first, *others = [asyncio.run(run()) for _ in range(seed_runs)]
    assert len(first) > 100
    assert all(other == first for other in others)
