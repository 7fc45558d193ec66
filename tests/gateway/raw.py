"""Raw sockets against a gateway in lockstep: what faults do to a client's bytes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from msgspec import Struct

from alvh_trader.errors import ProtocolError
from alvh_trader.gateway.fault_schedule import read_words
from alvh_trader.gateway.server import Gateway
from alvh_trader.sim.exchange import Exchange
from alvh_trader.wire import codec
from alvh_trader.wire.account_reply import CurrentTime, ManagedAccounts
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import Hello, write_hello
from alvh_trader.wire.request import (
    RequestCurrentTime,
    RequestManagedAccounts,
    StartApi,
)
from tests.gateway.peer import market

VERSION = 176
PATIENCE = 5.0

Scene = Callable[["Stage"], Awaitable[None]]


class Unread(Struct, frozen=True):
    """A frame that is no message."""

    payload: bytes


class Raw:
    """A socket that speaks whole messages, and waits until they are answered."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader, self._writer = reader, writer
        self._frames = FrameReader()
        self.heard: list[Struct] = []
        self.chunks: list[int] = []

    async def start(self, client_id: int) -> list[Struct]:
        """Shake hands, and return what the gateway says of itself."""
        self._writer.write(write_hello(Hello(157, VERSION)))
        return await self.ask(StartApi(client_id))

    def knock(self, client_id: int) -> None:
        """Shake hands, and wait for nothing."""
        self._writer.write(write_hello(Hello(157, VERSION)))
        self.say(StartApi(client_id))

    async def ask(self, *messages: Struct) -> list[Struct]:
        """Send messages and return all that comes until they are dealt with."""
        return await self._until(ManagedAccounts, *messages, RequestManagedAccounts())

    async def pulse(self, times: int = 1) -> list[Struct]:
        """Let simulated time go on, and return all that comes meanwhile."""
        heard: list[Struct] = []
        for _ in range(times):
            heard += await self._until(CurrentTime, RequestCurrentTime())
        return heard

    def say(self, message: Struct) -> None:
        """Send a message, and wait for nothing."""
        self._writer.write(codec.encode(message, VERSION))

    async def silence(self, seconds: float = 0.2) -> list[Struct]:
        """Return what comes within so long; the connection must stay open."""
        found: list[Struct] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    found += await self._more()
        return found

    async def until_closed(self) -> list[Struct]:
        """Return what comes until the gateway closes the connection."""
        found: list[Struct] = []
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                while True:
                    found += await self._more()
        return found

    async def close(self) -> None:
        """Leave."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _until(self, last: type[Struct], *messages: Struct) -> list[Struct]:
        for message in messages:
            self.say(message)
        found: list[Struct] = []
        async with asyncio.timeout(PATIENCE):
            while True:
                found += await self._more()
                # The handshake itself names the accounts once before it is asked.
                ends = [it for it in found if isinstance(it, last)]
                expected = 1 + any(isinstance(it, StartApi) for it in messages)
                if len(ends) >= expected:
                    return found

    async def _more(self) -> list[Struct]:
        data = await self._reader.read(65_536)
        if not data:
            raise ConnectionResetError("closed by the gateway")
        self.chunks.append(len(data))
        found = [_read(payload) for payload in self._frames.feed(data)]
        self.heard += found
        return found


def _read(payload: bytes) -> Struct:
    if payload.startswith(b"%d\0" % VERSION):
        return Unread(payload)
    try:
        return codec.decode_reply(payload, VERSION)
    except (ProtocolError, UnicodeDecodeError):
        return Unread(payload)


class Stage:
    """A gateway that listens, and those who talk to it."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        self.gateway = gateway
        self.port = port
        self.exchange = gateway.floor.exchange
        self._lines: list[Raw] = []

    def fault(self, words: str) -> None:
        """Let a fault begin."""
        self.gateway.injector.begin(read_words(words))
        self.gateway.after_input()

    def end(self, name: str) -> None:
        """Let a fault end."""
        assert self.gateway.injector.end(name), f"{name} was not on"
        self.gateway.after_input()

    async def open(self) -> Raw:
        """Connect a socket that says nothing yet."""
        line = Raw(*await asyncio.open_connection("127.0.0.1", self.port))
        self._lines.append(line)
        return line

    async def open_again(self) -> Raw:
        """Connect a socket as soon as somebody listens."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(OSError):
                    return await self.open()
                await asyncio.sleep(0.01)

    async def client(self, client_id: int = 1) -> Raw:
        """Connect a client."""
        line = await self.open()
        await line.start(client_id)
        return line

    async def close(self) -> None:
        """Let everybody leave."""
        for line in self._lines:
            await line.close()


def play(scene: Scene) -> None:
    """Let a scene play against a gateway of its own."""

    async def main() -> None:
        gateway = Gateway(Exchange(market(), 1))
        port = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(gateway.run(on_listening=port.set_result))
            stage = Stage(gateway, await port)
            try:
                await scene(stage)
            finally:
                await stage.close()
                gateway.stop()
            await serving

    asyncio.run(main())
