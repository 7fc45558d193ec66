"""Hedge lots: what fills make of them, and what they cost and bring in.

A purchase is a lot; a sale shrinks the lot it names, at the average cost of its units.
Corrections come as fills do: whatever a ticket says now replaces what it said before.
"""

from datetime import date, datetime, timedelta

import msgspec

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Future
from alvh_trader.domain.order import Layer
from alvh_trader.engine.case import HedgeLot, Sale
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.strategy.params import HedgeParams

YEAR = timedelta(days=365)

TAKES = frozenset({"TP1", "TP2"})
"""Sales that take profit; of their gain more is kept for the second layer."""

FIRST = frozenset({Layer.L1, Layer.L1X})
"""The layers that step 3 buys and INV-1 counts (alvh.md §4.2)."""


def book_purchase(turn: Turn, before: Ticket, after: Ticket) -> None:
    """Fold the fills of a purchase into its lot."""
    ref, lots = after.order.ref, turn.state.lots
    old, paid = lots.get(ref), _usd(after)
    lot = _with(old or _new(after, turn.at), after, paid)
    others = {k: x for k, x in lots.items() if k != ref}
    # A correction may take back all that was filled (a bust): no lot is left then.
    turn.put(lots={**others, ref: lot} if lot.acquired else others)
    spent = paid - _usd(before)
    if isinstance(lot.main, Future):
        # A future has no premium: what may be lost until its stop is spent today,
        # and its profit or loss is the year's when it is sold.
        stop = turn.rules.params.hedge.future_stop * lot.main.multiplier
        spent = stop * (after.filled - before.filled)
        _spend(turn, spent)
        return
    _spend(turn, spent)
    _note(turn, -spent)
    if after.order.layer is Layer.L2:
        _spend_layer_2(turn, after.order.case, spent)


def _spend(turn: Turn, usd: float) -> None:
    """Count what a purchase cost to its day and month."""
    turn.put(
        hedge_spent=turn.state.hedge_spent + usd,
        hedge_spent_month=turn.state.hedge_spent_month + usd,
    )


def book_sale(turn: Turn, before: Ticket, after: Ticket) -> None:
    """Fold the fills of a sale into the lot that it sells of."""
    found = _sold_by(turn.state, after.order.ref)
    if found is None:
        return
    lot, sale = found
    units = after.filled - before.filled
    received = _usd(before) - _usd(after)
    each = lot.unit_cost
    held, sold = lot.units - units, lot.sold + units
    turn.put(
        lots={
            **turn.state.lots,
            lot.ref: msgspec.structs.replace(
                lot,
                units=held,
                cost=each * held,
                sold=sold,
                sold_cost=each * sold,
                proceeds=lot.proceeds + received,
            ),
        }
    )
    is_future = isinstance(lot.main, Future)
    _note(turn, received - each * units if is_future else received)
    if lot.layer in FIRST:
        hedge = turn.rules.params.monetise
        share = hedge.recycle if sale.why in TAKES else hedge.redeploy
        gain = max(_gain(after, each), 0.0) - max(_gain(before, each), 0.0)
        turn.put(l2_fund=max(0.0, turn.state.l2_fund + share * gain))


def at_work(state: State, lot: HedgeLot, without: str = "") -> int:
    """Return how many units of a lot live sales may still take (but one of them)."""
    live = (state.tickets.get(sale.ref) for sale in lot.sales if sale.ref != without)
    return sum(t.remaining for t in live if t is not None and t.is_live)


def at_risk(lot: HedgeLot, hedge: HedgeParams) -> float:
    """Return what a lot may cost in USD; a future, what it loses until its stop."""
    if isinstance(lot.main, Future):
        return lot.units * hedge.future_stop * lot.main.multiplier
    return lot.cost


def net_cost_of_year(state: State) -> float:
    """Return what hedges cost in the last 365 days, less what they brought, in USD."""
    if state.day is None:
        return 0.0
    return -sum(usd for day, usd in state.hedge_flows if state.day - day < YEAR)


def quarter_of(day: date) -> date:
    """Return the first day of a day's quarter."""
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def _spend_layer_2(turn: Turn, case_id: str, usd: float) -> None:
    """Take a purchase of layer 2 from what was set aside, then from the quarter."""
    turn.put(l2_fund=max(0.0, turn.state.l2_fund - usd))
    case = turn.state.cases.get(case_id)
    if case is not None:
        quarter = quarter_of(turn.state.day or new_york_date(turn.at))
        before = case.layer2_spent if case.layer2_quarter == quarter else 0.0
        turn.change(case, layer2_quarter=quarter, layer2_spent=before + usd)


def _sold_by(state: State, ref: str) -> tuple[HedgeLot, Sale] | None:
    return next(
        (
            (lot, sale)
            for lot in state.lots.values()
            for sale in lot.sales
            if sale.ref == ref
        ),
        None,
    )


def _new(ticket: Ticket, at: datetime) -> HedgeLot:
    order = ticket.order
    return HedgeLot(
        ref=order.ref,
        case=order.case,
        legs=order.legs,
        units=0,
        cost=0.0,
        exec_ids=(),
        bought=at,
        layer=order.layer or Layer.L1X,
    )


def _with(lot: HedgeLot, ticket: Ticket, paid: float) -> HedgeLot:
    """Return the lot with what its ticket has bought so far; what is sold stays so."""
    bought = max(ticket.filled, lot.sold)
    each = paid / bought if bought else 0.0
    return msgspec.structs.replace(
        lot,
        units=bought - lot.sold,
        cost=paid - each * lot.sold,
        sold_cost=each * lot.sold,
        exec_ids=tuple(f.exec_id for f in ticket.fills if f.quantity),
    )


def _usd(ticket: Ticket) -> float:
    """Return what the fills of a ticket have cost; less than zero for a sale."""
    points = sum(float(f.price) * f.quantity for f in ticket.fills)
    return points * ticket.order.legs[0].instrument.multiplier


def _gain(sale: Ticket, unit_cost: float) -> float:
    return -_usd(sale) - unit_cost * sale.filled


def _note(turn: Turn, usd: float) -> None:
    """Add to the day's flow; forget what is older than a year."""
    today = turn.state.day or new_york_date(turn.at)
    flows = dict(turn.state.hedge_flows)
    flows[today] = flows.get(today, 0.0) + usd
    kept = sorted((day, x) for day, x in flows.items() if today - day < YEAR)
    turn.put(hedge_flows=tuple(kept))
