"""What runs, for whom, and how much of it is proven: what live trading asks about."""

from msgspec.structs import replace

from alvh_trader.domain.order import Order, OrderStatus
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.risk.arm import Identity
from alvh_trader.risk.circumstances import LiveProof
from alvh_trader.risk.live import FIRST_ORDER_MAX

LIVE = "live"
"""The mode in which a daemon must be armed, and a person allows each order."""


def identity_of(state: State) -> Identity:
    """Return what runs now, and the account that it is connected to."""
    return replace(state.identity, account=state.account_id)


def is_proven(state: State) -> bool:
    """Return whether an order of this build has filled in live."""
    return bool(state.proven) and state.proven == state.identity.build


def prove(turn: Turn, filled: Ticket) -> None:
    """Remember the build that sent an order which has filled."""
    consent = filled.consent
    if consent is not None and filled.filled and not is_proven(turn.state):
        turn.put(proven=consent.proposal.build)


def order_max(turn: Turn, most: int) -> int:
    """Return how many units one order may have now, where `most` is its limit."""
    if turn.state.mode != LIVE or is_proven(turn.state):
        return most
    return min(most, FIRST_ORDER_MAX)


def live_proof(state: State, order: Order) -> LiveProof | None:
    """Return what shows that an order may leave in live; None on paper.

    An order that is not known yet is only to be proposed.
    """
    if state.mode != LIVE:
        return None
    own = state.tickets.get(order.ref)
    return LiveProof(
        identity=identity_of(state),
        arm=state.arm,
        is_proven=is_proven(state),
        declined=max(
            (
                t.heard
                for t in state.tickets.values()
                if t.status is OrderStatus.DECLINED
                and t.heard is not None
                and t.order.case == order.case
                and t.order.purpose is order.purpose
            ),
            default=None,
        ),
        is_proposal=own is None,
        consent=None if own is None else own.consent,
    )
