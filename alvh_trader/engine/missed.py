"""What an order may have filled while nobody listened, by positions alone.

The broker tells of the executions of its own day. What filled before is only to be seen
in the positions: a difference that an order in doubt explains to the contract. That is
proposed to a person and booked when he adopts it, never before (reliability.md F58).
"""

from decimal import Decimal

from alvh_trader.domain.order import Fill, Leg
from alvh_trader.engine.fills import book
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.discrepancy import Name


def units(state: State, ticket: Ticket) -> int:
    """Return how many units of an order in doubt explain positions beyond the ledger.

    Every leg must be explained, and as a whole; 0 is no explanation.
    """
    found: set[int] = set()
    for leg in ticket.order.legs:
        count, rest = divmod(_beyond(state, leg.instrument.con_id), leg.ratio)
        found.add(0 if rest else count)
    least = min(found)
    is_one = ticket.is_in_doubt and len(found) == 1
    return least if is_one and 0 < least <= ticket.remaining else 0


def explaining(state: State, con_id: int) -> Ticket | None:
    """Return the one order that explains the difference of a contract, if there is."""
    tickets = [
        ticket
        for ticket in state.tickets.values()
        if any(leg.instrument.con_id == con_id for leg in ticket.order.legs)
        and units(state, ticket)
    ]
    return tickets[0] if len(tickets) == 1 else None


def book_adopted(turn: Turn, key: str) -> None:
    """Book what orders have filled, as a person says; "" is all that is open.

    Whoever adopts one leg of an order adopts its fill, and so all of its legs.
    """
    for it in tuple(turn.state.discrepancies.values()):
        if it.name is not Name.POSITION or key not in {"", it.key}:
            continue
        for con_id in it.con_ids:
            ticket = explaining(turn.state, con_id)
            if ticket is not None:
                _book(turn, ticket)


def _book(turn: Turn, ticket: Ticket) -> None:
    count, order = units(turn.state, ticket), ticket.order
    fills = [
        Fill(
            # No id of the broker's has this form, so that none is taken for another.
            exec_id=f"adopted-{order.ref}-{ticket.filled}-{leg.instrument.con_id}",
            ref=order.ref,
            perm_id=ticket.perm_ids[-1] if ticket.perm_ids else 0,
            con_id=leg.instrument.con_id,
            quantity=count * leg.ratio,
            price=_price(turn.state, ticket, leg),
            at=turn.at,
        )
        for leg in order.legs
    ]
    for fill in fills:
        book(turn, fill)


def _price(state: State, ticket: Ticket, leg: Leg) -> Decimal:
    """Return what a leg will have cost: nobody tells it, and cash is reckoned by it."""
    con_id, legs = leg.instrument.con_id, ticket.order.legs
    held, quote = state.positions.get(con_id), state.quotes.get(con_id)
    if held is not None and not state.ledger.get(con_id):
        return _points(held.average_cost / leg.instrument.multiplier)
    if len(legs) == 1:
        return abs(ticket.order.limit)
    mid = None if quote is None else quote.mid
    return _points(mid or 0.0)


def _points(price: float) -> Decimal:
    return Decimal(str(round(price, 4)))


def _beyond(state: State, con_id: int) -> int:
    """Return what positions show of a contract beyond what the ledger has."""
    held = state.positions.get(con_id)
    return (held.quantity if held else 0) - state.ledger.get(con_id, 0)
