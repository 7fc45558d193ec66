"""What must hold after every step, and the check of it.

Each function is one sentence about the state. The loop checks them after every
event, before any command leaves; the property tests check the same functions over
random histories.
"""

from collections import Counter
from collections.abc import Callable

from alvh_trader.domain.order import Purpose
from alvh_trader.engine.identity import LIVE
from alvh_trader.engine.lots import FIRST, at_work
from alvh_trader.engine.state import Rules, State
from alvh_trader.errors import InvariantError
from alvh_trader.strategy.phase import Phase

Invariant = Callable[[State, Rules], bool]


def a_roll_carries_a_permit(state: State, _rules: Rules) -> bool:
    """Every roll order at work carries the permit that let it out (INV-1)."""
    return all(
        t.permit is not None and t.permit.order_ref == t.order.ref
        for t in state.tickets.values()
        if t.is_live and t.order.purpose is Purpose.ROLL
    )


def at_most_one_roll_is_at_work(state: State, _rules: Rules) -> bool:
    """A case has at most one live roll order (INV-4)."""
    rolls = Counter(
        t.order.case
        for t in state.tickets.values()
        if t.is_live and t.order.purpose is Purpose.ROLL
    )
    return all(count <= 1 for count in rolls.values())


def a_working_roll_is_hedged(state: State, _rules: Rules) -> bool:
    """A roll order that is not being cancelled has its hedge filled by executions."""
    bought: Counter[str] = Counter()
    for lot in state.lots.values():
        if lot.layer in FIRST:
            bought[lot.case] += lot.units - at_work(state, lot)
    return all(
        bought[t.order.case] >= max(1, state.cases[t.order.case].needed)
        for t in state.tickets.values()
        if t.is_live and not t.cancel_asked and t.order.purpose is Purpose.ROLL
    )


def no_more_is_sold_than_is_held(state: State, _rules: Rules) -> bool:
    """Sales that are not being cancelled ask for no more than their lot still has."""
    return all(
        max(lot.units, 0)
        >= sum(
            t.remaining
            for sale in lot.sales
            if (t := state.tickets.get(sale.ref)) is not None
            and t.is_live
            and not t.cancel_asked
        )
        for lot in state.lots.values()
    )


def a_sale_sells_a_lot(state: State, _rules: Rules) -> bool:
    """Every sale at work is known to the lot that it sells of."""
    known = {sale.ref for lot in state.lots.values() for sale in lot.sales}
    return all(
        ref in known
        for ref, ticket in state.tickets.items()
        if ticket.is_live and ticket.order.purpose is Purpose.HEDGE_SELL
    )


def at_most_one_condor_is_being_opened(state: State, _rules: Rules) -> bool:
    """At most one order that opens a condor is live."""
    opens = [
        t
        for t in state.tickets.values()
        if t.is_live and t.order.purpose is Purpose.OPEN
    ]
    return len(opens) <= 1


def what_we_opened_is_a_case(state: State, _rules: Rules) -> bool:
    """Every whole condor that an order of ours has opened is a case's."""
    owners = {case.opened_by for case in state.cases.values()}
    return all(
        t.order.ref in owners
        for t in state.tickets.values()
        if t.order.purpose is Purpose.OPEN and t.filled > 0
    )


def what_is_closed_is_only_closed(state: State, _rules: Rules) -> bool:
    """Of a case that is closed nothing else works, and of no other a closing order."""
    return all(
        (t.order.purpose is Purpose.CLOSE)
        is (state.cases[t.order.case].phase is Phase.CLOSING)
        for t in state.tickets.values()
        if t.is_live and not t.cancel_asked and t.order.case in state.cases
    )


def in_live_a_person_allowed_it(state: State, _rules: Rules) -> bool:
    """In live every order that was sent carries the consent that let it out (V9)."""
    return state.mode != LIVE or all(
        t.consent is not None and t.consent.covers(t.order)
        for t in state.tickets.values()
        if t.is_live and t.was_sent
    )


def one_consent_lets_out_one_order(state: State, _rules: Rules) -> bool:
    """No consent has let out two orders (V9)."""
    if state.mode != LIVE:
        return True
    given = [t.consent.digest for t in state.tickets.values() if t.consent is not None]
    return len(given) == len(set(given))


def watching_sends_nothing(state: State, rules: Rules) -> bool:
    """Where trading is not allowed there is no order (issue: watch mode)."""
    return rules.may_trade or not any(t.is_live for t in state.tickets.values())


INVARIANTS: tuple[Invariant, ...] = (
    a_roll_carries_a_permit,
    at_most_one_roll_is_at_work,
    a_working_roll_is_hedged,
    at_most_one_condor_is_being_opened,
    what_we_opened_is_a_case,
    no_more_is_sold_than_is_held,
    a_sale_sells_a_lot,
    what_is_closed_is_only_closed,
    in_live_a_person_allowed_it,
    one_consent_lets_out_one_order,
    watching_sends_nothing,
)


def check(state: State, rules: Rules) -> None:
    """Raise where an invariant does not hold.

    Raises:
        InvariantError: Names the invariant by its function's first line.
    """
    for invariant in INVARIANTS:
        if not invariant(state, rules):
            raise InvariantError(f"not so: {invariant.__doc__}")
