"""Take an event, journal it, step the engine, dispatch the commands.

Both halves are written down before anything happens: the event before the engine
sees it, each command (durably) before the broker does. Whatever the process was
doing when it died can be read in the journal.
"""

import time
from collections.abc import Callable

import msgspec

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.engine import invariants
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    RaiseAlert,
    RepriceOrder,
)
from alvh_trader.engine.event import SAID, Event
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.step import Step, step
from alvh_trader.errors import InvariantError
from alvh_trader.journal.store import Journal

ACTS = (PlaceOrder, RepriceOrder, CancelOrder, RaiseAlert)
"""Commands that change something outside, and so must be durable before they leave.
A question changes nothing: it is written first too, but shares the next commit."""

COMMIT_EVERY = 0.25
"""Seconds within which a record that asked for nothing becomes durable as well."""

SNAPSHOT_EVERY = 5_000
"""Events between two snapshots; a restart replays at most so many."""

SNAPSHOT_SECONDS = 5.0
"""Seconds between two snapshots at most: `status` shows the newest one."""


class Loop:
    """The one writer of the state. `process` is synchronous: nothing interleaves."""

    def __init__(
        self,
        journal: Journal,
        dispatch: Callable[[Command], None],
        state: State,
        rules: Rules,
    ) -> None:
        self.state = state
        self._journal = journal
        self._dispatch = dispatch
        self._rules = rules
        self._committed = time.monotonic()
        self._since_snapshot = 0
        self._kept = self._committed
        self._is_sound = True

    def process(self, event: Event) -> None:
        """Journal one event, step, journal what follows, and only then act.

        Raises:
            JournalError: It is not durable; nothing was sent.
            InvariantError: The engine would be in an impossible state; nothing was
                sent and the state is as before.
        """
        # Until this event is through, the state must not be kept: the next process
        # has to meet the event on which this one stumbled, and halt.
        self._is_sound = False
        seq = self._journal.append(event)
        outcome = decide(self.state, event, self._rules)
        before, self.state = self.state, outcome.state
        for decision in outcome.decisions:
            seq = self._journal.append(decision)
        for command in outcome.commands:
            seq = self._journal.append(command)
        acts = isinstance(event, SAID) or any(
            isinstance(c, ACTS) for c in outcome.commands
        )
        if acts or time.monotonic() - self._committed > COMMIT_EVERY:
            self._commit()
        for command in outcome.commands:
            self._dispatch(command)
        self._is_sound = True
        self._snapshot(seq, before)

    def flush(self) -> None:
        """Make everything durable and keep the state for the next process."""
        if self._is_sound:
            last = self._journal.last_seq
            self._journal.save_snapshot(last, encode_state(self.state))
            self._commit()

    def _commit(self) -> None:
        self._journal.commit()
        self._committed = time.monotonic()

    def _snapshot(self, seq: int, before: State) -> None:
        self._since_snapshot += 1
        if before.at is None or self.state.at is None:
            return
        is_due = (
            self._since_snapshot >= SNAPSHOT_EVERY
            or time.monotonic() - self._kept > SNAPSHOT_SECONDS
            or new_york_date(before.at) != new_york_date(self.state.at)
        )
        if is_due:
            self._journal.save_snapshot(seq, encode_state(self.state))
            self._since_snapshot, self._kept = 0, time.monotonic()


def decide(state: State, event: Event, rules: Rules) -> Step:
    """Return what follows from `event`, checked.

    Raises:
        InvariantError: The engine would be in an impossible state, or it stumbled:
            a mistake of ours in either case, and nothing may be sent because of it.
    """
    try:
        outcome = step(state, event, rules)
    except InvariantError:
        raise
    except Exception as error:
        name = type(event).__name__
        raise InvariantError(f"stumbled on {name}: {error!r}") from error
    invariants.check(outcome.state, rules)
    return outcome


def encode_state(state: State) -> bytes:
    """Return the state as the journal keeps it."""
    return msgspec.json.encode(state)


def decode_state(body: bytes) -> State:
    """Return the state that `encode_state` wrote.

    Raises:
        msgspec.DecodeError: The snapshot is of another version of the program.
    """
    return msgspec.json.decode(body, type=State)


def encode_rules(rules: Rules) -> str:
    """Return what the engine goes by, as the journal notes it of a run."""
    # Sets have no order of their own: the same rules shall have the same digest.
    return msgspec.json.encode(rules, order="deterministic").decode()


def decode_rules(text: str) -> Rules:
    """Return the rules that `encode_rules` wrote.

    Raises:
        msgspec.DecodeError: They are of another version of the program.
    """
    return msgspec.json.decode(text, type=Rules)
