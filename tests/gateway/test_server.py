"""The gateway on real sockets: it listens, ends, stops, and says what is wrong."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.server import Gateway, serve
from alvh_trader.sim.exchange import Exchange
from alvh_trader.wire import codec, request
from alvh_trader.wire.account_reply import CurrentTime
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import Hello, write_hello
from tests.gateway.peer import market

Play = Callable[["Bench"], Awaitable[None]]


def exchange(*, near_end: bool = False) -> Exchange:
    it = Exchange(market(), 1)
    if near_end:
        it.advance(it.now.replace(month=3, day=29, hour=20, minute=14))
    return it


def run(play: Play, gateway: Gateway) -> None:
    """Let `play` act against a gateway, which must have ended when it returns."""

    async def main() -> None:
        port = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(gateway.run(on_listening=port.set_result))
            async with AsyncExitStack() as stack:
                await play(Bench(gateway, await port, stack))
            gateway.stop()
            await serving

    asyncio.run(main())


@dataclass
class Bench:
    """A listening gateway, and the way to connect to it."""

    gateway: Gateway
    port: int
    _stack: AsyncExitStack

    async def connect(self, client_id: int = 1) -> "Line":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        line = Line(reader, writer)
        self._stack.push_async_callback(line.close)
        writer.write(write_hello(Hello(157, 176)))
        line.say(request.StartApi(client_id))
        return line


class Line:
    """A raw socket that speaks whole messages."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader, self.writer = reader, writer
        self._frames = FrameReader()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    def say(self, message: object) -> None:
        self.writer.write(codec.encode(message, 176))  # type: ignore[arg-type]

    async def until_closed(self) -> list[bytes]:
        data = await self.reader.read(-1)
        return list(self._frames.feed(data))

    async def until_time(self) -> int:
        while data := await self.reader.read(65536):
            for payload in self._frames.feed(data):
                if payload.startswith(b"49\0"):
                    answer = codec.decode_reply(payload, 176)
                    assert isinstance(answer, CurrentTime)
                    return answer.seconds
        raise AssertionError("closed before the time came")


def test_two_clients_at_once_are_served() -> None:
    async def play(bench: Bench) -> None:
        first, second = await bench.connect(1), await bench.connect(2)
        first.say(request.RequestCurrentTime())
        one = await first.until_time()
        second.say(request.RequestCurrentTime())
        assert await second.until_time() == one + 20
        assert set(bench.gateway.floor.clients) == {1, 2}

    run(play, Gateway(exchange()))


def test_lockstep_ends_with_the_final_time_and_a_clean_close() -> None:
    async def play(bench: Bench) -> None:
        line = await bench.connect()
        for _ in range(10):
            line.say(request.RequestCurrentTime())
        payloads = await line.until_closed()
        times = [it for it in payloads if it.startswith(b"49\0")]
        assert len(set(times)) == len(times) - 1, "only the last time comes twice"
        assert bench.gateway.floor.is_over

    run(play, Gateway(exchange(near_end=True)))


def test_at_a_finite_speed_time_goes_by_itself_until_the_end() -> None:
    async def play(bench: Bench) -> None:
        line = await bench.connect()
        payloads = await line.until_closed()
        assert payloads[0].startswith(b"176\0")
        assert bench.gateway.floor.exchange.ended

    run(play, Gateway(exchange(near_end=True), speed=600.0))


def test_the_simulated_clock_keeps_the_speed_asked_for() -> None:
    async def play(bench: Bench) -> None:
        line = await bench.connect()
        line.say(request.RequestCurrentTime())
        before, wall = await line.until_time(), asyncio.get_running_loop().time()
        await asyncio.sleep(0.5)
        line.say(request.RequestCurrentTime())
        after = await line.until_time()
        elapsed = asyncio.get_running_loop().time() - wall
        assert after - before == pytest.approx(60 * elapsed, abs=20)

    run(play, Gateway(exchange(), speed=60.0))


def test_a_client_that_breaks_the_protocol_is_dropped_and_others_stay() -> None:
    async def play(bench: Bench) -> None:
        good, bad = await bench.connect(1), await bench.connect(2)
        bad.writer.write(b"\xff\xff\xff\xff")
        assert len(await bad.until_closed()) >= 1
        good.say(request.RequestCurrentTime())
        assert await good.until_time() > 0

    run(play, Gateway(exchange()))


def test_a_client_that_vanishes_frees_its_id() -> None:
    async def play(bench: Bench) -> None:
        line = await bench.connect(5)
        line.say(request.RequestCurrentTime())
        await line.until_time()
        line.writer.transport.abort()
        again = await bench.connect(5)
        again.say(request.RequestCurrentTime())
        assert await again.until_time() > 0

    run(play, Gateway(exchange()))


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} on 127.0.0.1 is in use"):
            asyncio.run(serve(exchange(), port=port))


def test_an_audit_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the audit"):
        asyncio.run(serve(exchange(), audit_path=tmp_path / "no" / "such" / "file"))


def test_a_speed_that_is_no_speed_is_refused() -> None:
    with pytest.raises(ConfigError, match="speed"):
        asyncio.run(serve(exchange(), speed=0))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"

    def listening(_port: int) -> None:
        asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), number)

    asyncio.run(
        asyncio.wait_for(
            serve(exchange(), audit_path=audit, on_listening=listening), 10
        )
    )
    assert audit.read_bytes() == b""


def test_a_bug_in_a_handler_is_not_swallowed() -> None:
    gateway = Gateway(exchange())

    def broken(interval: timedelta) -> None:
        raise LookupError(f"no instant {interval}")

    gateway.floor.exchange.next_instant = broken  # type: ignore[method-assign]

    async def play(bench: Bench) -> None:
        line = await bench.connect()
        line.say(request.RequestCurrentTime())
        await line.until_closed()

    with pytest.raises(ExceptionGroup) as caught:
        run(play, gateway)
    assert caught.group_contains(LookupError)
