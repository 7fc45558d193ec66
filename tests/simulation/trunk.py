"""What all days of an opening begin with: lived through once, and forked from there.

A trunk is a process that lives through an opening in which nothing goes wrong. At each
of its branches it leaves a process behind that waits for schedules, and each schedule
is lived through by a fork of that. A fork is the same day to the last byte as one that
was lived from its beginning.
"""

import os
import select
import signal
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import msgspec

from tests.simulation.inherit import inherit, leave
from tests.simulation.schedule import Schedule, branches
from tests.simulation.stage import Result, Stage
from tests.simulation.world import World

_decode = msgspec.json.Decoder(tuple[Schedule, bool | None]).decode

PATIENCE = 600
"""Seconds of the real clock after which a day is given up: it would go on for ever."""


@dataclass(frozen=True)
class Running:
    """A day that is being lived through; `line` can be read once it is over."""

    line: socket.socket

    def fileno(self) -> int:
        """Return what to wait for."""
        return self.line.fileno()

    def result(self) -> Result | None:
        """Wait for what came of it; None if its process broke."""
        with self.line, self.line.makefile("rb") as file:
            body = file.read()
        return msgspec.json.decode(body, type=Result) if body else None


def apart(work: Callable[[], Result]) -> Running:
    """Begin `work` in a fork of this process."""
    line, ours = socket.socketpair()
    if os.fork() == 0:
        line.close()
        _leaving(lambda: ours.sendall(msgspec.json.encode(work())))
    ours.close()
    return Running(line)


def _leaving(act: Callable[[], None]) -> NoReturn:
    """Do the last thing of this process. It is a copy, so nothing is unwound."""
    code = 1
    try:
        act()
        code = 0
    except BaseException:  # noqa: BLE001 - told, and then gone
        traceback.print_exc()
    finally:
        os._exit(code)


class Trunks:
    """The trunks of a stage; each grows when it is first needed."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._grown: dict[int, int] = {}
        """The process of each."""
        # Whoever waits for schedules ends when nobody holds the other end any more.
        self._alive, self._held = os.pipe()

    def close(self) -> None:
        """Let all their processes end."""
        os.close(self._held)
        os.close(self._alive)
        for pid in self._grown.values():
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def begin(self, schedule: Schedule, *, replays: bool | None = None) -> Running:
        """Begin a day; `replays` its journal at its end, or lets the seed decide."""
        if schedule.opening not in self._grown:
            self._grow(schedule.opening)
        line = socket.socket(socket.AF_UNIX)
        line.connect(self._address(schedule.opening, schedule.since))
        line.sendall(msgspec.json.encode((schedule, replays)))
        line.shutdown(socket.SHUT_WR)
        return Running(line)

    def _address(self, opening: int, since: float) -> str:
        return str(self._stage.folder / f"{opening}-{since:g}.sock")

    def _grow(self, opening: int) -> None:
        listening = {}
        for since in branches(self._stage.span):
            listening[since] = line = socket.socket(socket.AF_UNIX)
            line.bind(self._address(opening, since))
            line.listen(64)
        self._grown[opening] = pid = os.fork()
        if pid == 0:
            # Whoever interrupts a campaign ends them all through `close`.
            os.setpgid(0, 0)
            os.close(self._held)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            _leaving(_Trunk(self._stage, opening, listening, self._alive).live)
        os.setpgid(pid, pid)
        for line in listening.values():
            line.close()


class _Trunk:
    def __init__(
        self,
        stage: Stage,
        opening: int,
        listening: dict[float, socket.socket],
        alive: int,
    ) -> None:
        self._stage = stage
        self._opening = opening
        self._listening = listening
        self._alive = alive
        self._line: socket.socket | None = None

    def live(self) -> None:
        """Live through the opening; in a fork, through a day to its end."""
        self._stage.rehearse(self._opening)
        found = self._stage.live(self._opening, self._branch)
        assert self._line is not None, "only a fork comes to an end"
        self._line.sendall(msgspec.json.encode(found))

    def _branch(self, world: World, since: float) -> Schedule | None:
        """Leave a process behind that forks; return a schedule in each fork."""
        left = self._stage.folder / f"left-{self._opening}-{since:g}"
        here = Path.cwd()
        leave(here, left)
        if os.fork() != 0:
            self._listening.pop(since).close()
            if not self._listening:
                os._exit(0)
            return None
        listening = self._listening.pop(since)
        for line in self._listening.values():
            line.close()
        self._line = self._wait(listening)
        listening.close()
        signal.alarm(PATIENCE)
        with self._line.makefile("rb") as file:
            schedule, self._stage.replays = _decode(file.read())
        place = self._stage.folder / str(os.getpid())
        inherit(here, left, place)
        self._stage.move(world, place)
        return schedule

    def _wait(self, listening: socket.socket) -> socket.socket:
        """Fork for whoever calls; return the call in the fork."""
        while True:
            ready, _, _ = select.select([listening.fileno(), self._alive], [], [])
            if self._alive in ready:
                os._exit(0)
            line, _ = listening.accept()
            if os.fork() == 0:
                return line
            line.close()


@contextmanager
def growing(stage: Stage) -> Iterator[Trunks]:
    """Give the trunks of a stage, and let them end."""
    trunks = Trunks(stage)
    try:
        yield trunks
    finally:
        trunks.close()
