"""VERIFY and COOLDOWN: whether the roll came out as planned, and a pause after it."""

from datetime import timedelta

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.orders import ask_report
from alvh_trader.engine.proof import holds
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase, Trigger

VERIFY_MAX = timedelta(seconds=120)
"""The clock of alvh.md §3.2."""


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
        asks=None,
        allowed={},
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


LOOKS = {Phase.VERIFY: look_verify, Phase.COOLDOWN: look_cooldown}
