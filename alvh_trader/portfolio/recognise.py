"""From the broker's raw positions to cases, hedges and everything that fits neither.

Every contract ends up in exactly one part, so that nothing held can be overlooked.
Source: alvh.md §5.2.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec
from msgspec import Struct

from alvh_trader.domain.instrument import Future, Instrument, Option, Right
from alvh_trader.domain.position import Position
from alvh_trader.portfolio.case import Case, Vertical, case_of

CONDOR_SYMBOLS = frozenset({"SPX", "XSP"})
PARITY_SYMBOLS = frozenset({"ES", "MES", "SPY"})
VIX_SYMBOLS = frozenset({"VIX", "VXM"})


class ParityPackage(Struct, frozen=True, kw_only=True):
    """A call and a put of one strike with opposite signs: a synthetic forward.

    A conversion has the put long, a reversal the call (alvh.md §8.4).
    """

    call: Position
    put: Position

    @property
    def is_conversion(self) -> bool:
        """Whether the put is long and the call short."""
        return self.put.quantity > 0


class Book(Struct, frozen=True, kw_only=True):
    """What the positions are. `naked` forbids all new risk; the rest is explained.

    * `cases`: condors and lone verticals on SPX or XSP.
    * `naked`: short options and futures that nothing covers.
    * `residues`: long SPX or XSP options that cover nothing, and long VIX puts.
    * `hedges`: long VIX calls and futures, and VIX calls sold against such.
    * `parity`: conversions and reversals; `parity_legs` are futures or shares that
      may belong to them.
    * `others`: all that this product neither understands nor touches.
    """

    cases: tuple[Case, ...] = ()
    naked: tuple[Position, ...] = ()
    residues: tuple[Position, ...] = ()
    hedges: tuple[Position, ...] = ()
    parity: tuple[ParityPackage, ...] = ()
    parity_legs: tuple[Position, ...] = ()
    others: tuple[Position, ...] = ()

    def positions(self) -> tuple[Position, ...]:
        """Return every position again, in the pieces it was taken apart into."""
        return (
            *(p for case in self.cases for p in case.positions()),
            *self.naked,
            *self.residues,
            *self.hedges,
            *(p for package in self.parity for p in (package.call, package.put)),
            *self.parity_legs,
            *self.others,
        )


def recognise(account: str, positions: Sequence[Position]) -> Book:
    """Return what `positions` amount to. The same positions give the same book."""
    held = [p for p in positions if p.quantity != 0]
    condor_options = [p for p in held if _is_option_on(p.instrument, CONDOR_SYMBOLS)]
    buckets = [
        _bucket(account, bucket) for bucket in _by_series(condor_options).values()
    ]
    parity = tuple(package for book in buckets for package in book.parity)
    vix = _hedges([p for p in held if _is_vix(p.instrument)])
    rest = [
        p
        for p in held
        if not _is_option_on(p.instrument, CONDOR_SYMBOLS) and not _is_vix(p.instrument)
    ]
    legs = [p for p in rest if parity and p.instrument.symbol in PARITY_SYMBOLS]
    return Book(
        cases=tuple(case for book in buckets for case in book.cases),
        naked=(*(p for book in buckets for p in book.naked), *vix.naked),
        residues=(*(p for book in buckets for p in book.residues), *vix.residues),
        hedges=vix.hedges,
        parity=parity,
        parity_legs=tuple(legs),
        others=tuple(p for p in rest if p not in legs),
    )


def _bucket(account: str, positions: list[Position]) -> Book:
    """Return the book of one series: nothing pairs across series."""
    packages, rest = _parity(positions)
    puts, naked_puts, long_puts = _verticals(_of_right(rest, Right.PUT))
    calls, naked_calls, long_calls = _verticals(_of_right(rest, Right.CALL))
    return Book(
        cases=tuple(_paired(account, puts, calls)),
        naked=(*naked_puts, *naked_calls),
        residues=(*long_puts, *long_calls),
        parity=tuple(packages),
    )


def _parity(
    positions: list[Position],
) -> tuple[list[ParityPackage], list[Position]]:
    """Return the synthetic forwards, and what is left of the positions."""
    packages: list[ParityPackage] = []
    rest: list[Position] = []
    for _, group in groupby(positions, key=lambda p: _option(p).strike):
        at_strike = list(group)
        call, put = _of_right(at_strike, Right.CALL), _of_right(at_strike, Right.PUT)
        if call and put and call[0].quantity * put[0].quantity < 0:
            count = min(abs(call[0].quantity), abs(put[0].quantity))
            packages.append(
                ParityPackage(call=_part(call[0], count), put=_part(put[0], count))
            )
            rest += [r for p in (call[0], put[0]) if (r := _less(p, count)).quantity]
        else:
            rest += at_strike
    return packages, rest


def _verticals(
    positions: list[Position],
) -> tuple[list[Vertical], list[Position], list[Position]]:
    """Return (verticals, naked shorts, lone longs) of the options of one right.

    Shorts are served from the money outwards, each by the nearest long beyond it.
    """
    sign = -1.0 if positions and not _option(positions[0]).is_call else 1.0
    outward = sorted(positions, key=lambda p: sign * _option(p).strike)
    shorts = [p for p in outward if p.quantity < 0]
    longs = [p for p in outward if p.quantity > 0]
    verticals: list[Vertical] = []
    naked: list[Position] = []
    for short in shorts:
        left = short
        for i, long in enumerate(longs):
            is_beyond = sign * (_option(long).strike - _option(short).strike) > 0
            count = min(-left.quantity, long.quantity)
            if not is_beyond or count == 0:
                continue
            verticals.append(_vertical(short, long, count))
            left, longs[i] = _less(left, count), _less(long, count)
        if left.quantity:
            naked.append(left)
    return verticals, naked, [p for p in longs if p.quantity]


def _paired(account: str, puts: list[Vertical], calls: list[Vertical]) -> list[Case]:
    """Return condors of equal quantities first, then of parts, then lone verticals."""
    cases: list[Case] = []
    for put in tuple(puts):
        same = next((c for c in calls if c.quantity == put.quantity), None)
        if same is not None:
            cases.append(case_of(account, put, same))
            puts.remove(put)
            calls.remove(same)
    while puts and calls:
        put, call = puts.pop(0), calls.pop(0)
        count = min(put.quantity, call.quantity)
        cases.append(case_of(account, _resized(put, count), _resized(call, count)))
        if put.quantity > count:
            puts.insert(0, _resized(put, put.quantity - count))
        if call.quantity > count:
            calls.insert(0, _resized(call, call.quantity - count))
    cases += [case_of(account, put, None) for put in puts]
    cases += [case_of(account, None, call) for call in calls]
    return cases


def _hedges(positions: list[Position]) -> Book:
    """Return the book of VIX options and futures."""
    hedges: list[Position] = []
    naked: list[Position] = []
    residues: list[Position] = []
    for position in positions:
        if isinstance(position.instrument, Future):
            (hedges if position.quantity > 0 else naked).append(position)
    options = [p for p in positions if isinstance(p.instrument, Option)]
    for bucket in _by_series(options).values():
        for put in _of_right(bucket, Right.PUT):
            (residues if put.quantity > 0 else naked).append(put)
        bare, held = _covered(_of_right(bucket, Right.CALL))
        naked += bare
        hedges += held
    return Book(naked=tuple(naked), residues=tuple(residues), hedges=tuple(hedges))


def _covered(calls: list[Position]) -> tuple[list[Position], list[Position]]:
    """Return (bare shorts, longs and the shorts they cover) of one VIX series.

    A call sold above one that is held is a spread; any other sold call is bare.
    """
    held = [p for p in calls if p.quantity > 0]
    free = 0
    bare: list[Position] = []
    for call in calls:
        if call.quantity > 0:
            free += call.quantity
            continue
        count = min(free, -call.quantity)
        free -= count
        if count:
            held.append(_part(call, count))
        if call.quantity + count:
            bare.append(_less(call, count))
    return bare, held


def _by_series(
    positions: Iterable[Position],
) -> dict[tuple[str, str, str, int], list[Position]]:
    """Return positions by (symbol, class, settlement, multiplier), in fixed order.

    SPX and SPXW options of one date settle at different times and never mix.
    """
    merged: dict[int, Position] = {}
    for position in positions:
        number = position.instrument.con_id
        before = merged.get(number)
        merged[number] = position if before is None else _sum(before, position)
    ordered = sorted(
        (p for p in merged.values() if p.quantity),
        key=lambda p: (*_series(p), _option(p).strike, _option(p).right),
    )
    return {key: list(group) for key, group in groupby(ordered, key=_series)}


def _series(position: Position) -> tuple[str, str, str, int]:
    option = _option(position)
    return (
        option.symbol,
        option.trading_class,
        option.expiry.isoformat(),
        option.multiplier,
    )


def _vertical(short: Position, long: Position, count: int) -> Vertical:
    return Vertical(
        short=_option(short),
        long=_option(long),
        quantity=count,
        short_cost=short.average_cost,
        long_cost=long.average_cost,
    )


def _resized(vertical: Vertical, count: int) -> Vertical:
    return msgspec.structs.replace(vertical, quantity=count)


def _part(position: Position, count: int) -> Position:
    """Return `count` contracts of a position, on its side."""
    sign = 1 if position.quantity > 0 else -1
    return Position(position.instrument, sign * count, position.average_cost)


def _less(position: Position, count: int) -> Position:
    return _part(position, abs(position.quantity) - count)


def _sum(one: Position, other: Position) -> Position:
    """Return two reports of the same instrument as one, at their mean cost."""
    weight = abs(one.quantity) + abs(other.quantity)
    cost = (
        abs(one.quantity) * one.average_cost + abs(other.quantity) * other.average_cost
    ) / weight
    return Position(one.instrument, one.quantity + other.quantity, cost)


def _option(position: Position) -> Option:
    assert isinstance(position.instrument, Option), "not an option"
    return position.instrument


def _of_right(positions: Iterable[Position], right: Right) -> list[Position]:
    return [p for p in positions if _option(p).right is right]


def _is_option_on(instrument: Instrument, symbols: frozenset[str]) -> bool:
    return isinstance(instrument, Option) and instrument.symbol in symbols


def _is_vix(instrument: Instrument) -> bool:
    return isinstance(instrument, Option | Future) and instrument.symbol in VIX_SYMBOLS
