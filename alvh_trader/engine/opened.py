"""A condor of our own: the case that the fills of an order which opens one amount to.

The ledger makes the case as soon as one whole unit has filled, so recognition never
sees contracts that belong to nobody. More units make it larger, a bust smaller.
"""

from msgspec.structs import replace

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Leg, Purpose
from alvh_trader.engine import cash
from alvh_trader.engine.books import free_id
from alvh_trader.engine.case import Case, legs_of_shape
from alvh_trader.engine.closed import closings_of
from alvh_trader.engine.command import Severity
from alvh_trader.engine.orders import cancel_all
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.case import Vertical, case_of
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Phase, Trigger


def take_in(turn: Turn, ticket: Ticket) -> None:
    """Make, or change, the case that an order has opened so far."""
    ref, case = ticket.order.ref, _case_of(turn, ticket)
    if ticket.filled <= 0:
        if case is not None:
            found = Finding("units by executions", "0", ">= 1", False)
            turn.move(case, Trigger.GONE, (found, Finding("order", ref, "ours", True)))
            cancel_all(turn, case.case_id, {Purpose.CLOSE})
        return
    shape = _shape(turn.state.account_id, ticket)
    if case is None:
        _begin(turn, ticket, shape)
    elif not (case.roll or case.rolled or _is_closed_in_part(turn, case.case_id)):
        shape = replace(shape, id=case.condor.id)
        turn.change(case, condor=shape, legs=legs_of_shape(shape))
        cash.on_resized(turn, case.case_id, _credit(shape) - _credit(case.condor))
    elif (case.phase, Trigger.EXTERNAL_CHANGE) in TRANSITIONS:
        found = Finding("fill", ref, "before it was moved or closed", False)
        turn.move(case, Trigger.EXTERNAL_CHANGE, (found,), resume=case.phase)


def _case_of(turn: Turn, ticket: Ticket) -> Case | None:
    cases = turn.state.cases.values()
    return next(
        (
            c
            for c in cases
            if c.opened_by == ticket.order.ref and c.phase is not Phase.CLOSED
        ),
        None,
    )


def _is_closed_in_part(turn: Turn, case_id: str) -> bool:
    return any(t.fills for t in closings_of(turn.state, case_id))


def _credit(condor: Condor) -> float:
    return condor.credit * condor.quantity * condor.multiplier


def _begin(turn: Turn, ticket: Ticket, shape: Condor) -> None:
    ref, case_id = ticket.order.ref, free_id(turn, shape)
    case = Case(
        case_id=case_id,
        condor=shape,
        legs=legs_of_shape(shape),
        opened=turn.at,
        is_age_known=True,
        opened_by=ref,
        phase=Phase.MONITOR,
        since=turn.at,
    )
    turn.save(case)
    strikes = "/".join(f"{leg.option.strike:g}" for leg in case.legs)
    words = f"{shape.quantity} x {strikes} of {shape.expiry}"
    findings = (
        Finding("shape", words, shape.kind, True),
        Finding("credit", f"{shape.credit:.2f}", "points, by executions", True),
        Finding("order", ref, "ours", True),
    )
    turn.decide(case_id, "", case.phase, "OPENED", findings)
    text = f"opened {words}, credit {shape.credit:.2f}"
    turn.alert("opened", Severity.INFO, case_id, text)


def _shape(account: str, ticket: Ticket) -> Condor:
    """Return the condor of an order's whole units, at the mean prices of its fills."""
    sides = {right: _vertical(ticket, right) for right in Right}
    return case_of(account, sides[Right.PUT], sides[Right.CALL])


def _vertical(ticket: Ticket, right: Right) -> Vertical:
    legs = {
        leg.ratio: leg
        for leg in ticket.order.legs
        if isinstance(leg.instrument, Option) and leg.instrument.right is right
    }
    short, long = _option(legs[-1]), _option(legs[1])
    return Vertical(
        short=short,
        long=long,
        quantity=ticket.filled,
        short_cost=_paid(ticket, short),
        long_cost=_paid(ticket, long),
    )


def _option(leg: Leg) -> Option:
    assert isinstance(leg.instrument, Option), "the gate lets only options open"
    return leg.instrument


def _paid(ticket: Ticket, option: Option) -> float:
    """Return the mean price of one contract, USD."""
    fills = [f for f in ticket.fills if f.con_id == option.con_id and f.quantity]
    points = sum(float(f.price) * f.quantity for f in fills)
    return points / sum(f.quantity for f in fills) * option.multiplier
