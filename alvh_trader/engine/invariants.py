"""What must hold after every step, and the check of it.

Each function is one sentence about the state. The loop checks them after every
event, before any command leaves; the property tests check the same functions over
random histories.
"""

from collections import Counter
from collections.abc import Callable

from alvh_trader.domain.order import Purpose
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


def a_rolling_case_has_bought_its_hedge(state: State, _rules: Rules) -> bool:
    """Before a case rolls, its hedge is filled by executions."""
    for case in state.cases.values():
        if case.phase is Phase.ROLL_WORKING:
            units = sum(
                lot.units for lot in state.lots.values() if lot.case == case.case_id
            )
            if units < max(1, case.needed):
                return False
    return True


def nothing_is_overfilled(state: State, _rules: Rules) -> bool:
    """No order has filled more than it asked for (V1)."""
    return all(t.filled <= t.order.quantity for t in state.tickets.values())


def watching_sends_nothing(state: State, rules: Rules) -> bool:
    """Where trading is not allowed there is no order (issue: watch mode)."""
    return rules.may_trade or not any(t.is_live for t in state.tickets.values())


INVARIANTS: tuple[Invariant, ...] = (
    a_roll_carries_a_permit,
    at_most_one_roll_is_at_work,
    a_rolling_case_has_bought_its_hedge,
    nothing_is_overfilled,
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
