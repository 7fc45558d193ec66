"""All gates between a condor and its roll, held against one instant.

The engine asks them one after the other and goes no further than the first that does
not hold. Here every one is asked, for a person who wants to know how far away a hedge
or a roll is. Nothing is decided here: the findings are those of the modules that do.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.engine.breadth import trigger_of, verdict_now
from alvh_trader.engine.candidates import best_roll
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import Reading, snapshot, tier_of
from alvh_trader.engine.proof import hedge_proof
from alvh_trader.engine.reasons import asked_of
from alvh_trader.engine.standing import clock, may_act, rest, unknown, without_mend
from alvh_trader.engine.threat import (
    UNALIGNED_MAX,
    break_evens,
    edr_finding,
    momentum,
)
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.windows import may_start
from alvh_trader.signals.levels import Level
from alvh_trader.strategy.bands import holds, judge, judge_projected, judge_sequence
from alvh_trader.strategy.breakeven import gate as gate_of
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase, Trigger
from alvh_trader.strategy.reason import CONFIRMED, Reason

Findings = tuple[Finding, ...]


class Gate(Struct, frozen=True, kw_only=True):
    """One gate and what was found there. `is_behind`: the case went through already.

    `any_of`: one of the findings is enough; else every one of them must hold.
    """

    name: str
    holds: bool
    is_behind: bool = False
    any_of: bool = False
    findings: Findings = ()

    @property
    def is_open(self) -> bool:
        """Whether this gate is not what keeps the case from going on."""
        return self.holds or self.is_behind


ROLLING = frozenset({Phase.ROLL_WORKING, Phase.SPLIT_HOLD, Phase.VERIFY})
HEDGING = frozenset(
    {
        Phase.HEDGE_PLAN,
        Phase.HEDGE_WORKING,
        Phase.STABILISE,
        Phase.BREADTH,
        Phase.HOLD_HEDGED,
        Phase.HOLD_UNHEDGED,
        Phase.ROLL_PLAN,
        *ROLLING,
    }
)
"""Phases that lie behind steps 1 and 2."""

INTERRUPTED = frozenset({Phase.DEGRADED, Phase.RECONCILE, Phase.MANUAL})
"""Phases after which a case goes on where it stood."""

RULES, REST, APPROACHES, MOMENTUM, BREAK_EVENS = (
    "the rules may act",
    "rest after a roll",
    "approach, or another reason",
    "step 1, momentum of both, or red",
    "step 2, break-evens",
)
HEDGE, GREEKS, BREACH, BREADTH, WINDOW, CANDIDATE = (
    "step 3, hedge held",
    "step 3, Greeks in band",
    "breach, or another reason",
    "step 4, breadth",
    "step 5, window",
    "step 5, candidate",
)
TO_A_HEDGE = (RULES, APPROACHES, MOMENTUM, BREAK_EVENS, HEDGE)
"""The gates that a hedge has to pass; the others are for the roll alone."""


def gates(
    turn: Turn, case: Case, reading: Reading | str, now: datetime
) -> tuple[Gate, ...]:
    """Return every gate of a case, in the order in which the engine asks.

    `reading` is of the turn's instant, which may lie before `now`: when the market is
    closed the last look is what there is.
    """
    phase = case.resume if case.phase in INTERRUPTED else case.phase
    confirmed = HEDGING | {Phase.BE_CHECK}
    asked: tuple[tuple[str, Ask, frozenset[Phase]], ...] = (
        (APPROACHES, _approach, confirmed | {Phase.ARMED, Phase.CONFIRM}),
        (MOMENTUM, _momentum, confirmed),
        (BREAK_EVENS, _break_evens, HEDGING),
        (HEDGE, _hedge, frozenset()),
        (GREEKS, _greeks, frozenset()),
        (BREACH, _breach, ROLLING | {Phase.ROLL_PLAN}),
        (BREADTH, _breadth, ROLLING | {Phase.ROLL_PLAN}),
        (WINDOW, _window, frozenset({Phase.VERIFY})),
        (CANDIDATE, _candidate, ROLLING),
    )
    found = [
        _all_of(RULES, may_act(turn, case, reading, now)),
        _all_of(REST, (rest(turn, case),)),
    ]
    for name, ask, behind in asked:
        if isinstance(reading, str):
            gate = _all_of(name, (unknown(reading),))
        else:
            good, findings = ask(turn, case, reading)
            either = name == BREAK_EVENS
            gate = Gate(name=name, holds=good, any_of=either, findings=findings)
        found.append(replace(gate, is_behind=phase in behind))
    return tuple(found)


Ask = Callable[[Turn, Case, Reading], tuple[bool, Findings]]


def _all_of(name: str, findings: Findings) -> Gate:
    return Gate(name=name, holds=holds(findings), findings=findings)


def _approach(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    """Return whether a hedge may be thought of: EDR is armed, or there is a reason."""
    levels = turn.rules.params.edr.levels
    is_armed = case.tracker.level >= Level.ARMED
    ratio = edr_finding(turn, reading, levels.arm)
    looks = _in_a_row(case.tracker.armed_in_row, levels.arm_count, done=is_armed)
    reasons = _other_reason(turn, case, reading)
    good = looks.holds or any(f.holds for f in reasons)
    return good, (ratio, looks, *reasons)


def _breach(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    """Return whether a roll may be thought of: an approach is hedged, never rolled."""
    levels = turn.rules.params.edr.levels
    is_breached = case.tracker.level >= Level.BREACHED
    ratio = edr_finding(turn, reading, levels.breach)
    count = levels.breach_count
    looks = _in_a_row(case.tracker.breached_in_row, count, done=is_breached)
    reasons = _other_reason(turn, case, reading)
    good = looks.holds or any(f.holds for f in reasons)
    return good, (ratio, looks, *reasons)


def _in_a_row(seen: int, asked: int, *, done: bool) -> Finding:
    what, bound = "looks in a row at or above", f">= {asked}"
    mend = "" if done else f"{max(asked - seen, 1)} more"
    return Finding(what, f"{seen}, confirmed" if done else f"{seen}", bound, done, mend)


def _other_reason(turn: Turn, case: Case, reading: Reading) -> Findings:
    """Return whether anything but an approach is why the case is on its way."""
    reason = case.reason
    is_other = reason is not None and reason is not Reason.APPROACH
    taken = Finding("reason taken up", str(reason or "none"), "a reason", is_other)
    rows = [f for _, found in asked_of(turn, case, reading) for f in found]
    return (taken, *rows)


def _momentum(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    aligned, found = momentum(turn, reading)
    red = _red(turn, case, reading)
    found = (*found, red)
    if case.phase is Phase.CONFIRM:
        ends = clock(case.since + UNALIGNED_MAX)
        waited = f"{(turn.at - case.since) // timedelta(minutes=1)} min"
        floor = Finding("unaligned for", waited, ">= 30 min", False, f"at {ends}")
        found = (*found, floor)
    return aligned or red.holds or _is_unconfirmed(case), found


def _is_unconfirmed(case: Case) -> bool:
    """Return whether the reason is a calendar's or a person's: no threat to confirm."""
    return case.reason is not None and case.reason not in CONFIRMED


def _red(turn: Turn, case: Case, reading: Reading) -> Finding:
    levels = turn.rules.params.edr.levels
    found = edr_finding(turn, reading, levels.red)
    # The level is left more slowly than it is entered.
    return (
        without_mend(Finding(found.what, found.value, found.bound, True))
        if case.tracker.level >= Level.RED
        else found
    )


def _break_evens(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    result, params = break_evens(turn, case, reading), turn.rules.params
    if result is None:
        what = "volatility at the money"
        return False, (Finding(what, "unknown", "known", False, "quotes of the legs"),)
    value, red = reading.edr.value, params.edr.levels.red
    ways = gate_of(result, value, red, params.break_even)
    return any(way.holds for way in ways) or _is_unconfirmed(case), ways


def _hedge(turn: Turn, case: Case, _reading: Reading) -> tuple[bool, Findings]:
    proof = hedge_proof(turn, case)
    have, least = min(proof.filled, proof.held), max(1, case.needed)
    value = f"{proof.filled} by executions, {proof.held} by positions"
    mend = "" if have >= least else f"{least - have} more, filled and confirmed"
    found = Finding("hedge held", value, f">= {least}", have >= least, mend)
    if not proof.filled:
        return found.holds, (found,)
    lasts = Finding(
        "sessions until the hedge expires",
        f"{proof.sessions_left}",
        "> 2",
        proof.sessions_left > 2,
    )
    return found.holds and lasts.holds, (found, lasts)


def _greeks(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    params, tier = turn.rules.params.bands, tier_of(turn, reading)
    seen = snapshot(turn, case, reading)
    if seen is None:
        what = "quotes of the hedge"
        return False, (Finding(what, "missing", "two-sided", False, "quotes of it"),)
    if case.phase is Phase.STABILISE and case.snapshots:
        found = judge_sequence(case.snapshots, tier, params)
    elif case.rolled_sides:
        found = judge_projected(seen, seen.case, seen.risk_notional, tier, params)
    else:
        found = judge(seen, tier, params)
    return holds(found), found


def _breadth(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    said, found = verdict_now(turn, reading)
    trigger = trigger_of(turn, case, reading, said)
    return trigger is Trigger.PROCEED, found


def _window(turn: Turn, case: Case, _reading: Reading) -> tuple[bool, Findings]:
    found = may_start(turn, case)
    return holds(found), found


def _candidate(turn: Turn, case: Case, reading: Reading) -> tuple[bool, Findings]:
    if case.roll is not None:
        return True, (Finding("candidate", "chosen", "one", True),)
    choice = best_roll(turn, case, reading)
    if not choice.findings:
        what, when = "quotes of the candidates", "they are watched once a hedge is held"
        return False, (Finding(what, "none", "two-sided", False, when),)
    return choice.roll is not None, choice.findings
