"""Discrepancies: noticed, told once, frozen, and ended by healing or by a person.

What one touches stands still: its cases wait in RECONCILE, and the gate lets no order
of theirs out. The ledger is never bent to the broker's picture but by adoption
(reliability.md T02, I13, F72).
"""

from collections.abc import Collection, Iterator

import msgspec

from alvh_trader.domain.order import Fill, Order, OrderReport, Purpose
from alvh_trader.engine.command import Severity
from alvh_trader.engine.state import State
from alvh_trader.engine.tickets import find
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.discrepancy import AT_ONCE, Discrepancy, Name
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Phase, Trigger

NEW_RISK = frozenset({Purpose.OPEN, Purpose.ROLL})
"""What does not leave while some discrepancy forbids new risk."""


def notice(
    turn: Turn,
    name: Name,
    about: object,
    text: str,
    con_ids: Collection[int] = (),
    case: str | None = None,
) -> None:
    """Open a discrepancy, or follow one that is open; what is new of it is told.

    `case` is the case of an order that it is about; other cases are touched by what
    they hold of `con_ids`.
    """
    fresh = Discrepancy(
        name=name,
        about=str(about),
        text=text,
        since=turn.at,
        cases=tuple(
            sorted({*touched(turn.state, con_ids), *(() if case is None else (case,))})
        ),
        con_ids=tuple(sorted(con_ids)),
    )
    before = turn.state.discrepancies.get(fresh.key)
    if before is not None:
        fresh = msgspec.structs.replace(
            fresh,
            since=before.since,
            cases=tuple(sorted({*before.cases, *fresh.cases})),
            con_ids=tuple(sorted({*before.con_ids, *fresh.con_ids})),
            is_adopted=before.is_adopted,
        )
    if fresh == before:
        return
    turn.put(discrepancies={**turn.state.discrepancies, fresh.key: fresh})
    _hold(turn, fresh)
    if before is None:
        rest = f"{text} ({fresh.key}: alvh-trader adopt, once it is right)"
        turn.alert(name.lower(), Severity.CRITICAL, next(iter(fresh.cases), ""), rest)


def _hold(turn: Turn, it: Discrepancy) -> None:
    """Let every touched case stand still."""
    for case_id in it.cases:
        case = turn.state.cases.get(case_id)
        if case is None or (case.phase, Trigger.EXTERNAL_CHANGE) not in TRANSITIONS:
            continue
        keep = case.resume if case.phase is Phase.DEGRADED else case.phase
        found = Finding(it.name.lower(), it.text, "agreement", False)
        turn.move(case, Trigger.EXTERNAL_CHANGE, (found,), resume=keep, in_band_at=None)


def heal(turn: Turn, name: Name, still: Collection[str]) -> None:
    """End every discrepancy of a name that the broker's picture no longer shows."""
    for it in tuple(turn.state.discrepancies.values()):
        if it.name is name and it.about not in still:
            heal_one(turn, name, it.about)


def heal_one(turn: Turn, name: Name, about: str) -> None:
    """End one discrepancy, if it is open: the broker's picture is as it should be."""
    it = turn.state.discrepancies.get(f"{name}:{about}")
    if it is not None:
        _end(turn, it.key)
        text = f"{it.key} is over: {it.text}"
        turn.alert("healed", Severity.INFO, next(iter(it.cases), ""), text)


def adopt(turn: Turn, key: str) -> None:
    """Take the broker's picture for true, as a person said; "" is all that is open."""
    positions, ledger = turn.state.positions, dict(turn.state.ledger)
    for it in tuple(turn.state.discrepancies.values()):
        if key not in {"", it.key}:
            continue
        if it.name in {Name.POSITION, Name.ASSIGNED}:
            for con_id in it.con_ids:
                held = positions.get(con_id)
                ledger[con_id] = held.quantity if held else 0
        if it.rule.heals and it.name is not Name.POSITION:
            kept = msgspec.structs.replace(it, is_adopted=True)
            turn.put(discrepancies={**turn.state.discrepancies, it.key: kept})
        else:
            _end(turn, it.key)
    turn.put(ledger={con_id: count for con_id, count in ledger.items() if count})


def _end(turn: Turn, key: str) -> None:
    left = {k: it for k, it in turn.state.discrepancies.items() if k != key}
    turn.put(discrepancies=left)


def opened(state: State) -> Iterator[Discrepancy]:
    """Yield what nobody has adopted yet."""
    return (it for it in state.discrepancies.values() if not it.is_adopted)


def holding(state: State, case_id: str) -> Discrepancy | None:
    """Return what a case stands still for."""
    return next((it for it in opened(state) if case_id in it.cases), None)


def against(state: State, order: Order) -> tuple[str, ...]:
    """Return the discrepancies that forbid an order."""
    con_ids = {leg.instrument.con_id for leg in order.legs}
    return tuple(
        it.key
        for it in opened(state)
        if order.case in it.cases
        or con_ids & set(it.con_ids)
        or (it.rule.reduces and order.purpose in NEW_RISK)
    )


def unexplained(state: State) -> frozenset[int]:
    """Return the contracts of which positions and executions tell different stories."""
    return frozenset(con_id for it in opened(state) for con_id in it.con_ids)


def overdue(turn: Turn) -> Discrepancy | None:
    """Return a discrepancy that is so bad, or so old, that everything must stop.

    What touches nothing of ours forbids new risk, and no more: a condor must not go
    without its hedge because shares were moved to another bank.
    """
    return next(
        (
            it
            for it in opened(turn.state)
            if it.rule.halts_after is not None
            and turn.at - it.since >= it.rule.halts_after
            and (it.cases or it.rule.halts_after == AT_ONCE)
        ),
        None,
    )


def touched(state: State, con_ids: Collection[int]) -> frozenset[str]:
    """Return the cases that hold, hedge with, or have orders for these contracts."""
    return frozenset(
        case_id for case_id, con_id, _ in _stakes(state) if con_id in con_ids
    )


def _stakes(state: State) -> Iterator[tuple[str, int, int]]:
    """Yield (case, con_id, signed contracts) of all that is ours, or shall be."""
    for case in state.cases.values():
        if case.phase is not Phase.CLOSED:
            yield from (
                (case.case_id, leg.option.con_id, leg.quantity) for leg in case.legs
            )
    for lot in state.lots.values():
        yield from (
            (lot.case, leg.instrument.con_id, leg.ratio * lot.units)
            for leg in lot.legs
            if lot.units
        )
    for ticket in state.tickets.values():
        if ticket.is_live:
            order = ticket.order
            yield from ((order.case, x.instrument.con_id, 0) for x in order.legs)


# ------------------------------------------------------------------ what is seen ---


def see_fill(turn: Turn, fill: Fill) -> None:
    """Look at an execution for what it says beside its quantity."""
    ticket = turn.state.tickets.get(fill.ref)
    if fill.is_forced:
        text = f"the broker liquidated {fill.quantity:+d} of {fill.con_id}"
        notice(turn, Name.LIQUIDATION, fill.perm_id, text, {fill.con_id})
    elif ticket is None:
        _see_foreign_fill(turn, fill)
    elif all(leg.instrument.con_id != fill.con_id for leg in ticket.order.legs):
        text = f"{fill.ref} has traded {fill.quantity:+d} of {fill.con_id}, not its own"
        notice(turn, Name.STRAY_FILL, fill.ref, text, {fill.con_id}, ticket.order.case)


def _see_foreign_fill(turn: Turn, fill: Fill) -> None:
    """Somebody else has traded against what we hold; what adds to it touches nothing.

    A condor that is opened by hand is taken in by `engine.books`.
    """
    is_against = any(
        con_id == fill.con_id and held * fill.quantity < 0
        for _, con_id, held in _stakes(turn.state)
    )
    if is_against:
        who = _who(fill.client_id)
        text = f"{who} has traded {fill.quantity:+d} of {fill.con_id}"
        notice(turn, Name.FOREIGN_TRADE, fill.perm_id, text, {fill.con_id})


def see_ticket(turn: Turn, ticket: Ticket) -> None:
    """Look at an order of ours for what no order may be."""
    ref, case = ticket.order.ref, ticket.order.case
    if ticket.remaining < 0:
        con_ids = {leg.instrument.con_id for leg in ticket.order.legs}
        text = f"{ref} has filled {ticket.filled} of {ticket.order.quantity}"
        notice(turn, Name.OVERFILL, ref, text, con_ids, case)
    if ticket.is_live and ticket.is_twin:
        text = f"{ref} is more than one order at the broker: {ticket.perm_ids}"
        notice(turn, Name.TWIN_ORDER, ref, text, case=case)


def see_foreign_orders(turn: Turn, orders: tuple[OrderReport, ...]) -> None:
    """Look for orders of other clients, or of people, on what is ours (I13)."""
    seen = set()
    for report in orders:
        con_ids = {con_id for con_id, _ in report.terms.legs} if report.terms else set()
        ours = find(turn.state, report.ref, report.perm_id)
        if ours is not None or not touched(turn.state, con_ids):
            continue
        seen.add(str(report.perm_id))
        text = f"{_who(report.client_id)} has an order on contracts of ours"
        notice(turn, Name.FOREIGN_ORDER, report.perm_id, text, con_ids)
    heal(turn, Name.FOREIGN_ORDER, seen)


def _who(client_id: int) -> str:
    return f"client {client_id}" if client_id else "a person"
