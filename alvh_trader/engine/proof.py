"""The circumstances of an order, gathered from the state for the gate to judge."""

import math
from datetime import timedelta

from alvh_trader.domain.calendar import disagreement, new_york_date
from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Layer, Leg, Order, Purpose
from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.discrepancies import against
from alvh_trader.engine.funding import funding_of, light_of
from alvh_trader.engine.identity import live_proof
from alvh_trader.engine.lots import FIRST, at_risk, at_work
from alvh_trader.engine.sent import (
    fills_lately,
    freeze_of,
    gross,
    is_alike,
    others_of_today,
    refused_alike,
    twins,
)
from alvh_trader.engine.state import Margin, State, series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.risk.circumstances import (
    Circumstances,
    CloseProof,
    EntryProof,
    HedgeProof,
    SaleProof,
)
from alvh_trader.risk.stress import Level
from alvh_trader.signals.levels import Level as EdrLevel
from alvh_trader.strategy.phase import Phase

HEDGE_SESSIONS_MIN = 2
"""A hedge that expires within two trading days does not count (alvh.md §3.3)."""

SPOT_AGE_MAX = timedelta(seconds=15)
VIX_AGE_MAX = timedelta(seconds=60)
"""How old an index may be (alvh.md §2.6, §13.3)."""

FRESH_MAX = timedelta(seconds=30)
"""How old the newest look at a case may be."""


GUARDED = frozenset(
    {
        Phase.BREADTH,
        Phase.ROLL_PLAN,
        Phase.ROLL_WORKING,
        Phase.SPLIT_HOLD,
        Phase.VERIFY,
    }
)
"""Phases in which no sale may take the hedge below n_min (INV-2)."""


def holds(state: State, con_id: int, quantity: int) -> bool:
    """Return whether the account holds at least `quantity`, short or long as signed."""
    position = state.positions.get(con_id)
    have = position.quantity if position else 0
    return have >= quantity if quantity > 0 else have <= quantity


def held_against(
    state: State, shape: Condor, case: Case | None = None
) -> tuple[int, ...]:
    """Return the legs of a condor that are held the other way, but by `case` itself.

    Bought or sold they would close something, and two cases would lack a leg.
    """
    own = {leg.option.con_id: leg.quantity for leg in case.legs} if case else {}
    found = []
    for leg in shape.positions():
        con_id = leg.instrument.con_id
        position = state.positions.get(con_id)
        others = (position.quantity if position else 0) - own.get(con_id, 0)
        if leg.quantity * others < 0:
            found.append(con_id)
    return tuple(found)


def lots_of(state: State, case_id: str) -> tuple[HedgeLot, ...]:
    """Return the hedge lots allocated to a case that can still be traded."""
    return tuple(
        lot
        for lot in state.lots.values()
        if lot.case == case_id
        and lot.units > 0
        and state.day is not None
        and lot.last_trade >= state.day
    )


def overlay_of(state: State, case_id: str) -> tuple[HedgeLot, ...]:
    """Return those lots of a case that step 3 bought: the first layer."""
    return tuple(lot for lot in lots_of(state, case_id) if lot.layer in FIRST)


def held(turn: Turn, case_id: str, con_id: int) -> int:
    """Return how many units of hedges whose main leg is `con_id` are held for a case.

    The account nets what one spread bought and another sold, so it is compared with
    the sum of all allocations. What it lacks of that is charged to every case: no
    contract counts twice.
    """
    lots = turn.instant.lots_of(case_id)
    mine = sum(lot.units for lot in lots if lot.main.con_id == con_id)
    return max(0, mine - max(0, _lacking(turn, con_id)))


def lasting_lots(turn: Turn, case: Case) -> tuple[HedgeLot, ...]:
    """Return the first layer's lots of a case that do not expire too soon to count.

    What does not count as a hedge counts neither in the vega offset nor in the number
    that must be held: an expiring hedge would excuse the one that follows it.
    """
    if turn.state.day is None:
        return ()
    return tuple(
        lot
        for lot in turn.instant.lots_of(case.case_id)
        if lot.layer in FIRST and lasts(turn, lot)
    )


def lasts(turn: Turn, lot: HedgeLot) -> bool:
    """Return whether a lot can be traded for long enough to count as a hedge."""
    today, calendar = turn.state.day, turn.rules.calendar
    if today is None:
        return False
    return calendar.sessions_until(today, lot.last_trade) > HEDGE_SESSIONS_MIN


def hedge_proof(turn: Turn, case: Case, without: str = "") -> HedgeProof:
    """Return what shows that the case's hedge is really held.

    What a sale at work may still take does not count; `without` is a sale that is
    not one of those.
    """
    today, lasting = turn.state.day, lasting_lots(turn, case)
    going = sum(at_work(turn.state, lot, without) for lot in lasting)
    mains = {lot.main.con_id for lot in lasting}
    left = [
        turn.rules.calendar.sessions_until(today, lot.last_trade)
        for lot in lasting
        if today is not None
    ]
    last = case.snapshots[-1] if case.snapshots else None
    return HedgeProof(
        needed=max(1, case.needed),
        filled=sum(lot.units for lot in lasting) - going,
        held=sum(held(turn, case.case_id, con_id) for con_id in mains) - going,
        exec_ids=tuple(e for lot in lasting for e in lot.exec_ids),
        sessions_left=min(left, default=0),
        greeks_in_band=case.in_band_at is not None,
        judged=case.in_band_at,
        greeks="" if last is None else f"{last.delta_risk:.3f} {last.offset:.4f}",
    )


def is_hedged(turn: Turn, case: Case) -> bool:
    """Return whether the hedge counts as filled (INV-1)."""
    proof = hedge_proof(turn, case)
    return min(proof.filled, proof.held) >= proof.needed and case.needed > 0


def sale_proof(turn: Turn, order: Order) -> SaleProof:
    """Return what shows that an order sells what the case has, and may spare."""
    state, case = turn.state, turn.state.cases.get(order.case)
    own = state.tickets.get(order.ref)
    legs = tuple(Leg(leg.instrument, -leg.ratio) for leg in order.legs)
    lots = [x for x in lots_of(state, order.case) if x.legs == legs]
    booked = sum(lot.units - at_work(state, lot, order.ref) for lot in lots)
    # What has filled of the order is not in the lots any more.
    done = own.filled if own else 0
    going = order.quantity - done
    kept = needed = 0
    if case is not None and _is_guarded(case):
        proof = hedge_proof(turn, case, order.ref)
        counted = any(lasts(turn, x) and x.layer in FIRST for x in lots)
        kept = min(proof.filled, proof.held) - (going if counted else 0)
        needed = max(1, case.needed) if counted else 0
    return SaleProof(
        booked=booked + done,
        held=booked + done - max((_units_lacking(turn, x) for x in legs), default=0),
        kept=kept,
        needed=needed,
    )


def close_proof(state: State, case: Case | None) -> CloseProof | None:
    """Return what may be closed of a case; None where nobody asked for it."""
    if case is None or case.phase is not Phase.CLOSING:
        return None
    owned = {leg.option.con_id: leg.quantity for leg in case.legs}
    return CloseProof(owned=owned, booked=state.ledger)


def _is_guarded(case: Case) -> bool:
    is_away = case.phase in {Phase.DEGRADED, Phase.RECONCILE}
    return (case.resume if is_away else case.phase) in GUARDED


def _units_lacking(turn: Turn, leg: Leg) -> int:
    """Return for how many units of a lot the account lacks contracts of its leg."""
    lacking = _lacking(turn, leg.instrument.con_id)
    return max(0, math.ceil(lacking / leg.ratio))


def _lacking(turn: Turn, con_id: int) -> int:
    """Return how much all lots claim of a contract beyond what the account has of it.

    The account nets what one lot bought and another sold: only with the sum of all
    claims can it be compared. What it lacks is charged to every case and lot.
    """
    position = turn.state.positions.get(con_id)
    have = position.quantity if position else 0
    return turn.instant.allocated(con_id) - have


def circumstances(turn: Turn, order: Order) -> Circumstances:
    """Return everything the gate looks at, as it is now."""
    state, account = turn.state, turn.state.account
    case, why = state.cases.get(order.case), order.purpose
    live = [t for t in state.tickets.values() if t.is_live]
    margin, own = _margin(state, case, order), state.tickets.get(order.ref)
    return Circumstances(
        at=turn.at,
        today=state.day,
        may_trade=turn.rules.may_trade and (turn.rules.adopts or _is_ours(order, case)),
        freeze=freeze_of(turn),
        is_naked=state.is_naked,
        connection=state.link.name,
        hours_wrong=_hours_wrong(turn),
        is_market_open=turn.rules.calendar.is_open(turn.at),
        is_data_fresh=_is_fresh(turn, case),
        reconciled=None if state.break_since else state.reconciled,
        net_liquidation=account.net_liquidation if account else 0.0,
        available_funds=account.available_funds if account else 0.0,
        cushion=account.cushion if account else 0.0,
        hedge_spent_today=state.hedge_spent,
        hedge_spent_this_month=state.hedge_spent_month,
        risk_notional=_risk_notional(case),
        hedge_cost=_hedge_cost(turn, order),
        future_stop=turn.rules.params.hedge.future_stop,
        sent=state.sent,
        orders_today=sum(is_alike(t, order) for t in others_of_today(state, order)),
        units_today=sum(t.order.quantity for t in others_of_today(state, order)),
        fills_lately=fills_lately(turn, order),
        filled=0 if own is None else own.filled,
        twins=twins(turn, order),
        refused=refused_alike(turn, order),
        rolls_lately=_rolls_lately(turn, case) if case else 0,
        doubtful=tuple(t.order.ref for t in live if t.is_in_doubt),
        working=tuple(t.order for t in live),
        held={k: p.quantity for k, p in state.positions.items()},
        gross=gross(state, order),
        quotes=state.quotes,
        hedge=hedge_proof(turn, case) if why is Purpose.ROLL and case else None,
        sale=sale_proof(turn, order) if why is Purpose.HEDGE_SELL else None,
        close=close_proof(state, case),
        margin_change=margin.change if margin else None,
        margin_asked=margin.at if margin else None,
        is_at_work=own is not None and own.was_sent,
        drawdown=_drawdown(state, case, order),
        entry=_entry_proof(turn, order) if why is Purpose.OPEN else None,
        live=live_proof(state, order),
        off_parity=_off_parity(turn, order),
        discrepancies=against(state, order),
    )


def _hedge_cost(turn: Turn, order: Order) -> float:
    """Return what the hedges of the order's case and layer have cost, its own not."""
    return sum(
        at_risk(x, turn.rules.params.hedge)
        for x in lots_of(turn.state, order.case)
        if x.ref != order.ref
        and lasts(turn, x)
        and (x.layer in FIRST) == (order.layer is not Layer.L2)
    )


def _hours_wrong(turn: Turn) -> str:
    day = new_york_date(turn.at)
    return disagreement(turn.rules.calendar, turn.state.link.hours, day)


def _entry_proof(turn: Turn, order: Order) -> EntryProof:
    """Return what the order would open a condor into; its own fills are not counted."""
    state, found = turn.state, funding_of(turn)
    others = [
        c
        for c in state.cases.values()
        if c.phase is not Phase.CLOSED and c.opened_by != order.ref
    ]
    return EntryProof(
        may_open=turn.rules.params.entries.enabled,
        capital=0.0 if found is None else found.deployed,
        cases_held=len(others),
        # Where VIX is missing the data are not fresh: the regime is that of now.
        regime=state.regime,
        is_extreme=any(c.tracker.level is EdrLevel.EXTREME for c in others),
        is_overdrawn=state.book_test is not None
        and state.book_test.level is Level.BREACH,
        light=light_of(state),
    )


def _is_ours(order: Order, case: Case | None) -> bool:
    """Return whether no hand but ours opened, or opens, what the order is for."""
    return order.purpose is Purpose.OPEN or (case is not None and bool(case.opened_by))


def _drawdown(state: State, case: Case | None, order: Order) -> float | None:
    """Return the drawdown that the order was chosen with, a fraction of capital."""
    if order.purpose is Purpose.OPEN:
        return state.entry.drawdown
    is_roll = order.purpose is Purpose.ROLL
    return case.roll.drawdown if is_roll and case and case.roll else None


def _off_parity(turn: Turn, order: Order) -> tuple[str, ...]:
    """Return which series of an order, and of its case's hedge, break parity, and how.

    One that was not measured may: it is not known to hold.
    """
    legs = [
        *order.legs,
        *(x for lot in lots_of(turn.state, order.case) for x in lot.legs),
    ]
    keys = {
        series_key(leg.instrument.trading_class, leg.instrument.last_trade)
        for leg in legs
        if isinstance(leg.instrument, Option)
    }
    return tuple(
        f"{key} {why}" for key in sorted(keys) if (why := _parity_break(turn, key))
    )


def _parity_break(turn: Turn, key: str) -> str:
    guard = turn.state.parity.get(key)
    if guard is None or guard.measured is None or turn.at - guard.measured > FRESH_MAX:
        return "is not measured"
    if guard.is_dislocated:
        return "is dislocated"
    return "is in doubt" if guard.is_held else ""


def _risk_notional(case: Case | None) -> float | None:
    """Return the wider wing of the case's own legs in USD, not the booked figure."""
    if case is None:
        return None
    owed: dict[Right, float] = {}
    for leg in case.legs:
        option = leg.option
        usd = leg.quantity * option.strike * option.multiplier
        owed[option.right] = owed.get(option.right, 0.0) + usd
    return max(map(abs, owed.values()), default=0.0)


def _is_fresh(turn: Turn, case: Case | None) -> bool:
    """Return whether the look at the case and its indexes are fresh at this instant.

    The last look found them fresh, but an order may leave seconds after it. An order
    for the book as a whole has no case to look at.
    """
    state = turn.state
    if case is not None:
        looked = case.evaluated
        if case.edr is None or looked is None or turn.at - looked > FRESH_MAX:
            return False
    if state.index_level("SPX", turn.at, SPOT_AGE_MAX) is None:
        return False
    # VIX9D stands in for a stale VIX, as in every look.
    return any(
        state.index_level(symbol, turn.at, VIX_AGE_MAX) is not None
        for symbol in ("VIX", "VIX9D")
    )


def _rolls_lately(turn: Turn, case: Case) -> int:
    calendar, today = turn.rules.calendar, turn.state.day
    window = turn.rules.limits.rolls_sessions
    return sum(
        today is not None and calendar.sessions_until(done.date(), today) < window
        for done in case.rolled
    )


def _margin(state: State, case: Case | None, order: Order) -> Margin | None:
    refs = (order.ref, case.roll.preview_ref if case and case.roll else "")
    return next((state.margins[r] for r in refs if r in state.margins), None)
