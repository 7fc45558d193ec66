"""An event loop whose time is a number: it jumps to whatever is due next.

It is asyncio's own loop with a selector that never waits and with sockets that are
memory (`network`). Nothing in it depends on the machine, so a run follows from its
seed. Work belongs to a life (see `LIFE`): when a process is killed, what it still had
to do is dropped, whatever it was.
"""

import asyncio
import contextvars
import selectors
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.network import Listener, Network, Receiver

Callback = Callable[..., object]


class Life:
    """One process from its start to its end."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.is_dead = False


LIFE: contextvars.ContextVar[Life | None] = contextvars.ContextVar("LIFE", default=None)
"""Whose work is being done; tasks and callbacks inherit it. None is the world."""


class StalledError(Exception):
    """Nothing is ready and nothing is due: time has no reason to go on."""


class _Selector(selectors.SelectSelector):
    """Where the loop would wait for sockets, time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.on_turn: Callable[[], None] | None = None

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if self.on_turn is not None:
            self.on_turn()
        if timeout is None:
            raise StalledError
        if timeout > 0:
            self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. Signals are kept in `signals`: who wants to send one, calls it."""

    def __init__(self, network: Network) -> None:
        self._clockwork = _Selector()
        super().__init__(self._clockwork)
        self._network = network
        self.signals: dict[int, Callable[[], object]] = {}
        self.turns = 0
        """How often a live process got the loop's attention."""

        self.on_turn: Callable[[], None] | None = None
        self._clockwork.on_turn = self._turn

    def time(self) -> float:
        """Return virtual seconds since the beginning."""
        return self._clockwork.now

    def _turn(self) -> None:
        if self.on_turn is not None:
            self.turns += 1
            self.on_turn()

    # ------------------------------------------------------------ lives ---

    def kill(self, life: Life) -> None:
        """Drop all that a process still had to do, now and ever after."""
        life.is_dead = True
        for handle in (*self._ready, *self._scheduled):  # type: ignore[attr-defined]
            if _life_of(handle._context) is life:
                handle.cancel()
        self.signals.clear()

    def _call_soon(
        self, callback: Callback, args: tuple[Any, ...], context: Any
    ) -> asyncio.Handle:
        handle = super()._call_soon(callback, args, context)  # type: ignore[misc]
        life = _life_of(handle._context)
        if life is not None and life.is_dead:
            handle.cancel()
        return handle  # type: ignore[no-any-return]

    # ---------------------------------------------------------- outside ---

    async def create_connection(  # type: ignore[override]
        self, factory: Callable[[], Receiver], host: str, port: int, **_: object
    ) -> tuple[asyncio.Transport, Receiver]:
        """Connect in memory.

        Raises:
            ConnectionRefusedError: Nobody listens there.
        """
        return await self._network.connect(factory, (host, port))

    async def create_unix_connection(  # type: ignore[override]
        self, factory: Callable[[], Receiver], path: str, **_: object
    ) -> tuple[asyncio.Transport, Receiver]:
        """Connect in memory to whoever has that place.

        Raises:
            ConnectionRefusedError: Nobody listens there.
        """
        return await self._network.connect(factory, path)

    async def create_server(  # type: ignore[override]
        self, factory: Callable[[], Receiver], host: str, port: int, **_: object
    ) -> Listener:
        """Listen in memory."""
        return self._network.listen(factory, (host, port))

    async def create_unix_server(  # type: ignore[override]
        self, factory: Callable[[], Receiver], _path: None, *, sock: Any, **_: object
    ) -> Listener:
        """Listen in memory, under the name to which the socket is bound."""
        place = sock.getsockname()
        sock.close()
        return self._network.listen(factory, place)

    def run_in_executor(  # type: ignore[override]
        self, _executor: object, work: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Do it at once: a thread would not know of our time."""
        future = self.create_future()
        try:
            future.set_result(work(*args))
        except Exception as error:  # noqa: BLE001 - whoever awaits gets it
            future.set_exception(error)
        return future

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callback, *args: Any
    ) -> None:
        """Note what a signal does."""
        self.signals[sig] = lambda: callback(*args)

    def remove_signal_handler(self, sig: int) -> bool:
        """Forget it."""
        return self.signals.pop(sig, None) is not None


def _life_of(context: Mapping[Any, Any] | None) -> Life | None:
    return None if context is None else context.get(LIFE)
