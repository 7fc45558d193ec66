"""The ladder of limit prices an order climbs until it fills or gives up."""

from datetime import timedelta
from decimal import Decimal

from alvh_trader.domain.money import TickGrid

HEDGE_RUNG = timedelta(seconds=20)
"""A hedge concedes a quarter of the spread every 20 s (alvh.md §4.6)."""

ROLL_RUNG = timedelta(seconds=40)
"""Three reprices within 180 s (§3.2), 0.05 per 20 s on average (§6.6)."""


def hedge_ladder(bid: float, ask: float, grid: TickGrid) -> tuple[Decimal, ...]:
    """Return the limits of a hedge: from mid by quarters of the spread to the ask.

    Rounded up to the grid, without repetition, never above the ask.

    >>> from alvh_trader.domain.money import VIXW_TICKS
    >>> [str(p) for p in hedge_ladder(1.35, 1.49, VIXW_TICKS)]
    ['1.42', '1.46', '1.49']
    """
    top = grid.ceiling(ask)
    quarters = (bid + (ask - bid) * share for share in (0.50, 0.75, 1.0))
    rungs = [min(grid.ceiling(price), top) for price in quarters]
    return tuple(sorted(set(rungs)))


def roll_ladder(
    mid: float, grid: TickGrid, concession: Decimal, reprices: int = 3
) -> tuple[Decimal, ...]:
    """Return the limits of a roll: from mid in `reprices` even steps of concession.

    A roll is bought at a signed net debit, so conceding means paying more.

    >>> from alvh_trader.domain.money import SPX_COMBO_TICKS
    >>> [str(p) for p in roll_ladder(-1.74, SPX_COMBO_TICKS, Decimal("0.30"))]
    ['-1.75', '-1.65', '-1.55', '-1.45']
    """
    start = grid.floor(mid)
    steps = (start + concession * n / reprices for n in range(reprices + 1))
    return tuple(dict.fromkeys(grid.floor(price) for price in steps))
