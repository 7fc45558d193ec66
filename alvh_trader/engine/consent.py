"""What only a person may allow: asked for by name, given for a while, used up at once.

An acknowledgement answers the question that the case has open, and no other; it
expires; and the roll that it lets out takes it along, so that the next one needs one of
its own (alvh.md §3.2, §6.3, §10).
"""

from datetime import datetime, timedelta

from alvh_trader.engine.case import Ask, Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding


def is_allowed(turn: Turn, case: Case, ask: Ask) -> bool:
    """Return whether a person allows it now, or did for the roll under way."""
    return ask in valid(turn, case) or (
        case.roll is not None and ask in case.roll.allowed
    )


def valid(turn: Turn, case: Case) -> tuple[Ask, ...]:
    """Return what a person has allowed, has not expired and is not used up."""
    lasts = timedelta(minutes=turn.rules.params.ack_minutes)
    return tuple(ask for ask, at in case.allowed.items() if turn.at - at <= lasts)


def consent(turn: Turn, case: Case, ask: Ask) -> Finding:
    """Return whether a person allows it, as a finding."""
    good = is_allowed(turn, case, ask)
    mend = "" if good else f"alvh-trader ack {case.case_id} {ask}"
    value = "given" if good else "none"
    return Finding(f"acknowledgement ({ask})", value, "given", good, mend)


def ask_person(turn: Turn, case: Case, ask: Ask) -> Case:
    """Leave a question open, and tell a person of it once."""
    if case.asks is ask:
        return case
    lasts = turn.rules.params.ack_minutes
    text = (
        f"{QUESTIONS[ask]}: alvh-trader ack {case.case_id} {ask} allows it once, "
        f"for {lasts:.0f} min"
    )
    turn.alert("ack_wanted", Severity.WARNING, case.case_id, text)
    return turn.change(case, asks=ask)


def use_up(case: Case, *asks: Ask) -> dict[Ask, datetime]:
    """Return what is left of a case's acknowledgements without these."""
    return {ask: at for ask, at in case.allowed.items() if ask not in asks}


QUESTIONS: dict[Ask, str] = {
    Ask.SINGLE_HEDGE: "one hedge contract costs more than the budget of the hedge",
    Ask.BREADTH: "breadth is unknown; everything else would let the condor roll",
    Ask.STRESS: "VIX is in STRESS; a roll needs a person",
    Ask.CRISIS: "VIX is in CRISIS, or never known; a roll needs a person",
    Ask.DEBIT: "no roll earns a credit; the best one pays a debit",
}
