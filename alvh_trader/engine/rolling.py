"""Step 5b: work the sides of a roll, one after the other, or hold what came of them.

The tested side goes first. Every order of a roll, and every new limit of one, passes
the gate again and gets its own permit; whenever a look finds the Greeks out of band
or the hedge short, what works is cancelled (alvh.md §3.3, §6.6).
"""

from datetime import timedelta

import msgspec

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.candidates import roll_drawdown
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import PreviewMargin, Severity
from alvh_trader.engine.consent import valid
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.orders import ask_report, cancel_rolls, new_ref, submit
from alvh_trader.engine.proof import is_hedged, lasting_lots
from alvh_trader.engine.sides import book_side, next_side, order_of, roll_orders
from alvh_trader.engine.stability import judge_now
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.windows import (
    ask_regime,
    hindrance_of,
    is_in_window,
    is_window_over,
)
from alvh_trader.execution.walk import ROLL_RUNG
from alvh_trader.risk.gate import Refused
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import ROLL_NEEDS, Phase, Trigger

SIDE_MAX = timedelta(seconds=180)
SPLIT_RETRY = timedelta(minutes=5)
"""The clocks of alvh.md §3.2."""

MARGIN_AGE_MAX = timedelta(seconds=60)
"""A what-if answer is asked for again after so long (alvh.md §13.3)."""


def preview(turn: Turn, case: Case) -> None:
    """Ask for the margin of the next order of the roll, and for a fresh report."""
    assert case.roll is not None, "nothing is chosen"
    ref = new_ref(turn, case.case_id, Purpose.ROLL)
    roll = msgspec.structs.replace(case.roll, preview_ref=ref)
    case = turn.change(case, roll=roll)
    made = order_of(turn, case, ref)
    if made is not None:
        turn.ask(PreviewMargin(order=made[0]))
        ask_report(turn, "a roll is about to be sent")


def send_side(
    turn: Turn, case: Case, reading: Reading, trigger: Trigger | None
) -> bool:
    """Pass the next order through the gate; return whether it left.

    With a `trigger` the case moves by it, which demands every fact of INV-1: the
    gate has just proven them.
    """
    assert case.roll is not None, "nothing is chosen"
    ref = case.roll.preview_ref
    answer = turn.state.margins.get(ref)
    if answer is None:
        turn.stand(case, "waiting for the what-if margin")
        return False
    if turn.at - answer.at > MARGIN_AGE_MAX:
        preview(turn, case)
        return False
    levels = turn.rules.params.edr.levels
    if case.rolled_sides and reading.edr.value > levels.red:
        value = f"{reading.edr.value:.4f} %"
        found = Finding("EDR of the split", value, f"<= {levels.red:.2f} %", False)
        turn.stand(case, "the split is in the red", (found,))
        return False
    drawdown = roll_drawdown(turn, case, case.roll, reading)
    if drawdown is None:
        turn.stand(case, "what is rolled to cannot be valued")
        return False
    roll = msgspec.structs.replace(case.roll, drawdown=drawdown)
    case = turn.change(case, roll=roll)
    made = order_of(turn, case, ref)
    if made is None:
        turn.stand(case, "a leg of the roll is not quoted")
        return False
    order, rungs = made
    refused = submit(turn, order, (rungs, ROLL_RUNG, SIDE_MAX))
    if isinstance(refused, Refused):
        turn.stand(case, "the gate refuses the roll order", refused.findings)
        return False
    # What a person allowed belongs to this roll now, and to no other.
    allowed = tuple(dict.fromkeys((*roll.allowed, *valid(turn, case))))
    roll = msgspec.structs.replace(roll, allowed=allowed)
    case = turn.change(turn.state.cases[case.case_id], roll=roll, allowed={})
    permit = turn.state.tickets[ref].permit
    assert permit is not None, "the gate lets no roll out without one"
    proven = Finding("hedge fills", ", ".join(permit.hedge_exec_ids), "a permit", True)
    if trigger is not None:
        turn.move(case, trigger, (proven,), ROLL_NEEDS)
    else:
        turn.stand(case, f"side {case.rolled_sides + 1} works", (proven,))
    return True


def look_roll_working(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 5b: both sides, or back to a place that is safe to stand in."""
    case = book_side(turn, case)
    case, is_good = judge_now(turn, case, reading)
    may_go_on = is_good and is_hedged(turn, case) and is_in_window(turn, case)
    live = [t for t in roll_orders(turn, case) if t.is_live]
    if live:
        if not may_go_on:
            cancel_rolls(turn, case.case_id)
            turn.stand(case, "the permit is void, or its window closed: cancelled")
        else:
            turn.stand(case, f"side {case.rolled_sides + 1} works")
        return
    if next_side(case) is None:
        _finish(turn, case)
        return
    if not may_go_on or _has_given_up(turn, case):
        _stop(turn, case)
    elif case.roll is not None and case.roll.preview_ref in turn.state.tickets:
        preview(turn, case)
    elif (
        not send_side(turn, case, reading, None)
        and turn.at - case.since >= 2 * SIDE_MAX
    ):
        _stop(turn, case)


def _finish(turn: Turn, case: Case) -> None:
    """Have a roll verified of which no side is left."""
    done = Finding("sides left to roll", "0", "0", True)
    turn.move(case, Trigger.BOTH_SIDES, (done,))
    ask_report(turn, "a roll is done")


def _has_given_up(turn: Turn, case: Case) -> bool:
    """Return whether the last order of the roll ended without filling."""
    orders = roll_orders(turn, case)
    return bool(orders) and orders[-1].remaining > 0


def _stop(turn: Turn, case: Case) -> None:
    """Leave ROLL_WORKING for where the fills have brought us."""
    moved = case.rolled_sides > 0 or not case.is_whole()
    sides = 0 if case.roll is None else len(case.roll.sides)
    part = "" if case.is_whole() else ", one in part"
    value = f"{case.rolled_sides} of {sides}{part}"
    found = Finding("sides rolled", value, f"{sides}", False)
    if not moved:
        turn.move(case, Trigger.NO_SIDE, (found,), retested=turn.at, roll=None)
        return
    turn.move(case, Trigger.ONE_SIDE, (found,), retested=turn.at)
    text = f"roll stopped half-way ({value}); two defined-risk verticals are held"
    turn.alert("split", Severity.CRITICAL, case.case_id, text)


def look_split_hold(turn: Turn, case: Case, reading: Reading) -> None:
    """One side rolled, the other not: try the rest again when everything holds."""
    case = book_side(turn, case)
    if next_side(case) is None:
        # The other side filled after all, or has expired.
        _finish(turn, case)
        return
    case = _tell_overnight(turn, case)
    case, is_good = judge_now(turn, case, reading)
    hindrance = hindrance_of(turn, case)
    if hindrance is not None:
        case = ask_regime(turn, case, hindrance)
        why = "outside the roll window, or the regime needs a person"
        turn.stand(case, why, (hindrance,))
        return
    if not (is_good and is_hedged(turn, case)):
        turn.stand(case, "split; hedge or Greeks do not allow the second side")
        return
    waited = case.retested is None or turn.at - case.retested >= SPLIT_RETRY
    if case.roll is not None and case.roll.preview_ref in turn.state.tickets:
        if waited:
            case = turn.change(case, retested=turn.at)
            preview(turn, case)
        return
    send_side(turn, case, reading, Trigger.SECOND_SIDE)


def _tell_overnight(turn: Turn, case: Case) -> Case:
    """At the end of a session, tell once that the case stays split overnight (§3.2)."""
    today = turn.state.day
    if today is None or case.split_told == today or not is_window_over(turn):
        return case
    lots = lasting_lots(turn, case)
    until = min((lot.last_trade for lot in lots), default=None)
    hedge = "no hedge lasts" if until is None else f"the hedge trades until {until}"
    text = f"split over the night: two defined-risk verticals are held; {hedge}"
    turn.alert("split_overnight", Severity.CRITICAL, case.case_id, text)
    return turn.change(case, split_told=today)


LOOKS = {
    Phase.ROLL_WORKING: look_roll_working,
    Phase.SPLIT_HOLD: look_split_hold,
}
