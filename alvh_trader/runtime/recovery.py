"""Rebuild the state from the journal: the newest snapshot, and what came after it.

A snapshot is a short cut, never the truth: one that cannot be read (an upgrade
changed the state's shape) is passed over and the events are replayed instead.
"""

import msgspec
import structlog

from alvh_trader.engine.state import Rules, State
from alvh_trader.errors import InvariantError
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import decide, decode_state

log = structlog.get_logger()


def recover(journal: Journal, rules: Rules) -> State:
    """Return the state after every event in the journal.

    Commands are not carried out again: what was asked for and has no outcome is in
    doubt, and the reconciliation that follows every start finds out. An event on
    which the engine stumbled is passed over and leaves it halted, as it did when the
    process after the stumble began; what that process lived through follows.
    """
    state, seq = State(), 0
    snapshot = journal.latest_snapshot()
    if snapshot is not None:
        seq, body = snapshot
        try:
            state = decode_state(body)
        except msgspec.DecodeError as error:
            log.warning("recovery.snapshot_unreadable", seq=seq, reason=str(error))
            seq = 0
    for number, event in journal.events_after(seq):
        try:
            state = decide(state, event, rules).state
        except InvariantError as error:
            log.error("recovery.halted", seq=number, reason=str(error))  # noqa: TRY400
            state = msgspec.structs.replace(state, is_halted=True)
    return state
