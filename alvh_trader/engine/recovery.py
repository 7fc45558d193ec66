"""RECONCILE and DEGRADED: how a case comes back after a restart or a lost link.

A case resumes where it stood only if that place's guards still hold; a roll never
resumes, it is cancelled and whatever has filled of it decides (alvh.md §3.2).
"""

from datetime import timedelta

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.discrepancies import holding
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.orders import ask_report, cancel_all
from alvh_trader.engine.proof import holds, is_hedged
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Fact, Phase, Trigger

RECONCILE_MAX = timedelta(seconds=60)
FRESH_FOR = timedelta(seconds=60)


def look_degraded(turn: Turn, case: Case, _reading: Reading) -> None:
    """Data must have been good for a minute before anything is believed again."""
    since = case.fresh_since
    if since is None:
        turn.change(case, fresh_since=turn.at)
    elif turn.at - since >= FRESH_FOR:
        age = f"{(turn.at - since).total_seconds():.0f} s"
        found = Finding("data fresh for", age, ">= 60 s", True)
        turn.move(case, Trigger.FRESH, (found,), fresh_since=None)
        ask_report(turn, "data is back")


def look_reconcile(turn: Turn, case: Case, _reading: Reading) -> None:
    """Go on from where the case stood, if the broker agrees with the ledger."""
    reconciled = turn.state.reconciled
    if reconciled is None or reconciled < case.since:
        if turn.at - case.since >= RECONCILE_MAX:
            found = Finding("reconciliation", "none in 60 s", "a clean one", False)
            turn.move(case, Trigger.TIMEOUT, (found,))
            _call_a_person(turn, case, "no clean reconciliation in 60 s")
        return
    if cancel_all(turn, case.case_id, {Purpose.ROLL, Purpose.CLOSE}):
        turn.stand(case, "waiting for the end of a roll or closing order")
        return
    live = [
        t
        for t in turn.state.tickets.values()
        if t.is_live and t.order.case == case.case_id
    ]
    if (it := holding(turn.state, case.case_id)) is not None:
        found = Finding(it.name.lower(), it.text, "adopted, or healed", False)
        turn.stand(case, f"{it.key} is open", (found,))
        return
    if any(t.is_in_doubt for t in live):
        turn.stand(case, "waiting for the truth about an order")
        return
    lacking = [
        f"{leg.option.strike:g}{leg.option.right}"
        for leg in case.legs
        if not holds(turn.state, leg.option.con_id, leg.quantity)
    ]
    found = Finding(
        "legs held", f"lacking {', '.join(lacking)}" if lacking else "all", "all", False
    )
    if lacking or (not case.is_whole() and case.roll is None):
        turn.move(case, Trigger.MISMATCH, (found,))
        _call_a_person(turn, case, "the positions are not those of the case")
        return
    _resume(turn, case, has_hedge_order=bool(live))


def _call_a_person(turn: Turn, case: Case, why: str) -> None:
    turn.alert(
        "manual", Severity.CRITICAL, case.case_id, f"{why}: a person must decide"
    )


def _resume(turn: Turn, case: Case, *, has_hedge_order: bool) -> None:
    hedged = is_hedged(turn, case)
    facts = frozenset({Fact.HEDGE_FILLED}) if hedged else frozenset[Fact]()
    trigger = _way_back(case, hedged=hedged, has_hedge_order=has_hedge_order)
    found = Finding("stood before at", case.resume, f"resumes by {trigger}", True)
    turn.move(
        case, trigger, (found,), facts, snapshots=(), in_band_at=None, retested=turn.at
    )


def _way_back(case: Case, *, hedged: bool, has_hedge_order: bool) -> Trigger:
    """Return the trigger that leads to where the guards still hold."""
    if case.roll is not None and case.resume in {
        Phase.ROLL_WORKING,
        Phase.SPLIT_HOLD,
        Phase.VERIFY,
    }:
        if case.is_whole() and case.rolled_sides == 0:
            return Trigger.RESUME_HOLD_HEDGED
        if case.is_whole() and case.rolled_sides == len(case.roll.sides):
            return Trigger.RESUME_VERIFY
        return Trigger.RESUME_SPLIT_HOLD
    if has_hedge_order:
        return Trigger.RESUME_HEDGE_WORKING
    if hedged and case.resume in {
        Phase.HEDGE_WORKING,
        Phase.STABILISE,
        Phase.BREADTH,
        Phase.ROLL_PLAN,
    }:
        return Trigger.RESUME_STABILISE
    return {
        Phase.HOLD_HEDGED: Trigger.RESUME_HOLD_HEDGED,
        Phase.HOLD_UNHEDGED: Trigger.RESUME_HOLD_UNHEDGED,
        Phase.COOLDOWN: Trigger.RESUME_COOLDOWN,
        Phase.VERIFY: Trigger.RESUME_VERIFY,
    }.get(case.resume, Trigger.CONSISTENT)


LOOKS = {Phase.DEGRADED: look_degraded, Phase.RECONCILE: look_reconcile}
