"""BREADTH, step 4: is the stress broad, or do sectors change places?"""

from datetime import timedelta

from alvh_trader.engine.case import Ask, Case
from alvh_trader.engine.consent import ask_person, is_allowed
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.hedging import HEDGED
from alvh_trader.engine.proof import is_hedged
from alvh_trader.engine.stability import judge_now
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.breadth import (
    CashFlow,
    Limits,
    Line,
    Verdict,
    line_of,
    net_ratio,
    verdict,
)
from alvh_trader.signals.levels import Level
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase, Trigger
from alvh_trader.strategy.reason import WITHOUT_BREADTH, Reason

BREADTH_MAX = timedelta(seconds=120)
BREADTH_AGE_MAX = timedelta(minutes=5)


def look_breadth(turn: Turn, case: Case, reading: Reading) -> None:
    """Let a roll go on only where the verdict, the red level or a person says so."""
    case, _ = judge_now(turn, case, reading)
    levels = turn.rules.params.edr.levels
    if case.reason is Reason.APPROACH:
        if case.tracker.level < Level.BREACHED:
            value = f"{reading.edr.value:.4f} %"
            found = Finding("EDR", value, f">= {levels.breach:.2f} % to roll", False)
            turn.move(case, Trigger.APPROACH_ONLY, (found,), retested=turn.at)
            return
        case = turn.change(case, reason=Reason.EDR_BREACH)
    if not is_hedged(turn, case):
        _wait(turn, case)
        return
    said, findings = verdict_now(turn, reading)
    trigger = trigger_of(turn, case, reading, said)
    reason = Finding("reason", str(case.reason), "any", True)
    red = Finding(
        "EDR",
        f"{reading.edr.value:.4f} %",
        f">= {levels.red:.2f} % where breadth is unknown",
        reading.edr.value >= levels.red,
    )
    told = (reason, *findings, red)
    if trigger is Trigger.UNKNOWN:
        case = ask_person(turn, case, Ask.BREADTH)
    if trigger is Trigger.PROCEED:
        turn.move(
            case, trigger, told, HEDGED, breadth_at=turn.at, roll=None, passed_over=()
        )
    else:
        turn.move(case, trigger, told, retested=turn.at)


def _wait(turn: Turn, case: Case) -> None:
    if turn.at - case.since >= BREADTH_MAX:
        found = Finding("hedge held", "too little", f">= {case.needed}", False)
        turn.move(case, Trigger.TIMEOUT, (found,), retested=turn.at)
    else:
        turn.stand(case, "the hedge is not confirmed")


def trigger_of(turn: Turn, case: Case, reading: Reading, said: Verdict) -> Trigger:
    """Return what follows from the verdict (alvh.md §3.2)."""
    if case.reason in WITHOUT_BREADTH:
        return Trigger.PROCEED
    if said in {Verdict.BROAD_STRESS, Verdict.BROAD_STRENGTH}:
        return Trigger.PROCEED
    if said is Verdict.SECTOR_ROTATION:
        return Trigger.ROTATION
    is_red = reading.edr.value >= turn.rules.params.edr.levels.red
    allowed = is_allowed(turn, case, Ask.BREADTH)
    return Trigger.PROCEED if is_red or allowed else Trigger.UNKNOWN


def measured(turn: Turn) -> tuple[Line | None, float | None]:
    """Return the line with today's counts, and their net ratio; None where stale."""
    now = turn.state.breadth
    if now is None or turn.at - now.at > BREADTH_AGE_MAX:
        return None, None
    net = now.advances - now.declines
    return line_of((*turn.state.net_advances, net)), net_ratio(now)


def verdict_now(turn: Turn, reading: Reading) -> tuple[Verdict, tuple[Finding, ...]]:
    """Return the verdict of breadth and of the companies' price over cash flow.

    Without the latter breadth decides alone, and a finding says so (alvh.md §9.4).
    """
    line, ratio = measured(turn)
    limits, flow = turn.rules.params.breadth, turn.state.signals.cash_flow
    said = verdict(line, ratio, reading.edr.tested, flow, limits)
    return said, (
        Finding(
            "advance-decline line over its 21-day mean",
            "unknown" if line is None else f"{line.value - line.average:+.0f}",
            "< 0 for stress",
            line is not None and line.value < line.average,
        ),
        Finding(
            "its 10-day slope",
            "unknown" if line is None else f"{line.slope:+.1f} a day",
            "< 0 for stress",
            line is not None and line.slope < 0,
        ),
        Finding(
            "net advances over issues",
            "unknown" if ratio is None else f"{ratio:+.3f}",
            f"<= -{limits.ratio:.2f} for stress",
            ratio is not None and ratio <= -limits.ratio,
        ),
        *_companies(flow, limits),
        Finding("verdict", said, "BROAD_STRESS (calls: BROAD_STRENGTH)", True),
    )


def _companies(flow: CashFlow | None, limits: Limits) -> tuple[Finding, ...]:
    if flow is None:
        what, value = "P/CF of constituents", "no file, or an old one"
        return (Finding(what, value, "a warning: decided by breadth alone", True),)
    return (
        Finding(
            "companies whose P/CF fell in five days",
            f"{flow.fell:.0%}",
            f">= {limits.names:.0%} for stress",
            flow.fell >= limits.names,
        ),
        Finding(
            "P/CF of the index over five days",
            f"{flow.index:+.2%}",
            f"<= -{limits.index:.0%} for stress",
            flow.index <= -limits.index,
        ),
        Finding(
            "dispersion of P/CF over the index's move",
            f"{flow.dispersion:.2f}",
            f"< {limits.dispersion:g}, else rotation",
            flow.dispersion < limits.dispersion,
        ),
    )


LOOKS = {Phase.BREADTH: look_breadth}
