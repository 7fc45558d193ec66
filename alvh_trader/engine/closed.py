"""What is left of a condor as it is closed: its verticals, and its shape."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.engine.case import Case, HeldLeg
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Vertical, case_of
from alvh_trader.strategy.phase import Phase


class Pair(Struct, frozen=True):
    """A short option of a case, the wing that covers it, and how many of both."""

    short: Option
    wing: Option
    count: int

    @property
    def series(self) -> tuple[object, ...]:
        """What pairs that close in one order have in common."""
        short = self.short
        return short.symbol, short.trading_class, short.expiry, short.last_trade


def pairs_of(case: Case) -> tuple[Pair, ...]:
    """Return the verticals that the legs of a case amount to, puts first.

    While a roll is half done a side has more than two legs: in each series the short
    nearest to the money goes with the wing nearest to it.
    """
    return tuple(
        pair
        for right in Right
        for of in sorted({_series(x) for x in case.legs})
        for pair in _paired(
            [x for x in case.legs if _series(x) == of and x.option.right is right]
        )
    )


def _series(leg: HeldLeg) -> tuple[str, str]:
    return leg.option.trading_class, leg.option.last_trade.isoformat()


def _paired(legs: list[HeldLeg]) -> Iterator[Pair]:
    outward = sorted(
        legs, key=lambda x: x.option.strike if x.option.is_call else -x.option.strike
    )
    wings = {x.option: x.quantity for x in outward if x.quantity > 0}
    for leg in outward:
        open_ = -leg.quantity
        for wing, count in tuple(wings.items()):
            is_beyond = (wing.strike > leg.option.strike) is leg.option.is_call
            take = min(open_, count) if is_beyond else 0
            if take > 0:
                wings[wing], open_ = count - take, open_ - take
                yield Pair(leg.option, wing, take)


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
