"""One bad day: a gateway, a daemon that dies and starts again, and a person."""

import asyncio
import contextvars
import hashlib
import io
import random  # noqa: TID251 - sown, so that it gives the same to everybody
import re
import signal
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import numpy as np

from alvh_trader.errors import AlvhError, BrokerError
from alvh_trader.gateway.fault import Planned
from alvh_trader.gateway.fault_table import FAULTS
from alvh_trader.gateway.floor import QUIET_INTERVAL
from alvh_trader.gateway.injector import Injector
from alvh_trader.gateway.server import Gateway
from alvh_trader.journal import store
from alvh_trader.runtime import bootstrap
from alvh_trader.runtime.control import socket_of
from alvh_trader.runtime.request import Answer, Request
from alvh_trader.sim.exchange import Exchange
from tests.simulation.clockwork import exchanged, virtual
from tests.simulation.disk import Disk
from tests.simulation.loop import LIFE, Life, StalledError, VirtualLoop
from tests.simulation.network import End, Network
from tests.simulation.person import Person, requests
from tests.simulation.rhythm import ALERT, QUIET, STEP, Rhythm
from tests.simulation.schedule import (
    DEATHS,
    QUIET_END,
    Crash,
    Schedule,
    Trouble,
    Word,
    branches,
)

HOST, PAPER_PORT, LIVE_PORT = "127.0.0.1", 4002, 4001
RESTART = 5.0
"""Seconds after which the service manager starts a daemon that ended by itself."""

LIVES_MAX = 400

BUSY_FOR = 25.0
"""Seconds after anything that happens in which the market goes by small steps."""

SETTLED, SETTLED_TRIES = 5.0, 120
"""Seconds without an event after which a day may end, and how often to look."""

BEFORE = 15.0
"""Seconds before anything that is planned in which it does already."""


class Killed(BaseException):
    """The process is gone; what unwinds after this, nobody sees."""


class Process(Life):
    """A daemon from its start to its end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.task: asyncio.Task[None] | None = None
        self.journal: store.Journal | None = None


Branch = Callable[["World", float], Schedule | None]
"""Asked at each of `branches`: what goes wrong from there on, if it is to begin."""


class World:
    """Everything of one seed. `on_...` are told what happens, as it happens.

    Until its schedule begins, all seeds of an opening live through the same.
    """

    def __init__(
        self,
        exchange: Exchange,
        folder: Path,
        disk: Disk,
        breadth: Path,
        span: float,
        branch: Branch,
        account: str = "",
    ) -> None:
        self.schedule = Schedule(seed=0, opening=0)
        self.account = account
        self._port = LIVE_PORT if account else PAPER_PORT
        self.exchange = exchange
        self.folder = folder
        self.span = span
        self.begin = exchange.now
        self.rng = np.random.default_rng(11)
        self.network = Network(np.random.default_rng(13))
        self.loop = VirtualLoop(self.network)
        self.rhythm = Rhythm(self.loop, self._step, self._pause)
        self.lines: list[str] = []
        self.wrong: list[str] = []
        self.lives = 0
        self.kills = 0
        self.points: Counter[str] = Counter()
        self.on_audit: Callable[[dict[str, Any]], None] = lambda _: None
        self.on_frame: Callable[[bytes], None] = lambda _: None
        self.on_answer: Callable[..., None] = lambda *_, **__: None
        self.person = Person(self) if account else None
        self.began: dict[str, datetime] = {}
        """Since when each fault has been on."""
        self.beginnings: list[tuple[str, str, datetime]] = []
        """Every fault that has begun: its name, its value, and when."""
        self.cut_since: datetime | None = None
        self._digest = hashlib.blake2b(digest_size=16)
        self._branch = branch
        self._disk = disk
        self._breadth = breadth
        self._process: Process | None = None
        self._graves: list[object] = []
        self._crashes: list[Crash] = []
        self._counts: Counter[str] = Counter()
        self._is_over = False
        self._ordered = 0
        self._busy_until = 0.0
        self.gateway: Gateway

    # -------------------------------------------------------------- rhythm ---

    def stir(self, seconds: float = 0.0) -> None:
        """Something happens for so long: until a while after it nothing is missed."""
        until = self.loop.time() + seconds + BUSY_FOR
        self._busy_until = max(self._busy_until, until)

    def _step(self) -> None:
        self.gateway._wake()

    def _pause(self) -> float:
        if self.loop.time() < self._busy_until or self.exchange.open_orders():
            return STEP
        is_alert = self.gateway.floor.interval() < QUIET_INTERVAL
        return ALERT if is_alert else QUIET

    # ------------------------------------------------------------ telling ---

    @property
    def now(self) -> datetime:
        """What a perfect clock shows."""
        return self.begin + timedelta(seconds=self.loop.time())

    def tell(self, text: str) -> None:
        """Add a line to the transcript."""
        line = f"{self.now:%H:%M:%S.%f}"[:-3] + f" {text}"
        self.lines.append(line)
        self.stir()
        self._digest.update(line.encode())

    def violation(self, row: str, text: str) -> None:
        """Note that an invariant did not hold."""
        self.tell(f"VIOLATION {row}: {text}")
        self.wrong.append(f"{row} {text}")

    def digest(self) -> str:
        """Return a hash over all that was said and sent."""
        return self._digest.hexdigest()

    # ------------------------------------------------------------- living ---

    def play(self) -> None:
        """Live through the day."""
        random.seed(0)
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(self._unhandled)
        watched = exchanged(bootstrap, "Journal", self._watched_journal())
        with virtual(self.loop, self.begin, self.rhythm), watched:
            try:
                self.loop.run_until_complete(self._day())
            except StalledError:
                self.violation("V12", "nothing was ready and nothing due")

    async def _day(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._configure()
        audit = _Lines(self._audited)
        self.gateway = Gateway(self.exchange, speed=1.0, audit=cast(BinaryIO, audit))
        serving = self.loop.create_task(self.gateway.run(HOST, self._port))
        await asyncio.sleep(0)
        # Its own clock goes by its steps, which are coarse here.
        await asyncio.sleep(0.001)
        self.gateway.floor.clock = lambda: self.now
        self.network.tap = self._tap
        self.loop.on_turn = self._turn
        self.rhythm.start()
        outside = {serving}
        if self.person is not None:
            outside.add(self.loop.create_task(self.person.attend()))
        self.loop.call_soon(self._start)
        try:
            await self._grow()
            await asyncio.sleep(self.span - QUIET_END - self.loop.time())
            self._calm()
            await asyncio.sleep(QUIET_END)
            await self._settled()
            if serving.done():
                self.violation("gateway", repr(serving.exception()))
            self._is_over = True
            await self._stop()
        finally:
            self.network.tap = self.loop.on_turn = None
            for task in outside:
                task.cancel()
            await asyncio.wait(outside)

    async def _grow(self) -> None:
        """Live on until the schedule begins."""
        for since in branches(self.span):
            if since > self.loop.time():
                await asyncio.sleep(since - self.loop.time())
            schedule = self._branch(self, since)
            if schedule is not None:
                self._begin(schedule)
                return

    def _begin(self, schedule: Schedule) -> None:
        """From here on it is a day of its own."""
        self.schedule = schedule
        # What tenacity draws from, and what a fork sows anew.
        random.seed(schedule.seed)
        self.rng = np.random.default_rng([11, schedule.seed])
        self.network.rng = np.random.default_rng([13, schedule.seed])
        if self.person is not None:
            self.person.rng = np.random.default_rng([17, schedule.seed])
        self.tell(f"seed {schedule.seed}")
        self._crashes, self._ordered = list(schedule.crashes), 0
        self._plan(self.gateway.injector)

    def _plan(self, injector: Injector) -> None:
        since = self.schedule.since
        for it in self.schedule.troubles:
            if not it.after:
                self._foresee(injector, it, since + it.at)
        for word in self.schedule.words:
            if not word.after:
                self.loop.call_at(since + word.at, self._speak, word)

    def _foresee(self, injector: Injector, it: Trouble, at: float) -> None:
        due = self.begin + timedelta(seconds=at)
        injector.plan(Planned(name=it.name, value=it.value, seconds=it.seconds), due)
        before, nobody = max(at - BEFORE, 0.0), contextvars.Context()
        self.loop.call_at(before, self.stir, context=nobody)
        self.loop.call_at(at, self._told, it, context=nobody)

    def ordered(self) -> None:
        """An order has left: what waits for it is due so many seconds later."""
        self._ordered += 1
        now, last = self.loop.time(), self.span - QUIET_END
        for it in self.schedule.troubles:
            if it.after == self._ordered and now + it.at < last:
                self._foresee(self.gateway.injector, it, now + it.at)
        for word in self.schedule.words:
            if word.after == self._ordered and now + word.at < last:
                at, nobody = now + word.at, contextvars.Context()
                self.loop.call_at(at, self._speak, word, context=nobody)

    def _told(self, it: Trouble) -> None:
        self.tell(f"fault {it.name} {it.value}".rstrip())
        # Without a length it lasts until it strikes, or some seconds.
        self.stir(it.seconds or FAULTS[it.name].lasts or 0.0)
        self.began.setdefault(it.name, self.now)
        self.beginnings.append((it.name, it.value, self.now))

    def _calm(self) -> None:
        """End every fault: from here on the world is as it should be."""
        self._crashes.clear()
        for it in tuple(self.gateway.injector.active):
            self.gateway.injector.end(it.name)
        self.tell("all faults are over")

    async def _settled(self) -> None:
        """Wait for a moment in which no order is open and nothing happened just now.

        What fills while it ends, only its next life would know.
        """
        for _ in range(SETTLED_TRIES):
            if not self.exchange.open_orders() and (
                self.loop.time() + BUSY_FOR - self._busy_until > SETTLED
            ):
                return
            await asyncio.sleep(SETTLED)

    async def _stop(self) -> None:
        """End the daemon as the service manager would."""
        process, stop = self._process, self.loop.signals.get(signal.SIGTERM)
        if process is None or process.task is None or stop is None:
            self.violation("V13", "no daemon runs at the end")
            return
        self.tell("person sigterm")
        stop()
        done, _ = await asyncio.wait({process.task}, timeout=20.0)
        if not done:
            self.violation("V13", "SIGTERM did not end it within 20 s")

    # ------------------------------------------------------------ process ---

    def _start(self) -> None:
        if self._is_over or self.lives >= LIVES_MAX:
            return
        self.lives += 1
        process = self._process = Process(self.lives)
        context = contextvars.copy_context()
        context.run(LIFE.set, process)
        self.tell(f"daemon {process.number} starts")
        process.task = self.loop.create_task(self._live(process), context=context)

    async def _live(self, process: Process) -> None:
        ending = "code 0"
        try:
            mode = "live" if self.account else None
            await bootstrap.daemon((self.folder / "config.toml",), mode)
        except AlvhError as error:
            ending = f"code {error.exit_code}: {error}"
            if not isinstance(error, BrokerError):
                # It checks some promises itself, and says which.
                row = re.search(r"\((V\d+)\)", str(error))
                words = f"the daemon ended: {error}"
                self.violation(row[1] if row else "V13", words)
        except Exception as error:  # noqa: BLE001 - told, whatever it is
            ending = "".join(traceback.format_exception(error))
            self.violation("V13", f"the daemon fell: {error!r}")
        if process.is_dead:
            return
        self.tell(f"daemon {process.number} ended, {ending}")
        self._process = None
        self.loop.signals.clear()
        self.loop.call_later(RESTART, self._start, context=contextvars.Context())

    def _turn(self) -> None:
        is_cut = self.gateway.floor.is_cut_off
        if is_cut != (self.cut_since is not None):
            self.cut_since = self.now if is_cut else None
        self._pass("turn")

    def _pass(self, point: str, *, is_inside: bool = False) -> None:
        """Come to a point at which the process may die."""
        if not self._crashes or self._process is None:
            return
        crash = self._crashes[0]
        if crash.point != point:
            return
        self._counts[point] += 1
        if self._counts[point] < crash.count:
            return
        self._crashes.pop(0)
        self._counts.clear()
        self._kill(crash)
        if is_inside:
            raise Killed

    def _kill(self, crash: Crash) -> None:
        process = self._process
        assert process is not None
        self.kills += 1
        how = "power cut" if crash.cut else "kill"
        self.tell(f"{how} at {crash.point}")
        self.points[crash.point] += 1
        self._process = None
        # Whatever the dead process still writes, it writes into its grave.
        grave = self.folder.with_name(f"{self.folder.name}-{process.number}")
        self._disk.leave(self.folder, grave, self.rng if crash.cut else None)
        self.loop.kill(process)
        self.network.die(lambda context: context.get(LIFE) is process)
        self._graves += [process, *asyncio.all_tasks(self.loop)]
        self.loop.call_at(
            self.loop.time() + crash.pause, self._start, context=contextvars.Context()
        )

    def _watched_journal(self) -> type[store.Journal]:
        world = self

        class Watched(store.Journal):
            """A journal whose every step is a point to die at."""

            def append(self, record: Any) -> int:
                world._pass("append", is_inside=True)
                return super().append(record)

            def commit(self) -> None:
                world._pass("commit", is_inside=True)
                super().commit()
                world._pass("committed", is_inside=True)

        return Watched

    # ------------------------------------------------------------ hearing ---

    def _tap(self, end: End, data: bytes) -> None:
        life = end.context.get(LIFE)
        if life is None:
            return
        is_order = _is_order(data)
        if is_order:
            self._pass("send", is_inside=True)
        self._digest.update(data)
        self.on_frame(data)
        if is_order:
            self.loop.call_soon(self._pass, "sent", context=contextvars.Context())

    def _audited(self, line: bytes) -> None:
        row = msgspec.json.decode(line)
        self.tell(_audit_words(row))
        self.on_audit(row)

    def _unhandled(self, _loop: object, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, Killed):
            self.violation("V13", f"{context['message']}: {error!r}")

    # ------------------------------------------------------------- person ---

    def _speak(self, word: Word) -> None:
        self.tell(f"person {word.verb}")
        if word.verb == "sigterm":
            stop = self.loop.signals.get(signal.SIGTERM)
            if stop is not None:
                stop()
            return
        if word.verb in DEATHS:
            if self._process is not None:
                self._kill(Crash(point=word.verb, count=1, cut=word.verb == "cut"))
            return
        self._graves.append(self.loop.create_task(self._say(word)))

    async def _say(self, word: Word) -> None:
        sent = dict.fromkeys(x.split()[4] for x in self.lines if " wire order " in x)
        for said in requests(word.verb, sent):
            answer = await self.ask(said)
            self.tell(f"answer {msgspec.json.encode(answer).decode()}")
            self.on_answer(word.verb, taken=answer.taken)

    async def ask(self, said: Request) -> Answer:
        """Say something to the daemon; what it cannot answer is not taken."""
        place = str(socket_of(Path(self.folder.name) / "journal.db"))
        try:
            reader, writer = await asyncio.open_unix_connection(place)
            writer.write(msgspec.json.encode(said) + b"\n")
            async with asyncio.timeout(10.0):
                line = await reader.readline()
            writer.close()
            return msgspec.json.decode(line, type=Answer)
        except (OSError, TimeoutError, msgspec.DecodeError) as error:
            return Answer(taken=False, text=str(error))

    # -------------------------------------------------------------- files ---

    def _configure(self) -> None:
        text = f"""
[mode]
name = "{"live" if self.account else "paper"}"
[broker]
account = "{self.account}"
port = {self._port}
reconcile_interval = 600
[journal]
path = "{self.folder.name}/journal.db"
reserve = 0
[inputs]
breadth_seed = "{self._breadth}"
folder = ""
"""
        (self.folder / "config.toml").write_text(text)


class _Lines(io.RawIOBase):
    """A file that hands on each line that is written to it."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def write(self, line: Any) -> int:
        self._take(bytes(line))
        return len(line)


def _is_order(data: bytes) -> bool:
    """Return whether a write is a placeOrder or a cancelOrder."""
    return data[4:6] in {b"3\0", b"4\0"}


def _audit_words(row: dict[str, Any]) -> str:
    symbol = row["legs"][0].get("symbol", "?")
    return (
        f"exchange {row['event']} {row['order_ref']} {row['action']} "
        f"{row['quantity']} {symbol} @ {row['price']}"
    )
