"""Answer for a case what a person asks: why no hedge, why so many, why no roll.

Values to values: the state, the rules and what was decided go in, answers come out.
Where the market is closed or out of sight, the answers are those of the last look.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from alvh_trader.domain.freshness import Part, age_of
from alvh_trader.domain.instrument import Future, Option
from alvh_trader.engine.case import Case
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.evaluation import Reading, evaluate
from alvh_trader.engine.gates import TO_A_HEDGE, Gate, gates
from alvh_trader.engine.proof import lots_of
from alvh_trader.engine.standing import next_look
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase, Trigger
from alvh_trader.strategy.sizing import Size


class Question(StrEnum):
    """What is asked of every case."""

    WHERE = "where does it stand"
    HEDGE = "which hedge, or why none"
    SIZE = "why so many contracts"
    ROLL = "why no roll"
    GATE = "which gate"
    CHANGE = "what would change it"


class Answer(Struct, frozen=True, kw_only=True):
    """An answer with the numbers it stands on, and what would make it another.

    `since` is from when it has been so; None where nothing was written down.
    """

    question: Question
    answer: str
    since: datetime | None
    findings: tuple[Finding, ...] = ()
    gates: tuple[Gate, ...] = ()
    would_change: tuple[str, ...] = ()


ROLLED = {
    Phase.ROLL_WORKING: "it is being rolled",
    Phase.VERIFY: "it has been rolled, which is being verified",
    Phase.CLOSING: "it is being closed, as a person asked",
}


def answers(
    state: State, rules: Rules, case: Case, decisions: Sequence[Decision]
) -> tuple[Answer, ...]:
    """Return the answer to each question, in the order of `Question`.

    `decisions` are those on the case, oldest first, as the journal has them.
    """
    assert state.at is not None, "nothing is explained before the first event"
    turn = _turn(state, rules, case, state.at)
    found = gates(turn, case, _reading(turn, case), state.at)
    since = decisions[-1].at if decisions else case.since
    return (
        _where(state, case, decisions),
        _hedge(turn, case, found, decisions),
        _size(case, decisions),
        _roll(case, found, since),
        _gate(found, since),
        _change(turn, case, found, since),
    )


def _turn(state: State, rules: Rules, case: Case, now: datetime) -> Turn:
    """Return the instant of which the market is asked: now, or the last look."""
    is_live = state.is_connected and rules.calendar.is_open(now)
    at = now if is_live else case.evaluated or now
    turn = Turn(state, rules, at)
    turn.put(at=at)
    return turn


def _reading(turn: Turn, case: Case) -> Reading | str:
    if case.phase is Phase.CLOSED or not case.legs:
        return "the condor is gone"
    if turn.state.day is None:
        return "no session has begun"
    return evaluate(turn, case)


def _where(state: State, case: Case, decisions: Sequence[Decision]) -> Answer:
    strikes = "/".join(f"{leg.option.strike:g}" for leg in case.legs)
    held = f"{case.condor.quantity} x {strikes} of {case.condor.expiry}"
    days = (
        "" if state.day is None else f", {(case.condor.expiry - state.day).days} days"
    )
    edr = "unknown" if case.edr is None else f"{case.edr:.4f} %"
    standing = case.standing or (decisions[-1].trigger if decisions else "new")
    reason = f" for {case.reason}" if case.reason else ""
    text = (
        f"{held}{days}, credit {case.condor.credit:.2f}; {case.phase}{reason}: "
        f"{standing}; EDR {edr}"
    )
    last = decisions[-1].findings if decisions else ()
    return Answer(question=Question.WHERE, answer=text, since=case.since, findings=last)


def _hedge(
    turn: Turn, case: Case, found: Sequence[Gate], decisions: Sequence[Decision]
) -> Answer:
    """Return which hedge is held, or the first gate that keeps one away."""
    lots = lots_of(turn.state, case.case_id)
    held = next(g for g in found if g.name == TO_A_HEDGE[-1])
    if lots:
        named = ", ".join(
            f"{lot.units} x {_name(lot.main)} for {lot.cost:.2f} USD" for lot in lots
        )
        return Answer(
            question=Question.HEDGE,
            answer=named,
            since=min(lot.bought for lot in lots),
            findings=held.findings,
        )
    closed = next(g for g in found if g.name in TO_A_HEDGE and not g.is_open)
    tried = _last(decisions, lambda d: d.after == Phase.HOLD_UNHEDGED and d.moved)
    failed = tried.findings if tried and case.phase is Phase.HOLD_UNHEDGED else ()
    findings = (*closed.findings, *failed)
    return Answer(
        question=Question.HEDGE,
        answer=f"none: {closed.name}",
        since=decisions[-1].at if decisions else case.since,
        findings=findings,
        would_change=_mends(findings),
    )


def _size(case: Case, decisions: Sequence[Decision]) -> Answer:
    """Return the terms of the number of contracts, and the one that decided."""
    planned = _last(decisions, lambda d: d.trigger == Trigger.PLAN_VALID)
    since = planned.at if planned else None
    if case.plan is not None:
        size = case.plan.size
        text = (
            f"{size.n} of {_name(case.plan.long)}, decided by {size.binds}; "
            f"{size.n_min} must be filled before anything else"
        )
        findings = _terms(size)
    elif planned is not None:
        text, findings = "as planned last; no plan is under way", planned.findings
    else:
        text, findings = "nothing was sized yet: the plan is made in HEDGE_PLAN", ()
    return Answer(question=Question.SIZE, answer=text, since=since, findings=findings)


def _terms(size: Size) -> tuple[Finding, ...]:
    """Return the terms of §4.4 as the plan had them."""
    cap = f"<= {size.n_high}"
    ramp = f"{size.n_wacc} ({size.drag:.1f} bp, {100 * size.share:.3f} % of N_risk)"
    rows = (
        ("n_lo, the floor", f"{size.n_low}", size.n_low),
        ("n_pre, the vega now", f"{size.n_pre}", size.n_pre),
        ("n_post, the vega after the roll", f"{size.n_post}", size.n_post),
        ("n_wacc, the capital drag", ramp, size.n_wacc),
        ("n", f"{size.n} at {size.cost:.2f} USD, {size.h:.3f} USD a point", size.n),
    )
    return tuple(
        Finding(what, value, cap, count <= size.n_high) for what, value, count in rows
    )


def _roll(case: Case, found: Sequence[Gate], since: datetime) -> Answer:
    closed = next((g for g in found if not g.is_open), None)
    if case.phase in ROLLED:
        text = ROLLED[case.phase]
    elif closed is None:
        text = "every gate is open"
    else:
        text = f"{closed.name}: {_failed(closed)}"
    return Answer(question=Question.ROLL, answer=text, since=since, gates=tuple(found))


def _gate(found: Sequence[Gate], since: datetime) -> Answer:
    closed = next((g for g in found if not g.is_open), None)
    if closed is None:
        return Answer(question=Question.GATE, answer="none", since=since)
    place = [g.name for g in found].index(closed.name) + 1
    return Answer(
        question=Question.GATE,
        answer=f"{closed.name}, gate {place} of {len(found)}",
        since=since,
        findings=closed.findings,
    )


def _change(turn: Turn, case: Case, found: Sequence[Gate], since: datetime) -> Answer:
    """Return what would open each closed gate, the first one first, and the clock."""
    closed = [g for g in found if not g.is_open]
    wanted = [f"{g.name}: {m}" for g in closed for m in _mends(g.findings)]
    by_clock = next_look(turn, case)
    first = wanted[0] if wanted else "nothing is in the way"
    return Answer(
        question=Question.CHANGE,
        answer=first,
        since=since,
        would_change=(*wanted, *by_clock, *_inputs(turn)),
    )


def _inputs(turn: Turn) -> tuple[str, ...]:
    """Return which of the operator's files would count if they were fresher."""
    ages = [age_of(turn.state.inputs, part, turn.at) for part in Part]
    return tuple(
        f"input {age.part}: {age.verdict}; counts when younger than {_span(age.limit)}"
        for age in ages
        if not age.is_fresh and age.limit is not None
    )


def _span(limit: timedelta) -> str:
    hours = limit // timedelta(hours=1)
    return f"{hours} h" if hours <= 48 else f"{limit.days} days"


def _last(
    decisions: Sequence[Decision], is_it: Callable[[Decision], bool]
) -> Decision | None:
    return next((d for d in reversed(decisions) if is_it(d)), None)


def _mends(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return for each failing finding what would make it hold."""
    return tuple(
        f"{f.what} {f.bound}" + (f": {f.mend}" if f.mend else f" (now {f.value})")
        for f in findings
        if not f.holds
    )


def _failed(gate: Gate) -> str:
    """Return the first finding that keeps a gate closed."""
    first = next(f for f in gate.findings if not f.holds)
    return f"{first.what} {first.value}, asked {first.bound}"


def _name(instrument: Option | Future) -> str:
    strike = (
        f" {instrument.strike:g}{instrument.right}"
        if isinstance(instrument, Option)
        else ""
    )
    return f"{instrument.trading_class} {instrument.expiry:%y-%m-%d}{strike}"
