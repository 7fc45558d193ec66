"""The phases of a case and the table of legal moves between them (alvh.md §3.2).

The table is the product's promise in one place. Exactly two rows lead to
ROLL_WORKING, and both need every fact of `ROLL_NEEDS`: a filled hedge, Greeks in
band, fresh data, a connection, an open market, no kill switch and a live permit.
Nothing outside this file decides what follows what; docs/phases.md is drawn from
the table, and a test searches all that can happen for another way in.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from alvh_trader.errors import IllegalTransitionError


class Phase(StrEnum):
    """Where one case (one condor and its hedge) stands."""

    RECONCILE = "RECONCILE"  # Does the broker agree with our ledger?
    MONITOR = "MONITOR"  # Nothing threatens the condor.
    ARMED = "ARMED"  # EDR approaches.
    CONFIRM = "CONFIRM"  # Step 1: does momentum agree (MACD)?
    BE_CHECK = "BE_CHECK"  # Step 2: would a volatility spike reach the break-evens?
    HEDGE_PLAN = "HEDGE_PLAN"  # Step 3a: which hedge, how much?
    HEDGE_WORKING = "HEDGE_WORKING"  # Step 3b: hedge orders are working.
    STABILISE = "STABILISE"  # Step 3c: are the Greeks in their bands?
    BREADTH = "BREADTH"  # Step 4: broad stress, or sector rotation?
    ROLL_PLAN = "ROLL_PLAN"  # Step 5a: where to?
    ROLL_WORKING = "ROLL_WORKING"  # Step 5b: roll orders are working.
    SPLIT_HOLD = "SPLIT_HOLD"  # One side rolled, the other not.
    VERIFY = "VERIFY"  # Is what we hold what we planned?
    COOLDOWN = "COOLDOWN"  # No new roll yet.
    HOLD_HEDGED = "HOLD_HEDGED"  # Hedge and hold: the third option.
    HOLD_UNHEDGED = "HOLD_UNHEDGED"  # No hedge to be had: the roll is forbidden.
    DEGRADED = "DEGRADED"  # Data or connection lost.
    MANUAL = "MANUAL"  # A person decides.
    CLOSING = "CLOSING"  # A person wants it gone: condor first, then its hedge.
    CLOSED = "CLOSED"  # The condor expired or was closed.


class Trigger(StrEnum):
    """What can move a case from one phase to another."""

    CONSISTENT = "CONSISTENT"
    RESUME_HEDGE_WORKING = "RESUME_HEDGE_WORKING"
    RESUME_STABILISE = "RESUME_STABILISE"
    RESUME_HOLD_HEDGED = "RESUME_HOLD_HEDGED"
    RESUME_HOLD_UNHEDGED = "RESUME_HOLD_UNHEDGED"
    RESUME_SPLIT_HOLD = "RESUME_SPLIT_HOLD"
    RESUME_VERIFY = "RESUME_VERIFY"
    RESUME_COOLDOWN = "RESUME_COOLDOWN"
    MISMATCH = "MISMATCH"
    TIMEOUT = "TIMEOUT"
    ARM = "ARM"
    ROLL_REASON = "ROLL_REASON"
    CLEAR = "CLEAR"
    BREACH = "BREACH"
    ALIGNED = "ALIGNED"
    RED = "RED"
    UNALIGNED_TIMEOUT = "UNALIGNED_TIMEOUT"
    GATE_PASSED = "GATE_PASSED"
    GATE_FAILED = "GATE_FAILED"
    PLAN_VALID = "PLAN_VALID"
    HEDGE_SUFFICIENT = "HEDGE_SUFFICIENT"
    INFEASIBLE = "INFEASIBLE"
    HEDGE_COMPLETE = "HEDGE_COMPLETE"
    NEXT_INSTRUMENT = "NEXT_INSTRUMENT"
    PARTLY_HEDGED = "PARTLY_HEDGED"
    IN_BAND = "IN_BAND"
    TOP_UP = "TOP_UP"
    PROCEED = "PROCEED"
    APPROACH_ONLY = "APPROACH_ONLY"
    ROTATION = "ROTATION"
    UNKNOWN = "UNKNOWN"
    CANDIDATE = "CANDIDATE"
    NO_CANDIDATE = "NO_CANDIDATE"
    BOTH_SIDES = "BOTH_SIDES"
    NO_SIDE = "NO_SIDE"
    ONE_SIDE = "ONE_SIDE"
    SECOND_SIDE = "SECOND_SIDE"
    VERIFIED = "VERIFIED"
    ELAPSED = "ELAPSED"
    RETEST = "RETEST"
    RETRY = "RETRY"
    FRESH = "FRESH"
    RELEASED = "RELEASED"
    OPERATOR = "OPERATOR"
    LOST = "LOST"
    KILLED = "KILLED"
    EXTERNAL_CHANGE = "EXTERNAL_CHANGE"
    FLATTEN = "FLATTEN"
    BOUGHT_BACK = "BOUGHT_BACK"
    GONE = "GONE"


class Fact(StrEnum):
    """What a row of the table may demand to be true at the instant of the move."""

    HEDGE_FILLED = "HEDGE_FILLED"
    GREEKS_IN_BAND = "GREEKS_IN_BAND"
    DATA_FRESH = "DATA_FRESH"
    CONNECTED = "CONNECTED"
    MARKET_OPEN = "MARKET_OPEN"
    NOT_KILLED = "NOT_KILLED"
    PERMIT = "PERMIT"
    CONDOR_GONE = "CONDOR_GONE"


class Row(Struct, frozen=True):
    """Where a trigger leads, and what must be true for it to be taken."""

    after: Phase
    needs: frozenset[Fact] = frozenset()


ROLL_NEEDS = frozenset(Fact) - {Fact.CONDOR_GONE}
"""INV-1 (alvh.md §3.3): all of it, at the instant of transmission."""

_HEDGED = frozenset({Fact.HEDGE_FILLED})
_STABLE = frozenset({Fact.HEDGE_FILLED, Fact.GREEKS_IN_BAND})
_GONE = frozenset({Fact.CONDOR_GONE})

_P, _T = Phase, Trigger

_OWN: dict[tuple[Phase, Trigger], Row] = {
    (_P.RECONCILE, _T.CONSISTENT): Row(_P.MONITOR),
    (_P.RECONCILE, _T.RESUME_HEDGE_WORKING): Row(_P.HEDGE_WORKING),
    (_P.RECONCILE, _T.RESUME_STABILISE): Row(_P.STABILISE, _HEDGED),
    (_P.RECONCILE, _T.RESUME_HOLD_HEDGED): Row(_P.HOLD_HEDGED),
    (_P.RECONCILE, _T.RESUME_HOLD_UNHEDGED): Row(_P.HOLD_UNHEDGED),
    (_P.RECONCILE, _T.RESUME_SPLIT_HOLD): Row(_P.SPLIT_HOLD),
    (_P.RECONCILE, _T.RESUME_VERIFY): Row(_P.VERIFY),
    (_P.RECONCILE, _T.RESUME_COOLDOWN): Row(_P.COOLDOWN),
    (_P.RECONCILE, _T.MISMATCH): Row(_P.MANUAL),
    (_P.RECONCILE, _T.TIMEOUT): Row(_P.MANUAL),
    (_P.MONITOR, _T.ARM): Row(_P.ARMED),
    (_P.MONITOR, _T.ROLL_REASON): Row(_P.CONFIRM),
    (_P.ARMED, _T.CLEAR): Row(_P.MONITOR),
    (_P.ARMED, _T.BREACH): Row(_P.CONFIRM),
    (_P.ARMED, _T.ALIGNED): Row(_P.BE_CHECK),
    (_P.ARMED, _T.ROLL_REASON): Row(_P.CONFIRM),
    (_P.CONFIRM, _T.ALIGNED): Row(_P.BE_CHECK),
    (_P.CONFIRM, _T.RED): Row(_P.BE_CHECK),
    (_P.CONFIRM, _T.UNALIGNED_TIMEOUT): Row(_P.BE_CHECK),
    (_P.CONFIRM, _T.ROLL_REASON): Row(_P.BE_CHECK),
    (_P.CONFIRM, _T.CLEAR): Row(_P.MONITOR),
    (_P.BE_CHECK, _T.GATE_PASSED): Row(_P.HEDGE_PLAN),
    (_P.BE_CHECK, _T.RED): Row(_P.HEDGE_PLAN),
    (_P.BE_CHECK, _T.ROLL_REASON): Row(_P.HEDGE_PLAN),
    (_P.BE_CHECK, _T.GATE_FAILED): Row(_P.ARMED),
    (_P.BE_CHECK, _T.TIMEOUT): Row(_P.ARMED),
    (_P.HEDGE_PLAN, _T.PLAN_VALID): Row(_P.HEDGE_WORKING),
    (_P.HEDGE_PLAN, _T.HEDGE_SUFFICIENT): Row(_P.STABILISE, _HEDGED),
    (_P.HEDGE_PLAN, _T.INFEASIBLE): Row(_P.HOLD_UNHEDGED),
    (_P.HEDGE_PLAN, _T.PARTLY_HEDGED): Row(_P.HOLD_HEDGED),
    (_P.HEDGE_PLAN, _T.TIMEOUT): Row(_P.HOLD_UNHEDGED),
    (_P.HEDGE_WORKING, _T.HEDGE_COMPLETE): Row(_P.STABILISE, _HEDGED),
    (_P.HEDGE_WORKING, _T.NEXT_INSTRUMENT): Row(_P.HEDGE_PLAN),
    (_P.HEDGE_WORKING, _T.PARTLY_HEDGED): Row(_P.HOLD_HEDGED),
    (_P.HEDGE_WORKING, _T.CLEAR): Row(_P.MONITOR),
    (_P.HEDGE_WORKING, _T.TIMEOUT): Row(_P.HOLD_UNHEDGED),
    (_P.STABILISE, _T.IN_BAND): Row(_P.BREADTH, _STABLE),
    (_P.STABILISE, _T.TOP_UP): Row(_P.HEDGE_PLAN),
    (_P.STABILISE, _T.TIMEOUT): Row(_P.HOLD_HEDGED),
    (_P.BREADTH, _T.PROCEED): Row(_P.ROLL_PLAN, _HEDGED),
    (_P.BREADTH, _T.APPROACH_ONLY): Row(_P.HOLD_HEDGED),
    (_P.BREADTH, _T.ROTATION): Row(_P.HOLD_HEDGED),
    (_P.BREADTH, _T.UNKNOWN): Row(_P.HOLD_HEDGED),
    (_P.BREADTH, _T.TIMEOUT): Row(_P.HOLD_HEDGED),
    (_P.ROLL_PLAN, _T.CANDIDATE): Row(_P.ROLL_WORKING, ROLL_NEEDS),
    (_P.ROLL_PLAN, _T.NO_CANDIDATE): Row(_P.HOLD_HEDGED),
    (_P.ROLL_PLAN, _T.TIMEOUT): Row(_P.HOLD_HEDGED),
    (_P.ROLL_WORKING, _T.BOTH_SIDES): Row(_P.VERIFY),
    (_P.ROLL_WORKING, _T.NO_SIDE): Row(_P.HOLD_HEDGED),
    (_P.ROLL_WORKING, _T.ONE_SIDE): Row(_P.SPLIT_HOLD),
    (_P.SPLIT_HOLD, _T.SECOND_SIDE): Row(_P.ROLL_WORKING, ROLL_NEEDS),
    (_P.SPLIT_HOLD, _T.BOTH_SIDES): Row(_P.VERIFY),
    (_P.SPLIT_HOLD, _T.OPERATOR): Row(_P.MANUAL),
    (_P.VERIFY, _T.VERIFIED): Row(_P.COOLDOWN),
    (_P.VERIFY, _T.MISMATCH): Row(_P.MANUAL),
    (_P.VERIFY, _T.TIMEOUT): Row(_P.MANUAL),
    (_P.COOLDOWN, _T.ELAPSED): Row(_P.MONITOR),
    (_P.HOLD_HEDGED, _T.CLEAR): Row(_P.MONITOR),
    (_P.HOLD_HEDGED, _T.RETEST): Row(_P.BREADTH, _STABLE),
    (_P.HOLD_HEDGED, _T.TOP_UP): Row(_P.HEDGE_PLAN),
    (_P.HOLD_UNHEDGED, _T.RETRY): Row(_P.HEDGE_PLAN),
    (_P.HOLD_UNHEDGED, _T.CLEAR): Row(_P.MONITOR),
    (_P.HOLD_UNHEDGED, _T.OPERATOR): Row(_P.MANUAL),
    (_P.DEGRADED, _T.FRESH): Row(_P.RECONCILE),
    (_P.MANUAL, _T.RELEASED): Row(_P.RECONCILE),
    (_P.CLOSING, _T.BOUGHT_BACK): Row(_P.CLOSED, _GONE),
    (_P.CLOSING, _T.RELEASED): Row(_P.RECONCILE),
}

_ANYWHERE: dict[Trigger, tuple[Phase, frozenset[Phase]]] = {
    # Trigger: (where to, phases that it does not touch).
    # In CLOSING nothing is believed that could be lost: its orders wait at the gate.
    _T.LOST: (
        _P.DEGRADED,
        frozenset({_P.DEGRADED, _P.MANUAL, _P.CLOSING, _P.CLOSED}),
    ),
    _T.KILLED: (_P.MANUAL, frozenset({_P.MANUAL, _P.CLOSED})),
    _T.EXTERNAL_CHANGE: (
        _P.RECONCILE,
        frozenset({_P.RECONCILE, _P.MANUAL, _P.CLOSING, _P.CLOSED}),
    ),
    _T.FLATTEN: (_P.CLOSING, frozenset({_P.CLOSING, _P.CLOSED})),
    _T.GONE: (_P.CLOSED, frozenset({_P.CLOSED})),
}


def _table() -> dict[tuple[Phase, Trigger], Row]:
    table = dict(_OWN)
    for trigger, (after, untouched) in _ANYWHERE.items():
        for phase in Phase:
            if phase not in untouched:
                table[phase, trigger] = Row(after)
    return table


TRANSITIONS: Mapping[tuple[Phase, Trigger], Row] = MappingProxyType(_table())


def advance(phase: Phase, trigger: Trigger, facts: frozenset[Fact]) -> Phase:
    """Return the phase that follows.

    Args:
        phase: Where the case stands.
        trigger: What happened.
        facts: What is true at this instant.

    Raises:
        IllegalTransitionError: The table has no such row, or the row demands facts
            that do not hold. Either is a mistake of ours: the caller checks first.
    """
    row = TRANSITIONS.get((phase, trigger))
    if row is None:
        raise IllegalTransitionError(f"{trigger} cannot happen in {phase}")
    if missing := row.needs - facts:
        lacking = ", ".join(sorted(missing))
        raise IllegalTransitionError(f"{trigger} in {phase}: no {lacking}")
    return row.after


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram; rows for any phase come as a note."""
    rows = [
        f"    {before} --> {row.after}: {trigger}"
        + (f" [{len(row.needs)} facts]" if row.needs else "")
        for (before, trigger), row in _OWN.items()
    ]
    begins = [
        "    [*] --> RECONCILE: found",
        "    [*] --> MANUAL: found, for a person",
        "    [*] --> MONITOR: opened by us",
    ]
    anywhere = [
        f"    %% from any phase: {trigger} --> {after}"
        for trigger, (after, _) in _ANYWHERE.items()
    ]
    return "\n".join(["stateDiagram-v2", *begins, *rows, *anywhere])
