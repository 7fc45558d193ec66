import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alvh_trader import ports
from alvh_trader.alerts.channels import Channel, channels_of
from alvh_trader.alerts.outbox import Outbox
from alvh_trader.alerts.render import Message
from alvh_trader.engine.command import Command, RaiseAlert, Severity
from alvh_trader.engine.event import DaemonStarted, OperatorHalted
from alvh_trader.engine.state import State
from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import Loop
from tests.alerts.servers import Inbox, http_server
from tests.playbook import RULES

START = datetime(2018, 2, 5, 14, 30, tzinfo=UTC)


class Bench:
    """A journal, an outbox, and the way the daemon uses them."""

    def __init__(
        self,
        path: Path,
        channels: tuple[Channel, ...] = (),
        window: float = 300.0,
    ) -> None:
        self.path = path
        self.channels = channels
        self.second = 0
        self.window = timedelta(seconds=window)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.second)

    def raise_alert(
        self, code: str, severity: Severity = Severity.WARNING, case: str = "C1"
    ) -> None:
        alert = RaiseAlert(
            code=code, severity=severity, case=case, text=f"it is {code}"
        )
        self.journal.append(DaemonStarted(at=self.now(), mode="paper", config_hash=""))
        self.journal.append(alert)
        self.journal.commit()
        self.outbox.notify(alert, self.now())

    def run(self, scenario: Callable[["Bench"], Awaitable[None]]) -> None:
        """Run `scenario` beside the outbox, then die like a killed process."""
        names = tuple(channel.name for channel in self.channels)
        with Journal.open(self.path, channels=names) as self.journal:

            async def main() -> None:
                self.outbox = Outbox(
                    self.journal.deliveries, self.channels, self.now, window=self.window
                )
                async with asyncio.TaskGroup() as tasks:
                    running = tasks.create_task(self.outbox.run())
                    await scenario(self)
                    running.cancel()

            asyncio.run(main())

    def states(self) -> list[str]:
        with Reader.open(self.path) as reader:
            return [d.state for found in reader.alerts() for d in found.deliveries]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with http_server(Inbox()) as serving:
        yield serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


def web(*inboxes: Inbox, timeout: float = 5.0) -> tuple[Channel, ...]:
    return channels_of([inbox.url for inbox in inboxes], timeout=timeout)


async def until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # the condition is in another thread
            await asyncio.sleep(0.01)


def test_it_is_the_notifier_that_the_core_asks_for(path: Path) -> None:
    with Journal.open(path) as journal:
        notifier: ports.Notifier = Outbox(
            journal.deliveries, (), lambda: START, window=timedelta()
        )
        alert = RaiseAlert(code="x", severity=Severity.INFO, case="", text="")
        notifier.notify(alert, START)


def test_an_alert_reaches_every_channel(path: Path, inbox: Inbox) -> None:
    with http_server(Inbox()) as other:
        bench = Bench(path, web(inbox, other))

        async def scenario(bench: Bench) -> None:
            bench.raise_alert("breach")
            assert await bench.outbox.drain(5)

        bench.run(scenario)
        assert inbox.titles == other.titles == ["WARNING breach C1"]
    assert bench.states() == ["delivered", "delivered"]


@pytest.mark.covers("V10")
def test_what_is_critical_is_durable_before_anything_is_done_and_soon_delivered(
    path: Path, inbox: Inbox
) -> None:
    """As the daemon is wired: an event, its alert in one commit with it, a message."""
    channels = web(inbox)
    written: list[str] = []
    delays: list[float] = []

    def dispatch(command: Command) -> None:
        assert isinstance(command, RaiseAlert)
        with Reader.open(path) as reader:
            written.extend(found.alert.code for found in reader.alerts())
        outbox.notify(command, START)

    async def main(loop: Loop) -> None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(outbox.run())
            began = time.monotonic()
            loop.process(OperatorHalted(at=START))
            await until(lambda: bool(inbox.taken), 5.0)
            delays.append(time.monotonic() - began)
            running.cancel()

    with Journal.open(path, channels=(channels[0].name,)) as journal:
        outbox = Outbox(
            journal.deliveries, channels, lambda: START, window=timedelta(minutes=5)
        )
        asyncio.run(main(Loop(journal, dispatch, State(), RULES)))
    assert written == ["halted"]
    assert inbox.titles == ["CRITICAL halted"]
    assert delays[0] < 5.0


@pytest.mark.covers("V10")
def test_a_storm_of_warnings_holds_up_nothing_critical(
    path: Path, inbox: Inbox
) -> None:
    bench = Bench(path, web(inbox))

    async def scenario(bench: Bench) -> None:
        for number in range(50):
            bench.raise_alert(f"warning_{number}")
        bench.raise_alert("breach", Severity.CRITICAL)
        await until(lambda: "CRITICAL breach C1" in inbox.titles, 5.0)

    bench.run(scenario)
    # One may have been on its way.
    assert inbox.titles.index("CRITICAL breach C1") <= 1


def test_without_channels_nothing_happens(path: Path) -> None:
    bench = Bench(path)

    async def scenario(bench: Bench) -> None:
        bench.raise_alert("breach")
        assert await bench.outbox.drain(0.1)

    bench.run(scenario)
    assert bench.states() == []


@pytest.mark.covers("F132")
def test_a_server_that_comes_back_gets_what_it_missed(path: Path) -> None:
    away = Inbox()
    with http_server(away):
        pass  # Now the port is known, and nobody is there.
    bench = Bench(path, web(away))

    async def scenario(bench: Bench) -> None:
        bench.raise_alert("breach")
        bench.raise_alert("refused")
        await asyncio.sleep(0.3)
        assert bench.states() == ["pending", "pending"]
        with http_server(away):
            await until(lambda: len(away.taken) == 2)
            assert await bench.outbox.drain(2)

    bench.run(scenario)
    assert away.titles == ["WARNING breach C1", "WARNING refused C1"]
    assert bench.states() == ["delivered", "delivered"]


@pytest.mark.covers("F132")
def test_what_was_not_delivered_survives_the_process(path: Path, inbox: Inbox) -> None:
    inbox.status = 500
    bench = Bench(path, web(inbox))

    async def refused(bench: Bench) -> None:
        bench.raise_alert("breach")
        await until(lambda: inbox.refused > 0)

    bench.run(refused)
    assert bench.states() == ["pending"]
    with Reader.open(path) as reader:
        ((delivery,),) = (found.deliveries for found in reader.alerts())
    assert delivery.attempts == 1
    assert "500" in str(delivery.error)
    inbox.status = 200

    async def nothing_new(bench: Bench) -> None:
        await until(lambda: len(inbox.taken) == 1)
        assert await bench.outbox.drain(2)

    bench.run(nothing_new)
    assert inbox.titles == ["WARNING breach C1"]
    assert bench.states() == ["delivered"]
    bench.run(nothing_new)
    assert len(inbox.taken) == 1


@pytest.mark.covers("F132")
def test_a_dead_channel_does_not_hold_up_another(path: Path, inbox: Inbox) -> None:
    dead = Inbox()
    dead.status = 500
    with http_server(dead):
        bench = Bench(path, web(dead, inbox))

        async def scenario(bench: Bench) -> None:
            for code in ("one", "two", "three"):
                bench.raise_alert(code)
            await until(lambda: len(inbox.taken) == 3)
            assert not await bench.outbox.drain(0.1)

        bench.run(scenario)
    assert dead.refused < 3  # It is tried again with pauses, not for each alert.


@pytest.mark.covers("V10")
def test_a_critical_alert_overtakes_and_ends_a_pause(path: Path, inbox: Inbox) -> None:
    inbox.status = 500
    bench = Bench(path, web(inbox))

    async def scenario(bench: Bench) -> None:
        bench.raise_alert("one")
        await until(lambda: inbox.refused == 3)  # Now it pauses for four seconds.
        bench.raise_alert("two")
        inbox.status = 200
        started = time.monotonic()
        bench.raise_alert("fire", Severity.CRITICAL)
        await until(lambda: len(inbox.taken) == 3)
        assert time.monotonic() - started < 2.0

    bench.run(scenario)
    assert inbox.titles == ["CRITICAL fire C1", "WARNING one C1", "WARNING two C1"]


def test_repeats_are_sent_once_and_then_counted(path: Path, inbox: Inbox) -> None:
    bench = Bench(path, web(inbox))

    async def scenario(bench: Bench) -> None:
        for bench.second in range(5):
            bench.raise_alert("stale")
        await until(lambda: len(inbox.taken) == 1)
        bench.second = 301
        await until(lambda: len(inbox.taken) == 2)
        assert await bench.outbox.drain(2)

    bench.run(scenario)
    assert "The last of 4 alike" in inbox.taken[1]["message"]
    assert bench.states() == ["delivered", "merged", "merged", "merged", "delivered"]


def test_a_drain_sends_what_is_held(path: Path, inbox: Inbox) -> None:
    bench = Bench(path, web(inbox))

    async def scenario(bench: Bench) -> None:
        for _ in range(3):
            bench.raise_alert("stale")
        assert await bench.outbox.drain(5)

    bench.run(scenario)
    assert len(inbox.taken) == 2
    assert bench.states() == ["delivered", "merged", "delivered"]


def test_what_was_held_survives_the_process(path: Path, inbox: Inbox) -> None:
    bench = Bench(path, web(inbox))

    async def killed(bench: Bench) -> None:
        for _ in range(3):
            bench.raise_alert("stale")
        await until(lambda: bench.states()[0] == "delivered")

    async def nothing_new(bench: Bench) -> None:
        assert await bench.outbox.drain(5)

    bench.run(killed)
    assert bench.states() == ["delivered", "pending", "pending"]
    bench.run(nothing_new)
    assert "pending" not in bench.states()


def test_a_hanging_server_is_tried_again(path: Path, inbox: Inbox) -> None:
    inbox.delay = 0.5
    bench = Bench(path, web(inbox, timeout=0.1))

    async def scenario(bench: Bench) -> None:
        bench.raise_alert("breach")
        await asyncio.sleep(0.2)
        inbox.delay = 0.0
        await until(lambda: bench.states() == ["delivered"])

    bench.run(scenario)
    assert set(inbox.titles) == {"WARNING breach C1"}  # At least once, perhaps twice.


def test_the_loop_is_never_held_up(path: Path, inbox: Inbox) -> None:
    inbox.delay = 0.3
    bench = Bench(path, web(inbox))

    async def scenario(bench: Bench) -> None:
        worst = 0.0
        for code in ("one", "two"):
            started = time.monotonic()
            bench.raise_alert(code)
            worst = max(worst, time.monotonic() - started)
            await asyncio.sleep(0)
        assert worst < 0.1
        assert inbox.taken == []
        assert await bench.outbox.drain(5)

    bench.run(scenario)
    assert len(inbox.taken) == 2


class Broken:
    """A channel with a mistake in it."""

    name = "broken"

    async def send(self, message: Message) -> str | None:
        raise KeyError(message.title)


def test_a_mistake_of_ours_is_not_swallowed(path: Path) -> None:
    bench = Bench(path, (Broken(),))

    async def scenario(bench: Bench) -> None:
        bench.raise_alert("breach")
        await asyncio.sleep(1)

    with pytest.raises(ExceptionGroup) as caught:
        bench.run(scenario)
    assert caught.group_contains(KeyError)
    assert bench.states() == ["pending"]
