"""What of a case is no matter of markets: who may act, and what the clock brings."""

from datetime import datetime, timedelta

from alvh_trader.domain.calendar import NEW_YORK, OPENS, instant, new_york_date
from alvh_trader.engine.case import Case
from alvh_trader.engine.choosing import PLAN_MAX as ROLL_PLAN_MAX
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.hedging import HEDGING_MAX, PLAN_MAX
from alvh_trader.engine.holding import RETEST_EVERY, RETRY_EVERY
from alvh_trader.engine.recovery import FRESH_FOR, RECONCILE_MAX
from alvh_trader.engine.rolling import SPLIT_RETRY
from alvh_trader.engine.stability import STABILISE_MAX
from alvh_trader.engine.threat import GATE_AGAIN
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.verifying import VERIFY_MAX
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import Phase

Findings = tuple[Finding, ...]


def unknown(why: str) -> Finding:
    """Return that the market cannot be seen, and what is missing."""
    return Finding("the market", why, "fresh quotes", False, "quotes of it again")


def clock(at: datetime) -> str:
    """Return an instant as a person in New York says it."""
    return f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"


def may_act(turn: Turn, case: Case, reading: Reading | str, now: datetime) -> Findings:
    """Return whether anything is automatic at all, and what the rules can see."""
    state, calendar = turn.state, turn.rules.calendar
    is_open = calendar.is_open(now)
    is_linked = state.is_connected and state.is_link_up
    may_trade = turn.rules.may_trade and turn.rules.adopts
    held = case.phase is not Phase.CLOSED
    ruled = case.phase not in {Phase.MANUAL, Phase.CLOSING}
    over, opens = "nothing: it expired or was closed", f"at {clock(_opens(turn, now))}"
    release = "a person releases the case"
    found = [
        _asked("condor", "held", "gone", over, holds=held),
        _asked("who decides", "the rules", "a person", release, holds=ruled),
        _asked(
            "kill switch", "off", "on", "alvh-trader clear", holds=not state.is_halted
        ),
        _asked("naked shorts", "none", "some", "a cover", holds=not state.is_naked),
        _asked("mode", "may trade", "watches", "mode paper", holds=may_trade),
        _asked("connection", "up", "down", "it is back", holds=is_linked),
        _asked("session", "open", "closed", opens, holds=is_open),
    ]
    if is_open and isinstance(reading, str):
        found.append(unknown(reading))
    if case.phase is Phase.DEGRADED:
        found.append(_fresh_again(turn, case))
    if case.phase is Phase.RECONCILE:
        said = ("reconciliation", "clean", "awaited", "the next clean one")
        found.append(_asked(*said, holds=False))
    return tuple(found)


def _asked(what: str, good: str, bad: str, mend: str, *, holds: bool) -> Finding:
    return Finding(what, good if holds else bad, good, holds, "" if holds else mend)


def _opens(turn: Turn, now: datetime) -> datetime:
    """Return when the next session begins."""
    today, calendar = new_york_date(now), turn.rules.calendar
    opens = instant(today, OPENS)
    if calendar.is_session(today) and now < opens:
        return opens
    return instant(calendar.next_session(today), OPENS)


def without_mend(found: Finding) -> Finding:
    """Return a finding that needs no mending."""
    return Finding(found.what, found.value, found.bound, found.holds)


def _fresh_again(turn: Turn, case: Case) -> Finding:
    since = case.fresh_since
    until = "a minute of quotes" if since is None else f"at {clock(since + FRESH_FOR)}"
    value = "not yet" if since is None else f"{(turn.at - since).seconds} s"
    return Finding("data fresh for", value, ">= 60 s", False, until)


def rest(turn: Turn, case: Case) -> Finding:
    """Return whether the rest after a roll is over, and when it will be."""
    if case.phase is not Phase.COOLDOWN:
        return Finding("rest after a roll", "none", "over", True)
    then = case.since.astimezone(NEW_YORK)
    ends = instant(turn.rules.calendar.next_session(then.date()), then.time())
    said = clock(ends)
    return Finding("rest after a roll", f"until {said}", "over", False, f"at {said}")


def next_look(turn: Turn, case: Case) -> tuple[str, ...]:
    """Return what will happen to a case by the clock alone, in words."""
    found: list[tuple[datetime | None, timedelta, str]] = []
    since, looked = case.since, case.retested
    match case.phase:
        case Phase.ARMED:
            wait = timedelta(minutes=turn.rules.params.edr.levels.clear_minutes)
            found = [
                (case.gate_failed, GATE_AGAIN, "the break-evens are tested again"),
                (case.tracker.clear_since, wait, "back to MONITOR, if EDR stays low"),
            ]
        case Phase.HEDGE_PLAN:
            found = [(since, PLAN_MAX, "given up without a plan")]
        case Phase.HEDGE_WORKING:
            found = [(case.hedging_since or since, HEDGING_MAX, "the order is ended")]
        case Phase.STABILISE:
            found = [(since, STABILISE_MAX, "HOLD_HEDGED, if not stable by then")]
        case Phase.HOLD_HEDGED:
            found = [(looked or since, RETEST_EVERY, "looked at again")]
        case Phase.HOLD_UNHEDGED:
            found = [(looked or since, RETRY_EVERY, "a hedge is tried again")]
        case Phase.ROLL_PLAN:
            found = [(since, ROLL_PLAN_MAX, "HOLD_HEDGED without a candidate")]
        case Phase.SPLIT_HOLD:
            found = [(looked or since, SPLIT_RETRY, "the second side is tried again")]
        case Phase.VERIFY:
            found = [(since, VERIFY_MAX, "MANUAL without a clean reconciliation")]
        case Phase.RECONCILE:
            found = [(since, RECONCILE_MAX, "MANUAL without a clean reconciliation")]
        case _:
            pass
    return tuple(
        f"{what} at {clock(start + wait)}" for start, wait, what in found if start
    )
