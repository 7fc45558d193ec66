"""From the broker's raw positions to cases, hedges and everything that fits neither.

Every contract ends up in exactly one part, so that nothing held can be overlooked.
Source: alvh.md §5.2.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from msgspec import Struct

from alvh_trader.domain.instrument import Future, Instrument, Option, Right
from alvh_trader.domain.position import Position
from alvh_trader.portfolio.case import Case, Vertical
from alvh_trader.portfolio.pairing import (
    cover,
    less,
    option_of,
    paired,
    parity_strikes,
    part,
)

CONDOR_SYMBOLS = frozenset({"SPX", "XSP"})
PARITY_SYMBOLS = frozenset({"ES", "MES", "SPY"})
VIX_SYMBOLS = frozenset({"VIX", "VXM"})
RIGHTS = (Right.PUT, Right.CALL)


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
    * `debits`: a long option and one sold further out, which it covers: no case.
    * `residues`: long SPX or XSP options that cover nothing, and long VIX puts.
    * `hedges`: long VIX calls and futures, and VIX calls sold against such.
    * `parity`: conversions and reversals; `parity_legs` are futures or shares that
      may belong to them.
    * `others`: all that this product neither understands nor touches.
    """

    cases: tuple[Case, ...] = ()
    naked: tuple[Position, ...] = ()
    debits: tuple[Vertical, ...] = ()
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
            *(p for spread in self.debits for p in spread.positions()),
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
    rest = [
        p
        for p in held
        if not _is_option_on(p.instrument, CONDOR_SYMBOLS) and not _is_vix(p.instrument)
    ]
    is_meant = any(p.instrument.symbol in PARITY_SYMBOLS for p in rest)
    buckets = [
        _bucket(account, bucket, is_meant=is_meant)
        for bucket in _by_series(condor_options).values()
    ]
    parity = tuple(package for book in buckets for package in book.parity)
    vix = _hedges([p for p in held if _is_vix(p.instrument)])
    legs = [p for p in rest if parity and p.instrument.symbol in PARITY_SYMBOLS]
    return Book(
        cases=tuple(case for book in buckets for case in book.cases),
        naked=(*(p for book in buckets for p in book.naked), *vix.naked),
        debits=tuple(spread for book in buckets for spread in book.debits),
        residues=(*(p for book in buckets for p in book.residues), *vix.residues),
        hedges=vix.hedges,
        parity=parity,
        parity_legs=tuple(legs),
        others=tuple(p for p in rest if p not in legs),
    )


def _bucket(account: str, positions: list[Position], *, is_meant: bool) -> Book:
    """Return the book of one series: nothing pairs across series.

    Legs of two condors can look like a synthetic forward. So one is only seen where
    shorts would be naked without it, or where the account holds what such packages
    are built with (`is_meant`).
    """

    def rank(book: Book) -> tuple[int, int]:
        packages = len(book.parity)
        return _count(book.naked), -packages if is_meant else packages

    strikes = parity_strikes(positions)
    best = _without(account, positions, strikes)
    for strike in tuple(strikes):
        fewer = [k for k in strikes if k != strike]
        apart = _without(account, positions, fewer)
        if rank(apart) < rank(best):
            strikes, best = fewer, apart
    return min(best, _without(account, positions, []), key=rank)


def _without(account: str, positions: list[Position], strikes: list[float]) -> Book:
    """Return the book of a series with the synthetic forwards at `strikes`."""
    packages: list[ParityPackage] = []
    rest: list[Position] = []
    for strike, group in groupby(positions, key=lambda p: option_of(p).strike):
        at_strike = list(group)
        if strike not in strikes:
            rest += at_strike
            continue
        call, put = sorted(at_strike, key=lambda p: option_of(p).right)
        count = min(abs(call.quantity), abs(put.quantity))
        packages.append(ParityPackage(call=part(call, count), put=part(put, count)))
        rest += [r for p in (call, put) if (r := less(p, count)).quantity]
    puts, calls = (cover([p for p in rest if option_of(p).right is r]) for r in RIGHTS)
    return Book(
        cases=tuple(paired(account, puts.verticals, calls.verticals)),
        naked=(*puts.naked, *calls.naked),
        debits=(*puts.debits, *calls.debits),
        residues=(*puts.longs, *calls.longs),
        parity=tuple(packages),
    )


def _count(positions: Iterable[Position]) -> int:
    return sum(abs(p.quantity) for p in positions)


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
        for put in bucket:
            if not option_of(put).is_call:
                (residues if put.quantity > 0 else naked).append(put)
        bare, held = _covered([p for p in bucket if option_of(p).is_call])
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
            held.append(part(call, count))
        if call.quantity + count:
            bare.append(less(call, count))
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
        key=lambda p: (*_series(p), option_of(p).strike, option_of(p).right),
    )
    return {key: list(group) for key, group in groupby(ordered, key=_series)}


def _series(position: Position) -> tuple[str, str, str, int]:
    option = option_of(position)
    return (
        option.symbol,
        option.trading_class,
        option.expiry.isoformat(),
        option.multiplier,
    )


def _sum(one: Position, other: Position) -> Position:
    """Return two reports of the same instrument as one, at their mean cost."""
    weight = abs(one.quantity) + abs(other.quantity)
    cost = (
        abs(one.quantity) * one.average_cost + abs(other.quantity) * other.average_cost
    ) / weight
    return Position(one.instrument, one.quantity + other.quantity, cost)


def _is_option_on(instrument: Instrument, symbols: frozenset[str]) -> bool:
    return isinstance(instrument, Option) and instrument.symbol in symbols


def _is_vix(instrument: Instrument) -> bool:
    return isinstance(instrument, Option | Future) and instrument.symbol in VIX_SYMBOLS
