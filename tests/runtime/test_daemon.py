"""The daemon's tasks live and die together, and its end has one cause."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from alvh_trader.alerts.outbox import Outbox
from alvh_trader.domain.connection import Connection
from alvh_trader.engine.command import Command
from alvh_trader.engine.event import (
    ConnectFailed,
    ControlTripped,
    DaemonStarted,
    DaemonStopped,
    Event,
)
from alvh_trader.engine.state import State
from alvh_trader.errors import BrokerError, JournalError, WrongAccountError
from alvh_trader.journal.store import Journal
from alvh_trader.ports import Observer
from alvh_trader.risk.freeze import Freeze
from alvh_trader.runtime.daemon import Daemon, Pulse
from alvh_trader.runtime.dispatch import Dispatcher
from alvh_trader.runtime.loop import Loop, decode_state
from tests.playbook import RULES, START

Job = Callable[[], Coroutine[Any, Any, None]]


class Session:
    """A session that is there for some pulses; after it nobody answers."""

    def __init__(self, pulses: int = 1_000_000) -> None:
        self.pulses = pulses
        self.closed = 0

    async def connect(self) -> None:
        if self.pulses <= 0:
            raise BrokerError("nobody is there")

    async def pulse(self) -> None:
        self.pulses -= 1
        if self.pulses <= 0:
            raise BrokerError("peer closed")

    def watch(self, command: Command) -> None:
        raise AssertionError(command)

    async def ask(self, command: Command) -> None:
        raise AssertionError(command)

    def reconnect(self, command: Command) -> None:
        raise AssertionError(command)

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "j.db") as opened:
        yield opened


class Taken(Session):
    """A session that is lost at once, and whose number is another's for a while."""

    def __init__(self) -> None:
        super().__init__(pulses=2)
        self.tried = 0

    async def connect(self) -> None:
        self.tried += 1
        if self.tried == 2:
            raise BrokerError("error 326: in use", 326)
        if self.tried == 3:
            self.pulses = 1_000_000
            os.kill(os.getpid(), signal.SIGTERM)


def made(
    journal: Journal,
    session: Observer,
    *jobs: Job,
    farewell: Job | None = None,
    is_brokers: bool = True,
    waits: bool = True,
) -> Daemon:
    """Return a daemon whose broker keeps the time; one event waits for it."""
    inbox: asyncio.Queue[Event] = asyncio.Queue()
    inbox.put_nowait(DaemonStarted(at=START, mode="watch", config_hash="x"))
    outbox = Outbox(journal.deliveries, (), lambda: START, window=START - START)
    dispatcher = Dispatcher(session, None, outbox, lambda: START)
    loop = Loop(journal, dispatcher.dispatch, State(), RULES)
    pulse = Pulse(is_brokers=is_brokers, gives_up_after=0.2, waits=waits)
    return Daemon(
        session, dispatcher, loop, inbox, lambda: START, pulse, jobs, farewell
    )


def test_a_simulation_that_is_over_ends_the_daemon(journal: Journal) -> None:
    session = Session(pulses=3)
    asyncio.run(made(journal, session).run())
    assert session.closed >= 1
    assert journal.snapshots()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_its_last_words(
    journal: Journal, number: signal.Signals
) -> None:
    said: list[str] = []

    async def shoot() -> None:
        os.kill(os.getpid(), number)

    async def farewell() -> None:
        said.append("good bye")

    session = Session()
    asyncio.run(made(journal, session, shoot, farewell=farewell).run())
    assert said == ["good bye"]
    assert session.closed == 1


@pytest.mark.covers("F11", "F20")
@pytest.mark.parametrize("is_brokers", [True, False])
def test_without_a_gateway_nobody_waits_for_the_end_is_in_good_order(
    is_brokers: bool, journal: Journal
) -> None:
    daemon = made(journal, Session(pulses=0), is_brokers=is_brokers, waits=is_brokers)
    with pytest.raises(BrokerError, match="nobody is there"):
        asyncio.run(daemon.run())
    assert isinstance([e for _, e in journal.events_after(0)][-1], DaemonStopped)
    assert decode_state(journal.snapshots()[0].body).starts == ()


class Late(Session):
    """A gateway that begins to listen a while after us."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = 0

    async def connect(self) -> None:
        self.tried += 1
        if self.tried == 1:
            raise BrokerError("nobody is there")
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.covers("F20", "F32")
def test_a_gateway_that_starts_after_us_is_waited_for(journal: Journal) -> None:
    session = Late()
    asyncio.run(made(journal, session, is_brokers=False).run())
    assert session.tried == 2
    told = [e for _, e in journal.events_after(0)]
    assert [type(e) for e in told] == [DaemonStarted, ConnectFailed, DaemonStopped]
    state = decode_state(journal.snapshots()[0].body)
    assert state.link.name is Connection.DISCONNECTED
    assert state.link.why == "nobody is there"


@pytest.mark.covers("F20", "F34")
def test_attempts_that_fail_are_journaled_with_the_brokers_reason(
    journal: Journal,
) -> None:
    session = Taken()
    asyncio.run(made(journal, session, is_brokers=False).run())
    assert session.tried >= 3
    failed = [e for _, e in journal.events_after(0) if isinstance(e, ConnectFailed)]
    assert [(event.reason, event.code) for event in failed] == [
        ("error 326: in use", 326)
    ]


class Strange(Session):
    """A session on a gateway with somebody else's account."""

    async def connect(self) -> None:
        raise WrongAccountError("manages ***999")


@pytest.mark.covers("P03", "F124")
def test_another_account_freezes_trading_and_is_owed_to_the_operator(
    journal: Journal,
) -> None:
    daemon = made(journal, Strange())
    with pytest.raises(WrongAccountError):
        asyncio.run(daemon.run())
    snapshot = journal.snapshots()[0]
    assert decode_state(snapshot.body).freeze is Freeze.SAFE
    told = [e for _, e in journal.events_after(0) if isinstance(e, ControlTripped)]
    assert [e.control for e in told] == ["P03"]


class Exchanged(Late):
    """A gateway that has somebody else's account at first."""

    async def connect(self) -> None:
        self.tried += 1
        if self.tried == 1:
            raise WrongAccountError("manages ***999")
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.covers("P03", "F43", "F124")
def test_by_the_wall_another_account_freezes_and_the_right_one_is_waited_for(
    journal: Journal,
) -> None:
    """What froze stays frozen: a person looks, and clears it."""
    session = Exchanged()
    asyncio.run(made(journal, session, is_brokers=False).run())
    assert session.tried == 2
    state = decode_state(journal.snapshots()[0].body)
    assert state.freeze is Freeze.SAFE
    assert state.frozen_by == "P03: manages ***999"
    told = [e for _, e in journal.events_after(0)]
    assert [e.reason for e in told if isinstance(e, ConnectFailed)] == [
        "manages ***999"
    ]


@pytest.mark.covers("F14", "I11")
def test_a_task_that_fails_takes_everything_down_with_its_own_error(
    journal: Journal,
) -> None:
    ended: list[str] = []

    async def fail() -> None:
        # As the outbox does, whose channels are tasks of their own.
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(broken())

    async def broken() -> None:
        raise JournalError("the disk is full")

    async def wait() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        ended.append("cancelled")

    with pytest.raises(JournalError, match="the disk is full"):
        asyncio.run(made(journal, Session(), wait, fail).run())
    assert ended == ["cancelled"]


@pytest.mark.covers("I11", "F14")
def test_an_error_that_nobody_caught_freezes_at_once(journal: Journal) -> None:
    """A callback that fails, and a task whose error nobody asked for."""
    daemon = made(journal, Session(pulses=30), stray)
    asyncio.run(daemon.run())
    tripped = [e for _, e in journal.events_after(0) if isinstance(e, ControlTripped)]
    assert {e.control for e in tripped} == {"I11"}
    assert "division" in tripped[0].text
    assert any("lost" in e.text for e in tripped)
    assert decode_state(journal.snapshots()[0].body).freeze is Freeze.SAFE


async def stray() -> None:
    async def fail() -> None:
        raise ValueError("lost")

    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: 1 // 0)
    task = asyncio.ensure_future(fail())
    await asyncio.wait({task})
    del task
    gc.collect()


@pytest.mark.covers("F11")
def test_a_stop_in_good_order_is_told_last_and_a_crash_is_not(journal: Journal) -> None:
    asyncio.run(made(journal, Session(pulses=3)).run())
    events = [e for _, e in journal.events_after(0)]
    assert isinstance(events[-1], DaemonStopped)
