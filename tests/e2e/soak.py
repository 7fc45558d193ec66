"""Minutes of a daemon's life on a real socket, with one fault after the other."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alvh_trader.errors import ControlError
from alvh_trader.gateway.fault_table import FAULTS
from alvh_trader.runtime.gateway_control import tell
from tests.programs import Running

SPARED = {
    *("version", "other_account", "clock_skew", "read_only", "refuse"),
    *("no_nextValidId", "no_managedAccounts", "nightly_reset", "executions_gone"),
    *("human_trade", "other_client", "liquidation", "overfill", "exec_bust"),
}
"""Faults that end the daemon or hand it to a person, on purpose."""

SECONDS = 60
"""How long a fault lasts, in simulated time; the wall's seconds are fewer."""

EVERY = 2.0
"""Seconds of the wall's time between two faults, and between two samples."""

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    """How large a daemon was, and when: MiB in memory, open files, tasks."""

    at: float
    memory: float
    files: int
    tasks: int


def look(daemon: Running) -> Sample:
    """Take a sample of a living daemon."""
    process = Path(f"/proc/{daemon.process.pid}")
    pages = int((process / "statm").read_text().split()[1])
    files = len(list((process / "fd").iterdir()))
    tasks = [line["number"] for line in daemon.rows("tasks")]
    return Sample(
        time.monotonic(), pages * PAGE / MIB, files, tasks[-1] if tasks else 0
    )


def mishaps(seed: int) -> Iterator[str]:
    """Draw faults for ever, as `gateway ctl fault` takes them."""
    rng = np.random.default_rng(seed)
    names = sorted(FAULTS.keys() - SPARED)
    while True:
        name = names[rng.integers(len(names))]
        fault = FAULTS[name]
        if fault.by_wall:
            # Away for longer, and the daemon takes the simulation for over.
            yield f"{name}+2"
        elif fault.once or fault.lasts == 0.0:
            yield name
        else:
            yield f"{name}+{SECONDS}"


def live(
    daemon: Running, control: Path, seconds: float, seed: int
) -> tuple[list[Sample], dict[str, int]]:
    """Let the daemon live among faults; return samples, and how often each struck."""
    samples, told = list[Sample](), dict[str, int]()
    planned = mishaps(seed)
    end = time.monotonic() + seconds
    while time.monotonic() < end and daemon.process.poll() is None:
        words = next(planned)
        try:
            tell(control, "fault", words)
        except ControlError:
            continue  # It is on already.
        told[words] = told.get(words, 0) + 1
        time.sleep(EVERY)
        if daemon.process.poll() is None:
            samples.append(look(daemon))
    return samples, told


def growth(samples: list[Sample]) -> float:
    """Return the slope of memory in MiB a minute, without the first quarter."""
    settled = samples[len(samples) // 4 :]
    minutes = [(s.at - settled[0].at) / 60 for s in settled]
    return float(np.polyfit(minutes, [s.memory for s in settled], 1)[0])
