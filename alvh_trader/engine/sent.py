"""What was sent lately and is at work, and who is there: what the gate counts by."""

from collections import Counter
from datetime import date

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.order import Order, OrderStatus
from alvh_trader.engine.identity import LIVE
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.gate import fingerprint
from alvh_trader.risk.size import series_of

REFUSED_CHANGE = 0.01
"""A change of net liquidation, or of the funds, that may let the broker take what it
refused, as a share of net liquidation."""


def others_of_today(state: State, order: Order) -> list[Ticket]:
    """Return the tickets of other orders that were sent today."""
    return [
        t
        for t in state.tickets.values()
        if t.order.ref != order.ref
        and t.was_sent
        and new_york_date(t.opened) == state.day
    ]


def is_alike(ticket: Ticket, order: Order) -> bool:
    """Return whether a ticket is of the same case and purpose."""
    return ticket.order.case == order.case and ticket.order.purpose is order.purpose


def fills_lately(turn: Turn, order: Order) -> int:
    """Return how many other orders of its kind filled lately, since a person spoke."""
    since = turn.at - turn.rules.limits.repeats_window
    if turn.state.spoken is not None:
        since = max(since, turn.state.spoken)
    return sum(
        any(f.at > since for f in t.fills)
        for t in turn.state.tickets.values()
        if is_alike(t, order) and t.order.ref != order.ref
    )


def twins(turn: Turn, order: Order) -> tuple[str, ...]:
    """Return the orders sent lately that this one repeats, and does not name as ended.

    It names the last one, that one names its own, and so on. What filled as a whole is
    no attempt that failed: to send it again is a mistake.
    """
    since, tickets = turn.at - turn.rules.limits.duplicate_window, turn.state.tickets
    named: set[str] = set()
    earlier = order.follows
    while earlier and earlier not in named:
        named.add(earlier)
        earlier = tickets[earlier].order.follows if earlier in tickets else ""
    return tuple(
        ref
        for ref, t in tickets.items()
        if is_alike(t, order)
        and t.was_sent
        and t.opened > since
        and ref != order.ref
        and fingerprint(t.order) == fingerprint(order)
        and (t.is_live or t.remaining <= 0 or ref not in named)
    )


def refused_alike(turn: Turn, order: Order) -> tuple[str, ...]:
    """Return today's orders like this one that the broker refused for margin or risk.

    Only those since which the account is as it was: they would be refused again.
    """
    account = turn.state.account
    if account is None:
        return ()
    now = (account.net_liquidation, account.available_funds)
    least = REFUSED_CHANGE * account.net_liquidation
    return tuple(
        t.order.ref
        for t in others_of_today(turn.state, order)
        if t.status is OrderStatus.REJECTED
        and t.refused_worth is not None
        and fingerprint(t.order) == fingerprint(order)
        and all(
            abs(x - was) < least for x, was in zip(now, t.refused_worth, strict=True)
        )
    )


def gross(state: State, order: Order) -> dict[tuple[str, date], int]:
    """Return the contracts held and in other orders, by class and last trading day."""
    found: Counter[tuple[str, date]] = Counter()
    for position in state.positions.values():
        held = position.instrument
        if isinstance(held, Option | Future):
            found[held.trading_class, held.last_trade] += abs(position.quantity)
    for ticket in state.tickets.values():
        if ticket.is_live and ticket.order.ref != order.ref:
            for leg in ticket.order.legs:
                found[series_of(leg)] += abs(leg.ratio) * ticket.remaining
    return found


def freeze_of(turn: Turn) -> Freeze:
    """Return how far trading is frozen; without a sign of life at least to REDUCE."""
    level = turn.state.freeze
    return level if is_attended(turn) else max(level, Freeze.REDUCE)


def is_attended(turn: Turn) -> bool:
    """Return whether a person showed a sign of life today, where one must (I05)."""
    state = turn.state
    if state.mode != LIVE and not turn.rules.limits.check_in:
        return True
    return state.spoken is not None and new_york_date(state.spoken) == state.day
