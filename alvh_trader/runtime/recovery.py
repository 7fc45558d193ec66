"""Rebuild the state from the journal: the newest snapshot, and what came after it.

A snapshot is a short cut, never the truth: one that cannot be read (an upgrade
changed the state's shape) is passed over and the events are replayed instead.
"""

import msgspec
import structlog

from alvh_trader.engine.state import Rules, State
from alvh_trader.journal.records import Snapshot
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.loop import decode_state
from alvh_trader.runtime.replay import Replay

log = structlog.get_logger()


def recover(journal: Journal, rules: Rules) -> State:
    """Return the state after every event in the journal.

    Commands are not carried out again: what was asked for and has no outcome is in
    doubt, and the reconciliation that follows every start finds out. Events of a run
    that noted no rules are replayed under `rules`.
    """
    for snapshot in journal.snapshots()[:1]:
        try:
            return _replayed(journal, rules, snapshot)
        except msgspec.DecodeError as error:
            log.warning(
                "recovery.snapshot_unreadable", seq=snapshot.seq, reason=str(error)
            )
    return _replayed(journal, rules, None)


def doubts_about(journal: Journal, rules: Rules, state: State) -> tuple[str, ...]:
    """Return why `state` may not be where the last process stood: it was rebuilt twice.

    The second way begins at an older snapshot (reliability.md F15). Without one that
    the same program saved there is only one way, and no doubt.
    """
    kept = journal.snapshots()
    for snapshot in kept[1:][-1:]:
        if snapshot.build != kept[0].build:
            continue
        try:
            again = _replayed(journal, rules, snapshot)
        except msgspec.DecodeError:
            continue
        if again != state:
            seqs = f"{snapshot.seq} and {kept[0].seq}"
            return (f"the states kept at records {seqs} lead to different ones",)
    return ()


def _replayed(journal: Journal, rules: Rules, since: Snapshot | None) -> State:
    """Step through everything behind a snapshot, or from the beginning.

    Raises:
        msgspec.DecodeError: The snapshot is of another version of the program.
    """
    state = State() if since is None else decode_state(since.body)
    replay = Replay(state, rules, journal.rules)
    if since is not None and since.rules:
        replay.go_by(since.rules)
    for seq, event in journal.events_after(0 if since is None else since.seq):
        replay.take(seq, event)
    return replay.state
