"""TCP in memory: bytes arrive later, in order, in pieces, or not at all.

What was written before a process is killed still arrives, as from a kernel's buffer.
Where the other end went, what was on the way to it is lost.
"""

import asyncio
import contextvars
from collections.abc import Callable, Hashable
from typing import Any, Protocol, Self, cast

import numpy as np

LATENCY = 0.001, 0.03
"""Seconds that bytes are under way, drawn evenly."""

PIECES = 0.05
"""How often one write arrives as two."""

TICK = 1e-6
"""Seconds between two pieces that would arrive together."""

Tap = Callable[["End", bytes], None]


class Receiver(Protocol):
    """What a transport calls: `asyncio.Protocol`."""

    def connection_made(self, transport: Any) -> None: ...
    def data_received(self, data: bytes) -> None: ...
    def eof_received(self) -> bool | None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...


class Network:
    """All that listen, and all connections."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._listeners: dict[Hashable, Listener] = {}
        self.ends: dict[End, None] = {}
        """As a set, but in an order that does not hang on where they lie."""
        self.tap: Tap | None = None
        """Sees what the end that called writes, in the act of writing it."""

    def listen(self, factory: Callable[[], Receiver], place: Hashable) -> "Listener":
        """Let `factory` answer at `place`, in the context of whoever listens."""
        listener = Listener(self, place, factory)
        self._listeners[place] = listener
        return listener

    def forget(self, place: Hashable, listener: "Listener") -> None:
        """Nobody listens there any more."""
        if self._listeners.get(place) is listener:
            del self._listeners[place]

    async def connect(
        self, factory: Callable[[], Receiver], place: Hashable
    ) -> tuple[asyncio.Transport, Receiver]:
        """Return both halves of a connection to whoever listens at `place`.

        Raises:
            ConnectionRefusedError: Nobody does.
        """
        await asyncio.sleep(self.delay())
        listener = self._listeners.get(place)
        if listener is None:
            raise ConnectionRefusedError(111, f"nobody listens at {place}")
        here = End(self, factory(), contextvars.copy_context())
        answering = listener.context.copy()
        there = End(self, answering.run(listener.factory), answering)
        here.peer, there.peer = there, here
        here.has_called = True
        self.ends |= {here: None, there: None}
        there.call(there.protocol.connection_made, there)
        here.protocol.connection_made(here)
        return cast(asyncio.Transport, here), here.protocol

    def delay(self) -> float:
        """Draw how long bytes are under way."""
        return float(self.rng.uniform(*LATENCY))

    def cut(self, data: bytes) -> tuple[bytes, ...]:
        """Return a write as the pieces in which it arrives."""
        if len(data) < 2 or self.rng.random() >= PIECES:
            return (data,)
        at = int(self.rng.integers(1, len(data)))
        return data[:at], data[at:]

    def die(self, context_has: Callable[[contextvars.Context], bool]) -> None:
        """Break every connection whose end belongs to a process that was killed."""
        for listener in tuple(self._listeners.values()):
            if context_has(listener.context):
                listener.close()
        for end in tuple(self.ends):
            if context_has(end.context):
                end.vanish()


class Listener:
    """What `asyncio.Server` is to whoever made it."""

    def __init__(
        self, network: Network, place: Hashable, factory: Callable[[], Receiver]
    ) -> None:
        self._network = network
        self._place = place
        self.factory = factory
        self.context = contextvars.copy_context()
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def sockets(self) -> tuple["Listener"]:
        return (self,)

    def getsockname(self) -> Hashable:
        return self._place

    def close(self) -> None:
        self._network.forget(self._place, self)
        if not self._closed.done():
            self._closed.set_result(None)

    async def serve_forever(self) -> None:
        await asyncio.shield(self._closed)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class End(asyncio.Transport):
    """One end of a connection."""

    peer: "End"

    def __init__(
        self, network: Network, protocol: Receiver, context: contextvars.Context
    ) -> None:
        super().__init__()
        self._network = network
        self._loop = asyncio.get_running_loop()
        self.protocol = protocol
        self.context = context
        self.has_called = False
        self._is_closing = False
        self._is_lost = False
        self._arrives = 0.0

    def call(self, act: Callable[..., object], *args: object) -> None:
        """Call the protocol from the loop, in its own context."""
        self._loop.call_soon(act, *args, context=self.context)

    # ------------------------------------------------- asyncio.Transport ---

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._is_closing or not data:
            return
        if self.has_called and self._network.tap is not None:
            self._network.tap(self, bytes(data))
        for piece in self._network.cut(bytes(data)):
            self._send(self.peer._take, piece)

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self.call(self._lose, None)
            self._send(self.peer._end)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._send(self.peer._end)

    def abort(self) -> None:
        if not self._is_lost:
            self._is_closing = True
            self.call(self._lose, None)
            self._send(self.peer._reset)

    def is_closing(self) -> bool:
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        pass

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_reading(self) -> bool:
        return True

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    # ---------------------------------------------------------- arriving ---

    def vanish(self) -> None:
        """The process of this end was killed."""
        if not self._is_lost:
            self._is_closing = self._is_lost = True
            self._network.ends.pop(self, None)
            self._send(self.peer._reset)

    def _send(self, act: Callable[..., None], *args: object) -> None:
        # Never before what was sent before, nor at once with it: a heap has no order.
        due = max(self._loop.time() + self._network.delay(), self._arrives)
        self._arrives = due + TICK
        self._loop.call_at(due, act, *args, context=self.peer.context)

    def _take(self, data: bytes) -> None:
        if not self._is_lost:
            self.protocol.data_received(data)

    def _end(self) -> None:
        if not self._is_lost:
            self.protocol.eof_received()
            self._is_closing = True
            self._lose(None)
            self._send(self.peer._gone)

    def _gone(self) -> None:
        self._is_closing = True
        self._lose(None)

    def _reset(self) -> None:
        if not self._is_lost:
            self._is_closing = True
            self._lose(ConnectionResetError(104, "Connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        self._network.ends.pop(self, None)
        self.protocol.connection_lost(error)
