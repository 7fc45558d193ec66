"""A combo that is not guaranteed: its legs trade each for itself.

While the legs are level, the combo trades when its net price is to be had, and every
leg takes what is shown of it. A leg that lags works on alone: at the far side of its
own market, as long as the units that it completes keep the limit; if the market runs
away, the legs stay apart [doc: combo orders, the broker's example of one leg bought
and the other not sold]. Where every leg has a price of its own [cap], each is a limit
order at that price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from alvh_trader.sim import combo
from alvh_trader.sim.matching import Trade
from alvh_trader.sim.model import OrderLeg, SimOrder, Top


class LegTrade(NamedTuple):
    """A trade of one leg, by its place: contracts, and points each."""

    place: int
    quantity: int
    price: Decimal


@dataclass(slots=True)
class Progress:
    """What the legs of one order have traded so far: contracts, and points paid."""

    legs: tuple[OrderLeg, ...]
    done: list[int]
    paid: list[Decimal]

    def add(self, trade: LegTrade) -> None:
        """Count a trade."""
        self.done[trade.place] += trade.quantity
        self.paid[trade.place] += trade.quantity * trade.price

    @property
    def units(self) -> int:
        """How many whole combos have traded."""
        return min(n // leg.ratio for n, leg in zip(self.done, self.legs, strict=True))

    @property
    def begun(self) -> int:
        """How many combos the leg that is farthest has begun."""
        return max(
            -(-n // leg.ratio) for n, leg in zip(self.done, self.legs, strict=True)
        )

    @property
    def net(self) -> Decimal:
        """The net price of buying one combo, at what each leg was on average."""
        return sum(
            (
                (1 if leg.action == "BUY" else -1) * leg.ratio * paid / n
                for leg, n, paid in zip(self.legs, self.done, self.paid, strict=True)
                if n
            ),
            Decimal(0),
        )


def started(legs: tuple[OrderLeg, ...]) -> Progress:
    """Return the progress of an order of which nothing has traded."""
    return Progress(legs, [0] * len(legs), [Decimal(0)] * len(legs))


def trades(
    order: SimOrder, tops: Sequence[Top], progress: Progress, wanted: Trade | None
) -> list[LegTrade]:
    """Return what the legs trade now.

    `wanted` is what the combo would trade if its market had any size.
    """
    if order.legs[0].limit is not None:
        return _each_at_its_price(order, tops, progress)
    if progress.begun == progress.units:
        if wanted is None:
            return []
        prices = combo.leg_prices(order.legs, tops, wanted.price)
        return _up_to(progress.units + wanted.quantity, order, tops, progress, prices)
    far = [_far(order, leg, top)[0] for leg, top in zip(order.legs, tops, strict=True)]
    made = _up_to(progress.begun, order, tops, progress, far)
    return made if _keeps_limit(order, progress, made) else []


def _up_to(
    units: int,
    order: SimOrder,
    tops: Sequence[Top],
    progress: Progress,
    prices: Sequence[Decimal | None],
) -> list[LegTrade]:
    made = []
    rows = zip(order.legs, tops, progress.done, prices, strict=True)
    for place, (leg, top, done, price) in enumerate(rows):
        quantity = min(units * leg.ratio - done, _far(order, leg, top)[1])
        if price is not None and quantity > 0:
            made.append(LegTrade(place, quantity, price))
    return made


def _each_at_its_price(
    order: SimOrder, tops: Sequence[Top], progress: Progress
) -> list[LegTrade]:
    prices: list[Decimal | None] = []
    for leg, top in zip(order.legs, tops, strict=True):
        price = _far(order, leg, top)[0]
        assert leg.limit is not None, "either every leg has a price or none"
        if price is not None and _is_worse(order, leg, price, leg.limit):
            price = None
        prices.append(price)
    return _up_to(order.quantity, order, tops, progress, prices)


def _keeps_limit(order: SimOrder, progress: Progress, made: Sequence[LegTrade]) -> bool:
    if order.limit is None:
        return True
    after = Progress(progress.legs, [*progress.done], [*progress.paid])
    for trade in made:
        after.add(trade)
    return (
        after.net <= order.limit
        if order.action == "BUY"
        else (after.net >= order.limit)
    )


def _far(order: SimOrder, leg: OrderLeg, top: Top) -> tuple[Decimal | None, int]:
    """Return price and size of the side that the leg trades with."""
    if (order.action == "BUY") == (leg.action == "BUY"):
        return top.ask, top.ask_size
    return top.bid, top.bid_size


def _is_worse(order: SimOrder, leg: OrderLeg, price: Decimal, limit: Decimal) -> bool:
    if (order.action == "BUY") == (leg.action == "BUY"):
        return price > limit
    return price < limit
