"""Whose contracts are whose: cases from positions, and cases against positions.

A known case owns its legs; what is left of the positions is looked through for
condors nobody knows yet (alvh.md §5.2). During a roll the fills own the case, so a
split structure is never mistaken for a new one.
"""

import msgspec

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.position import Position
from alvh_trader.engine.case import Case, HeldLeg, legs_of_shape
from alvh_trader.engine.command import Severity
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.proof import holds
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.recognise import recognise
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Phase, Trigger


def review_cases(turn: Turn) -> None:
    """Close what is gone, question what has changed, take in what is new."""
    for case in tuple(turn.state.cases.values()):
        if case.phase is not Phase.CLOSED:
            _compare(turn, case)
    free = _free_positions(turn)
    book = recognise(turn.state.account_id, free)
    for condor in book.cases:
        _open(turn, condor)
    if book.naked and not turn.state.is_naked:
        names = ", ".join(_name(p) for p in book.naked)
        text = f"short options that nothing covers: {names}; no new risk is taken"
        turn.alert("naked", Severity.CRITICAL, "", text)
    turn.put(is_naked=bool(book.naked))


def _drop_expired(turn: Turn, case: Case, missing: list[HeldLeg]) -> bool:
    """Let a case go on without the side of a split that has expired."""
    today = turn.state.day
    left = tuple(leg for leg in case.legs if leg not in missing)
    expired = today is not None and all(
        leg.option.last_trade <= today and leg.option.con_id not in turn.state.positions
        for leg in missing
    )
    if not left or not expired:
        return False
    kept = [
        turn.state.positions[leg.option.con_id]
        for leg in left
        if leg.option.con_id in turn.state.positions
    ]
    shapes = recognise(turn.state.account_id, kept).cases
    if len(shapes) != 1:
        return False
    shape = msgspec.structs.replace(shapes[0], id=case.condor.id)
    turn.change(
        case, condor=shape, legs=legs_of_shape(shape), roll=None, rolled_sides=0
    )
    return True


def _name(position: Position) -> str:
    instrument = position.instrument
    if isinstance(instrument, Option):
        what = f"{instrument.trading_class} {instrument.expiry}"
        return f"{position.quantity} {what} {instrument.strike:g}{instrument.right}"
    return f"{position.quantity} {instrument.symbol}"


def _compare(turn: Turn, case: Case) -> None:
    """Hold the case's legs against the positions."""
    missing = [
        leg
        for leg in case.legs
        if not holds(turn.state, leg.option.con_id, leg.quantity)
    ]
    if not missing:
        return
    if _drop_expired(turn, case, missing):
        return
    today = turn.state.day
    is_gone = len(missing) == len(case.legs) and all(
        leg.option.con_id not in turn.state.positions for leg in case.legs
    )
    if is_gone:
        expired = today is not None and case.condor.last_trade <= today
        how = "expired" if expired else "closed by somebody else"
        found = Finding("legs held", "none", "all", False)
        turn.move(case, Trigger.GONE, (found, Finding("it was", how, "", True)))
        if not expired:
            text = f"the condor was {how}"
            turn.alert("closed", Severity.WARNING, case.case_id, text)
    elif (case.phase, Trigger.EXTERNAL_CHANGE) in TRANSITIONS:
        found = Finding("legs held", f"{len(missing)} differ", "as booked", False)
        turn.move(case, Trigger.EXTERNAL_CHANGE, (found,), resume=case.phase)


def _free_positions(turn: Turn) -> list[Position]:
    """Return the positions less what known cases own of them."""
    owned: dict[int, int] = {}
    for case in turn.state.cases.values():
        if case.phase is not Phase.CLOSED:
            for leg in case.legs:
                con_id = leg.option.con_id
                owned[con_id] = owned.get(con_id, 0) + leg.quantity
    return [
        Position(p.instrument, left, p.average_cost)
        for con_id, p in turn.state.positions.items()
        if (left := p.quantity - owned.get(con_id, 0))
    ]


def _open(turn: Turn, condor: Condor) -> None:
    """Take in a condor that nobody knew."""
    number, case_id = 1, condor.id
    while case_id in turn.state.cases:
        # The same strikes may come again after an earlier case of theirs was closed.
        number += 1
        case_id = f"{condor.id}-{number}"
    case = Case(
        case_id=case_id,
        condor=condor,
        legs=legs_of_shape(condor),
        opened=turn.at,
        since=turn.at,
    )
    turn.save(case)
    adopted = "adopted" if turn.rules.adopts else "watched, not adopted"
    strikes = "/".join(
        f"{p.instrument.strike:g}"
        for p in condor.positions()
        if isinstance(p.instrument, Option)
    )
    turn.decisions.append(
        Decision(
            at=turn.at,
            case=case_id,
            before="",
            after=case.phase,
            trigger="FOUND",
            findings=(
                Finding("shape", f"{condor.quantity} x {strikes}", condor.kind, True),
                Finding("credit", f"{condor.credit:.2f}", "points", True),
                Finding("it is", adopted, "strategy.adopt", turn.rules.adopts),
            ),
        )
    )
