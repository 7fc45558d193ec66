"""Step 5a: choose a roll, have its margin answered, and send its first side.

Between choice and sending the market moves on: the choice is judged again, with the
broker's margin in place of our estimate (alvh.md §3.3, §6.3). What the margin does not
let pass gives way to the next best, a few times.
"""

from datetime import timedelta

from alvh_trader.engine.candidates import best_roll, judged_again
from alvh_trader.engine.case import Ask, Case, Roll
from alvh_trader.engine.consent import ask_person
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.rolling import preview, send_side
from alvh_trader.engine.stability import judge_now
from alvh_trader.engine.targets import roll_legs
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.windows import ask_regime, hindrance_of
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase, Trigger
from alvh_trader.strategy.roll import MARGIN

PLAN_MAX = timedelta(seconds=120)
"""The clock of alvh.md §3.2."""

AWAITED = "quotes of the candidates are not there yet"

QUOTES_WITHIN = timedelta(seconds=15)
"""For so long all candidates are waited for; then the choice is among those quoted."""

MID_DRIFT = 0.30
"""Points by which the whole roll's middle may drift after the choice (§3.3)."""


def look_roll_plan(turn: Turn, case: Case, reading: Reading) -> None:
    """Choose the best candidate that passes every filter, or hedge and hold."""
    case, _ = judge_now(turn, case, reading)
    hindrance = hindrance_of(turn, case)
    if hindrance is not None:
        case = ask_regime(turn, case, hindrance)
        _give_up(turn, case, Trigger.NO_CANDIDATE, (hindrance,))
        return
    if turn.at - case.since >= PLAN_MAX:
        found = Finding("roll plan", case.standing or "none", "within 120 s", False)
        _give_up(turn, case, Trigger.TIMEOUT, (found,))
        return
    if case.roll is None:
        _choose(turn, case, reading)
    elif case.roll.preview_ref not in turn.state.margins:
        turn.stand(case, "waiting for the what-if margin")
    elif _is_still_good(turn, case, case.roll, reading):
        send_side(turn, turn.state.cases[case.case_id], reading, Trigger.CANDIDATE)


def _give_up(
    turn: Turn, case: Case, trigger: Trigger, findings: tuple[Finding, ...]
) -> None:
    turn.move(case, trigger, findings, retested=turn.at, roll=None)


def _choose(turn: Turn, case: Case, reading: Reading) -> None:
    """Choose among the candidates, and ask what the first side does to the margin."""
    if turn.at - case.since < QUOTES_WITHIN and not _are_all_quoted(turn, case):
        turn.stand(case, AWAITED)
        return
    choice = best_roll(turn, case, reading)
    if choice.roll is not None:
        why = "a candidate passes every filter"
        case = turn.stand(case, why, choice.findings, roll=choice.roll)
        preview(turn, case)
    elif choice.findings:
        if choice.needs_debit:
            case = ask_person(turn, case, Ask.DEBIT)
        _give_up(turn, case, Trigger.NO_CANDIDATE, choice.findings)
    else:
        turn.stand(case, AWAITED)


def _are_all_quoted(turn: Turn, case: Case) -> bool:
    """Return whether every option that the candidates need is streamed and quoted."""
    watched = {it.con_id for it in turn.state.watched}
    seen = watched & turn.state.quotes.keys()
    return all(option.con_id in seen for option in roll_legs(turn, case))


def _is_still_good(turn: Turn, case: Case, roll: Roll, reading: Reading) -> bool:
    """Judge the choice as of now; where it fails, choose anew or pass it over."""
    change = turn.state.margins[roll.preview_ref].change
    if change is None:
        none = Finding(MARGIN, "no number from the broker", "one", False)
        _pass_over(turn, case, roll, none, reading)
        return False
    again = judged_again(turn, case, roll, reading, change)
    if again is None:
        turn.stand(case, "the choice is no candidate any more", roll=None)
        return False
    margin = next(f for f in again.findings if f.what == MARGIN)
    if not margin.holds:
        _pass_over(turn, case, roll, margin, reading)
        return False
    drift = abs(again.economics.net - roll.net)
    moved = Finding(
        "drift of the middle since the choice",
        f"{drift:.2f}",
        f"<= {MID_DRIFT:.2f}",
        drift <= MID_DRIFT,
    )
    if not again.is_valid or not moved.holds:
        failed = tuple(f for f in (*again.findings, moved) if not f.holds)
        turn.stand(case, "the choice does not pass any more", failed, roll=None)
        return False
    return True


def _pass_over(
    turn: Turn, case: Case, roll: Roll, margin: Finding, reading: Reading
) -> None:
    """Leave a candidate that the margin does not let pass, for the next best."""
    passed = (*case.passed_over, roll.name)
    most = turn.rules.params.roll.choices
    count = Finding(
        "candidates the margin stopped", f"{len(passed)}", f"< {most}", False
    )
    if len(passed) >= most:
        case = turn.change(case, passed_over=passed)
        _give_up(turn, case, Trigger.NO_CANDIDATE, (margin, count))
        return
    why = f"the margin does not let {roll.name} pass"
    case = turn.stand(case, why, (margin,), roll=None, passed_over=passed)
    _choose(turn, case, reading)


LOOKS = {Phase.ROLL_PLAN: look_roll_plan}
