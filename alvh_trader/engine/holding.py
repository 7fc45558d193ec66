"""HOLD_HEDGED and HOLD_UNHEDGED: patience as a third way, and its limits."""

from datetime import timedelta

from alvh_trader.engine.budget import has_budget
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import Reading, tier_of
from alvh_trader.engine.proof import is_hedged
from alvh_trader.engine.reasons import is_over, pressing, take_up
from alvh_trader.engine.stability import STABLE, judge_now
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.levels import Level
from alvh_trader.strategy.bands import band_of, judge
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase, Trigger
from alvh_trader.strategy.reason import Reason
from alvh_trader.strategy.sizing import tranche

RETEST_EVERY = timedelta(minutes=5)
RETRY_EVERY = timedelta(minutes=10)
"""The clocks of alvh.md §3.2."""


def look_hold_hedged(turn: Turn, case: Case, reading: Reading) -> None:
    """Hedge and hold: look again every five minutes, until EDR is clear."""
    levels = turn.rules.params.edr.levels
    if is_over(turn, case, reading):
        value = f"{reading.edr.value:.4f} %"
        found = Finding("EDR for 15 min", value, f"< {levels.clear:.2f} %", True)
        turn.move(
            case,
            Trigger.CLEAR,
            (found,),
            reason=None,
            asks=None,
            plan=None,
            top_ups=0,
            hedging_since=None,
            kinds_refused=(),
            in_band_at=None,
        )
        return
    if case.retested is not None and turn.at - case.retested < RETEST_EVERY:
        return
    case = turn.change(case, retested=turn.at)
    case, good = judge_now(turn, case, reading)
    if not is_hedged(turn, case):
        if has_budget(turn, case):
            found = Finding("hedge held", "too little", f">= {case.needed}", False)
            turn.move(case, Trigger.TOP_UP, (found,), hedging_since=turn.at)
        else:
            turn.stand(case, "too little hedge, and its budget is spent")
        return
    before = case.plan.size.tranche if case.plan else 1.0
    is_ladder = turn.rules.params.edr.ladder and has_budget(turn, case)
    if is_ladder and tranche(reading.edr.value) > before:
        found = Finding("EDR", f"{reading.edr.value:.4f} %", "the next quarter", True)
        turn.move(case, Trigger.TOP_UP, (found,), hedging_since=turn.at)
        return
    pressed = pressing(turn, case, reading)
    if pressed is not None and pressed[0].outranks(case.reason):
        case = turn.change(case, **take_up(turn, case, pressed[0]))
    if case.reason is Reason.APPROACH and case.tracker.level < Level.BREACHED:
        turn.stand(case, "an approach is hedged, not rolled")
        return
    if not good:
        _out_of_band(turn, case, reading)
        return
    is_breach = case.reason is Reason.APPROACH
    reason = Reason.EDR_BREACH if is_breach else case.reason
    why = Finding("reason", str(reason), "any but an approach", True)
    turn.move(case, Trigger.RETEST, (why,), STABLE, reason=reason)


def _out_of_band(turn: Turn, case: Case, reading: Reading) -> None:
    tier, params = tier_of(turn, reading), turn.rules.params.bands
    seen = case.snapshots[-1] if case.snapshots else None
    findings = judge(seen, tier, params) if seen is not None else ()
    short = seen is not None and seen.offset < band_of(tier, params).offset_low
    if short and has_budget(turn, case):
        turn.move(case, Trigger.TOP_UP, findings, hedging_since=turn.at)
    else:
        turn.stand(case, "hedged, and out of band", findings)


def look_hold_unhedged(turn: Turn, case: Case, reading: Reading) -> None:
    """No hedge to be had: try again every ten minutes; never roll."""
    levels = turn.rules.params.edr.levels
    if is_over(turn, case, reading):
        value = f"{reading.edr.value:.4f} %"
        found = Finding("EDR for 15 min", value, f"< {levels.clear:.2f} %", True)
        turn.move(
            case,
            Trigger.CLEAR,
            (found,),
            reason=None,
            asks=None,
            plan=None,
            unhedged_told=False,
            hedging_since=None,
            kinds_refused=(),
        )
        return
    if not turn.rules.may_trade:
        turn.stand(case, "watch mode: a person must hedge")
        return
    if case.retested is None or turn.at - case.retested >= RETRY_EVERY:
        again = Finding("waited", "10 min", ">= 10 min", True)
        turn.move(
            case,
            Trigger.RETRY,
            (again,),
            retested=turn.at,
            hedging_since=None,
            kinds_refused=(),
        )


LOOKS = {
    Phase.HOLD_HEDGED: look_hold_hedged,
    Phase.HOLD_UNHEDGED: look_hold_unhedged,
}
