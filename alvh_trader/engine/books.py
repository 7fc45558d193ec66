"""Whose contracts are whose: cases from positions, and cases against positions.

A known case owns its legs; what is left of the positions is looked through for
condors nobody knows yet (alvh.md §5.2). During a roll the fills own the case, so a
split structure is never mistaken for a new one.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Purpose
from alvh_trader.domain.position import Position
from alvh_trader.engine.case import Case, HeldLeg, legs_of_shape
from alvh_trader.engine.command import Severity
from alvh_trader.engine.discrepancies import unexplained
from alvh_trader.engine.orders import cancel_all
from alvh_trader.engine.proof import holds, lots_of
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.case import Kind, hindrance
from alvh_trader.portfolio.recognise import Book, recognise
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Phase, Trigger


def review_cases(turn: Turn) -> None:
    """Close what is gone, question what has changed, take in what is new."""
    for case in tuple(turn.state.cases.values()):
        if case.phase is not Phase.CLOSED:
            _compare(turn, case)
    idle = _idle_verticals(turn)
    shapes = recognise(turn.state.account_id, _free_positions(turn, idle)).cases
    kept = {case.case_id for case in idle if any(_is_of(case, s) for s in shapes)}
    for case in idle:
        if case.case_id not in kept:
            found = Finding("legs held", "part of a condor now", "a vertical", False)
            turn.move(case, Trigger.GONE, (found,))
    for shape in shapes:
        if not any(_is_of(case, shape) for case in idle):
            _open(turn, shape)
    _tell_oddities(turn, recognise(turn.state.account_id, _positions(turn)))


def _positions(turn: Turn) -> list[Position]:
    return list(turn.state.positions.values())


def _idle_verticals(turn: Turn) -> list[Case]:
    """Return the lone verticals that nothing was done about yet.

    Whoever opens a condor by hand may do so side by side: the second side makes one
    condor of both.
    """
    return [
        case
        for case in turn.state.cases.values()
        if case.condor.kind is Kind.VERTICAL
        and case.phase in {Phase.RECONCILE, Phase.MONITOR}
        and case.is_whole()
        and not (case.rolled or case.roll or lots_of(turn.state, case.case_id))
    ]


def _is_of(case: Case, shape: Condor) -> bool:
    return case.condor.positions() == shape.positions() or (
        case.condor.id == shape.id and case.condor.quantity == shape.quantity
    )


def _tell_oddities(turn: Turn, book: Book) -> None:
    """Tell once of everything held that is no case: a person put it there."""
    if book.naked and not turn.state.is_naked:
        names = ", ".join(_name(p) for p in book.naked)
        text = f"short options that nothing covers: {names}; no new risk is taken"
        turn.alert("naked", Severity.CRITICAL, "", text)
    turn.put(is_naked=bool(book.naked))
    words = {
        **{
            f"a {'conversion' if x.is_conversion else 'reversal'}, {_name(x.call)} "
            f"and {_name(x.put)}: parity is measured, never traded": Severity.WARNING
            for x in book.parity
        },
        **{
            f"a debit spread, {_name(x.positions()[1])} over "
            f"{_name(x.positions()[0])}: covered, and no case": Severity.INFO
            for x in book.debits
        },
        **{
            f"{_name(p)}: covers nothing": Severity.INFO
            for p in book.residues
            if p.instrument.symbol != "VIX"
        },
    }
    for text, severity in words.items():
        if text not in turn.state.oddities:
            turn.alert("held", severity, "", f"held and left alone: {text}")
    turn.put(oddities=tuple(words))


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
    if not case.legs:
        _close_bought_back(turn, case)
        return
    missing = [
        leg
        for leg in case.legs
        if not holds(turn.state, leg.option.con_id, leg.quantity)
    ]
    if not missing or {x.option.con_id for x in missing} & unexplained(turn.state):
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
        cancel_all(turn, case.case_id, {Purpose.CLOSE})
        if not expired:
            text = f"the condor was {how}"
            turn.alert("closed", Severity.WARNING, case.case_id, text)
    elif (case.phase, Trigger.EXTERNAL_CHANGE) in TRANSITIONS:
        found = Finding("legs held", f"{len(missing)} differ", "as booked", False)
        turn.move(case, Trigger.EXTERNAL_CHANGE, (found,), resume=case.phase)


def _close_bought_back(turn: Turn, case: Case) -> None:
    """Close a case that was bought back and that nobody wants closed any more."""
    if case.phase is not Phase.CLOSING:
        turn.move(case, Trigger.GONE, (Finding("legs held", "none", "none", True),))


def _free_positions(turn: Turn, idle: list[Case]) -> list[Position]:
    """Return the positions less what known cases own of them.

    What is owned and not held leaves nothing over; it does not turn into its
    opposite. Cases in `idle` own nothing. What nobody can explain makes no case before
    a person has adopted it.
    """
    owned: dict[int, int] = {}
    unclear = unexplained(turn.state)
    for case in turn.state.cases.values():
        if case.phase is not Phase.CLOSED and case not in idle:
            for leg in case.legs:
                con_id = leg.option.con_id
                owned[con_id] = owned.get(con_id, 0) + leg.quantity
    return [
        Position(p.instrument, left, p.average_cost)
        for con_id, p in turn.state.positions.items()
        if con_id not in unclear and (left := _beyond(p.quantity, owned.get(con_id, 0)))
    ]


def _beyond(held: int, owned: int) -> int:
    if held * owned <= 0:
        return held
    return held - owned if abs(held) > abs(owned) else 0


def free_id(turn: Turn, condor: Condor) -> str:
    """Return the name of a new case; the same strikes may come again after a while."""
    number, case_id = 1, condor.id
    while case_id in turn.state.cases:
        number += 1
        case_id = f"{condor.id}-{number}"
    return case_id


def _executed(turn: Turn, condor: Condor) -> tuple[Condor, datetime] | None:
    """Return the condor at the prices of today's executions, and when they were.

    None where they are not exactly what is held: then the broker's average cost is
    all there is, and the age is not known.
    """
    paid: dict[int, tuple[int, float]] = {}
    for fill in turn.state.fills.values():
        count, usd = paid.get(fill.con_id, (0, 0.0))
        change = fill.quantity * float(fill.price)
        paid[fill.con_id] = (count + fill.quantity, usd + change)
    costs: dict[int, float] = {}
    for position in condor.positions():
        option, count = position.instrument, position.quantity
        traded, points = paid.get(option.con_id, (0, 0.0))
        if traded != count or not isinstance(option, Option):
            return None
        costs[option.con_id] = points / traded * option.multiplier
    mine = [f.at for f in turn.state.fills.values() if f.con_id in costs]
    return at_costs(condor, costs), max(mine)


def at_costs(condor: Condor, costs: Mapping[int, float]) -> Condor:
    """Return a condor with what each contract cost, USD by con_id."""
    sides = {
        side.right: msgspec.structs.replace(
            side,
            short_cost=costs[side.short.con_id],
            long_cost=costs[side.long.con_id],
        )
        for side in condor.verticals
    }
    return msgspec.structs.replace(
        condor, put=sides.get(Right.PUT), call=sides.get(Right.CALL)
    )


def _open(turn: Turn, condor: Condor) -> None:
    """Take in a condor that nobody knew."""
    executed = _executed(turn, condor)
    shape, opened = executed or (condor, turn.at)
    why_not = hindrance(shape)
    case = Case(
        case_id=free_id(turn, condor),
        condor=shape,
        legs=legs_of_shape(shape),
        opened=opened,
        is_age_known=executed is not None,
        phase=Phase.MANUAL if why_not else Phase.RECONCILE,
        since=turn.at,
    )
    turn.save(case)
    told = _tell_found(turn, case)
    if why_not:
        text = f"{told}: {why_not}; it is left to a person"
        turn.alert("manual", Severity.CRITICAL, case.case_id, text)
    elif executed is not None:
        text = f"{told}, opened by hand"
        turn.alert("found", Severity.INFO, case.case_id, text)


def _tell_found(turn: Turn, case: Case) -> str:
    """Write down what was found; return it in words."""
    condor, adopts = case.condor, turn.rules.adopts
    adopted = "adopted" if adopts else "watched, not adopted"
    strikes = "/".join(f"{leg.option.strike:g}" for leg in case.legs)
    shape = f"{condor.quantity} x {strikes}"
    source = "by its executions" if case.is_age_known else "by the average cost"
    findings = (
        Finding("shape", shape, condor.kind, True),
        Finding("credit", f"{condor.credit:.2f}", f"points, {source}", True),
        Finding("it is", adopted, "mode.adopts", adopts),
    )
    turn.decide(case.case_id, "", case.phase, "FOUND", findings)
    return f"{condor.kind} {shape} of {condor.expiry} {adopted}"
