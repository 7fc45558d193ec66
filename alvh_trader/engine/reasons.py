"""Which reason to roll a case has now, apart from its ratio, and when it is over.

APPROACH and EDR_BREACH follow from the ratio's level (engine/threat.py); the others are
looked at here, each time a case is at rest (alvh.md §6.1).
"""

from typing import Any

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import Reading, atm_of
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.black76 import years
from alvh_trader.signals.levels import Level
from alvh_trader.strategy.breakeven import distance
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.martingale import back, shorten
from alvh_trader.strategy.params import RollParams
from alvh_trader.strategy.reason import (
    ONE_SESSION,
    Reason,
    age,
    eased,
    latest_meeting,
    risk,
    time_shift,
)

NEAR_DELTA = 0.12
"""Below it the break-even is more than a standard deviation away: no need to look."""


def pressing(turn: Turn, case: Case, reading: Reading) -> tuple[Reason, Finding] | None:
    """Return the strongest reason that may be taken up now, and what says so."""
    for reason, findings in asked_of(turn, case, reading):
        found = next((f for f in findings if f.holds), None)
        if found is not None:
            return reason, found
    return None


def asked_of(
    turn: Turn, case: Case, reading: Reading
) -> tuple[tuple[Reason, tuple[Finding, ...]], ...]:
    """Return what was found for each reason, the strongest first.

    One finding that holds is enough. A reason that was taken up already has none.
    """
    return (
        (Reason.OPERATOR, _request(turn, case)),
        (Reason.RISK_THRESHOLD, _risk(turn, case, reading)),
        (Reason.FOMC_TIME_SHIFT, _time_shift(turn, case)),
        (Reason.THETA_SHORTEN, _shorten(turn, case, reading)),
        (Reason.THETA_BACK, _back(turn, case, reading)),
        (Reason.DTE_21, _age(turn, case)),
    )


def take_up(turn: Turn, case: Case, reason: Reason) -> dict[str, Any]:
    """Return the changes of a case that goes through the sequence for `reason`."""
    return {"reason": reason, "taken_up": {**case.taken_up, reason: turn.at}}


def is_over(turn: Turn, case: Case, reading: Reading) -> bool:
    """Return whether nothing is the matter any more: EDR is clear, and no reason left.

    A reason that no market ends is over with the session in which it was taken up.
    """
    if case.tracker.level is not Level.CLEAR:
        return False
    if case.reason is Reason.RISK_THRESHOLD:
        return not any(f.holds for f in _risk(turn, case, reading, is_eased=True))
    if case.reason in ONE_SESSION:
        return new_york_date(case.taken_up[case.reason]) != turn.state.day
    return True


def _request(turn: Turn, case: Case) -> tuple[Finding, ...]:
    asked, before = case.requested, case.taken_up.get(Reason.OPERATOR)
    if asked is None or (before is not None and before >= asked):
        return ()
    return (
        Finding(
            "a person asked for a roll",
            f"{asked:%Y-%m-%d %H:%M} UTC",
            "today",
            new_york_date(asked) == turn.state.day,
        ),
    )


def _risk(
    turn: Turn, case: Case, reading: Reading, *, is_eased: bool = False
) -> tuple[Finding, ...]:
    """Return the risk thresholds; eased, they are those at which the reason is over."""
    is_near = reading.edr.delta >= NEAR_DELTA
    be_sd = _break_even_distance(turn, case, reading) if is_near else None
    params = turn.rules.params.roll
    return _risk_at(case, reading, be_sd, eased(params) if is_eased else params)


def _risk_at(
    case: Case, reading: Reading, be_sd: float | None, params: RollParams
) -> tuple[Finding, ...]:
    condor = case.condor
    usd = condor.multiplier * condor.quantity
    return risk(
        delta=reading.edr.delta,
        mark=-reading.risk.exposure.value / usd,
        credit=condor.credit,
        be_sd=be_sd,
        params=params,
    )


def _break_even_distance(turn: Turn, case: Case, reading: Reading) -> float | None:
    """Return the standard deviations from spot to the tested break-even."""
    level = case.condor.break_even(reading.edr.tested)
    atm = atm_of(turn, case)
    if level is None or atm is None or turn.state.day is None:
        return None
    tau = years(case.condor.verticals[0].short.dte(turn.state.day))
    sd = reading.spot * atm * tau**0.5
    return distance(reading.spot, level, reading.edr.tested, sd)


def _time_shift(turn: Turn, case: Case) -> tuple[Finding, ...]:
    """Return what the latest meeting says, once for each meeting and case (§6.4)."""
    calendar = turn.state.inputs.fomc
    meeting = latest_meeting(calendar, turn.at)
    before = case.taken_up.get(Reason.FOMC_TIME_SHIFT)
    if meeting is not None and before is not None and before >= meeting.released:
        return ()
    return time_shift(calendar, turn.at, turn.rules.params.roll)


def _shorten(turn: Turn, case: Case, reading: Reading) -> tuple[Finding, ...]:
    params = turn.rules.params.plugins.temporal_theta_martingale
    if not params.enabled or _was_taken_up_today(turn, case, Reason.THETA_SHORTEN):
        return ()
    return shorten(reading.edr.value, reading.vix, params)


def _back(turn: Turn, case: Case, reading: Reading) -> tuple[Finding, ...]:
    params = turn.rules.params.plugins.temporal_theta_martingale
    if not params.enabled or _was_taken_up_today(turn, case, Reason.THETA_BACK):
        return ()
    # The ticks of an index carry no volume: its VWAP cannot be known from them.
    return (back(reading.edr.value, reading.spot, None, params),)


def _was_taken_up_today(turn: Turn, case: Case, reason: Reason) -> bool:
    before = case.taken_up.get(reason)
    return before is not None and new_york_date(before) == turn.state.day


def _age(turn: Turn, case: Case) -> tuple[Finding, ...]:
    """Return whether the condor is old, once a session."""
    today = turn.state.day
    if today is None or _was_taken_up_today(turn, case, Reason.DTE_21):
        return ()
    # The last trading day is what counts: an AM series has no other close (§6.6).
    return (age((case.condor.last_trade - today).days, turn.rules.params.roll),)


def tell_loss(turn: Turn, case: Case, reading: Reading) -> None:
    """Alert once when the loss reaches the level of §8.3; it is no stop."""
    asked = _risk_at(case, reading, None, turn.rules.params.roll)
    found = next(f for f in asked if f.what == "loss")
    if found.holds != case.loss_told:
        case = turn.change(case, loss_told=found.holds)
        if found.holds:
            text = f"the condor has lost {found.value} ({found.bound})"
            turn.alert("loss", Severity.CRITICAL, case.case_id, text)
