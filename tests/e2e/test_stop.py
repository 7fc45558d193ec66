"""Stopped politely, twice, or not at all: the next process finds the same world."""

import re
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from alvh_trader.journal.read import Reader
from alvh_trader.runtime.build import build_hash
from alvh_trader.runtime.control import socket_of, tell
from alvh_trader.runtime.line_socket import CALLERS
from alvh_trader.runtime.request import Request, Verb
from tests.e2e.crashes import Doom, play, program, verdict
from tests.e2e.world import PATIENCE, World, part, world
from tests.programs import Running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

DAY = part("2018-02-05", "2018-02-05", 4)
WHILE_PLACING = (
    "before commit PlaceOrder HEDGE",
    "after act PlaceOrder HEDGE",
    "before append OrderFilled",
)
STOPPED_WITHIN = 20.0
"""Seconds from the signal to the end (reliability.md F08)."""


def drain(manager: socket.socket) -> None:
    """Hear what is said, until nobody has said a word for the socket's timeout."""
    while True:
        manager.recv(256)


def stopped_while_placing(it: World) -> Iterator[Running]:
    """Yield a daemon at each step of placing, which has just got its SIGTERM."""
    for step in WHILE_PLACING:
        with it.daemon(program(Doom(step, number=signal.SIGTERM))) as daemon:
            daemon.waits_for(partial(daemon.has_said, "struck"), PATIENCE)
            yield daemon


def to_its_end(it: World) -> None:
    """Let one more daemon live to the end of history, and check what came of all."""
    play(it, iter(()), 0, [])
    verdict(it)


@pytest.mark.covers("F08", "V1", "V3")
def test_stopped_while_placing_it_ends_in_time_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with world(tmp_path, *DAY) as it:
        for daemon in stopped_while_placing(it):
            assert daemon.process.wait(STOPPED_WITHIN) == 0, daemon.log.read_text()
        to_its_end(it)


@pytest.mark.covers("F09")
def test_stopped_twice_and_then_killed_it_is_as_if_it_had_crashed(
    tmp_path: Path,
) -> None:
    with world(tmp_path, *DAY) as it:
        for daemon in stopped_while_placing(it):
            daemon.process.send_signal(signal.SIGTERM)
            daemon.process.kill()
            ends = {0, -signal.SIGTERM, -signal.SIGKILL}
            assert daemon.process.wait() in ends
        to_its_end(it)


@pytest.mark.covers("F12", "F106", "T08")
def test_a_daemon_that_hangs_stops_feeding_the_watchdog_and_is_replaced(
    tmp_path: Path,
) -> None:
    """The manager hears of it while it decides, with or without a gateway."""
    address = tmp_path / "notify"
    environ = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "3000000"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(PATIENCE)
        # Longer than it takes until the watchdog is fed for the first time.
        with world(tmp_path, *part("2018-02-05", "2018-02-16", 4)) as it:
            with it.daemon(environ=environ) as daemon:
                said = rf"STATUS=paper, build {build_hash()}, time zones 20\d\d[a-z]"
                assert re.fullmatch(said, manager.recv(256).decode())
                assert manager.recv(256) == b"READY=1"
                assert manager.recv(256) == b"WATCHDOG=1"
                daemon.process.send_signal(signal.SIGSTOP)
                manager.settimeout(10)
                with pytest.raises(TimeoutError):
                    drain(manager)
                daemon.process.kill()
            with it.daemon(program(Doom())) as daemon:
                daemon.waits_for(partial(daemon.has_said, "reconciled"), PATIENCE)


@pytest.mark.covers("F13")
def test_without_a_file_to_open_the_broker_is_still_heard(tmp_path: Path) -> None:
    """Whoever crowds the control socket takes nothing from the market's."""

    def heard() -> int:
        with Reader.open(tmp_path / "journal.db") as reader:
            last = reader.last_record()
        return 0 if last is None else last[0]

    with world(tmp_path, *DAY) as it, it.daemon() as daemon:
        until(lambda: it.has_case)
        pid = daemon.process.pid
        few = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, before[1]))
        with ExitStack() as crowd:
            for _ in range(CALLERS):
                caller = crowd.enter_context(socket.socket(socket.AF_UNIX))
                caller.connect(str(socket_of(tmp_path / "journal.db")))
            until(lambda: "accept" in daemon.log.read_text())
            then = heard()
            until(lambda: heard() > then + 50 or daemon.process.poll() is not None)
            assert daemon.process.poll() is None, daemon.log.read_text()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        until(lambda: tell(tmp_path / "journal.db", Request(verb=Verb.HALT)).taken)
        assert daemon.stop() == 0, daemon.log.read_text()
