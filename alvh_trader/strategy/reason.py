"""Why a case goes through the sequence: what threatens it, or who wants it rolled.

Whatever the reason, hedge and bands come before the roll. Source: alvh.md §6.1, §6.4.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.inputs import FomcCalendar, FomcMeeting
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import RollParams


class Reason(StrEnum):
    """The reasons, the weakest first: a stronger one takes the place of a weaker."""

    APPROACH = "APPROACH"  # EDR is near the breach: hedge, never roll.
    DTE_21 = "DTE_21"  # Few days are left.
    EDR_BREACH = "EDR_BREACH"  # The sentinel.
    THETA_BACK = "THETA_BACK"  # The plug-in that is switched off (§6.5).
    THETA_SHORTEN = "THETA_SHORTEN"
    FOMC_TIME_SHIFT = "FOMC_TIME_SHIFT"  # Committee and market disagree.
    RISK_THRESHOLD = "RISK_THRESHOLD"  # A short option or the loss says so.
    OPERATOR = "OPERATOR"  # A person does.

    def outranks(self, other: "Reason | None") -> bool:
        """Return whether this reason is the stronger one."""
        order = list(Reason)
        return other is None or order.index(self) > order.index(other)


CONFIRMED = frozenset({Reason.APPROACH, Reason.EDR_BREACH, Reason.RISK_THRESHOLD})
"""Steps 1 and 2 ask whether the threat is real: of a calendar or a person they cannot.
"""

WITHOUT_BREADTH = frozenset(
    {Reason.RISK_THRESHOLD, Reason.FOMC_TIME_SHIFT, Reason.OPERATOR}
)
"""Reasons that roll whatever the verdict of step 4 (alvh.md §3.2)."""

ONE_SESSION = frozenset(Reason) - CONFIRMED
"""Reasons that nothing in the market ends: each is pursued for the session in which it
was taken up."""


def risk(
    *,
    delta: float,
    mark: float,
    credit: float,
    be_sd: float | None,
    params: RollParams,
) -> tuple[Finding, ...]:
    """Return the risk thresholds; any one that holds is a reason to roll (§6.1).

    `delta` is that of the tested short option, `mark` the points it costs to close.
    """
    loss = mark - credit
    return (
        Finding(
            "short delta",
            f"{abs(delta):.3f}",
            f">= {params.risk_delta:.2f}",
            abs(delta) >= params.risk_delta,
        ),
        Finding(
            "loss",
            f"{loss:.2f} points",
            f">= {params.risk_loss:.0f} x credit {credit:.2f}",
            credit > 0 and loss >= params.risk_loss * credit,
        ),
        Finding(
            "SD to break-even",
            "unknown" if be_sd is None else f"{be_sd:.3f}",
            f"< {params.risk_be_sd:.2f}",
            be_sd is not None and be_sd < params.risk_be_sd,
        ),
    )


def eased(params: RollParams) -> RollParams:
    """Return the thresholds at which a risk is over: a share easier than they begin.

    Without the gap a delta that wanders around its threshold would begin and end the
    sequence every minute.
    """
    easier = 1 - params.risk_ease
    return msgspec.structs.replace(
        params,
        risk_delta=params.risk_delta * easier,
        risk_loss=params.risk_loss * easier,
        risk_be_sd=params.risk_be_sd / easier,
    )


def latest_meeting(calendar: FomcCalendar | None, at: datetime) -> FomcMeeting | None:
    """Return the last meeting whose decision is out, or None where none is known."""
    past = [m for m in calendar.meetings if m.released <= at] if calendar else []
    return max(past, key=lambda m: m.released) if past else None


def time_shift(
    calendar: FomcCalendar | None, at: datetime, params: RollParams
) -> tuple[Finding, ...]:
    """Return what the latest meeting says; any finding that holds is a reason (§6.4).

    No file, an old one, or one without a past meeting: one finding, which fails.
    """
    bound = f"<= {params.fomc_days} days old"
    meeting = latest_meeting(calendar, at)
    if calendar is None or meeting is None:
        return (Finding("FOMC file", "no past meeting", bound, False),)
    age = new_york_date(at) - calendar.as_of
    if not timedelta(0) <= age <= timedelta(days=params.fomc_days):
        return (Finding("FOMC file", f"{age.days} days old", bound, False),)
    return (
        Finding(
            f"FOMC divergence of {new_york_date(meeting.released)}",
            "flagged" if meeting.divergence else "not flagged",
            "flagged",
            meeting.divergence,
        ),
        _basis_points("two-year yield", meeting.two_year_move, params.fomc_move),
        _basis_points("dots less market", meeting.dot_gap, params.fomc_gap),
    )


def _basis_points(what: str, value: float | None, bound: float) -> Finding:
    return Finding(
        what,
        "unknown" if value is None else f"{value:+.0f} bp",
        f">= {bound:.0f} bp either way",
        value is not None and abs(value) >= bound,
    )


def age(dte: int, params: RollParams) -> Finding:
    """Return whether so few days are left that the condor is to be rolled (§6.1)."""
    is_on = params.at_dte_21
    return Finding(
        "days left",
        f"{dte}",
        f"<= {params.dte_aged}" if is_on else "switched off",
        is_on and dte <= params.dte_aged,
    )
