"""Renewing a hedge that is about to expire: the next one first, then the old one goes.

Where a case hedges or holds, its own sequence replaces what expires. This is for the
phases beside it: EDR is not clear, nothing is breached, and the hedge that is held
would be gone in two sessions (alvh.md §4.7). Selling the old one is `engine.harvest`'s.
"""

from datetime import timedelta

from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import evaluate
from alvh_trader.engine.hedging import hedge_orders, is_reconciled, plan_of, send
from alvh_trader.engine.targets import is_renewing
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.finding import Finding

AGAIN = timedelta(minutes=10)
"""How long after an attempt the next one is made: as long as without a hedge."""


def look(turn: Turn) -> None:
    """Buy the next hedge for every case whose hedge is about to expire."""
    for case in tuple(turn.state.cases.values()):
        tried = case.renewed
        is_due = tried is None or turn.at - tried >= AGAIN
        if is_due and is_renewing(turn, case):
            _renew(turn, case)


def _renew(turn: Turn, case: Case) -> None:
    if any(t.is_live for t in hedge_orders(turn, case)):
        return
    reading = evaluate(turn, case)
    planned = reading if isinstance(reading, str) else plan_of(turn, case, reading)
    if isinstance(planned, str) or planned.plan is None or planned.plan.needs_ack:
        return
    plan = planned.plan
    if plan.size.n < 1 or (turn.rules.may_trade and not is_reconciled(turn)):
        return
    refused, needed = send(turn, case, plan)
    case = turn.state.cases[case.case_id]
    if refused is None:
        turn.change(case, renewed=turn.at, plan=plan, needed=needed)
    else:
        turn.change(case, renewed=turn.at)
    edr = Finding("EDR", f"{case.edr or 0.0:.4f} %", "not clear", True)
    findings = planned.findings if refused is None else refused.findings
    is_sent = refused is None
    what = "the hedge is renewed" if is_sent else "the gate refuses to renew the hedge"
    turn.note(case.case_id, what, (edr, *findings))
