"""The circumstances of an order, gathered from the state for the gate to judge."""

from datetime import timedelta

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.circumstances import Circumstances, HedgeProof

HEDGE_SESSIONS_MIN = 2
"""A hedge that expires within two trading days does not count (alvh.md §3.3)."""

SPOT_AGE_MAX = timedelta(seconds=15)
VIX_AGE_MAX = timedelta(seconds=60)
"""How old an index may be (alvh.md §2.6, §13.3)."""

FRESH_MAX = timedelta(seconds=30)
"""How old the newest look at a case may be."""


def holds(state: State, con_id: int, quantity: int) -> bool:
    """Return whether the account holds at least `quantity`, short or long as signed."""
    position = state.positions.get(con_id)
    have = position.quantity if position else 0
    return have >= quantity if quantity > 0 else have <= quantity


def lots_of(state: State, case_id: str) -> tuple[HedgeLot, ...]:
    """Return the hedge lots allocated to a case that can still be traded."""
    return tuple(
        lot
        for lot in state.lots.values()
        if lot.case == case_id and state.day is not None and lot.last_trade >= state.day
    )


def held(state: State, case_id: str, con_id: int) -> int:
    """Return how many units of hedges whose main leg is `con_id` are held for a case.

    The account nets what one spread bought and another sold, so it is compared with
    the sum of all allocations. What it lacks of that is charged to every case: no
    contract counts twice.
    """
    mine = allocated = 0
    for lot in state.lots.values():
        if lot.case == case_id and lot.main.con_id == con_id:
            mine += lot.units
        for leg in lot.legs:
            if leg.instrument.con_id == con_id:
                allocated += lot.units * leg.ratio
    position = state.positions.get(con_id)
    lacking = allocated - (position.quantity if position else 0)
    return max(0, mine - max(0, lacking))


def lasting_lots(turn: Turn, case: Case) -> tuple[HedgeLot, ...]:
    """Return the hedge lots of a case that do not expire too soon to count.

    What does not count as a hedge counts neither in the vega offset nor in the number
    that must be held: an expiring hedge would excuse the one that follows it.
    """
    today = turn.state.day
    return tuple(
        lot
        for lot in lots_of(turn.state, case.case_id)
        if today is not None
        and turn.rules.calendar.sessions_until(today, lot.last_trade)
        > HEDGE_SESSIONS_MIN
    )


def hedge_proof(turn: Turn, case: Case) -> HedgeProof:
    """Return what shows that the case's hedge is really held."""
    today, lasting = turn.state.day, lasting_lots(turn, case)
    mains = {lot.main.con_id for lot in lasting}
    left = [
        turn.rules.calendar.sessions_until(today, lot.last_trade)
        for lot in lasting
        if today is not None
    ]
    last = case.snapshots[-1] if case.snapshots else None
    return HedgeProof(
        needed=max(1, case.needed),
        filled=sum(lot.units for lot in lasting),
        held=sum(held(turn.state, case.case_id, con_id) for con_id in mains),
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


def circumstances(turn: Turn, order: Order) -> Circumstances:
    """Return everything the gate looks at, as it is now."""
    state, account = turn.state, turn.state.account
    case = state.cases.get(order.case)
    live = [t for t in state.tickets.values() if t.is_live]
    is_roll = order.purpose is Purpose.ROLL
    return Circumstances(
        at=turn.at,
        may_trade=turn.rules.may_trade and turn.rules.adopts,
        is_halted=state.is_halted,
        is_naked=state.is_naked,
        is_connected=state.is_connected and state.is_link_up,
        is_market_open=turn.rules.calendar.is_open(turn.at),
        is_data_fresh=_is_fresh(turn, case),
        reconciled=None if state.break_since else state.reconciled,
        net_liquidation=account.net_liquidation if account else 0.0,
        available_funds=account.available_funds if account else 0.0,
        cushion=account.cushion if account else 0.0,
        hedge_spent_today=state.hedge_spent,
        orders_last_minute=sum((turn.at - t).total_seconds() < 60 for t in state.sent),
        orders_today=sum(
            t.order.case == order.case
            and t.order.purpose is order.purpose
            and t.order.ref != order.ref
            and new_york_date(t.opened) == state.day
            for t in state.tickets.values()
        ),
        rolls_lately=_rolls_lately(turn, case) if case else 0,
        doubtful=tuple(t.order.ref for t in live if t.is_in_doubt),
        working=tuple(t.order for t in live),
        quotes=state.quotes,
        hedge=hedge_proof(turn, case) if is_roll and case else None,
        margin_change=_margin_change(state, case, order),
        drawdown=case.roll.drawdown if is_roll and case and case.roll else None,
    )


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
    is_fresh = {
        symbol: (quote := state.index_quote(symbol)) is not None
        and quote.last is not None
        and turn.at - quote.at <= age_max
        for symbol, age_max in (
            ("SPX", SPOT_AGE_MAX),
            ("VIX", VIX_AGE_MAX),
            ("VIX9D", VIX_AGE_MAX),
        )
    }
    # VIX9D stands in for a stale VIX, as in every look.
    return is_fresh["SPX"] and (is_fresh["VIX"] or is_fresh["VIX9D"])


def _rolls_lately(turn: Turn, case: Case) -> int:
    calendar, today = turn.rules.calendar, turn.state.day
    window = turn.rules.limits.rolls_sessions
    return sum(
        today is not None and calendar.sessions_until(done.date(), today) < window
        for done in case.rolled
    )


def _margin_change(state: State, case: Case | None, order: Order) -> float | None:
    refs = (order.ref, case.roll.preview_ref if case and case.roll else "")
    return next((state.margins[r].change for r in refs if r in state.margins), None)
