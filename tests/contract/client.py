"""The real client library, whichever is installed, against a gateway on loopback."""

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from alvh_trader.gateway.api_settings import DEFAULT_SETTINGS, ApiSettings
from alvh_trader.gateway.server import Gateway
from alvh_trader.sim.exchange import Exchange
from tests.gateway.peer import market


def _library() -> ModuleType:
    try:
        return importlib.import_module("ib_insync")
    except ImportError:
        return importlib.import_module("ib_async")


ib: Any = _library()
NAME: str = ib.__name__
VERSION_MAX: int = ib.Client.MaxClientVersion


class Complaints(logging.Handler):
    """Everything that the library logs as an error: a decode error is one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@dataclass
class Bench:
    """A gateway that listens, and what was said of it."""

    gateway: Gateway
    port: int
    complaints: Complaints
    clients: list[Any] = field(default_factory=list)

    async def connect(self, client_id: int = 1, **options: Any) -> Any:
        """Connect and synchronise a client of the library."""
        client = ib.IB()
        # In lockstep each step is a request; the library's own throttle would only
        # make the test slow.
        client.client.MaxRequests = 0
        self.clients.append(client)
        await client.connectAsync(
            "127.0.0.1", self.port, clientId=client_id, timeout=10, **options
        )
        return client


@asynccontextmanager
async def bench(
    speed: float | None = None,
    settings: ApiSettings = DEFAULT_SETTINGS,
    exchange: Exchange | None = None,
) -> AsyncIterator[Bench]:
    """Run a gateway while the block runs, and listen to the library's complaints."""
    complaints = Complaints()
    logging.getLogger(NAME).addHandler(complaints)
    gateway = Gateway(exchange or Exchange(market(), 1), speed=speed, settings=settings)
    port = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(gateway.run(on_listening=port.set_result))
            it = Bench(gateway, await port, complaints)
            try:
                yield it
            finally:
                for client in it.clients:
                    client.disconnect()
                gateway.stop()
    finally:
        logging.getLogger(NAME).removeHandler(complaints)


def play(
    scene: Callable[[Bench], Awaitable[None]],
    *,
    speed: float | None = None,
    settings: ApiSettings = DEFAULT_SETTINGS,
    exchange: Exchange | None = None,
) -> list[str]:
    """Run a scene against a gateway and return what the library complained of."""
    heard: list[str] = []

    async def main() -> None:
        async with asyncio.timeout(60), bench(speed, settings, exchange) as it:
            await scene(it)
            heard.extend(it.complaints.lines)

    asyncio.run(main())
    return heard


async def pulse(client: Any, times: int = 1) -> None:
    """Let simulated time go on by one step of lockstep, or several."""
    for _ in range(times):
        await asyncio.wait_for(client.reqCurrentTimeAsync(), 5)


async def until(client: Any, condition: Callable[[], bool], most: int = 300) -> None:
    """Let simulated time go on until `condition` holds."""
    for _ in range(most):
        if condition():
            return
        await pulse(client)
    raise AssertionError("it did not come to pass")
