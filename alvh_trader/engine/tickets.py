"""Where tickets are kept, and the one place from which orders and new limits leave."""

from datetime import timedelta

from alvh_trader.engine.command import PlaceOrder, RepriceOrder
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.risk.gate import Approved


def keep(turn: Turn, ticket: Ticket) -> Ticket:
    """Put a ticket into the state."""
    turn.put(tickets={**turn.state.tickets, ticket.order.ref: ticket})
    return ticket


def find(state: State, ref: str, perm_id: int) -> Ticket | None:
    """Return the ticket of what the broker tells of: by our reference, then by its id.

    A name that is not ours is somebody else's, whatever the number.
    """
    if ref or not perm_id:
        return state.tickets.get(ref)
    known = (t for t in state.tickets.values() if perm_id in t.perm_ids)
    return next(known, None)


def place(turn: Turn, ticket: Ticket, approved: Approved) -> None:
    """Put a new order on the book: what the gate let out just now."""
    keep(turn, ticket)
    _send(turn, PlaceOrder(approved=approved))


def reprice(turn: Turn, ticket: Ticket, approved: Approved) -> None:
    """Change the limit of a working order to what the gate let out just now."""
    keep(turn, ticket)
    _send(turn, RepriceOrder(approved=approved))


def _send(turn: Turn, command: PlaceOrder | RepriceOrder) -> None:
    day_ago = turn.at - timedelta(days=1)
    lately = tuple(t for t in turn.state.sent if t > day_ago)
    turn.put(sent=(*lately, turn.at))
    turn.ask(command)
