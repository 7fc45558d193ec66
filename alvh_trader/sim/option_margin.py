"""Margin of options by strategy, as Regulation T has it.

The rules are those of the Cboe Margin Manual, Cboe Rule 10.3 and FINRA Rule
4210(f)(2), which the broker's page on margin of US options repeats [doc]:

* A long option is paid in full and needs nothing.
* An uncovered short option needs its own price and, of the underlying's level, 15 %
  (20 % for VIX options and single stocks) less what it is out of the money, at least
  10 % of the level (of a put: of its strike).
* A spread (longs and shorts in equal number, no long expiring before a short) needs
  the most that it can lose, and no more than its shorts would need uncovered. So an
  iron condor needs its wider wing.
* A short call on stock that is held needs nothing.
* Of uncovered calls and puts against each other only the greater side needs its
  percentage; both need their price.

Which long covers which short is chosen greedily: the shorts that would need least
stay uncovered. How the broker's own optimiser chooses is not published.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from typing import TypeVar

from alvh_trader.sim.model import Listing

_INDEX, _SINGLE = (0.15, 0.10), (0.20, 0.10)
_RATES = {"SPX": _INDEX, "XSP": _INDEX, "SPY": _INDEX, "VIX": (0.20, 0.10)}
"""Of the underlying's level, and at the least; what is not here is a single stock."""

_A = TypeVar("_A")
_B = TypeVar("_B")

Settlement = tuple[date, bool]
"""The day, and whether at its close (PM) instead of its open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A signed holding of `quantity` contracts that are worth `price` points each."""

    listing: Listing
    quantity: int
    price: Decimal


def required(
    options: Iterable[Held],
    underlying: Mapping[str, float],
    shares: Mapping[str, int],
) -> Decimal:
    """Return the margin of all options in USD.

    `underlying` is the level by symbol, `shares` the stock that is held of it.
    """
    books: dict[tuple[str, int], list[Held]] = defaultdict(list)
    for it in options:
        books[it.listing.symbol, it.listing.multiplier].append(it)
    total = Decimal(0)
    for (symbol, multiplier), held in books.items():
        if any(it.quantity < 0 for it in held):
            stand = _Underlying(symbol, underlying[symbol])
            points = stand.points(held, shares.get(symbol, 0) // multiplier)
            total += Decimal(str(round(points * multiplier, 2)))
    return total


@dataclass(frozen=True, slots=True)
class _Underlying:
    symbol: str
    level: float

    def points(self, held: list[Held], stock: int) -> float:
        """Return what the options on one underlying need, in points.

        `stock` are the contracts that the shares held would deliver.
        """
        if stock > 0:
            calls = [it for it in held if it.listing.right == "C"]
            uncovered, _ = _split(calls, -stock, lambda it: -self._alone(it))
            held = [it for it in held if it.listing.right == "P"] + uncovered
        series = _by_settlement(held)
        points = sum(map(self._series, series.values()))
        if len(series) > 1 and any(map(_lacks_cover, series.values())):
            calendars, rest = self._calendars(held, sorted(series))
            others = _by_settlement(rest).values()
            points = min(points, calendars + sum(map(self._series, others)))
        return points

    def _series(self, options: list[Held]) -> float:
        """Return what the options of one settlement need."""
        spread, uncovered = [], []
        for right in "CP":
            of = [it for it in options if it.listing.right == right]
            net = sum(it.quantity for it in of)
            covered, alone = _split(of, net, self._alone) if net < 0 else (of, [])
            spread += covered
            uncovered += alone
        shorts = [it for it in options if it.quantity < 0]
        as_spread = _most_lost(spread) + self._uncovered(uncovered)
        return min(as_spread, self._uncovered(shorts))

    def _uncovered(self, shorts: list[Held]) -> float:
        """Return what short options need that nothing covers."""
        calls, puts = (
            sorted(
                (
                    (self._share(it.listing), -it.quantity)
                    for it in shorts
                    if it.listing.right == right
                ),
                reverse=True,
            )
            for right in "CP"
        )
        shares = sum(
            count * max(call or 0.0, put or 0.0)
            for call, put, count in _side_by_side(calls, puts)
        )
        return shares - sum(it.quantity * float(it.price) for it in shorts)

    def _share(self, option: Listing) -> float:
        """Return the part of the level that one uncovered short option needs."""
        rate, least = _RATES.get(self.symbol, _SINGLE)
        is_call = option.right == "C"
        out = option.strike - self.level if is_call else self.level - option.strike
        floor = self.level if is_call else option.strike
        return max(rate * self.level - max(out, 0.0), least * floor)

    def _alone(self, it: Held) -> float:
        return self._share(it.listing) + float(it.price)

    def _calendars(
        self, held: list[Held], dates: list[Settlement]
    ) -> tuple[float, list[Held]]:
        """Cover shorts with longs of later settlement that their series can spare.

        Return what these pairs need and all that is in no pair.
        """
        points, rest = 0.0, held
        for right, (early, late) in product("CP", combinations(dates, 2)):
            near = [it for it in rest if _is_of(it, right, early)]
            far = [it for it in rest if _is_of(it, right, late)]
            lacks, spare = (
                -sum(x.quantity for x in near),
                sum(x.quantity for x in far),
            )
            count = min(lacks, spare)
            if count > 0:
                near_left, shorts = _split(near, -count, self._alone)
                far_left, longs = _split(far, count, _worth)
                points += sum(
                    number * self._pair(short, long)
                    for short, long, number in _side_by_side(
                        _lots(shorts), _lots(longs)
                    )
                    if short is not None and long is not None
                )
                others = [it for it in rest if it not in near and it not in far]
                rest = [*others, *near_left, *far_left]
        return points, rest

    def _pair(self, short: Held, long: Held) -> float:
        """Return what one short needs that one later long covers."""
        apart = long.listing.strike - short.listing.strike
        most = apart if short.listing.right == "C" else -apart
        return min(max(most, 0.0), self._alone(short))


def _by_settlement(held: list[Held]) -> dict[Settlement, list[Held]]:
    series: dict[Settlement, list[Held]] = defaultdict(list)
    for it in held:
        series[_settles(it.listing)].append(it)
    return series


def _lacks_cover(series: list[Held]) -> bool:
    return any(
        sum(it.quantity for it in series if it.listing.right == r) < 0 for r in "CP"
    )


def _settles(option: Listing) -> Settlement:
    assert option.expiry is not None, "an option without expiry"
    return option.expiry, option.expiry == option.last_trade


def _is_of(it: Held, right: str, settles: Settlement) -> bool:
    return it.listing.right == right and _settles(it.listing) == settles


def _worth(it: Held) -> float:
    return float(it.price)


def _lots(held: list[Held]) -> list[tuple[Held, int]]:
    """Return what is held by strike, and how many of each."""
    by_strike = sorted(held, key=lambda it: it.listing.strike)
    return [(it, abs(it.quantity)) for it in by_strike]


def _side_by_side(
    left: Iterable[tuple[_A, int]], right: Iterable[tuple[_B, int]]
) -> Iterator[tuple[_A | None, _B | None, int]]:
    """Yield what stands beside what, and how often; None beside what is left over.

    Both sides are things and their numbers. A number may be anything that a client
    can write, so nothing is ever laid out one by one.
    """
    lefts, rights = deque(left), deque(right)
    while lefts or rights:
        a, many_a = lefts.popleft() if lefts else (None, 0)
        b, many_b = rights.popleft() if rights else (None, 0)
        count = min(many_a, many_b) or max(many_a, many_b)
        yield (a if many_a else None), (b if many_b else None), count
        if a is not None and many_a > count:
            lefts.appendleft((a, many_a - count))
        if b is not None and many_b > count:
            rights.appendleft((b, many_b - count))


def _split(
    held: list[Held], count: int, key: Callable[[Held], float]
) -> tuple[list[Held], list[Held]]:
    """Take `count` contracts (signed: longs or shorts) of the least `key` out.

    Return what stays and what was taken.
    """
    left, taken = [], []
    for it in sorted(held, key=key):
        part = 0
        if it.quantity * count > 0:
            part = it.quantity if abs(it.quantity) <= abs(count) else count
        count -= part
        if part:
            taken.append(replace(it, quantity=part))
        if part != it.quantity:
            left.append(replace(it, quantity=it.quantity - part))
    return left, taken


def _most_lost(spread: list[Held]) -> float:
    """Return the greatest loss at expiry: between strikes the payoff is straight."""
    strikes = {it.listing.strike for it in spread}
    worst = min((sum(_payoff(it, k) for it in spread) for k in strikes), default=0.0)
    return max(0.0, -worst)


def _payoff(it: Held, level: float) -> float:
    option = it.listing
    inside = level - option.strike if option.right == "C" else option.strike - level
    return it.quantity * max(0.0, inside)
