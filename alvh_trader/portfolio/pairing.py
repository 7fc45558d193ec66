"""Which option covers which, and which spreads make a condor, within one series.

Positions are of one right where not said otherwise, and no two are of one contract.
Source: alvh.md §5.2.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

import msgspec
from msgspec import Struct

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.position import Position
from alvh_trader.portfolio.case import Case, Vertical, case_of


class Covered(Struct, frozen=True):
    """Options of one right, taken apart: spreads, bare shorts and lone longs.

    `verticals` were sold (the long option is further out), `debits` were bought (it
    is nearer the money): what such a long is worth, its short can never exceed.
    """

    verticals: list[Vertical]
    debits: list[Vertical]
    naked: list[Position]
    longs: list[Position]


def cover(positions: Sequence[Position]) -> Covered:
    """Return what covers what: as many shorts as possible, by verticals first.

    Shorts are served from the money outwards, each by the nearest long beyond it:
    that long is of use to the fewest others. What is left over takes a long nearer
    the money, again the nearest.
    """
    sign = -1.0 if positions and not option_of(positions[0]).is_call else 1.0
    outward = sorted(positions, key=lambda p: sign * option_of(p).strike)
    shorts = [p for p in outward if p.quantity < 0]
    longs = [p for p in outward if p.quantity > 0]
    verticals = _serve(shorts, longs, lambda apart: sign * apart > 0)
    shorts = [p for p in shorts if p.quantity]
    longs = [p for p in reversed(longs) if p.quantity]
    debits = _serve(shorts, longs, lambda apart: sign * apart < 0)
    return Covered(
        verticals,
        debits,
        [p for p in shorts if p.quantity],
        [p for p in reversed(longs) if p.quantity],
    )


def _serve(
    shorts: list[Position], longs: list[Position], fits: Callable[[float], bool]
) -> list[Vertical]:
    """Pair shorts with longs in order, as far as `fits` their distance.

    What is used is taken off both lists.
    """
    made: list[Vertical] = []
    for i, short in enumerate(shorts):
        left = short
        for j, long in enumerate(longs):
            count = min(-left.quantity, long.quantity)
            apart = option_of(long).strike - option_of(short).strike
            if count and fits(apart):
                made.append(_vertical(short, long, count))
                left, longs[j] = less(left, count), less(long, count)
        shorts[i] = left
    return made


def paired(account: str, puts: list[Vertical], calls: list[Vertical]) -> list[Case]:
    """Return condors, of equal quantities before parts, and the verticals left over.

    From the money outwards, each put side takes the nearest call side at or above it;
    crossed shorts only pair where nothing else is left.
    """
    cases: list[Case] = []
    for may_cross in (False, True):
        for is_equal in (True, False):
            cases += _condors(account, puts, calls, (may_cross, is_equal))
    cases += [case_of(account, put, None) for put in puts]
    cases += [case_of(account, None, call) for call in calls]
    return cases


def _condors(
    account: str,
    puts: list[Vertical],
    calls: list[Vertical],
    rule: tuple[bool, bool],
) -> list[Case]:
    """Return the condors that a rule (may cross, must be equal) allows.

    What they use is taken off both lists.
    """
    may_cross, is_equal = rule
    made: list[Case] = []
    for i, put in enumerate(puts):
        left = put.quantity
        for j, call in enumerate(calls):
            count = min(left, call.quantity)
            is_crossed = call.short.strike < put.short.strike
            unlike = is_equal and left != call.quantity
            if not count or unlike or (is_crossed and not may_cross):
                continue
            made.append(case_of(account, _resized(put, count), _resized(call, count)))
            left -= count
            calls[j] = _resized(call, call.quantity - count)
        puts[i] = _resized(put, left)
    puts[:] = [v for v in puts if v.quantity]
    calls[:] = [v for v in calls if v.quantity]
    return made


def parity_strikes(positions: Sequence[Position]) -> list[float]:
    """Return the strikes whose call and put are held with opposite signs, ascending.

    Positions are of one series and both rights, by strike.
    """
    found: list[float] = []
    for strike, group in groupby(positions, key=lambda p: option_of(p).strike):
        signs = {option_of(p).right: p.quantity > 0 for p in group}
        if len(set(signs.values())) == 2:
            found.append(strike)
    return found


def option_of(position: Position) -> Option:
    """Return the option that a position is in."""
    assert isinstance(position.instrument, Option), "not an option"
    return position.instrument


def part(position: Position, count: int) -> Position:
    """Return `count` contracts of a position, on its side."""
    sign = 1 if position.quantity > 0 else -1
    return Position(position.instrument, sign * count, position.average_cost)


def less(position: Position, count: int) -> Position:
    """Return a position without `count` of its contracts."""
    return part(position, abs(position.quantity) - count)


def _vertical(short: Position, long: Position, count: int) -> Vertical:
    return Vertical(
        short=option_of(short),
        long=option_of(long),
        quantity=count,
        short_cost=short.average_cost,
        long_cost=long.average_cost,
    )


def _resized(vertical: Vertical, count: int) -> Vertical:
    return msgspec.structs.replace(vertical, quantity=count)
