"""Streams: what is subscribed, what a pulse gives out, and when quotes grow stale."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from msgspec.structs import replace

from alvh_trader.domain.connection import Trouble
from alvh_trader.domain.instrument import Index, Instrument, Other
from alvh_trader.domain.market import Breadth, Quote
from alvh_trader.engine.command import Watch
from alvh_trader.engine.event import (
    BrokerDisconnected,
    DataTroubled,
    LinkChanged,
    MarketUpdated,
    RequestFailed,
)
from tests.broker.peer import TIME, Fields, Peer
from tests.broker.rig import NOW, SPX_LOWER_PUT, SPX_PUT, VIX_CALL, Rig, rig, until

SPX = Index(416904, "SPX")
VIX = Index(13455763, "VIX")
AD = Index(26718743, "AD-NYSE", "NYSE")

YESTERDAY = NOW.date() - timedelta(days=1)

EVERY = (SPX, VIX, AD, VIX_CALL, SPX_PUT)


class Lines:
    """The streams of one rig, by instrument, and a clock to step."""

    def __init__(self, r: Rig) -> None:
        self.r = r

    async def watch(self, *instruments: Instrument) -> None:
        self.r.trader.watch(Watch(instruments=instruments))
        await self.r.trader.pulse()

    def line(self, instrument: Instrument) -> str:
        """Return the newest request id that streams `instrument`."""
        (*_, newest) = [
            fields[2]
            for fields in self.r.peer.got("1")
            if fields[3] == str(instrument.con_id)
        ]
        return newest

    def price(self, instrument: Instrument, kind: int, price: str, size: str) -> None:
        self.r.peer.send("1", "6", self.line(instrument), str(kind), price, size, "0")

    def size(self, instrument: Instrument, kind: int, size: str) -> None:
        self.r.peer.send("2", "6", self.line(instrument), str(kind), size)

    def two_sided(self, instrument: Instrument, bid: str, ask: str) -> None:
        self.price(instrument, 1, bid, "10")
        self.price(instrument, 2, ask, "12")

    async def pulse(self, seconds: int = 0) -> MarketUpdated:
        """Let market time go on by `seconds`, and pulse."""
        self.r.peer.time += seconds
        await self.r.trader.pulse()
        event = self.r.inbox.events[-1]
        assert isinstance(event, MarketUpdated)
        return event


def test_exactly_the_difference_is_subscribed() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(SPX, VIX_CALL)
            old = lines.line(VIX_CALL)
            await lines.watch(SPX, SPX_PUT)
            await lines.watch(SPX, SPX_PUT)
            asked = [fields[3] for fields in r.peer.got("1")]
            assert asked == ["416904", "111", "222"]
            assert [fields[2] for fields in r.peer.got("2")] == [old]
            generic, snapshot = r.peer.got("1")[0][16:18]
            assert (generic, snapshot) == ("", "0")

    asyncio.run(story())


def test_the_line_budget_keeps_the_first_and_ignores_the_unknown() -> None:
    async def story() -> None:
        async with rig() as r:
            many = [Index(1000 + i, f"I{i}") for i in range(100)]
            await Lines(r).watch(Other(1, "?", "STK"), *many)
            asked = [fields[3] for fields in r.peer.got("1")]
            assert asked == [str(1000 + i) for i in range(95)]

    asyncio.run(story())


def test_a_pulse_gives_only_what_changed_in_one_event() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(*EVERY)
            lines.two_sided(VIX_CALL, "1.50", "1.60")
            lines.size(VIX_CALL, 0, "33")
            lines.price(SPX, 4, "2700.5", "")
            event = await lines.pulse(5)
            at = NOW + timedelta(seconds=5)
            assert event.at == at
            assert event.quotes == {
                111: Quote(at, 1.5, 1.6, 33.0, 12.0),
                416904: Quote(at, last=2700.5),
            }
            assert (await lines.pulse(1)).quotes == {}

    asyncio.run(story())


def test_advances_and_declines_are_breadth_and_no_quote() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(*EVERY)
            lines.price(AD, 1, "1830", "140")
            lines.price(AD, 2, "950", "0")
            event = await lines.pulse(5)
            assert event.breadth == Breadth(event.at, 1830, 950, 140)
            assert event.quotes == {}

    asyncio.run(story())


@pytest.mark.covers("F91", "F92")
@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        (("-1", "0"), ("0.05", "20"), (None, 0.05)),
        (("0", "0"), ("0.05", "20"), (None, 0.05)),
        (("0", "5"), ("0.05", "20"), (0.0, 0.05)),
        (("1.7", "5"), ("1.6", "20"), (None, None)),
        (("1.6", "5"), ("1.6", "20"), (None, None)),
        (("nan", "5"), ("1.6", "20"), (None, 1.6)),
        (("1.5", "5"), ("inf", "20"), (1.5, None)),
        (("1.5", "5"), ("-1", ""), (1.5, None)),
    ],
)
def test_what_is_not_a_price_is_none(
    bid: tuple[str, str], ask: tuple[str, str], expected: tuple[float | None, ...]
) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL)
            lines.price(VIX_CALL, 1, *bid)
            lines.price(VIX_CALL, 2, *ask)
            quote = (await lines.pulse()).quotes[111]
            assert (quote.bid, quote.ask) == expected
            assert (quote.bid_size is None) == (quote.bid is None)

    asyncio.run(story())


@pytest.mark.covers("F93")
def test_delayed_data_are_not_known_unless_allowed() -> None:
    async def story(*, allowed: bool) -> Quote:
        async with rig(allow_delayed=allowed) as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL)
            r.peer.send("58", "1", lines.line(VIX_CALL), "3")
            lines.price(VIX_CALL, 66, "1.5", "3")
            return (await lines.pulse()).quotes[111]

    assert asyncio.run(story(allowed=False)).bid is None
    assert asyncio.run(story(allowed=True)).bid == 1.5


@pytest.mark.covers("F89")
def test_a_halted_instrument_has_no_quote() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            r.peer.send("45", "6", lines.line(VIX_CALL), "49", "1.0")
            assert (await lines.pulse()).quotes[111].bid is None
            r.peer.send("45", "6", lines.line(VIX_CALL), "49", "0.0")
            assert (await lines.pulse()).quotes[111].bid == 1.5

    asyncio.run(story())


# ---------------------------------------------------------------- freshness ---


def test_an_unchanged_quote_of_a_live_pipe_is_said_again_in_time() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL, SPX_PUT)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            newest = (await lines.pulse()).quotes[111].at
            for step in range(60):
                lines.two_sided(SPX_PUT, str(30 + step), str(31 + step))
                event = await lines.pulse(5)
                newest = event.quotes.get(111, Quote(newest)).at
                age = event.at - newest
                assert age <= timedelta(seconds=25)

    asyncio.run(story())


@pytest.mark.covers("F90", "F95")
def test_quotes_grow_stale_when_their_whole_kind_is_silent() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL, SPX_PUT, SPX)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            await lines.pulse()
            said = []
            for step in range(24):
                lines.price(SPX, 4, str(2700 + step), "")
                event = await lines.pulse(5)
                if 111 in event.quotes:
                    said.append(event.at - NOW)
            assert all(late <= timedelta(seconds=30) for late in said)

    asyncio.run(story())


@pytest.mark.parametrize(("step", "said"), [(1, 0), (5, 0), (20, 1), (60, 1), (90, 0)])
def test_spx_may_miss_one_pulse_and_vix_many(step: int, said: int) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(SPX, VIX, AD)
            lines.price(SPX, 4, "2700", "")
            lines.price(VIX, 4, "18.5", "")
            await lines.pulse()
            seen: list[int] = []
            for pulse in range(60):
                lines.price(AD, 1, str(1000 + pulse), "5")
                seen += (await lines.pulse(step)).quotes
            assert seen.count(416904) == said
            assert seen.count(13455763) >= min(60, 60 * step // 25)

    asyncio.run(story())


@pytest.mark.covers("F94")
@pytest.mark.parametrize("how", ["link", "farm"])
def test_nothing_is_said_again_while_the_link_or_a_farm_is_down(how: str) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL, SPX_PUT)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            await lines.pulse()
            if how == "link":
                r.peer.error(-1, 1100)
            else:
                r.peer.error(-1, 2103, "Market data farm connection is broken:usopt")
            for step in range(12):
                lines.two_sided(SPX_PUT, str(30 + step), str(31 + step))
                assert 111 not in (await lines.pulse(5)).quotes

    asyncio.run(story())


def test_a_farm_that_is_down_from_the_start_is_remembered() -> None:
    peer = Peer()
    honest = peer.on["71"]

    def start(fields: Fields) -> None:
        honest(fields)
        peer.error(-1, 2103, "Market data farm connection is broken:usopt")

    peer.on["71"] = start

    async def story() -> None:
        async with rig(peer) as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL, SPX_PUT)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            await lines.pulse()
            for step in range(12):
                lines.two_sided(SPX_PUT, str(30 + step), str(31 + step))
                assert 111 not in (await lines.pulse(5)).quotes

    asyncio.run(story())


@pytest.mark.covers("F94", "I10")
def test_a_healed_farm_is_asked_for_everything_again() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL, SPX)
            r.peer.error(-1, 2104, "Market data farm connection is OK:usopt")
            await lines.pulse()
            assert len(r.peer.got("1")) == 2, "it was not known to be broken"
            r.peer.error(-1, 2103, "Market data farm connection is broken:usopt")
            r.peer.error(-1, 2104, "Market data farm connection is OK:usopt")
            await lines.pulse()
            await until(lambda: len(r.peer.got("1")) == 4)
            assert len(r.peer.got("2")) == 2

    asyncio.run(story())


@pytest.mark.covers("F26")
def test_lost_data_and_new_sessions_are_subscribed_again() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL, SPX)
            r.peer.error(-1, 1101)
            await r.inbox.wait(LinkChanged)
            await until(lambda: len(r.peer.got("1")) == 4)
            r.peer.drop()
            await r.inbox.wait(BrokerDisconnected)
            await r.trader.connect()
            await until(lambda: len(r.peer.got("1")) == 6)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            assert (await lines.pulse()).quotes[111].ask == 1.6

    asyncio.run(story())


@pytest.mark.covers("F95", "F96")
@pytest.mark.parametrize("code", [200, 354, 10197, 10182])
def test_a_refused_stream_is_not_known_until_it_speaks(code: int) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            await lines.pulse()
            r.peer.error(lines.line(VIX_CALL), code)
            event = await lines.pulse()
            assert event.quotes == {111: Quote(event.at)}
            lines.two_sided(VIX_CALL, "1.4", "1.5")
            assert (await lines.pulse()).quotes[111].bid == 1.4

    asyncio.run(story())


def test_ticks_of_a_cancelled_stream_are_dropped() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL)
            old = lines.line(VIX_CALL)
            await lines.watch(SPX)
            r.peer.send("1", "6", old, "1", "1.5", "3", "0")
            assert (await lines.pulse()).quotes == {}

    asyncio.run(story())


def test_many_subscriptions_keep_below_the_rate_and_orders_do_not_wait() -> None:
    from tests.broker.rig import hedge, place

    async def story() -> None:
        async with rig(request_rate=40.0, request_timeout=5.0) as r:
            await asyncio.sleep(0.3)
            many = [Index(1000 + i, f"I{i}") for i in range(40)]
            r.trader.watch(Watch(instruments=(*many, SPX_LOWER_PUT)))
            r.trader.place(place(hedge()))
            await until(lambda: len(r.peer.got("3")) == 1)
            assert len(r.peer.got("1")) <= 12, "the order was not behind them"
            await until(lambda: len(r.peer.got("1")) == 41)

    asyncio.run(story())


def test_time_and_peer_agree() -> None:
    assert NOW.timestamp() == TIME == Peer().time


def troubles(r: Rig) -> list[tuple[Trouble, ...]]:
    return [event.troubles for event in r.inbox.of(DataTroubled)]


@pytest.mark.covers("F33", "F96", "I10")
@pytest.mark.parametrize(
    ("code", "trouble"), [(10197, Trouble.OTHER_SESSION), (101, Trouble.NO_LINES)]
)
def test_what_ails_a_stream_and_may_ail_all_is_told_until_it_is_over(
    code: int, trouble: Trouble
) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(*EVERY)
            r.peer.error(lines.line(VIX_CALL), code)
            await lines.pulse(5)
            assert troubles(r) == [(trouble,)]
            await lines.pulse(5)
            lines.two_sided(VIX_CALL, "1.5", "1.6")
            await lines.pulse(5)
            await lines.pulse(5)
            assert troubles(r) == [(trouble,), ()]

    asyncio.run(story())


@pytest.mark.covers("F94", "I10")
def test_a_farm_that_flaps_is_told_down_and_well_and_the_session_stays() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(*EVERY)
            r.peer.error(-1, 2103, "Market data farm connection is broken:usfarm")
            await lines.pulse(5)
            r.peer.error(-1, 2104, "Market data farm connection is OK:usfarm")
            await lines.pulse(5)
            await lines.pulse(5)
            assert troubles(r) == [(Trouble.FARM_DOWN,), ()]
            assert r.inbox.of(BrokerDisconnected) == []

    asyncio.run(story())


@pytest.mark.covers("F89")
def test_a_market_is_halted_where_most_of_its_instruments_are() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(*EVERY)
            every: tuple[Instrument, ...] = EVERY
            for count, instrument in enumerate(every, 1):
                r.peer.send("45", "6", lines.line(instrument), "49", "1")
                await lines.pulse(5)
                assert troubles(r) == ([(Trouble.HALTED,)] if count >= 3 else [])
            for instrument in every:
                r.peer.send("45", "6", lines.line(instrument), "49", "0")
            await lines.pulse(5)
            assert troubles(r)[-1] == ()

    asyncio.run(story())


@pytest.mark.covers("F95", "F96", "F98")
@pytest.mark.parametrize("code", [101, 200, 300, 354, 10182, 10197])
def test_a_refused_stream_is_asked_for_again_with_growing_pauses(code: int) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(VIX_CALL)
            asked: list[int] = []
            count = 1
            for second in range(5, 1000, 5):
                r.peer.error(lines.line(VIX_CALL), code)
                await lines.pulse(5)
                await r.trader.pulse()
                now = len(r.peer.got("1"))
                asked += [second] * (now - count)
                count = now
            first, *others = asked
            assert first <= 40
            pauses = [b - a for a, b in pairwise([first, *others])]
            assert pauses == [60, 120, 240, 480]

    asyncio.run(story())


@pytest.mark.covers("F98")
def test_a_contract_that_nobody_knows_is_told_once_unless_it_has_ended() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            ended = replace(VIX_CALL, con_id=112, last_trade=YESTERDAY)
            await lines.watch(VIX_CALL, ended)
            for _ in range(3):
                for stream in (VIX_CALL, ended):
                    r.peer.error(lines.line(stream), 200, "No security definition")
                r.peer.error(lines.line(VIX_CALL), 300, "Can't find it")
                await lines.pulse(5)
            (told,) = r.inbox.of(RequestFailed)
            assert told.request == "Watch"
            words = "the broker does not know VIX 111: No security definition"
            assert told.reason == words

    asyncio.run(story())


@pytest.mark.covers("F95")
def test_all_streams_are_made_anew_where_that_is_asked() -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(SPX, VIX_CALL)
            r.trader.watch(Watch(instruments=(SPX, VIX_CALL), anew=True))
            await lines.pulse(1)
            asked = [fields[3] for fields in r.peer.got("1")]
            assert asked == ["416904", "111"] * 2
            assert len(r.peer.got("2")) == 2

    asyncio.run(story())


@pytest.mark.covers("F90")
@pytest.mark.parametrize(("instrument", "is_fresh"), [(SPX, False), (VIX, True)])
def test_the_price_of_before_asked_for_anew_is_no_news_of_spx(
    instrument: Index, *, is_fresh: bool
) -> None:
    async def story() -> None:
        async with rig() as r:
            lines = Lines(r)
            await lines.watch(instrument)
            lines.price(instrument, 4, "2500.25", "0")
            assert instrument.con_id in (await lines.pulse(1)).quotes
            for _ in range(2):
                again = Watch(instruments=(instrument,), anew=True)
                r.trader.watch(again)
                await r.trader.pulse()
                lines.price(instrument, 4, "2500.25", "0")
                said = instrument.con_id in (await lines.pulse(20)).quotes
                assert said is is_fresh
            lines.price(instrument, 4, "2500.50", "0")
            assert (await lines.pulse(1)).quotes[instrument.con_id].last == 2500.50
            lines.price(instrument, 4, "2500.25", "0")
            assert (await lines.pulse(1)).quotes[instrument.con_id].last == 2500.25

    asyncio.run(story())
