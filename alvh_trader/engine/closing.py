"""Close a case because a person wants it gone: its condor first, then its hedge.

Never by itself. What works for the case is cancelled first, then one order at a time
closes what executions say that it holds, by combos of which no part uncovers a short.
When executions and positions both show nothing left the case is CLOSED, and only then
`engine.harvest` sells its hedge (reliability.md P01, T13).
"""

from datetime import datetime, timedelta
from decimal import Decimal

from alvh_trader.domain.money import SPX_COMBO_TICKS
from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.engine.case import Case
from alvh_trader.engine.closed import closings_of, in_one_order, verticals_of
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import OperatorFlattened
from alvh_trader.engine.harvest import net_market
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.orders import (
    ask_report,
    cancel,
    cancel_all,
    live_of,
    new_ref,
    submit,
)
from alvh_trader.engine.proof import circumstances, lots_of
from alvh_trader.engine.sides import CONCESSION
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.execution.walk import HEDGE_RUNG, roll_ladder
from alvh_trader.risk.closing import takes_away
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Fact, Phase, Trigger

EVERY = timedelta(seconds=10)
"""How often it is looked how far the closing is."""

CLOSE_MAX = timedelta(seconds=90)
"""How long one order works: a market that runs away is followed by the next one."""

OTHERS = frozenset(Purpose) - {Purpose.CLOSE}


def hindrance(state: State, rules: Rules, case: Case) -> str:
    """Return why a case cannot be closed, "" where it can."""
    if not rules.may_trade:
        return "this daemon only watches"
    if not (rules.adopts or case.opened_by):
        return f"{case.case_id} is watched, not adopted"
    if not case.condor.is_ordinary:
        return f"{case.case_id} is no case of ordinary SPX options: nobody watches it"
    if case.flatten is not None:
        return f"{case.case_id} is being closed already"
    if case.phase is Phase.CLOSED and not lots_of(state, case.case_id):
        return f"{case.case_id} holds nothing"
    return ""


def on_asked(turn: Turn, event: OperatorFlattened) -> None:
    """Begin to close a case, or all of them; what works for it is cancelled first."""
    for case in tuple(turn.state.cases.values()):
        is_meant = event.case in {"", case.case_id}
        if is_meant and not hindrance(turn.state, turn.rules, case):
            _begin(turn, case, event.by or "no name given")
    ask_report(turn, "a case is about to be closed")


def _begin(turn: Turn, case: Case, by: str) -> None:
    cancel_all(turn, case.case_id, frozenset(Purpose))
    cancel(turn, case.opened_by)
    if (case.phase, Trigger.FLATTEN) in TRANSITIONS:
        is_away = case.phase in {Phase.DEGRADED, Phase.RECONCILE, Phase.MANUAL}
        found = Finding("asked for by", by, "a person", True)
        case = turn.move(
            case,
            Trigger.FLATTEN,
            (found,),
            resume=case.resume if is_away else case.phase,
            retested=None,
            in_band_at=None,
            asks=None,
        )
    turn.change(case, flatten=turn.at)
    text = f"it is being closed, as {by} asked: the condor first, then its hedge"
    turn.alert("flatten", Severity.WARNING, case.case_id, text)


def give_up(turn: Turn, case_id: str) -> None:
    """End what a person asked for: nothing more is closed, and what works goes."""
    cancel_all(turn, case_id, {Purpose.CLOSE})
    turn.change(turn.state.cases[case_id], flatten=None)


def look(turn: Turn) -> None:
    """Go on with every case that a person wants closed."""
    for case in tuple(turn.state.cases.values()):
        if case.phase is Phase.CLOSING:
            if case.retested is None or turn.at - case.retested >= EVERY:
                _look_at(turn, turn.change(case, retested=turn.at))
        elif case.flatten is not None and case.phase is Phase.CLOSED:
            _look_at_rest(turn, case)


def _look_at(turn: Turn, case: Case) -> None:
    if cancel_all(turn, case.case_id, OTHERS):
        turn.stand(case, "waiting for the end of what worked before")
        return
    if live := live_of(turn.state, case.case_id):
        _watch(turn, case, live[0])
    elif not case.legs:
        _finish(turn, case)
    elif not turn.rules.calendar.is_open(turn.at):
        turn.stand(case, "the market is closed: it is closed when it opens")
    elif _is_reconciled(turn):
        _send(turn, case)
    else:
        ask_report(turn, "a case is about to be closed", timedelta(seconds=5))
        turn.stand(case, "waiting for a clean reconciliation")


def _watch(turn: Turn, case: Case, ticket: Ticket) -> None:
    """Let an order work on only while all of it still closes."""
    if ticket.is_in_doubt:
        turn.stand(case, "waiting for the truth about an order")
        return
    order = ticket.order
    found = takes_away(order, circumstances(turn, order), turn.rules.limits)
    # Between the fills of one unit its legs differ for a moment.
    if found.holds or ticket.residual:
        turn.stand(case, "the closing order works, or waits for a person")
    else:
        cancel(turn, order.ref)
        turn.stand(case, "somebody else closes too: the order is cancelled", (found,))


def _is_reconciled(turn: Turn) -> bool:
    seen, most = turn.state.reconciled, turn.rules.limits.reconciled_age_max
    return seen is not None and turn.at - seen < most


def _send(turn: Turn, case: Case) -> None:
    """Offer for what is left: both sides in one order where they are of one series."""
    if not verticals_of(case):
        _stop(turn, case, "what is left is no vertical: a person must close it")
        return
    made = order_of(turn, case)
    if made is None:
        _stop(turn, case, "a leg is not quoted")
        return
    order, rungs = made
    refused = submit(turn, order, (rungs, HEDGE_RUNG, CLOSE_MAX))
    case = turn.state.cases[case.case_id]
    if refused is None:
        offered = Finding("closing order", f"{order.quantity} units", order.ref, True)
        turn.stand(case, f"{order.ref} closes {order.quantity}", (offered,))
    elif not refused.is_early:
        names = ", ".join(f.code for f in refused.findings)
        why = f"the gate refuses to close it: {names}"
        _stop(turn, case, why, refused.reasons, refused.findings)


def _stop(
    turn: Turn,
    case: Case,
    why: str,
    text: str = "",
    findings: tuple[Finding, ...] = (),
) -> None:
    """Stand still, and tell a person once for each reason: he waits for it."""
    if case.standing != why:
        told = f"not closed: {text or why}; it is tried again, or release the case"
        turn.alert("not_closed", Severity.CRITICAL, case.case_id, told)
    turn.stand(case, why, findings)


def order_of(turn: Turn, case: Case) -> tuple[Order, tuple[Decimal, ...]] | None:
    """Return the next order with its limits, None without quotes."""
    together = in_one_order(verticals_of(case))
    legs = tuple(leg for v in together for leg in (Leg(v.short, 1), Leg(v.long, -1)))
    market = net_market(turn.state, legs)
    if market is None:
        return None
    tick, top = SPX_COMBO_TICKS.fine, SPX_COMBO_TICKS.ceiling(market[1])
    ladder = roll_ladder(sum(market) / 2, SPX_COMBO_TICKS, CONCESSION)
    # What is worth next to nothing is still bought for something.
    rungs = tuple(dict.fromkeys(max(tick, min(price, top)) for price in ladder))
    most = order_max(turn, turn.rules.limits.combos_per_order_max)
    order = Order(
        ref=new_ref(turn, case.case_id, Purpose.CLOSE),
        case=case.case_id,
        purpose=Purpose.CLOSE,
        legs=legs,
        quantity=min(most, *(v.quantity for v in together)),
        limit=rungs[0],
    )
    return order, rungs


def _finish(turn: Turn, case: Case) -> None:
    """Take a condor for gone when executions and positions both say so."""
    if not _is_gone(turn, case):
        ask_report(turn, "a condor was bought back", timedelta(seconds=5))
        turn.stand(case, "bought back; the positions must show it")
        return
    found = Finding("legs held", "none by executions and positions", "none", True)
    turn.move(case, Trigger.BOUGHT_BACK, (found,), frozenset({Fact.CONDOR_GONE}))
    text = "its condor is closed, by executions and positions; its hedge is sold next"
    turn.alert("closed", Severity.WARNING, case.case_id, text)


def _is_gone(turn: Turn, case: Case) -> bool:
    """Return whether a clean report since the last fill has the ledger's contracts."""
    state = turn.state
    orders = closings_of(state, case.case_id)
    since: datetime = max((t.heard or t.opened for t in orders), default=case.since)
    if state.break_since or state.reconciled is None or state.reconciled < since:
        return False
    con_ids = {leg.instrument.con_id for t in orders for leg in t.order.legs}
    held = {k: state.positions[k].quantity for k in con_ids & state.positions.keys()}
    return all(held.get(k, 0) == state.ledger.get(k, 0) for k in con_ids)


def _look_at_rest(turn: Turn, case: Case) -> None:
    """End it when the hedge is gone too."""
    if lots_of(turn.state, case.case_id) or live_of(turn.state, case.case_id):
        return
    turn.change(case, flatten=None)
    turn.note(case.case_id, "flat", (Finding("hedge left", "0", "0", True),))
    text = "flat: condor and hedge are closed"
    turn.alert("flat", Severity.WARNING, case.case_id, text)
