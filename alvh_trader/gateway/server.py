"""Accept sockets, pump bytes, and keep the wall's time: the only I/O of the gateway."""

import asyncio
import errno
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.handle_unserved import answer_unserved
from alvh_trader.gateway.handlers import HANDLERS
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
    ) -> None:
        if speed is not None and not speed > 0:
            raise ConfigError(f"the speed must be positive, not {speed}")
        self.floor = Floor(exchange, None if audit is None else _writer(audit))
        self.floor.is_lockstep = speed is None
        self.connections: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._speed = speed
        self._on_ended = on_ended
        self._is_ending = False
        self._stop: asyncio.Future[None] | None = None

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
        try:
            server = await loop.create_server(partial(Connection, self), host, port)
        except OSError as error:
            raise ConfigError(_cannot_listen(host, port, error)) from None
        async with server:
            if on_listening is not None:
                on_listening(server.sockets[0].getsockname()[1])
            try:
                await self._until_end(loop)
            finally:
                server.close()
                await self._close_all()

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
        if self._speed is None:
            await self._stop
            return
        pace = Pace(self.floor, self._speed, loop.time())
        self.floor.clock = pace.now
        steps, steps_per_ticks = 0, 1 if self._speed > QUICK else STEPS_PER_TICKS
        while pace.step(loop.time()):
            steps += 1
            if steps % steps_per_ticks == 0:
                self.floor.publish()
            self.after_input()
            done, _ = await asyncio.wait((self._stop,), timeout=STEP_SECONDS)
            if done:
                self._stop.result()
                return
        self.floor.publish()
        self.after_input()
        self._say_goodbye()
        await self._stop

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

    def pause_writing(self) -> None:
        """The client does not keep up: send it no ticks until it does."""
        self._session.is_congested = True

    def resume_writing(self) -> None:
        """The client keeps up again."""
        self._session.is_congested = False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the client."""
        self._session.close()
        self._gateway.discard(self)


async def serve(
    exchange: Exchange,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float | None = None,
    audit_path: Path | None = None,
    on_listening: Callable[[int], None] | None = None,
    on_ended: Callable[[], None] | None = None,
) -> None:
    """Serve the exchange until its scenario has ended, SIGTERM or SIGINT.

    Args:
        exchange: The market and the account.
        host: The address to listen on; the gateway has no authentication.
        port: The port, 0 for a free one.
        speed: Simulated seconds a second; None is lockstep with the clients.
        audit_path: Where to write the audit, from its beginning.
        on_listening: Called once with the port, when clients may connect.
        on_ended: Called once in lockstep when history has ended; clients then have
            `GOODBYE_SECONDS` to leave by themselves.

    Raises:
        ConfigError: The address or the audit file cannot be used.
    """
    with ExitStack() as stack:
        audit = None if audit_path is None else stack.enter_context(_open(audit_path))
        gateway = Gateway(exchange, speed=speed, audit=audit, on_ended=on_ended)
        stack.enter_context(_signals(gateway.stop))
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


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("wb", buffering=0)
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
