"""Price over cash flow of the index's largest companies (alvh.md §9.4).

Cash flow per share changes quarterly, so over five days the ratio moves as the price
does: what it adds to the verdict on breadth is how the companies scatter.
"""

import math
from datetime import date

from alvh_trader.domain.inputs import Constituent, Constituents
from alvh_trader.signals.breadth import CashFlow, cash_flow

SESSIONS = 5
LEAST_NAMES = 10

JUMP = 0.6
"""A log change over five days that is a split or a slip of units, not a price."""


def price_over_cash_flow(names: Constituents) -> float | None:
    """Return the index's ratio: all market values over all cash flows.

    Companies whose cash flow is not positive are left out. None where too few are
    left.
    """
    kept = _kept(names)
    if len(kept) < LEAST_NAMES:
        return None
    worth = math.fsum(x.shares * x.closes[-1][1] for x in kept)
    return worth / math.fsum(x.shares * x.cash_flow for x in kept)


def flow_of(names: Constituents, last_session: date) -> CashFlow | None:
    """Return how the ratios moved over five sessions up to `last_session`.

    A company counts if its newest close is of that day, it has six, and none of them
    makes an impossible jump. None where too few do.
    """
    moves = {
        x.symbol: (move, x.shares * x.closes[-1 - SESSIONS][1])
        for x in _kept(names)
        if x.closes[-1][0] == last_session and (move := _move(x)) is not None
    }
    return cash_flow(moves) if len(moves) >= LEAST_NAMES else None


def _kept(names: Constituents) -> list[Constituent]:
    return [
        x for x in names.members if x.cash_flow > 0 and x.shares > 0 and _is_priced(x)
    ]


def _is_priced(of: Constituent) -> bool:
    days = [day for day, _ in of.closes]
    return bool(days) and days == sorted(set(days)) and all(p > 0 for _, p in of.closes)


def _move(of: Constituent) -> float | None:
    if len(of.closes) <= SESSIONS:
        return None
    move = math.log(of.closes[-1][1] / of.closes[-1 - SESSIONS][1])
    return move if abs(move) <= JUMP else None
