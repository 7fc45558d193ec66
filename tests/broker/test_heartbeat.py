"""A gateway that does not answer is noticed, and so is a wrong clock of ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from alvh_trader.broker.heartbeat import MISSES_MAX
from alvh_trader.broker.options import BrokerOptions
from alvh_trader.broker.trader import Trader
from alvh_trader.engine.command import Reconnect
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    ClockCompared,
    HeartbeatMissed,
    MarketUpdated,
    OrderNotSent,
    ReportFailed,
)
from alvh_trader.errors import BrokerError
from alvh_trader.runtime.daemon import PULSE_EVERY
from tests.broker.peer import TIME, Peer
from tests.broker.rig import NOW, REPORT, Inbox, hedge, place, rig, until


class HandClock:
    """A clock that runs, and that a test sets; it is ours, not the broker's."""

    def __init__(self) -> None:
        self.at = NOW
        self.counter = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        passed = asyncio.get_running_loop().time() - self.counter
        return self.at + timedelta(seconds=passed)


class Ours:
    """A trader that goes by a clock of our own."""

    def __init__(self, peer: Peer, timeout: float) -> None:
        self.peer, self.clock, self.inbox = peer, HandClock(), Inbox()
        options = BrokerOptions(
            port=peer.port, pulse_timeout=timeout, request_rate=None
        )
        self.trader = Trader(options, self.inbox.put, self.clock)

    async def pulse(self, ours: float = 0) -> None:
        """Set our clock forward, and pulse."""
        self.clock.at += timedelta(seconds=ours)
        await self.trader.pulse()


@asynccontextmanager
async def ours(patience: float = 0.5) -> AsyncIterator[Ours]:
    async with Peer() as peer:
        made = Ours(peer, patience)
        await made.trader.connect()
        await made.trader.ask(REPORT)
        try:
            yield made
        finally:
            await made.trader.close()


@pytest.mark.covers("F22", "F23", "I03")
def test_two_answers_missing_in_a_row_are_the_end_of_a_session() -> None:
    async def story() -> None:
        async with ours(patience=0.05) as it:
            before = len(it.peer.got("49"))
            it.peer.mute("49")
            began = asyncio.get_running_loop().time()
            with pytest.raises(BrokerError, match=r"no answer within 0\.1 s"):
                await it.trader.pulse()
            took = asyncio.get_running_loop().time() - began
            assert took >= 0.1
            assert len(it.inbox.of(HeartbeatMissed)) == 1
            assert len(it.peer.got("49")) - before == 2

    asyncio.run(story())


@pytest.mark.covers("F22", "I03")
def test_a_black_hole_is_noticed_within_a_quarter_of_a_minute() -> None:
    timeout = BrokerOptions().pulse_timeout
    assert timeout == 5
    assert PULSE_EVERY + MISSES_MAX * timeout <= 15


@pytest.mark.covers("F44", "I03")
def test_a_late_answer_is_one_and_no_order_leaves_before_it() -> None:
    async def story() -> None:
        async with ours(patience=0.2) as it:
            it.peer.mute("49")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(it.trader.pulse())
                await it.inbox.wait(HeartbeatMissed)
                it.trader.place(place(hedge()))
                assert "late" in it.inbox.last(OrderNotSent).reason
                assert it.peer.got("3") == []
                it.peer.send("49", "1", str(TIME))
            it.trader.place(place(hedge()))
            await until(lambda: len(it.peer.got("3")) == 1)

    asyncio.run(story())


@pytest.mark.covers("I03")
def test_a_simulated_gateway_is_asked_once_however_slow() -> None:
    async def story() -> None:
        async with rig(pulse_timeout=0.1) as r:
            r.peer.mute("49")
            before = len(r.peer.got("49"))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(r.trader.pulse())
                await r.inbox.wait(HeartbeatMissed)
                r.peer.send("49", "1", str(TIME + 5))
            assert len(r.peer.got("49")) - before == 1
            assert r.inbox.last(MarketUpdated).at == NOW + timedelta(seconds=5)

    asyncio.run(story())


@pytest.mark.covers("F40")
def test_a_frame_that_never_ends_is_noticed_by_the_missing_answers() -> None:
    async def story() -> None:
        async with ours(patience=0.05) as it:
            it.peer.send_bytes(b"\x00\x00\xff\xff")
            with pytest.raises(BrokerError, match="no answer"):
                await it.trader.pulse()

    asyncio.run(story())


@pytest.mark.covers("F100", "P17")
def test_a_clock_that_is_set_is_told_and_lets_no_order_out() -> None:
    async def story() -> None:
        async with ours() as it:
            await it.pulse()
            assert it.inbox.of(ClockCompared) == []
            await it.pulse(ours=3600)
            told = it.inbox.last(ClockCompared)
            assert (told.is_good, round(told.ahead / 60)) == (False, 60)
            it.trader.place(place(hedge()))
            assert "our clock is +3600" in it.inbox.last(OrderNotSent).reason
            await it.pulse()
            assert len(it.inbox.of(ClockCompared)) == 1

    asyncio.run(story())


@pytest.mark.covers("F28")
def test_a_session_that_is_given_up_ends_with_the_reason() -> None:
    async def story() -> None:
        async with rig() as r:
            r.trader.reconnect(Reconnect(reason="the link is down for too long"))
            ended = await r.inbox.wait(BrokerDisconnected)
            assert ended.reason == "the link is down for too long"
            await r.trader.connect()
            assert len(r.inbox.of(BrokerConnected)) == 2

    asyncio.run(story())


@pytest.mark.covers("F36")
@pytest.mark.parametrize(("rate", "code"), [(1000.0, 100), (None, 0)])
def test_an_end_for_too_many_messages_is_told_where_the_seconds_are_ours(
    rate: float | None, code: int
) -> None:
    async def story() -> None:
        async with rig(request_rate=rate) as r:
            r.peer.error(-1, 100, "Max rate of messages per second has been exceeded")
            r.peer.drop()
            ended = await r.inbox.wait(BrokerDisconnected)
            assert ended.code == code
            assert "Max rate" in ended.reason

    asyncio.run(story())


@pytest.mark.covers("F35")
def test_a_read_only_gateway_fails_the_report_at_once_and_says_why() -> None:
    async def story() -> None:
        async with rig(request_timeout=5.0) as r:
            text = "The API interface is currently in Read-Only mode."
            r.peer.on["16"] = lambda _: r.peer.error(-1, 321, text)
            began = asyncio.get_running_loop().time()
            await r.trader.ask(REPORT)
            assert asyncio.get_running_loop().time() - began < 1
            assert "Read-Only" in r.inbox.last(ReportFailed).reason

    asyncio.run(story())
