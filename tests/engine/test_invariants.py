"""Each invariant fails for the state that it forbids, and for no other."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from alvh_trader.domain.order import Leg, Order, OrderStatus, Purpose
from alvh_trader.engine import invariants
from alvh_trader.engine.case import Sale
from alvh_trader.engine.invariants import INVARIANTS, Invariant
from alvh_trader.engine.state import State
from alvh_trader.errors import InvariantError
from alvh_trader.risk.proposal import Consent
from alvh_trader.strategy.phase import Phase
from tests.engine.test_promise import rolling
from tests.playbook import RULES, World
from tests.risk.test_live import allowed, proposal


def consent_to(order: Order) -> Consent:
    return allowed(proposal(order))


WATCHING = replace(RULES, may_trade=False)


@pytest.fixture(scope="module")
def world() -> World:
    return rolling()


def without_permit(state: State, ref: str) -> State:
    ticket = replace(state.tickets[ref], permit=None)
    return replace(state, tickets={**state.tickets, ref: ticket})


def with_anothers_permit(state: State, ref: str) -> State:
    ticket = state.tickets[ref]
    assert ticket.permit is not None
    other = replace(ticket.permit, order_ref="other")
    tickets = {**state.tickets, ref: replace(ticket, permit=other)}
    return replace(state, tickets=tickets)


def with_two_rolls(state: State, ref: str) -> State:
    return replace(state, tickets={**state.tickets, "twin": state.tickets[ref]})


def without_lots(state: State, _ref: str) -> State:
    return replace(state, lots={})


def with_a_sale(state: State, ref: str, quantity: int, *, is_known: bool) -> State:
    """Return the state with a sale of its first lot at work."""
    lot = next(iter(state.lots.values()))
    ticket = state.tickets[ref]
    legs = tuple(Leg(leg.instrument, -leg.ratio) for leg in lot.legs)
    order = replace(
        ticket.order,
        ref="sale",
        purpose=Purpose.HEDGE_SELL,
        legs=legs,
        quantity=quantity,
    )
    sale = replace(ticket, order=order, fills=(), permit=None)
    known = replace(lot, sales=(Sale(ref="sale", why="TP1", keep=0),))
    return replace(
        state,
        tickets={**state.tickets, "sale": sale},
        lots={**state.lots, lot.ref: known if is_known else lot},
    )


def oversold(state: State, ref: str) -> State:
    """Nothing rolls, and eight of seven are offered."""
    done = replace(state.tickets[ref], status=OrderStatus.CANCELLED)
    still = with_a_sale(state, ref, 8, is_known=True)
    return replace(still, tickets={**still.tickets, ref: done})


def sold_beside_a_roll(state: State, ref: str) -> State:
    return with_a_sale(state, ref, 2, is_known=True)


def sold_from_nowhere(state: State, ref: str) -> State:
    return with_a_sale(state, ref, 1, is_known=False)


def with_openings(state: State, ref: str, count: int) -> State:
    """Return the state with orders at work that would open a condor."""
    ticket = state.tickets[ref]
    opens = {
        f"open-{n}": replace(
            ticket,
            permit=None,
            fills=(),
            order=replace(ticket.order, ref=f"open-{n}", purpose=Purpose.OPEN),
        )
        for n in range(count)
    }
    return replace(state, tickets={**state.tickets, **opens})


def with_two_openings(state: State, ref: str) -> State:
    return with_openings(state, ref, 2)


def with_an_orphan(state: State, ref: str) -> State:
    """One condor has been opened, and no case knows of it."""
    opening = with_openings(state, ref, 1)
    ticket = opening.tickets["open-0"]
    done = next(t for t in state.tickets.values() if t.fills)
    fills = tuple(
        replace(done.fills[0], con_id=leg.instrument.con_id, quantity=leg.ratio)
        for leg in ticket.order.legs
    )
    filled = replace(ticket, fills=fills)
    return replace(opening, tickets={**opening.tickets, "open-0": filled})


def in_live(state: State, ref: str, *, is_twice: bool) -> State:
    """Return the state in live with two orders of one consent, or one of none."""
    tickets = state.tickets.items()
    consented = {k: replace(t, consent=consent_to(t.order)) for k, t in tickets}
    if is_twice:
        consented["old"] = replace(consented[ref], status=OrderStatus.CANCELLED)
    else:
        consented[ref] = state.tickets[ref]
    return replace(state, mode="live", tickets=consented)


def without_consent(state: State, ref: str) -> State:
    return in_live(state, ref, is_twice=False)


def with_one_consent_twice(state: State, ref: str) -> State:
    return in_live(state, ref, is_twice=True)


def closing_beside_a_roll(state: State, _ref: str) -> State:
    cases = {k: replace(c, phase=Phase.CLOSING) for k, c in state.cases.items()}
    return replace(state, cases=cases)


def closing_that_nobody_wanted(state: State, ref: str) -> State:
    ticket = state.tickets[ref]
    order = replace(ticket.order, purpose=Purpose.CLOSE)
    closes = replace(ticket, order=order, permit=None)
    return replace(state, tickets={**state.tickets, ref: closes})


FORBIDDEN: list[tuple[Callable[[State, str], State], str]] = [
    (without_permit, "a_roll_carries_a_permit"),
    (with_anothers_permit, "a_roll_carries_a_permit"),
    (with_two_rolls, "at_most_one_roll_is_at_work"),
    (with_two_openings, "at_most_one_condor_is_being_opened"),
    (with_an_orphan, "what_we_opened_is_a_case"),
    (without_lots, "a_working_roll_is_hedged"),
    (sold_beside_a_roll, "a_working_roll_is_hedged"),
    (oversold, "no_more_is_sold_than_is_held"),
    (sold_from_nowhere, "a_sale_sells_a_lot"),
    (without_consent, "in_live_a_person_allowed_it"),
    (with_one_consent_twice, "one_consent_lets_out_one_order"),
    (closing_beside_a_roll, "what_is_closed_is_only_closed"),
    (closing_that_nobody_wanted, "what_is_closed_is_only_closed"),
]


def broken(state: State, rules: object = RULES) -> list[str]:
    chosen = WATCHING if rules is WATCHING else RULES
    return [i.__name__ for i in INVARIANTS if not i(state, chosen)]


def test_a_rolling_world_breaks_none(world: World) -> None:
    assert broken(world.state) == []


@pytest.mark.parametrize(("forge", "name"), FORBIDDEN)
def test_a_forged_state_breaks_exactly_its_invariant(
    world: World, forge: Callable[[State, str], State], name: str
) -> None:
    ref = world.placed(Purpose.ROLL)[0].ref
    state = forge(world.state, ref)
    assert broken(state) == [name]
    with pytest.raises(InvariantError, match="not so: "):
        invariants.check(state, RULES)


def test_an_order_while_watching_breaks_one(world: World) -> None:
    assert broken(world.state, WATCHING) == ["watching_sends_nothing"]


def test_what_has_ended_needs_neither_permit_nor_hedge(world: World) -> None:
    ref = world.placed(Purpose.ROLL)[0].ref
    ended = replace(world.state.tickets[ref], status=OrderStatus.CANCELLED, permit=None)
    state = replace(world.state, tickets={**world.state.tickets, ref: ended}, lots={})
    assert broken(state) == []


def test_every_invariant_is_one_sentence_and_has_been_broken_above() -> None:
    names = {name for _, name in FORBIDDEN} | {"watching_sends_nothing"}
    checks: tuple[Invariant, ...] = INVARIANTS
    assert {i.__name__ for i in checks} == names
    assert all((i.__doc__ or "").count(".") >= 1 for i in checks)
