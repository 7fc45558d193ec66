"""Many seeds: each in a process of its own, forked from one that has all it needs.

A fork costs milliseconds, building a market seconds; and nothing of one seed can be
seen in the next.
"""

import asyncio
import copy
import logging
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from alvh_trader.inputs.tables import write_breadth_seed
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.scenario import breadth_history, part_of, scenario, shared_by
from tests.simulation.disk import Disk
from tests.simulation.draw import drawn
from tests.simulation.invariants import Watch
from tests.simulation.schedule import HOURS, QUIET_END, Schedule, smaller
from tests.simulation.world import World

REPLAY_EVERY = 5
"""One seed in so many is also replayed from its journal (V7, V11)."""

REHEARSAL = QUIET_END + 300.0
"""Seconds of the day that is lived through before all others."""


@dataclass(frozen=True)
class Opening:
    """Where a day begins: a market of one seed, so many minutes after its bell.

    With an `account` it is live.
    """

    scenario: str
    day: date
    seed: int
    minutes: float
    account: str = ""


OPENINGS = (
    # A hedge within ten minutes, and then both sides of a roll.
    Opening("december-2018", date(2018, 12, 17), 1, 100.0),
    # The same on the fourth day of a condor, from half an hour after the bell.
    Opening("october-2018", date(2018, 10, 5), 1, 5 * 1440.0 + 33.0),
    # The slide goes on: hedges, and rolls that are looked for.
    Opening("volmageddon-2018", date(2018, 2, 5), 2, 15.0),
    # Two of them live: a person arms, and allows each order or does not.
    Opening("december-2018", date(2018, 12, 17), 1, 100.0, "U0001000"),
    Opening("volmageddon-2018", date(2018, 2, 5), 2, 15.0, "U0001000"),
    # The morning after: hedges are worth much, condors are in danger.
    Opening("volmageddon-2018", date(2018, 2, 6), 2, 1.0),
    # Another market of the day before, from its bell.
    Opening("volmageddon-2018", date(2018, 2, 5), 7, 1.0),
)


class Result(Struct, frozen=True, kw_only=True):
    """What came of one seed."""

    seed: int
    wrong: tuple[str, ...]
    digest: str
    orders: int
    fills: int
    kills: int
    lives: int
    faults: tuple[str, ...]
    lines: tuple[str, ...] = ()


class Stage:
    """The openings, built once, and a place in memory for the files of a seed."""

    def __init__(self, openings: tuple[Opening, ...], hours: float = HOURS) -> None:
        self.span = hours * 3600
        self.openings = openings
        root = Path("/dev/shm")  # noqa: S108 - memory, if there is such a thing
        where = root if root.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="simulate-", dir=where))
        self._exchanges: dict[int, Exchange] = {}
        self.disk = Disk()

    def close(self) -> None:
        """Remove the files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def exchange(self, number: int) -> Exchange:
        """Return the market of an opening, at its beginning."""
        known = self._exchanges.get(number)
        if known is None:
            of = self.openings[number]
            part = part_of(scenario(of.scenario), of.day, None)
            if of.account:
                part = shared_by(part, (of.account,))
            known = self._exchanges[number] = Exchange(part, of.seed)
            known.advance(known.now + timedelta(minutes=of.minutes))
            rows = breadth_history(part, of.seed)
            write_breadth_seed(self.folder / f"breadth-{number}.csv", rows)
        return known

    def prepare(self) -> None:
        """Build every market now, so that each fork has them."""
        for number in range(len(self.openings)):
            self.exchange(number)
        self._rehearse()

    def _rehearse(self) -> None:
        """Live through some minutes of each opening: what is made once, is made then.

        Only the market is shared with the seeds that follow, of which nothing changes.
        """
        for number, exchange in self._exchanges.items():
            board = exchange._board
            shared = exchange._market, exchange._history, board._batches
            copied = copy.deepcopy(exchange, {id(it): it for it in shared})
            schedule = Schedule(seed=0, opening=number)
            self._exchanges[number] = copied
            try:
                self.play(schedule, replays=True, span=REHEARSAL)
            finally:
                self._exchanges[number] = exchange

    def schedule(self, seed: int) -> Schedule:
        """Return what goes wrong with a seed."""
        return drawn(seed, len(self.openings), self.span)

    def play(
        self,
        schedule: Schedule,
        *,
        replays: bool | None = None,
        span: float | None = None,
    ) -> Result:
        """Live through one day, in this process."""
        # A configuration names its files: from there the names are always the same.
        place = self.folder / f"{os.getpid()}"
        place.mkdir()
        try:
            with _hushed(), chdir(place):
                return self._played(schedule, span or self.span, replays=replays)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _played(
        self, schedule: Schedule, span: float, *, replays: bool | None
    ) -> Result:
        world = World(
            schedule,
            self.exchange(schedule.opening),
            Path.cwd() / "day",
            self.disk,
            Path(f"../breadth-{schedule.opening}.csv"),
            span,
            self.openings[schedule.opening].account,
        )
        watch = Watch(world, self.disk)
        try:
            with self.disk.used():
                world.play()
            if replays is None:
                replays = schedule.seed % REPLAY_EVERY == 0
            watch.finish(replays=replays)
        finally:
            world.loop.close()
        audit = [line for line in world.lines if " exchange " in line]
        return Result(
            seed=schedule.seed,
            wrong=tuple(dict.fromkeys(world.wrong)),
            digest=world.digest(),
            orders=sum(" exchange order " in line for line in audit),
            fills=sum(" exchange fill " in line for line in audit),
            kills=world.kills,
            lives=world.lives,
            faults=tuple(sorted(world.began)),
            lines=tuple(world.lines),
        )


@contextmanager
def _hushed() -> Iterator[None]:
    """Log nothing; and ib_insync asks for a loop while it is imported."""
    disabled, config = logging.root.manager.disable, structlog.get_config()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    idle = asyncio.new_event_loop()
    asyncio.set_event_loop(idle)
    try:
        yield
    finally:
        idle.close()
        asyncio.set_event_loop(None)
        logging.disable(disabled)
        structlog.configure(**config)


def apart(work: Callable[[], Result]) -> "Running":
    """Begin `work` in a fork of this process."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 1
        try:
            body = msgspec.json.encode(work())
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(body)
            code = 0
        except BaseException:  # noqa: BLE001 - told, and then gone
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    return Running(pid, reading, time.monotonic())


@dataclass(frozen=True)
class Running:
    """A seed that is being lived through."""

    pid: int
    pipe: int
    began: float

    def result(self) -> Result | None:
        """Wait for what came of it; None if its process broke."""
        with os.fdopen(self.pipe, "rb") as pipe:
            body = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        return None if status else msgspec.json.decode(body, type=Result)


def campaign(
    stage: Stage, seeds: Iterator[int], jobs: int = 2, *, replays: bool | None = None
) -> Iterator[tuple[int, Result | None]]:
    """Yield (seed, result) in the order of the seeds, `jobs` of them at a time."""
    stage.prepare()
    under_way: list[tuple[int, Running]] = []
    for seed in seeds:
        schedule = stage.schedule(seed)
        under_way.append(
            (seed, apart(lambda it=schedule: stage.play(it, replays=replays)))  # type: ignore[misc]
        )
        if len(under_way) >= jobs:
            first, running = under_way.pop(0)
            yield first, running.result()
    for seed, running in under_way:
        yield seed, running.result()


def shrunk(stage: Stage, failing: Schedule) -> Schedule:
    """Return a schedule with as little as possible that fails by the same row."""
    rows = _rows(apart(lambda: stage.play(failing)).result())
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for fewer in smaller(failing):
            found = apart(lambda it=fewer: stage.play(it)).result()  # type: ignore[misc]
            if _rows(found) & rows:
                failing, is_smaller = fewer, True
                break
    return failing


def _rows(result: Result | None) -> set[str]:
    if result is None:
        return {"broke"}
    return {words.partition(" ")[0] for words in result.wrong}


@contextmanager
def staged(
    openings: tuple[Opening, ...] = OPENINGS, hours: float = HOURS
) -> Iterator[Stage]:
    """Give a stage, and remove its files."""
    stage = Stage(openings, hours)
    try:
        yield stage
    finally:
        stage.close()
