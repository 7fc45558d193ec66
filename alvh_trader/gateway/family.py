"""Orders that go to the exchange together: a parent, and the children tied to it."""

from collections.abc import Mapping

from alvh_trader.gateway.session import Session
from alvh_trader.sim.kinds import KINDS
from alvh_trader.sim.model import SimOrder, Status
from alvh_trader.wire.order_request import PlaceOrder

Parent = SimOrder | PlaceOrder | None

_MAY_HAVE_TRAIL = frozenset({"LMT", "STP LMT"})


def of(held: Mapping[int, PlaceOrder], asked: PlaceOrder) -> list[PlaceOrder]:
    """Return whom the transmission of `asked` sends off: parents before children."""
    known = {**held, asked.order_id: asked}
    root = _root(known, asked)
    return [it for it in known.values() if _root(known, it) == root]


def parent_of(session: Session, asked: PlaceOrder) -> Parent:
    """Return the order that `asked` is attached to: at the exchange, or still held."""
    if not asked.parent_id:
        return None
    key = (session.client_id, asked.parent_id)
    exchange = session.floor.exchange
    sent = (*exchange.open_orders(), *exchange.completed_orders())
    at_exchange = next((it for it in sent if (it.client_id, it.order_id) == key), None)
    return at_exchange or session.held.get(asked.parent_id)


def problem(asked: PlaceOrder, parent: Parent) -> tuple[int, str] | None:
    """Return what is wrong with the tie of an order to its parent.

    That a child of an unknown parent gets a 135 was seen where the parent had been
    refused [iss]; the 328 is in a recording [cap].
    """
    is_gone = isinstance(parent, SimOrder) and parent.status is Status.CANCELLED
    if asked.parent_id and (parent is None or is_gone):
        return 135, f"Can't find order with ID ={asked.parent_id}"
    if parent is None or parent.order_type in _MAY_HAVE_TRAIL:
        return None
    if KINDS[asked.order_type].trails:
        return 328, (
            "Trailing stop orders can be attached to limit or stop-limit orders only."
        )
    return None


def _root(known: Mapping[int, PlaceOrder], asked: PlaceOrder) -> int:
    seen = {asked.order_id}
    while asked.parent_id in known and asked.parent_id not in seen:
        asked = known[asked.parent_id]
        seen.add(asked.order_id)
    # Siblings of a parent that works already are no family: each goes by itself.
    return asked.order_id
