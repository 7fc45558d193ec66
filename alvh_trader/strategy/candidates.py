"""Where a condor could be rolled to: expiries, distances and widths.

Prices and widths are SPX points for one condor. Source: alvh.md §6.2.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.portfolio.case import Case, Vertical, case_of
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.strategy.condor import (
    RIGHTS,
    Asked,
    Candidate,
    Guess,
    Surface,
    needed,
    priced_condor,
    short_of,
    surface_of,
    vertical_of,
)
from alvh_trader.strategy.params import Params, RollParams


def widths_of(width: float, roll: RollParams) -> tuple[float, ...]:
    """Return the wing widths to try, ascending."""
    steps = {width + step for step in roll.width_steps}
    return tuple(sorted(steps | {width * factor for factor in roll.width_factors}))


def wanted(
    options: Sequence[Option], case: Case, guess: Guess, params: Params
) -> tuple[Option, ...]:
    """Return the options of a series whose quotes `propose` needs.

    Those of every candidate, and the ones nearest to spot for forward and ATM
    volatility.
    """
    sides = {v.right: (v.short.strike,) for v in case.verticals}
    asked = Asked(params.roll.sds, widths_of(case.width, params.roll))
    return needed(options, guess, asked, params.condor.grid, sides)


def propose(
    chains: Sequence[PricedChain],
    case: Case,
    *,
    spot: float,
    vix: float,
    params: Params,
) -> tuple[Candidate, ...]:
    """Return every candidate that can be priced: expiries, distances, widths.

    Strikes are re-centred on spot, or the old ones; quantities stay. Options without
    a two-sided market are not there. Chains must be priced to the spot.
    """
    found: dict[tuple[date, tuple[float, ...]], Candidate] = {}
    for market in chains:
        search = _Search(surface_of(market, spot, vix, params), case)
        for sds in (*params.roll.sds, None):
            for width in widths_of(case.width, params.roll):
                candidate = _candidate(search, sds, width)
                if candidate is not None:
                    key = (candidate.case.expiry, candidate.strikes)
                    found.setdefault(key, candidate)
    return tuple(found.values())


def close_cost(case: Case, quotes: Mapping[int, Quote]) -> tuple[float, float] | None:
    """Return points to close one condor at mid, and half of its legs' spreads.

    None where a leg has no two-sided market.
    """
    cost, half = 0.0, 0.0
    for position in case.positions():
        quote = quotes.get(position.instrument.con_id)
        if quote is None or quote.mid is None or quote.ask is None:
            return None
        cost -= quote.mid * (1 if position.quantity > 0 else -1)
        half += quote.ask - quote.mid
    return cost, half


class _Search(NamedTuple):
    """One expiry in which candidates for a case are looked for."""

    at: Surface
    case: Case


def _candidate(search: _Search, sds: float | None, width: float) -> Candidate | None:
    sides: dict[Right, Vertical | None] = {}
    for right in RIGHTS:
        old = _side(search.case, right)
        sides[right] = None if old is None else _vertical(search, old, sds, width)
        if old is not None and sides[right] is None:
            return None
    shape = case_of("", sides[Right.PUT], sides[Right.CALL])
    return priced_condor(search.at, shape, sds)


def _vertical(
    search: _Search, old: Vertical, sds: float | None, width: float
) -> Vertical | None:
    short: float | None = old.short.strike
    if sds is not None:
        short = short_of(search.at, old.right, sds)
    if short is None:
        return None
    return vertical_of(search.at, old.right, short, width, old.quantity)


def _side(case: Case, right: Right) -> Vertical | None:
    return case.put if right is Right.PUT else case.call
