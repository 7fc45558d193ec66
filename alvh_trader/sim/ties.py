"""What orders are to each other: parents and children, and groups that exclude.

A child waits for its parent to be filled [doc: attaching orders]. Of a group
(one-cancels-all) a trade takes the traded share off the others, or cancels them
[doc: OCA]. The children of one parent are such a group under the parent's permanent
id, of type 3 [cap].
"""

from collections.abc import Container, Iterable
from dataclasses import replace

from alvh_trader.sim.handling import REDUCE_WITHOUT_BLOCK
from alvh_trader.sim.model import SimOrder

CANCEL_WITH_BLOCK = 1


def attached(order: SimOrder) -> SimOrder:
    """Return a child in the group that it forms with its siblings."""
    how = order.handling
    if not how.parent or how.oca_group:
        return order
    group, kind = str(how.parent), REDUCE_WITHOUT_BLOCK
    return replace(order, handling=replace(how, oca_group=group, oca_type=kind))


def children(orders: Iterable[SimOrder], perm_id: int) -> list[SimOrder]:
    """Return the orders that wait for the one of that permanent id."""
    return [it for it in orders if it.handling.parent == perm_id]


def is_child_of(order: SimOrder, perm_ids: Container[int]) -> bool:
    """Return whether the order has one of those for its parent."""
    return order.handling.parent in perm_ids


def others(orders: Iterable[SimOrder], order: SimOrder) -> list[SimOrder]:
    """Return the other orders of its group in the account."""
    key = (order.account, order.handling.oca_group)
    if not order.handling.oca_group:
        return []
    return [
        it
        for it in orders
        if it.perm_id != order.perm_id and (it.account, it.handling.oca_group) == key
    ]


def reduced(other: SimOrder, traded: SimOrder, quantity: int) -> int:
    """Return what is left of `other` when `quantity` of `traded` has traded.

    `traded` is the order as it was before. A share is rounded to what does least.
    """
    if traded.handling.oca_type == CANCEL_WITH_BLOCK:
        return 0
    return other.remaining - other.remaining * quantity // traded.remaining
