"""Let the unmodified program read virtual time, and look less often than it would.

Only names are exchanged here: where the program asks for a clock, it gets the loop's.
The periods that are longer than in earnest are those of looking at nothing new: a
simulated market has a price every few seconds and no more.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from types import SimpleNamespace

from alvh_trader.domain.calendar import nyse
from alvh_trader.gateway import floor, server
from alvh_trader.runtime import bootstrap, clock, daemon, kill_file, loop
from tests.simulation.loop import VirtualLoop

STEP = 10.0
"""Seconds between two prices, and between two looks of the daemon at them."""

_calendar = lru_cache(maxsize=4)(nyse)


@contextmanager
def exchanged(owner: object, name: str, value: object) -> Iterator[None]:
    """Let a name of a module stand for something else for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def virtual(clockwork: VirtualLoop, begin: datetime) -> Iterator[None]:
    """Make `begin` plus the loop's seconds the only time there is."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return (begin + timedelta(seconds=clockwork.time())).astimezone(tz or UTC)

    quiet = timedelta(seconds=STEP)
    unfrozen = SimpleNamespace(collect=lambda: 0, freeze=lambda: None)
    was_collecting = gc.isenabled()
    gc.disable()
    with ExitStack() as stack:
        for owner, name, value in (
            (clock, "datetime", Now),
            (time, "monotonic", clockwork.time),
            (bootstrap, "nyse", _calendar),
            (daemon, "gc", unfrozen),
            (daemon, "PULSE_EVERY", STEP),
            (kill_file, "LOOK_EVERY", STEP),
            (loop, "SNAPSHOT_SECONDS", 300.0),
            (server, "STEP_SECONDS", STEP),
            (server, "STEPS_PER_TICKS", 1),
            (floor, "QUIET_INTERVAL", quiet),
            (floor, "BUSY_INTERVAL", quiet),
        ):
            stack.enter_context(exchanged(owner, name, value))
        try:
            yield
        finally:
            if was_collecting:
                gc.enable()
