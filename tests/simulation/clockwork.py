"""Let the unmodified program read virtual time, and look less often than it would.

Only names are exchanged here: where the program asks for a clock, it gets the loop's.
The periods that are longer than in earnest are those of looking at nothing new: a
simulated market has a price every few seconds and no more.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from types import SimpleNamespace

from msgspec import structs

from alvh_trader.domain.calendar import nyse
from alvh_trader.gateway import floor, listing_reply, server
from alvh_trader.gateway.listing_reply import contract_data
from alvh_trader.journal import transaction
from alvh_trader.journal.deadline import Deadline
from alvh_trader.runtime import bootstrap, clock, daemon, kill_file, lag, loop, storage
from alvh_trader.sim.bars import History
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import Listing
from alvh_trader.wire.contract_reply import ContractData
from tests.simulation.loop import VirtualLoop
from tests.simulation.rhythm import STEP, Rhythm

RARELY = 60.0
"""Seconds between two looks at what cannot happen here, as a loop that lags."""

NEVER = 1e6
"""Seconds that do not pass in a simulated day."""

_calendar = lru_cache(maxsize=4)(nyse)


def _here(_seconds: float | None) -> Deadline:
    """Commit on this thread: a second of a real disk is none of ours."""
    return Deadline(None)


_bars = cache(History._before_window)
_details: dict[tuple[int, str, date], ContractData] = {}


def _contract_data(
    exchange: Exchange, listing: Listing, req_id: int, place: str
) -> ContractData:
    """Return what is the same for whoever asks that day, made once."""
    key = listing.con_id, place, exchange.session_day
    if key not in _details:
        _details[key] = contract_data(exchange, listing, req_id, place)
    return structs.replace(_details[key], req_id=req_id)


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
def virtual(clockwork: VirtualLoop, begin: datetime, rhythm: Rhythm) -> Iterator[None]:
    """Make `begin` plus the loop's seconds the only time there is."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return (begin + timedelta(seconds=clockwork.time())).astimezone(tz or UTC)

    unfrozen = SimpleNamespace(collect=lambda: 0, freeze=lambda: None)
    was_collecting = gc.isenabled()
    gc.disable()
    with ExitStack() as stack:
        for owner, name, value in (
            (clock, "datetime", Now),
            (time, "monotonic", clockwork.time),
            (bootstrap, "nyse", _calendar),
            (transaction, "Deadline", _here),
            (listing_reply, "contract_data", _contract_data),
            (History, "_before_window", _bars),
            (daemon, "gc", unfrozen),
            (daemon, "PULSE_EVERY", STEP),
            (daemon, "WATCHDOG_EVERY", RARELY),
            (daemon, "asyncio", rhythm.words(STEP)),
            (kill_file, "LOOK_EVERY", STEP),
            (lag, "LOOK_EVERY", RARELY),
            (storage, "LOOK_EVERY", RARELY),
            (loop, "SNAPSHOT_SECONDS", 600.0),
            (server, "STEP_SECONDS", NEVER),
            (server, "STEPS_PER_TICKS", 1),
            (floor, "BUSY_FOR", timedelta(0)),
        ):
            stack.enter_context(exchanged(owner, name, value))
        try:
            yield
        finally:
            if was_collecting:
                gc.enable()
