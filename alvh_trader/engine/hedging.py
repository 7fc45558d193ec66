"""Step 3a and 3b: plan the hedge and work it until it is held.

Every way out of HEDGE_PLAN and HEDGE_WORKING that has no hedge ends in HOLD_UNHEDGED,
from which no roll can be reached; what is partly hedged is held (alvh.md §3.2).
"""

from datetime import timedelta

import msgspec

from alvh_trader.domain.money import combo_ticks, option_ticks
from alvh_trader.domain.order import Layer, Order, OrderStatus, Purpose
from alvh_trader.engine.budget import base_of, spent_on, year_left
from alvh_trader.engine.candidates import candidate_veq
from alvh_trader.engine.case import Ask, Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.consent import ask_person, consent, is_allowed, use_up
from alvh_trader.engine.evaluation import (
    Reading,
    hedge_exposure,
    series_chain,
    snapshot,
    tier_of,
)
from alvh_trader.engine.funding import funding_of, hedge_factor
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.instant import QUOTE_AGE_MAX
from alvh_trader.engine.orders import ask_report, cancel, new_ref, submit
from alvh_trader.engine.proof import (
    hedge_proof,
    is_hedged,
    lasting_lots,
    overlay_of,
)
from alvh_trader.engine.reasons import is_over
from alvh_trader.engine.targets import hedge_futures, hedge_series, roll_series
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.execution.walk import HEDGE_RUNG, hedge_ladder
from alvh_trader.risk.gate import Refused
from alvh_trader.strategy.bands import band_of
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.hedge import HedgePlan, Planned, Quoted, plan_hedge
from alvh_trader.strategy.params import HedgeKind, HedgeParams, NotionalBase
from alvh_trader.strategy.phase import Fact, Phase, Trigger
from alvh_trader.strategy.sizing import Need, Term, tranche

PLAN_MAX = timedelta(seconds=60)
SIGHT_MAX = timedelta(seconds=20)
ORDER_MAX = timedelta(seconds=180)
HEDGING_MAX = timedelta(seconds=600)
"""The clocks of alvh.md §3.2."""

LAYER_1_DAYS = 21
"""Calendar days for which a condor is in its first layer (alvh.md §4.2)."""

HEDGED = frozenset({Fact.HEDGE_FILLED})
"""The fact that rows into STABILISE and ROLL_PLAN demand."""


def hedge_orders(turn: Turn, case: Case) -> list[Ticket]:
    """Return the hedge orders of a case that are not long gone, oldest first."""
    return [
        t
        for t in turn.state.tickets.values()
        if t.order.case == case.case_id
        and t.order.purpose is Purpose.HEDGE
        and t.order.layer is not Layer.L2
    ]


def _layer_2_orders(turn: Turn, case: Case) -> list[Ticket]:
    return [
        t
        for t in turn.state.tickets.values()
        if t.is_live and t.order.case == case.case_id and t.order.layer is Layer.L2
    ]


def look_hedge_plan(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 3a: what to buy, how much, and off it goes through the gate."""
    if any(t.is_live for t in hedge_orders(turn, case)):
        turn.stand(case, "an earlier hedge order is not ended yet")
        return
    if longer := _layer_2_orders(turn, case):
        for ticket in longer:
            cancel(turn, ticket.order.ref)
        turn.stand(case, "an order of layer 2 gives way")
        return
    if _is_sufficient(turn, case, reading):
        return
    planned = plan_of(turn, case, reading)
    if isinstance(planned, str):
        _wait_for_plan(turn, case, planned)
        return
    plan = planned.plan
    if plan is None:
        _give_up(turn, case, Trigger.INFEASIBLE, planned.findings)
        return
    if plan.needs_ack and not is_allowed(turn, case, Ask.SINGLE_HEDGE):
        case = ask_person(turn, case, Ask.SINGLE_HEDGE)
        told = (*planned.findings, consent(turn, case, Ask.SINGLE_HEDGE))
        _give_up(turn, case, Trigger.INFEASIBLE, told)
        return
    if plan.size.n < 1:
        _give_up(turn, case, Trigger.INFEASIBLE, planned.findings)
        return
    if turn.rules.may_trade and not is_reconciled(turn):
        turn.stand(case, "waiting for a fresh reconciliation")
        return
    _buy(turn, case, plan, planned.findings)


def is_reconciled(turn: Turn) -> bool:
    """Return whether the books are fresh enough for an order; ask if they are not."""
    reconciled = turn.state.reconciled
    age_max = turn.rules.limits.reconciled_age_max
    if reconciled is not None and turn.at - reconciled < age_max:
        return True
    ask_report(turn, "a hedge is about to be bought", timedelta(seconds=5))
    return False


def _is_sufficient(turn: Turn, case: Case, reading: Reading) -> bool:
    """Go on where the hedge held already offsets enough."""
    seen = snapshot(turn, case, reading)
    lots = overlay_of(turn.state, case.case_id)
    if seen is None or not lots:
        return False
    band = band_of(tier_of(turn, reading), turn.rules.params.bands)
    if seen.offset < band.offset_low:
        return False
    proof = hedge_proof(turn, case)
    enough = msgspec.structs.replace(case, needed=max(1, proof.filled))
    if not is_hedged(turn, enough):
        return False
    held = case.plan.size.tranche if case.plan else 1.0
    if turn.rules.params.edr.ladder and tranche(reading.edr.value) > held:
        return False
    found = Finding(
        "vega offset held", f"{seen.offset:.3f}", f">= {band.offset_low:.2f}", True
    )
    turn.move(
        case,
        Trigger.HEDGE_SUFFICIENT,
        (found,),
        HEDGED,
        needed=enough.needed,
        snapshots=(),
    )
    return True


def plan_of(turn: Turn, case: Case, reading: Reading) -> Planned | str:
    """Return the plan of the best series, or what is still missing for one."""
    if "VIX" not in turn.state.series:
        return "VIX expiries are not listed yet"
    wanted = hedge_series(turn)
    if not wanted:
        none = Finding("VIX expiry", "none listed", "5 to 18 days, 4 sessions", False)
        return Planned(plan=None, findings=(none,))
    chain = series_chain(turn, *wanted[0], spot=None)
    held = hedge_exposure(turn, case, reading)
    if chain is None:
        return "no forward of the VIX series: its options are not quoted"
    if held is None:
        return "the hedge held is not quoted"
    veq_after = candidate_veq(turn, case, reading)
    is_early = turn.at - case.since < SIGHT_MAX
    if not veq_after and is_early and roll_series(turn, case):
        return "the roll that the hedge must outlast is not quoted yet"
    capital, hedge = funding_of(turn), turn.rules.params.hedge
    tier, edr = tier_of(turn, reading), reading.edr.value
    need = Need(
        risk_notional=case.condor.risk_notional,
        veq_now=reading.risk.exposure.veq,
        veq_after=veq_after,
        capital=0.0 if capital is None else capital.value,
        tier=tier,
        held_veq=held.veq,
        spent=spent_on(lasting_lots(turn, case), hedge),
        floor_only=case.floor_only,
        base=0.0 if _is_by_risk(hedge) else base_of(turn, case),
        credit=case.condor.credit * 100 * case.condor.quantity,
        year_left=year_left(turn),
        factor=hedge_factor(turn, reading.spot),
        tranche=tranche(edr) if turn.rules.params.edr.ladder else 1.0,
    )
    return plan_hedge(
        chain,
        need,
        reading.vix,
        turn.rules.params,
        without=case.kinds_refused,
        futures=_futures(turn),
    )


def _is_by_risk(hedge: HedgeParams) -> bool:
    return hedge.notional_base is NotionalBase.DEFINED_RISK


def _futures(turn: Turn) -> list[Quoted]:
    """Return the VIX futures that may be bought, as they are quoted now."""
    found = []
    for future in hedge_futures(turn):
        quote = turn.state.quotes.get(future.con_id)
        if (
            turn.state.day is not None
            and quote is not None
            and turn.at - quote.at <= QUOTE_AGE_MAX
            and quote.bid is not None
            and quote.ask is not None
        ):
            dte = (future.expiry - turn.state.day).days
            shown = quote.ask_size or 0.0
            found.append(
                Quoted(
                    future=future, dte=dte, bid=quote.bid, ask=quote.ask, shown=shown
                )
            )
    return found


def _wait_for_plan(turn: Turn, case: Case, why: str) -> None:
    if turn.at - case.since < PLAN_MAX:
        turn.stand(case, why)
        return
    _give_up(
        turn, case, Trigger.TIMEOUT, (Finding("hedge plan", why, "a plan", False),)
    )


def _give_up(
    turn: Turn, case: Case, trigger: Trigger, findings: tuple[Finding, ...]
) -> None:
    """No (further) hedge is to be had: hold what there is, and say so."""
    lots = overlay_of(turn.state, case.case_id)
    if lots:
        units = sum(lot.units for lot in lots)
        held = Finding("hedge held", f"{units}", f">= {max(1, case.needed)}", False)
        turn.move(case, Trigger.PARTLY_HEDGED, (*findings, held), retested=turn.at)
        return
    turn.move(case, trigger, findings, retested=turn.at, unhedged_told=True)
    if not case.unhedged_told:
        why = next((f"{f.what}: {f.value}" for f in findings if not f.holds), trigger)
        text = f"breach without a hedge ({why}); the roll is forbidden"
        turn.alert("unhedged_breach", Severity.CRITICAL, case.case_id, text)


def send(turn: Turn, case: Case, plan: HedgePlan) -> tuple[Refused | None, int]:
    """Pass the order of a plan through the gate; return why not, and the new n_min."""
    held = hedge_proof(turn, case).filled
    wanted = min(plan.size.n, turn.rules.limits.hedge_contracts_per_order_max)
    # A first order of one contract does not make one contract enough.
    needed = held + max(1, min(plan.size.n_min, wanted))
    single = len(plan.legs) == 1
    grid = option_ticks(plan.long.trading_class) if single else combo_ticks("VIX")
    rungs = hedge_ladder(2 * plan.mid - plan.ask, plan.ask, grid)
    ref = new_ref(turn, case.case_id, Purpose.HEDGE)
    order = Order(
        ref=ref,
        case=case.case_id,
        purpose=Purpose.HEDGE,
        legs=plan.legs,
        quantity=order_max(turn, wanted),
        limit=rungs[0],
        layer=layer_of(turn, case),
    )
    refused = submit(turn, order, (rungs, HEDGE_RUNG, ORDER_MAX))
    if refused is None and plan.size.binds is Term.YEAR:
        text = "the year's cost of hedges is at its cap: no more than the floor"
        turn.alert("hedge_year", Severity.WARNING, case.case_id, text)
    return refused, needed


def _buy(
    turn: Turn, case: Case, plan: HedgePlan, findings: tuple[Finding, ...]
) -> None:
    refused, needed = send(turn, case, plan)
    if refused is not None:
        _refuse(turn, case, refused)
        return
    started = case.hedging_since or turn.at
    turn.move(
        turn.state.cases[case.case_id],
        Trigger.PLAN_VALID,
        findings,
        plan=plan,
        needed=needed,
        hedging_since=started,
        allowed=use_up(case, Ask.SINGLE_HEDGE),
    )


def layer_of(turn: Turn, case: Case) -> Layer:
    """Return the tag of a hedge of step 3: L1 for 21 days, L1X after (alvh.md §4.2).

    A condor of unknown age is an old one.
    """
    age = turn.at - case.opened
    is_young = case.is_age_known and age <= timedelta(days=LAYER_1_DAYS)
    return Layer.L1 if is_young else Layer.L1X


def _refuse(turn: Turn, case: Case, refused: Refused) -> None:
    if turn.at - case.since >= PLAN_MAX or not turn.rules.may_trade:
        _give_up(turn, case, Trigger.INFEASIBLE, refused.findings)
        return
    if case.standing != "the gate refuses the hedge order":
        turn.alert("order_refused", Severity.WARNING, case.case_id, refused.reasons)
    ask_report(turn, "a hedge was refused", timedelta(seconds=5))
    turn.stand(case, "the gate refuses the hedge order", refused.findings)


def look_hedge_working(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 3b: until executions and positions show the hedge, or time is up."""
    orders = hedge_orders(turn, case)
    live = [t for t in orders if t.is_live]
    proof = hedge_proof(turn, case)
    found = Finding(
        "hedge held",
        f"{proof.filled} by executions, {proof.held} by positions",
        f">= {case.needed}",
        min(proof.filled, proof.held) >= case.needed,
    )
    if is_hedged(turn, case):
        turn.move(case, Trigger.HEDGE_COMPLETE, (found,), HEDGED, snapshots=())
        return
    started = case.hedging_since or case.since
    if proof.filled >= case.needed and turn.at - started < HEDGING_MAX:
        ask_report(turn, "the hedge has filled", timedelta(seconds=5))
        turn.stand(case, "filled; positions do not show it yet", (found,))
        return
    if live:
        _hurry(turn, case, reading, live[-1], found)
        return
    _hedge_order_ended(turn, case, reading, found)


def _hurry(
    turn: Turn, case: Case, reading: Reading, ticket: Ticket, found: Finding
) -> None:
    started = case.hedging_since or case.since
    if ticket.filled == 0 and is_over(turn, case, reading):
        cancel(turn, ticket.order.ref)
        turn.stand(case, "EDR is clear: the unfilled hedge is cancelled", (found,))
    elif turn.at - started >= HEDGING_MAX:
        cancel(turn, ticket.order.ref)
        turn.stand(case, "10 min are up: the hedge order is cancelled", (found,))
    else:
        turn.stand(case, "the hedge order works", (found,))


def _hedge_order_ended(
    turn: Turn, case: Case, reading: Reading, found: Finding
) -> None:
    started = case.hedging_since or case.since
    last = next(reversed(hedge_orders(turn, case)), None)
    if not overlay_of(turn.state, case.case_id) and is_over(turn, case, reading):
        turn.move(case, Trigger.CLEAR, (found,), reason=None, plan=None)
    elif turn.at - started >= HEDGING_MAX:
        _give_up(turn, case, Trigger.TIMEOUT, (found,))
    elif last is not None and last.status is OrderStatus.REJECTED:
        kind = case.plan.kind if case.plan else HedgeKind.VIX_CALL
        if kind in case.kinds_refused:
            _give_up(turn, case, Trigger.TIMEOUT, (found,))
            return
        refused = (*case.kinds_refused, kind)
        turn.move(case, Trigger.NEXT_INSTRUMENT, (found,), kinds_refused=refused)
    else:
        turn.move(case, Trigger.NEXT_INSTRUMENT, (found,))


LOOKS = {
    Phase.HEDGE_PLAN: look_hedge_plan,
    Phase.HEDGE_WORKING: look_hedge_working,
}
