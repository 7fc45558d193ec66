"""What is left of a condor as it is closed: its verticals, and its shape."""

from collections.abc import Sequence

import msgspec

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.order import Purpose
from alvh_trader.domain.position import Position
from alvh_trader.engine.case import Case
from alvh_trader.engine.state import State, series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.case import Vertical, case_of
from alvh_trader.portfolio.pairing import cover
from alvh_trader.strategy.phase import Phase


def verticals_of(case: Case) -> tuple[Vertical, ...]:
    """Return the verticals that the legs of a case amount to, puts first.

    While a roll is half done a side has more than two legs: they are paired in each
    series. What they cost is of no matter to who closes them, and is 0.
    """
    return tuple(
        vertical
        for right in Right
        for of in sorted({_series(x.option) for x in case.legs})
        for vertical in cover(
            [
                Position(x.option, x.quantity, 0.0)
                for x in case.legs
                if _series(x.option) == of and x.option.right is right
            ]
        ).verticals
    )


def in_one_order(verticals: Sequence[Vertical]) -> tuple[Vertical, ...]:
    """Return the first vertical, with one of the other side where its series has it."""
    first, *others = verticals
    of = _series(first.short)
    other = (v for v in others if _series(v.short) == of and v.right is not first.right)
    return first, *tuple(other)[:1]


def _series(option: Option) -> str:
    return series_key(option.trading_class, option.last_trade)


def closings_of(state: State, case_id: str) -> list[Ticket]:
    """Return every order that was to close a case."""
    return [
        t
        for t in state.tickets.values()
        if t.order.case == case_id and t.order.purpose is Purpose.CLOSE
    ]


def shrink(turn: Turn, case_id: str) -> None:
    """Let the shape of a condor follow what has been closed of it.

    Between the fills of one unit, and where a roll was half done, its legs are no
    condor: the shape stays, and the case is not whole. What was under way is over.
    """
    case = turn.state.cases[case_id]
    case = turn.change(case, roll=None, rolled_sides=0, resume=Phase.MONITOR)
    have = {leg.option: leg.quantity for leg in case.legs}
    sides: dict[Right, Vertical] = {}
    for side in case.condor.verticals:
        shorts, wings = -have.pop(side.short, 0), have.pop(side.long, 0)
        if shorts != wings:
            return
        if wings > 0:
            sides[side.right] = msgspec.structs.replace(side, quantity=wings)
    if have or len({side.quantity for side in sides.values()}) != 1:
        return
    put, call = sides.get(Right.PUT), sides.get(Right.CALL)
    shape = case_of(turn.state.account_id, put, call)
    turn.change(case, condor=msgspec.structs.replace(shape, id=case.condor.id))
