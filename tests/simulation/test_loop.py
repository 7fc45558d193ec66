"""Virtual time, and the end of everything that belongs to a process."""

import asyncio
import contextvars
from collections.abc import Iterator

import numpy as np
import pytest

from tests.simulation.loop import LIFE, Life, StalledError, VirtualLoop
from tests.simulation.network import Network


@pytest.fixture
def it() -> Iterator[VirtualLoop]:
    made = VirtualLoop(Network(np.random.default_rng(1)))
    yield made
    made.close()


def test_an_hour_of_sleep_is_over_at_once(it: VirtualLoop) -> None:
    it.run_until_complete(asyncio.sleep(3600.0))
    assert it.time() == 3600.0


def test_a_world_in_which_nothing_is_due_is_an_error(it: VirtualLoop) -> None:
    with pytest.raises(StalledError):
        it.run_until_complete(it.create_future())


def test_what_a_killed_process_still_had_to_do_is_dropped(it: VirtualLoop) -> None:
    done = list[str]()
    life = Life(1)

    async def work() -> None:
        child = it.create_task(asyncio.sleep(2.0))
        done.append("began")
        await child
        done.append("went on")

    async def day() -> None:
        context = contextvars.copy_context()
        context.run(LIFE.set, life)
        task = it.create_task(work(), context=context)
        it.call_later(5.0, done.append, "the world goes on")
        await asyncio.sleep(1.0)
        it.kill(life)
        await asyncio.sleep(9.0)
        assert not task.done()
        # What holds it would be told of its end with the process.
        task._log_destroy_pending = False  # type: ignore[attr-defined]

    it.run_until_complete(day())
    assert done == ["began", "the world goes on"]


class Heard(asyncio.Protocol):
    def __init__(self) -> None:
        self.said = b""
        self.is_over = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.said += data

    def connection_lost(self, _exc: Exception | None) -> None:
        self.is_over = True


def test_bytes_that_a_killed_process_had_written_still_arrive(it: VirtualLoop) -> None:
    life, heard = Life(1), Heard()

    async def caller() -> None:
        transport, _ = await it.create_connection(Heard, "host", 1)
        for word in (b"one ", b"two ", b"three"):
            transport.write(word)
        it.kill(life)
        it._network.die(lambda context: context.get(LIFE) is life)
        transport.write(b" and never this")

    async def day() -> None:
        await it.create_server(lambda: heard, "host", 1)
        context = contextvars.copy_context()
        context.run(LIFE.set, life)
        await it.create_task(caller(), context=context)
        await asyncio.sleep(1.0)

    it.run_until_complete(day())
    assert heard.said == b"one two three"
    assert heard.is_over


def test_nobody_listens_where_nobody_listens(it: VirtualLoop) -> None:
    with pytest.raises(ConnectionRefusedError):
        it.run_until_complete(it.create_connection(Heard, "host", 1))
