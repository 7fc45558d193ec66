"""The real daemon, except that it gets a signal at one named step of its journal.

usage: python -m tests.e2e.doomed SIGNAL STEP COUNT run --config FILE

STEP is a moment and a kind of record, such as `before commit PlaceOrder HEDGE`; the
process gets its signal when it is there for the COUNT-th time. Nothing of the daemon is
left out or replaced: the steps are those that it takes anyway. On standard output it
says when that was (`struck`), and when the broker's books and its own agreed for the
first time (`reconciled`).
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from alvh_trader.engine.command import PlaceOrder
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.dispatch import Dispatcher
from alvh_trader.runtime.loop import Loop

MOMENTS = (
    "before append",
    "after append",
    "before commit",
    "after commit",
    "before act",
    "after act",
)
ACTIONS = (
    "PlaceOrder HEDGE",
    "PlaceOrder ROLL",
    "RepriceOrder",
    "CancelOrder",
    "RaiseAlert",
)
"""What is written, made durable and then done."""

FACTS = (
    "DaemonStarted",
    "BrokerConnected",
    "BrokerReported",
    "OrderUpdated",
    "OrderFilled",
    "MarketUpdated",
    "Decision",
)
"""What is written down as it is heard or found."""

STEPS = (
    *(f"{moment} {kind}" for kind in ACTIONS for moment in MOMENTS),
    *(f"{moment} {kind}" for kind in FACTS for moment in MOMENTS[:4]),
    "before append snapshot",
    "after append snapshot",
)
"""Every step at which a process can die and leave something else behind."""


def kind_of(record: object) -> str:
    """Return how the steps call a record."""
    name = type(record).__name__
    if isinstance(record, PlaceOrder):
        return f"{name} {record.approved.order.purpose}"
    return name


def say(kind: str) -> None:
    os.write(sys.stdout.fileno(), f'{{"kind":"{kind}"}}\n'.encode())


class Doom:
    """Counts how often the step was reached, and sends the signal there."""

    def __init__(self, number: signal.Signals, step: str, count: int) -> None:
        self._number = number
        self._step = step
        self._left = count
        self._pending: Counter[str] = Counter()

    def reach(self, moment: str, kind: str) -> None:
        if f"{moment} {kind}" == self._step:
            self._left -= 1
            if self._left == 0:
                say("struck")
                os.kill(os.getpid(), self._number)

    def around(self, what: str, kind: str, act: Callable[[], Any]) -> Any:
        self.reach(f"before {what}", kind)
        done = act()
        self.reach(f"after {what}", kind)
        return done

    def append(self, kind: str, act: Callable[[], Any]) -> Any:
        self._pending[kind] += 1
        return self.around("append", kind, act)

    def commit(self, act: Callable[[], Any]) -> None:
        kinds, self._pending = tuple(self._pending), Counter()
        for kind in kinds:
            self.reach("before commit", kind)
        act()
        for kind in kinds:
            self.reach("after commit", kind)


def watch(doom: Doom) -> None:
    """Let every step of the journal, and every act after it, pass the doom."""
    append, commit = Journal.append, Journal.commit
    snapshot, dispatch, process = (
        Journal.save_snapshot,
        Dispatcher.dispatch,
        Loop.process,
    )
    has_agreed = False

    def say_once(it: Loop, event: Any) -> None:
        nonlocal has_agreed
        process(it, event)
        if it.state.reconciled is not None and not has_agreed:
            has_agreed = True
            say("reconciled")

    changes: dict[tuple[type, str], Callable[..., Any]] = {
        (Journal, "append"): lambda it, record: doom.append(
            kind_of(record), lambda: append(it, record)
        ),
        (Journal, "commit"): lambda it: doom.commit(lambda: commit(it)),
        (Journal, "save_snapshot"): lambda it, seq, body: doom.around(
            "append", "snapshot", lambda: snapshot(it, seq, body)
        ),
        (Dispatcher, "dispatch"): lambda it, command: doom.around(
            "act", kind_of(command), lambda: dispatch(it, command)
        ),
        (Loop, "process"): say_once,
    }
    for (owner, name), change in changes.items():
        setattr(owner, name, change)


if __name__ == "__main__":
    _, number, named, times, *words = sys.argv
    assert named in (*STEPS, "never"), named
    watch(Doom(signal.Signals[number], named, int(times)))
    sys.argv = ["alvh-trader", *words]
    from alvh_trader.cli import main

    main()
