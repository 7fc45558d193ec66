"""Condors and their parts, as they are held: what a case protects.

Strikes and credits are index points, money is USD, quantities are contracts.
"""

import hashlib
from datetime import date
from enum import StrEnum

from msgspec import Struct

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.position import Position

CLASSES = frozenset({"SPX", "SPXW"})
"""The trading classes of ordinary SPX options."""


class Kind(StrEnum):
    """The shape of a case. Only the first two may be traded without a person."""

    IRON_CONDOR = "IRON_CONDOR"
    VERTICAL = "VERTICAL"
    IRON_FLY = "IRON_FLY"
    INVERTED = "INVERTED"


class Vertical(Struct, frozen=True, kw_only=True):
    """A short option and the long one further out that bounds its loss.

    Costs are USD per contract, positive: what executions paid, or where those are not
    known the broker's average cost, which has fees in it.
    """

    short: Option
    long: Option
    quantity: int
    short_cost: float
    long_cost: float

    @property
    def width(self) -> float:
        """Points between the strikes."""
        return abs(self.short.strike - self.long.strike)

    @property
    def right(self) -> Right:
        """Whether it is made of puts or calls."""
        return self.short.right

    @property
    def credit(self) -> float:
        """Points received for one spread, fees taken off."""
        return (self.short_cost - self.long_cost) / self.short.multiplier

    def positions(self) -> tuple[Position, Position]:
        """Return what is held, short option first."""
        return (
            Position(self.short, -self.quantity, self.short_cost),
            Position(self.long, self.quantity, self.long_cost),
        )


class Case(Struct, frozen=True, kw_only=True):
    """One condor group: a put vertical, a call vertical, or both.

    Both have the same quantity. While a roll is half done they may have different
    expiries; then the ledger made the case, not recognition.
    """

    id: str
    kind: Kind
    put: Vertical | None
    call: Vertical | None

    def __post_init__(self) -> None:
        assert self.put is not None or self.call is not None, "a case of nothing"
        if self.put is not None and self.call is not None:
            assert self.put.quantity == self.call.quantity, "a lopsided case"

    @property
    def verticals(self) -> tuple[Vertical, ...]:
        """The sides it has, put first."""
        return tuple(v for v in (self.put, self.call) if v is not None)

    @property
    def quantity(self) -> int:
        """Condors (or spreads) held."""
        return self.verticals[0].quantity

    @property
    def multiplier(self) -> int:
        """USD per index point."""
        return self.verticals[0].short.multiplier

    @property
    def width(self) -> float:
        """The wider wing in points: the most one condor can lose, credit ignored."""
        return max(v.width for v in self.verticals)

    @property
    def risk_notional(self) -> float:
        """Defined risk in USD, credit ignored (N_risk, alvh.md §4.4)."""
        return self.quantity * self.multiplier * self.width

    @property
    def credit(self) -> float:
        """Points received for one condor, fees taken off."""
        return sum(v.credit for v in self.verticals)

    @property
    def max_loss(self) -> float:
        """USD lost at worst, at expiry."""
        return self.quantity * self.multiplier * (self.width - self.credit)

    @property
    def expiry(self) -> date:
        """The settlement date of the side that settles first."""
        return min(v.short.expiry for v in self.verticals)

    @property
    def last_trade(self) -> date:
        """The last day on which every leg can be traded."""
        return min(v.short.last_trade for v in self.verticals)

    @property
    def is_ordinary(self) -> bool:
        """Whether it is made of unadjusted SPX options, all that is ever watched."""
        return all(
            v.short.symbol == "SPX"
            and v.short.multiplier == 100
            and v.short.trading_class in CLASSES
            for v in self.verticals
        )

    def break_even(self, right: Right) -> float | None:
        """Return the index level at expiry beyond which that side loses money."""
        if right is Right.PUT:
            return None if self.put is None else self.put.short.strike - self.credit
        return None if self.call is None else self.call.short.strike + self.credit

    def positions(self) -> tuple[Position, ...]:
        """Return every leg held: put side first, short before long."""
        return tuple(p for v in self.verticals for p in v.positions())


def hindrance(case: Case) -> str:
    """Return why only a person may trade a case, or "" where the rules may.

    An index with other sizes, an adjusted series, crossed shorts, a butterfly (its
    shorts are at the money by construction, §2.5).
    """
    short = case.verticals[0].short
    if short.symbol != "SPX":
        return f"{short.symbol} is a book of its own"
    if not case.is_ordinary:
        series = f"{short.trading_class}, {short.multiplier} USD a point"
        return f"an adjusted series: {series}"
    return {
        Kind.IRON_FLY: "a butterfly needs a person's acknowledgement",
        Kind.INVERTED: "the short strikes are crossed",
    }.get(case.kind, "")


def case_of(account: str, put: Vertical | None, call: Vertical | None) -> Case:
    """Return the case of these sides, its kind seen from their strikes."""
    if put is None or call is None:
        kind = Kind.VERTICAL
    elif put.short.strike < call.short.strike:
        kind = Kind.IRON_CONDOR
    elif put.short.strike == call.short.strike:
        kind = Kind.IRON_FLY
    else:
        kind = Kind.INVERTED
    return Case(id=_case_id(account, put, call), kind=kind, put=put, call=call)


def _case_id(account: str, *sides: Vertical | None) -> str:
    """Return a name that stays while the strikes do, whatever the quantity."""
    legs = [
        f"{o.symbol} {o.trading_class} {o.expiry} {o.strike:g} {o.right} {o.multiplier}"
        for side in sides
        if side is not None
        for o in (side.short, side.long)
    ]
    digest = hashlib.blake2s("|".join([account, *legs]).encode(), digest_size=4)
    return f"c{digest.hexdigest()}"
