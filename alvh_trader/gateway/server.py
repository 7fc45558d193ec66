"""Accept sockets, pump bytes, and keep the wall's time: the only I/O of the gateway."""

import asyncio
import errno
import signal
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.api_settings import DEFAULT_SETTINGS, ApiSettings
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.handle_unserved import answer_unserved
from alvh_trader.gateway.handlers import HANDLERS
from alvh_trader.gateway.injector import Injector
from alvh_trader.gateway.pace import Pace
from alvh_trader.gateway.session import Session
from alvh_trader.sim.exchange import Exchange

STEP_SECONDS = 0.05
"""How often simulated time follows the wall's, and orders are matched."""

STEPS_PER_TICKS = 5
"""Streams are sent with every fifth step: at most four times a second."""

QUICK = 4.0
"""A clock this much faster than the wall's ticks with every step: its seconds are so
short that a client would take quotes for stale."""

UNREAD_BYTES_MAX = 64 * 1024 * 1024
"""A client that leaves so much unread is dropped."""

CLOSE_SECONDS = 2.0
"""How long clients may take to read what is left when the gateway stops."""


GOODBYE_SECONDS = 5.0
"""How long clients may stay after history has ended."""


class Gateway:
    """All sessions on one floor. `speed` None is lockstep: see `Floor.pulse`."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        speed: float | None = None,
        audit: BinaryIO | None = None,
        on_ended: Callable[[], None] | None = None,
        settings: ApiSettings = DEFAULT_SETTINGS,
    ) -> None:
        write_audit = None if audit is None else _writer(audit)
        self.floor = Floor(exchange, write_audit, settings)
        self.injector = Injector(self.floor, self._on_wall)
        self.connections: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._on_ended = on_ended
        self._is_ending = False
        self._server: asyncio.Server | None = None
        self._address = "", 0
        self._stop: asyncio.Future[None] | None = None
        self._changed: asyncio.Future[None] | None = None
        self._pace: Pace | None = None
        self.set_speed(speed)

    def set_speed(self, speed: float | None) -> None:
        """Let time go so fast from now on; None is lockstep: see `Floor.pulse`.

        Raises:
            ConfigError: The speed is not positive.
        """
        if speed is not None and not speed > 0:
            raise ConfigError(f"the speed must be positive, not {speed}")
        self.speed, self._pace = speed, None
        self.floor.is_lockstep = speed is None
        self.floor.clock, self.floor.wall = lambda: self.floor.exchange.now, None
        self._wake()

    async def run(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        on_listening: Callable[[int], None] | None = None,
    ) -> None:
        """Serve until the scenario has ended, or `stop`; port 0 takes a free one.

        Raises:
            ConfigError: The address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        self._stop = loop.create_future()
        self._server = await self._listen(host, port)
        self._address = host, self._server.sockets[0].getsockname()[1]
        if on_listening is not None:
            on_listening(self._address[1])
        try:
            self.injector.advance()
            await self._until_end(loop)
        finally:
            if self._server is not None:
                self._server.close()
            await self._close_all()

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(partial(Connection, self), host, port)
        except OSError as error:
            raise ConfigError(_cannot_listen(host, port, error)) from None

    async def _keep_port(self) -> None:
        """Listen, or do not, as faults have it."""
        is_refusing = self.injector.is_refusing
        if is_refusing and self._server is not None:
            self._server.close()
            self._server = None
        elif not is_refusing and self._server is None:
            self._server = await self._listen(*self._address)

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _on_wall(self, seconds: float, act: Callable[[], None]) -> None:
        """Do what a fault asks for in so many seconds of the wall's."""

        def after() -> None:
            try:
                act()
                self.after_input()
            except Exception as error:  # noqa: BLE001 - as in data_received
                self.stop(error)

        asyncio.get_running_loop().call_later(seconds, after)

    def stop(self, error: BaseException | None = None) -> None:
        """End `run`; with an error, which is a bug, `run` raises it."""
        if self._stop is None or self._stop.done():
            return
        if error is None:
            self._stop.set_result(None)
        else:
            self._stop.set_exception(error)

    def add(self, connection: "Connection") -> None:
        """Take note of a socket."""
        self.connections.add(connection)
        self._is_empty.clear()

    def discard(self, connection: "Connection") -> None:
        """Forget a socket."""
        self.connections.discard(connection)
        if not self.connections:
            self._is_empty.set()
            if self._is_ending:
                self.stop()

    def after_input(self) -> None:
        """Write what any session has queued, and end when lockstep has come to it."""
        for connection in tuple(self.connections):
            connection.flush()
        if self.floor.is_over:
            self._say_goodbye()
        if self.floor.has_stepped:
            # Only after the answer has left: the client thinks on the other core.
            asyncio.get_running_loop().call_soon(self.floor.prepare)
        if self.injector.is_refusing == (self._server is not None):
            self._wake()

    def _say_goodbye(self) -> None:
        """History has ended: let clients leave by themselves for a while, then stop."""
        if self._is_ending:
            return
        self._is_ending = True
        if self._on_ended is not None:
            self._on_ended()
        asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self.stop)

    async def _until_end(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._stop is not None, "only run calls this"
        steps = 0
        while not self._stop.done():
            await self._keep_port()
            is_timed = self.speed is not None and not self._is_ending
            if is_timed:
                self._step(loop.time(), steps)
                steps += 1
            self._changed = loop.create_future()
            await asyncio.wait(
                (self._stop, self._changed),
                timeout=STEP_SECONDS if is_timed else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
        self._stop.result()

    def _step(self, wall: float, number: int) -> None:
        """Move simulated time along with the wall's."""
        assert self.speed is not None, "in lockstep clients move time"
        if self._pace is None:
            self._pace = Pace(self.floor, self.speed, wall)
            self.floor.clock = self._pace.now
            self.floor.wall = asyncio.get_running_loop().time
        is_over = not self._pace.step(wall)
        if is_over or self.speed > QUICK or number % STEPS_PER_TICKS == 0:
            self.floor.publish()
        self.after_input()
        if is_over:
            self._say_goodbye()

    async def _close_all(self) -> None:
        for connection in tuple(self.connections):
            connection.flush()
            connection.transport.close()
        if self.connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._is_empty.wait()
        for connection in tuple(self.connections):
            connection.transport.abort()


class Connection(asyncio.Protocol):
    """The socket of one session."""

    transport: asyncio.Transport

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._session = Session(gateway.floor, HANDLERS, answer_unserved)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        assert isinstance(transport, asyncio.Transport), "TCP can read and write"
        self.transport = transport
        self._gateway.add(self)

    def data_received(self, data: bytes) -> None:
        """Let the session answer; a bug in it stops the whole gateway, loudly."""
        try:
            self._session.receive(data)
            self._gateway.after_input()
        except Exception as error:  # noqa: BLE001 - handed on to whoever awaits run()
            self._gateway.stop(error)

    def flush(self) -> None:
        """Write what the session has queued, in one piece; close if it said so."""
        output = self._session.take_output()
        if output:
            self.transport.write(output)
            if self.transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
                self._session.close()
                self.transport.abort()
        if self._session.is_closing:
            self.transport.close()
        elif self._session.has_output:
            asyncio.get_running_loop().call_soon(self.flush)

    def pause_writing(self) -> None:
        """The client does not keep up: send it no ticks until it does."""
        self._session.is_behind = True

    def resume_writing(self) -> None:
        """The client keeps up again."""
        self._session.is_behind = False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the client."""
        self._session.close()
        self._gateway.discard(self)


Alongside = Callable[[Gateway], AbstractAsyncContextManager[None]]


async def serve(  # noqa: PLR0913 - one for each option
    exchange: Exchange,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float | None = None,
    audit_path: Path | None = None,
    alongside: Alongside | None = None,
    on_listening: Callable[[int], None] | None = None,
    on_ended: Callable[[], None] | None = None,
    settings: ApiSettings = DEFAULT_SETTINGS,
) -> None:
    """Serve the exchange until its scenario has ended, SIGTERM or SIGINT.

    Args:
        exchange: The market and the account.
        host: The address to listen on; the gateway has no authentication.
        port: The port, 0 for a free one.
        speed: Simulated seconds a second; None is lockstep with the clients.
        audit_path: Where to write the audit: from its beginning, unless the exchange
            goes on where another stopped.
        alongside: A context that is open while the gateway serves.
        on_listening: Called once with the port, when clients may connect.
        on_ended: Called once in lockstep when history has ended; clients then have
            `GOODBYE_SECONDS` to leave by themselves.
        settings: What the gateway's owner has set for all programs that use it.

    Raises:
        ConfigError: The address or the audit file cannot be used.
    """
    with ExitStack() as stack:
        audit = None
        if audit_path is not None:
            # A run that goes on has its beginning there.
            opened = _open(audit_path, "ab" if exchange.past else "wb")
            audit = stack.enter_context(opened)
        gateway = Gateway(
            exchange, speed=speed, audit=audit, on_ended=on_ended, settings=settings
        )
        stack.enter_context(_signals(gateway.stop))
        async with alongside(gateway) if alongside else nullcontext():
            await gateway.run(host, port, on_listening)


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _open(path: Path, mode: Literal["wb", "ab"]) -> BinaryIO:
    try:
        return path.open(mode, buffering=0)
    except OSError as error:
        raise ConfigError(f"cannot write the audit {path}: {error.strerror}") from None


def _writer(file: BinaryIO) -> Callable[[bytes], None]:
    def write(line: bytes) -> None:
        file.write(line)
        file.flush()

    return write


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program"
    return f"cannot listen on {host}:{port}: {error.strerror or error}"
