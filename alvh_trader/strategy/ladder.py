"""The optional base ladder: VIX calls at 30, 110 and 220 days, counted and rolled.

Four, four and two calls for ten condors. A rung is renewed at 21, 60 and 150 days, only
while VIX is low; the old calls are sold when the new ones are there. Source: alvh.md
§4.3.
"""

import math
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from alvh_trader.strategy.params import BaseLadderParams
from alvh_trader.strategy.vix_series import MONTHLY, Series


class Held(Struct, frozen=True, kw_only=True):
    """Calls of the ladder: `bought_dte` days to settlement when bought, `dte` now.

    `ref` names the lot; calls that somebody else bought have none, and their
    `bought_dte` is that of now.
    """

    ref: str
    units: int
    bought_dte: int
    dte: int


class Work(Struct, frozen=True, kw_only=True):
    """What a rung needs: calls to buy at its tenor, or lots to sell.

    What is bought must have more days than `renewed_at`.
    """

    tenor: int
    renewed_at: int
    buy: int = 0
    sell: tuple[str, ...] = ()


def wanted(params: BaseLadderParams, condors: int) -> tuple[int, ...]:
    """Return the calls of each rung for so many condors, whole ones.

    >>> wanted(BaseLadderParams(), 10), wanted(BaseLadderParams(), 4)
    ((4, 4, 2), (1, 1, 0))
    """
    return tuple(math.floor(n * condors / 10 + 1e-9) for n in params.counts)


def work(
    held: Sequence[Held], params: BaseLadderParams, condors: int, vix: float | None
) -> tuple[Work, ...]:
    """Return what each rung needs now; nothing is bought unless VIX is known and low.

    A call belongs to the rung whose tenor was nearest when it was bought. It is fresh
    while it has more days than the rung is renewed at.
    """
    is_low = vix is not None and vix < params.vix_below
    found = []
    for i, (tenor, count) in enumerate(
        zip(params.tenors, wanted(params, condors), strict=True)
    ):
        name, end = int(tenor), int(params.renewed_at[i])
        own = [x for x in held if rung_of(x.bought_dte, params) == i]
        fresh = sum(x.units for x in own if x.dte > end)
        aged = tuple(x.ref for x in own if x.dte <= end and x.ref)
        if fresh < count:
            lacking = count - fresh if is_low else 0
            found.append(Work(tenor=name, renewed_at=end, buy=lacking))
        elif aged:
            found.append(Work(tenor=name, renewed_at=end, sell=aged))
    return tuple(w for w in found if w.buy or w.sell)


def rung_of(dte: int, params: BaseLadderParams) -> int:
    """Return the place of the rung whose tenor is nearest."""
    tenors = params.tenors
    return min(range(len(tenors)), key=lambda i: abs(tenors[i] - dte))


def series_for(needed: Work, listed: Sequence[Series], today: date) -> Series | None:
    """Return the monthly series that settles nearest to a rung's tenor from now.

    None where none is within a third of it, or all are too old to be bought: a rung is
    not filled with another one, or with what has to be renewed at once.
    """
    fresh = [
        s
        for s in listed
        if s.trading_class == MONTHLY and (s.expiry - today).days > needed.renewed_at
    ]
    off = {s: abs((s.expiry - today).days - needed.tenor) for s in fresh}
    best = min(fresh, key=lambda s: (off[s], s.expiry), default=None)
    return best if best is not None and off[best] <= needed.tenor / 3 else None
