"""Step 5: choose a roll, work its two sides, and check what came of it.

The tested side goes first. Every order of a roll, and every new limit of one, passes
the gate again and gets its own permit; whenever a look finds the Greeks out of band
or the hedge short, what works is cancelled (alvh.md §3.3, §6.6).
"""

from datetime import timedelta
from decimal import Decimal

import msgspec

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.money import SPX_COMBO_TICKS
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.candidates import best_roll, roll_drawdown
from alvh_trader.engine.case import Case, Side, legs_of_shape, with_side
from alvh_trader.engine.command import PreviewMargin, Severity
from alvh_trader.engine.evaluation import Reading, regime_of
from alvh_trader.engine.orders import ask_report, cancel_rolls, new_ref, submit
from alvh_trader.engine.proof import holds, is_hedged
from alvh_trader.engine.stability import judge_now
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.windows import window
from alvh_trader.execution.ticket import Ticket
from alvh_trader.execution.walk import ROLL_RUNG, roll_ladder
from alvh_trader.risk.gate import Refused
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import ROLL_NEEDS, Phase, Trigger
from alvh_trader.strategy.regimes import allowance

PLAN_MAX = timedelta(seconds=120)
SIDE_MAX = timedelta(seconds=180)
VERIFY_MAX = timedelta(seconds=120)
SPLIT_RETRY = timedelta(minutes=5)
"""The clocks of alvh.md §3.2."""

MARGIN_AGE_MAX = timedelta(seconds=60)
"""A what-if answer is asked for again after so long (alvh.md §13.3)."""

CONCESSION = Decimal("0.30")


def look_roll_plan(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 5a: the best candidate that passes every filter, or hedge and hold."""
    case, _ = judge_now(turn, case, reading)
    hindrance = _hindrance(turn, case)
    if hindrance is not None:
        turn.move(case, Trigger.NO_CANDIDATE, (hindrance,), retested=turn.at, roll=None)
        return
    if turn.at - case.since >= PLAN_MAX:
        found = Finding("roll plan", case.standing or "none", "within 120 s", False)
        turn.move(case, Trigger.TIMEOUT, (found,), retested=turn.at, roll=None)
        return
    if case.roll is None:
        _choose(turn, case, reading)
    else:
        _send_side(turn, case, reading, Trigger.CANDIDATE)


def may_start(turn: Turn, case: Case) -> tuple[Finding, ...]:
    """Return whether a roll may start now, whatever the candidates are."""
    return (*window(turn, case, begins=True), _regime(turn, case))


def _hindrance(turn: Turn, case: Case) -> Finding | None:
    return next((f for f in may_start(turn, case) if not f.holds), None)


def _regime(turn: Turn, case: Case) -> Finding:
    regime = regime_of(turn.state)
    good = allowance(regime).rolls_alone or case.acknowledged is not None
    bound = "below STRESS, or a person's acknowledgement"
    value = "unknown" if regime is None else regime.name
    return Finding("VIX regime", value, bound, good)


def _is_in_window(turn: Turn, case: Case) -> bool:
    """Return whether the rest of a roll under way may be sent now."""
    return all(f.holds for f in window(turn, case, begins=False))


def _choose(turn: Turn, case: Case, reading: Reading) -> None:
    """Choose among the candidates, and ask what the first side does to the margin."""
    best, findings = best_roll(turn, case, reading)
    if best is None:
        if findings:
            turn.move(case, Trigger.NO_CANDIDATE, findings, retested=turn.at, roll=None)
        else:
            turn.stand(case, "quotes of the candidates are not there yet")
        return
    case = turn.stand(case, "a candidate passes every filter", findings, roll=best)
    _preview(turn, case)


def _preview(turn: Turn, case: Case) -> None:
    """Ask for the margin of the next order of the roll, and for a fresh report."""
    assert case.roll is not None, "nothing is chosen"
    ref = new_ref(turn, case.case_id, Purpose.ROLL)
    roll = msgspec.structs.replace(case.roll, preview_ref=ref)
    case = turn.change(case, roll=roll)
    made = _order(turn, case, ref)
    if made is not None:
        turn.ask(PreviewMargin(order=made[0]))
        ask_report(turn, "a roll is about to be sent")


def _side(case: Case) -> Side | None:
    """Return the side that is next, None where all are done."""
    if case.roll is None or case.rolled_sides >= len(case.roll.sides):
        return None
    return case.roll.sides[case.rolled_sides]


def _left(case: Case, side: Side) -> int:
    """Return the units of a side that are not moved yet, by the legs held."""
    have = {leg.option: leg.quantity for leg in case.legs}
    old, new = side.old.short, side.new.short
    total = case.condor.quantity
    if old == new:
        return total - min(total, abs(have.get(side.new.long, 0)))
    return min(total, abs(have.get(old, 0)))


def _order(
    turn: Turn, case: Case, ref: str
) -> tuple[Order, tuple[Decimal, ...]] | None:
    """Return the next order of the roll with its limits; None without quotes."""
    side = _side(case)
    if side is None:
        return None
    mid = 0.0
    for leg in side.legs():
        quote = turn.state.quotes.get(leg.instrument.con_id)
        if quote is None or quote.mid is None:
            return None
        mid += leg.ratio * quote.mid
    rungs = roll_ladder(mid, SPX_COMBO_TICKS, CONCESSION)
    most = turn.rules.limits.combos_per_order_max
    order = Order(
        ref=ref,
        case=case.case_id,
        purpose=Purpose.ROLL,
        legs=side.legs(),
        quantity=min(_left(case, side), most),
        limit=rungs[0],
    )
    return order, rungs


def _send_side(
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
        _preview(turn, case)
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
    made = _order(turn, case, ref)
    if made is None:
        turn.stand(case, "a leg of the roll is not quoted")
        return False
    order, rungs = made
    refused = submit(turn, order, (rungs, ROLL_RUNG, SIDE_MAX))
    if isinstance(refused, Refused):
        turn.stand(case, "the gate refuses the roll order", refused.findings)
        return False
    case = turn.state.cases[case.case_id]
    permit = turn.state.tickets[ref].permit
    assert permit is not None, "the gate lets no roll out without one"
    proven = Finding("hedge fills", ", ".join(permit.hedge_exec_ids), "a permit", True)
    if trigger is not None:
        turn.move(case, trigger, (proven,), ROLL_NEEDS)
    else:
        turn.stand(case, f"side {case.rolled_sides + 1} works", (proven,))
    return True


def _roll_orders(turn: Turn, case: Case) -> list[Ticket]:
    return [
        t
        for t in turn.state.tickets.values()
        if t.order.case == case.case_id and t.order.purpose is Purpose.ROLL
    ]


def look_roll_working(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 5b: both sides, or back to a place that is safe to stand in."""
    case = _book_side(turn, case)
    case, is_good = judge_now(turn, case, reading)
    may_go_on = is_good and is_hedged(turn, case) and _is_in_window(turn, case)
    live = [t for t in _roll_orders(turn, case) if t.is_live]
    if live:
        if not may_go_on:
            cancel_rolls(turn, case.case_id)
            turn.stand(case, "the permit is void, or its window closed: cancelled")
        else:
            turn.stand(case, f"side {case.rolled_sides + 1} works")
        return
    if _side(case) is None:
        _finish(turn, case)
        return
    if not may_go_on or _has_given_up(turn, case):
        _stop(turn, case)
    elif case.roll is not None and case.roll.preview_ref in turn.state.tickets:
        _preview(turn, case)
    elif (
        not _send_side(turn, case, reading, None)
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
    orders = _roll_orders(turn, case)
    return bool(orders) and orders[-1].remaining > 0


def _stop(turn: Turn, case: Case) -> None:
    """Leave ROLL_WORKING for where the fills have brought us."""
    moved = case.rolled_sides > 0 or not case.is_whole()
    value = f"{case.rolled_sides} of 2" + ("" if case.is_whole() else ", one in part")
    found = Finding("sides rolled", value, "2", False)
    if not moved:
        turn.move(case, Trigger.NO_SIDE, (found,), retested=turn.at, roll=None)
        return
    turn.move(case, Trigger.ONE_SIDE, (found,), retested=turn.at)
    text = f"roll stopped half-way ({value}); two defined-risk verticals are held"
    turn.alert("split", Severity.CRITICAL, case.case_id, text)


def _book_side(turn: Turn, case: Case) -> Case:
    """Take a side that has moved as a whole into the shape of the condor."""
    side = _side(case)
    if side is None or _left(case, side) > 0:
        return case
    costs = _paid(turn, case)
    new = msgspec.structs.replace(
        side.new,
        short_cost=costs.get(side.new.short, side.new.short_cost),
        long_cost=costs.get(side.new.long, side.new.long_cost),
    )
    condor = with_side(case.condor, new)
    return turn.change(
        case,
        condor=condor,
        legs=legs_of_shape(condor),
        rolled_sides=case.rolled_sides + 1,
    )


def _paid(turn: Turn, case: Case) -> dict[Option, float]:
    """Return the mean price of each option that the roll traded, USD per contract."""
    paid: dict[Option, tuple[float, int]] = {}
    for ticket in _roll_orders(turn, case):
        options = {
            leg.instrument.con_id: leg.instrument
            for leg in ticket.order.legs
            if isinstance(leg.instrument, Option)
        }
        for fill in ticket.fills:
            option = options.get(fill.con_id)
            if option is None or not fill.quantity:
                continue
            amount, count = paid.get(option, (0.0, 0))
            usd = float(fill.price) * abs(fill.quantity) * option.multiplier
            paid[option] = (amount + usd, count + abs(fill.quantity))
    return {option: amount / count for option, (amount, count) in paid.items()}


def look_split_hold(turn: Turn, case: Case, reading: Reading) -> None:
    """One side rolled, the other not: try the rest again when everything holds."""
    case = _book_side(turn, case)
    if _side(case) is None:
        # The other side filled after all, or has expired.
        _finish(turn, case)
        return
    case, is_good = judge_now(turn, case, reading)
    if _hindrance(turn, case) is not None:
        turn.stand(case, "outside the roll window, or the regime needs a person")
        return
    if not (is_good and is_hedged(turn, case)):
        turn.stand(case, "split; hedge or Greeks do not allow the second side")
        return
    waited = case.retested is None or turn.at - case.retested >= SPLIT_RETRY
    if case.roll is not None and case.roll.preview_ref in turn.state.tickets:
        if waited:
            case = turn.change(case, retested=turn.at)
            _preview(turn, case)
        return
    _send_side(turn, case, reading, Trigger.SECOND_SIDE)


def look_verify(turn: Turn, case: Case, _reading: Reading) -> None:
    """Compare positions with the plan, by a report that is younger than the fills."""
    reconciled = turn.state.reconciled
    if reconciled is None or reconciled < case.since:
        if turn.at - case.since >= VERIFY_MAX:
            found = Finding("reconciliation", "none in 120 s", "a clean one", False)
            turn.move(case, Trigger.TIMEOUT, (found,))
            text = "the roll cannot be verified: a person must decide"
            turn.alert("manual", Severity.CRITICAL, case.case_id, text)
        else:
            ask_report(turn, "a roll is to be verified", timedelta(seconds=10))
        return
    good = case.is_whole() and all(
        holds(turn.state, leg.option.con_id, leg.quantity) for leg in case.legs
    )
    strikes = "/".join(f"{leg.option.strike:g}" for leg in case.legs)
    found = Finding("legs held", strikes, "as planned", good)
    if not good:
        turn.move(case, Trigger.MISMATCH, (found,))
        text = "the positions are not those of the roll: a person must decide"
        turn.alert("manual", Severity.CRITICAL, case.case_id, text)
        return
    turn.move(
        case,
        Trigger.VERIFIED,
        (found,),
        roll=None,
        rolled_sides=0,
        rolled=(*case.rolled, turn.at),
        reason=None,
        plan=None,
        top_ups=0,
        hedging_since=None,
        kinds_refused=(),
        in_band_at=None,
        acknowledged=None,
    )
    text = f"rolled to {strikes}, {case.condor.expiry}, credit {case.condor.credit:.2f}"
    turn.alert("rolled", Severity.INFO, case.case_id, text)


def look_cooldown(turn: Turn, case: Case, _reading: Reading) -> None:
    """No new roll before the same time of the next session (6.5 trading hours)."""
    then, now = case.since.astimezone(NEW_YORK), turn.at.astimezone(NEW_YORK)
    passed = turn.rules.calendar.sessions_until(then.date(), now.date())
    if passed > 1 or (passed == 1 and now.time() >= then.time()):
        found = Finding("sessions since the roll", f"{passed}", ">= 1", True)
        turn.move(case, Trigger.ELAPSED, (found,))


LOOKS = {
    Phase.ROLL_PLAN: look_roll_plan,
    Phase.ROLL_WORKING: look_roll_working,
    Phase.SPLIT_HOLD: look_split_hold,
    Phase.VERIFY: look_verify,
    Phase.COOLDOWN: look_cooldown,
}
