"""Kill the daemon again and again, at steps or at any time, and see it recover."""

import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.e2e.doomed import STEPS
from tests.e2e.proof import (
    both_sides_agree,
    hedged_before_rolled,
    no_roll_without_a_hedge,
    nothing_lost,
    nothing_twice,
)
from tests.e2e.world import PATIENCE, World
from tests.programs import Running


@dataclass(frozen=True)
class Doom:
    """When a daemon gets its signal: at a step, or so many seconds after it agreed."""

    step: str = "never"
    count: int = 1
    seconds: float = 4.0
    number: signal.Signals = signal.SIGKILL


@dataclass(frozen=True)
class Death:
    """How a daemon died: at its step or by our hand, and what its successor needed.

    `recovered` are the seconds from the death to the moment at which books and broker
    agreed again; None if the successor died before.
    """

    doom: Doom
    at_its_step: bool
    recovered: float | None


OFTEN = {"MarketUpdated": 300, "Decision": 20, "OrderUpdated": 4, "RaiseAlert": 3}
"""How often a step may be passed before it kills, where that is more than once."""


def program(doom: Doom) -> list[str]:
    """Return how to start a daemon with that doom."""
    words = [doom.number.name, doom.step, str(doom.count)]
    return [sys.executable, "-m", "tests.e2e.doomed", *words]


def dooms(seed: int) -> Iterator[Doom]:
    """Draw for ever: nine in ten die at a step, if they reach it in time."""
    rng = np.random.default_rng(seed)
    while True:
        seconds = float(rng.uniform(0.0, 6.0))
        if rng.random() < 0.1:
            yield Doom(seconds=seconds)
            continue
        step = STEPS[rng.integers(len(STEPS))]
        passed = OFTEN.get(step.split()[2], 1)
        yield Doom(step, int(rng.integers(1, passed + 1)), seconds)


def play(
    it: World,
    planned: Iterator[Doom],
    kills: int,
    deaths: list[Death],
    seconds: float = PATIENCE,
) -> None:
    """Run to the end of history; `kills` daemons die, and one ends in peace.

    Each death is added to `deaths` as it happens. A market that waits for nobody ends
    by the clock: after so many `seconds` nobody is killed any more, so that the last
    daemon has seen the end.
    """
    since: float | None = None
    began = time.monotonic()
    end = began + seconds + PATIENCE
    while not it.gateway.has_said("ended"):
        assert time.monotonic() < end, "it took too long"
        is_over = len(deaths) >= kills or time.monotonic() - began > seconds
        doom = Doom(seconds=seconds + PATIENCE) if is_over else next(planned)
        with it.daemon(program(doom)) as daemon:
            agreed = _live(it, daemon, doom)
            if deaths and agreed is not None and since is not None:
                last = deaths[-1]
                deaths[-1] = Death(last.doom, last.at_its_step, agreed - since)
                since = None
            code = daemon.process.poll()
            if it.gateway.has_said("ended") and code is None:
                code = daemon.stop()
                # It has seen the end, and may yet meet its doom while it closes down.
                assert code in {0, -doom.number}, last_words(daemon)
                break
            if code == 0:
                continue
            if code is None:
                daemon.stop(signal.SIGKILL)
            else:
                assert code == -signal.SIGKILL, last_words(daemon)
            since = since or time.monotonic()
            deaths.append(Death(doom, code is not None, None))


def _live(it: World, daemon: Running, doom: Doom) -> float | None:
    """Let it live until it dies or must; return when it agreed with the broker."""
    agreed: float | None = None
    end = time.monotonic() + doom.seconds + PATIENCE
    while daemon.process.poll() is None and not it.gateway.has_said("ended"):
        now = time.monotonic()
        assert now < end, last_words(daemon)
        if agreed is None and daemon.has_said("reconciled"):
            agreed = now
        if agreed is not None and now - agreed > doom.seconds:
            break
        time.sleep(0.005)
    return agreed


def last_words(daemon: Running) -> str:
    """Return how a daemon ended that should not have."""
    return f"exit code {daemon.process.returncode}: {daemon.log.read_text()[-2000:]}"


def verdict(it: World) -> None:
    """Check that nothing is lost, nothing doubled, and nothing was ever unhedged."""
    nothing_twice(it.audit)
    no_roll_without_a_hedge(it)
    hedged_before_rolled(it.audit)
    nothing_lost(it)
    both_sides_agree(it)
