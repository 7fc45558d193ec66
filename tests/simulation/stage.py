"""Where days are lived through: the openings, their markets, and files in memory."""

import asyncio
import copy
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import structlog
from msgspec import Struct

from alvh_trader.inputs.tables import write_breadth_seed
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.scenario import breadth_history, part_of, scenario, shared_by
from tests.simulation.disk import Disk
from tests.simulation.draw import drawn
from tests.simulation.invariants import Watch
from tests.simulation.schedule import HOURS, QUIET_END, Schedule
from tests.simulation.world import Branch, World

REPLAY_EVERY = 8
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
    cpu: float
    """Seconds of this machine's that it took."""
    lines: tuple[str, ...] = ()


class Stage:
    """The openings, built once, and a place in memory for the files of a seed."""

    def __init__(self, openings: tuple[Opening, ...], hours: float = HOURS) -> None:
        self.span = hours * 3600
        self.openings = openings
        root = Path("/dev/shm")  # noqa: S108 - memory, if there is such a thing
        where = root if root.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="simulate-", dir=where))
        self._place = self.folder
        self._places = count()
        self._began = 0.0
        self.replays: bool | None = None
        """Whether the next journal is replayed; without a word the seed decides."""
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

    def rehearse(self, opening: int) -> None:
        """Live through some minutes of an opening: what is made once, is made then.

        Only the market is shared with the days that follow, of which nothing changes.
        """
        exchange = self.exchange(opening)
        shared = exchange._market, exchange._history, exchange._board._batches
        copied = copy.deepcopy(exchange, {id(it): it for it in shared})
        self._exchanges[opening] = copied
        try:
            schedule = Schedule(seed=0, opening=opening)
            self.play(schedule, replays=True, span=REHEARSAL)
        finally:
            self._exchanges[opening] = exchange

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
        self.replays = replays

        def branch(_: World, since: float) -> Schedule | None:
            return schedule if since == schedule.since else None

        return self.live(schedule.opening, branch, span)

    def live(self, opening: int, branch: Branch, span: float | None = None) -> Result:
        """Live through an opening, and through what `branch` lets go wrong."""
        # A configuration names its files: from there the names are always the same.
        self._place = self.folder / f"{os.getpid()}-{next(self._places)}"
        self._place.mkdir()
        try:
            with _hushed(), chdir(self._place):
                return self._lived(opening, branch, span or self.span)
        finally:
            shutil.rmtree(self._place, ignore_errors=True)

    def move(self, world: World, place: Path) -> None:
        """Go on in a fork with a day at `place`, where copies of its files lie."""
        # A loop runs for the process that it was started in, and no other.
        asyncio._set_running_loop(world.loop)
        self.disk.move(self._place, place)
        self._place = place
        world.folder = place / world.folder.name
        os.chdir(place)
        self._began = 0.0

    def _lived(self, opening: int, branch: Branch, span: float) -> Result:
        world = World(
            self.exchange(opening),
            Path.cwd() / "day",
            self.disk,
            Path(f"../breadth-{opening}.csv"),
            span,
            branch,
            self.openings[opening].account,
        )
        watch = Watch(world, self.disk)
        self._began = time.process_time()
        try:
            with self.disk.used():
                world.play()
            seed = world.schedule.seed
            by_turns = seed % REPLAY_EVERY == 0
            watch.finish(replays=by_turns if self.replays is None else self.replays)
        finally:
            world.loop.close()
        audit = [line for line in world.lines if " exchange " in line]
        return Result(
            seed=seed,
            wrong=tuple(dict.fromkeys(world.wrong)),
            digest=world.digest(),
            orders=sum(" exchange order " in line for line in audit),
            fills=sum(" exchange fill " in line for line in audit),
            kills=world.kills,
            lives=world.lives,
            faults=tuple(sorted(world.began)),
            cpu=time.process_time() - self._began,
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
