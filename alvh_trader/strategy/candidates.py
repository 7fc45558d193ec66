"""Where a condor could be rolled to: strikes, widths and their prices.

Prices and widths are SPX points for one condor. Source: alvh.md §5.1, §6.2.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.portfolio.case import Case, Vertical, case_of
from alvh_trader.portfolio.greeks import (
    Exposure,
    Legs,
    exposure_of,
    legs_of_case,
    short_delta,
)
from alvh_trader.pricing.black76 import DAYS_A_YEAR, Floats, Greeks
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.signals.edr import Edr, delta_ratio
from alvh_trader.strategy.params import CondorParams, Params, RollParams

NEAR_THE_MONEY = 5
_RIGHTS = (Right.PUT, Right.CALL)


class Candidate(Struct, frozen=True, kw_only=True, eq=False):
    """A condor that could replace the case, priced at mid.

    `case` is what it would be (its costs are the mids), `sds` its distance (None: the
    old strikes). `half_spreads` is points lost by crossing half of every new leg's
    market. Arrays are in the order of `legs`; `markets` are their options, bids and
    asks.
    """

    case: Case
    sds: float | None
    dte: int
    legs: Legs
    sigma: Floats
    exposure: Exposure
    delta_put: float | None
    delta_call: float | None
    forward: float
    atm: float
    edr: Edr
    half_spreads: float
    markets: tuple[tuple[Option, float, float], ...]

    @property
    def credit(self) -> float:
        """Points received at mid for one."""
        return self.case.credit

    @property
    def strikes(self) -> tuple[float, ...]:
        """The strikes it has, ascending."""
        return tuple(sorted(o.strike for o, _, _ in self.markets))


def choose_expiries(
    listed: Sequence[tuple[str, date]],
    case: Case,
    today: date,
    condor: CondorParams,
    roll: RollParams,
) -> tuple[date, ...]:
    """Return the last trading days to roll to, the nearest to the target first.

    `listed` are (class, last trading day); only the case's own class, 45 to 60 days
    out and more than a week later than the case (§6.2).
    """
    classes = {v.short.trading_class for v in case.verticals}
    old = (case.last_trade - today).days
    fits = {
        day
        for trading_class, day in listed
        if trading_class in classes
        and condor.dte_low <= (day - today).days <= condor.dte_high
        and (day - today).days > old + roll.dte_later
    }
    return tuple(
        sorted(fits, key=lambda d: (abs((d - today).days - condor.dte_target), d))
    )


def widths_of(width: float, roll: RollParams) -> tuple[float, ...]:
    """Return the wing widths to try, ascending."""
    steps = {width + step for step in roll.width_steps}
    return tuple(sorted(steps | {width * factor for factor in roll.width_factors}))


def short_target(
    spot: float, sigma: float, dte: float, sds: float, right: Right
) -> float:
    """Return the level `sds` standard deviations out (SD = S * sigma * sqrt(T))."""
    away = sds * spot * sigma * math.sqrt(dte / DAYS_A_YEAR)
    return spot - away if right is Right.PUT else spot + away


def snapped(
    target: float, strikes: Sequence[float], right: Right, grid: float
) -> float | None:
    """Return the first strike outward of `target`, on the grid where one is near.

    None where nothing is listed so far out.
    """
    sign = -1.0 if right is Right.PUT else 1.0
    outward = sorted(sign * k for k in strikes if sign * k >= sign * target - 1e-9)
    if not outward:
        return None
    near = (k for k in outward if k <= outward[0] + grid and k % grid == 0)
    return sign * next(near, outward[0])


def wing_of(
    short: float, width: float, strikes: Sequence[float], right: Right, grid: float
) -> float | None:
    """Return the strike `width` beyond the short, or the next one outward.

    None where none is listed within another step of the grid.
    """
    sign = -1.0 if right is Right.PUT else 1.0
    beyond = [sign * (k - short) for k in strikes]
    fits = [d for d in beyond if width - 1e-9 <= d <= width + grid]
    return short + sign * min(fits) if fits else None


class Guess(Struct, frozen=True, array_like=True):
    """What a series is likely to look like before it is quoted; `sigma` is ATM."""

    spot: float
    sigma: float
    dte: float


def wanted(
    options: Sequence[Option], case: Case, guess: Guess, params: Params
) -> tuple[Option, ...]:
    """Return the options of a series whose quotes `propose` needs.

    Those of every candidate, and the ones nearest to spot for forward and ATM
    volatility.
    """
    chosen: set[tuple[float, Right]] = set()
    for right in _RIGHTS:
        strikes = sorted({o.strike for o in options if o.right is right})
        nearest = sorted(strikes, key=lambda k: (abs(k - guess.spot), k))
        chosen |= {(k, right) for k in nearest[:NEAR_THE_MONEY]}
        old = _side(case, right)
        if old is None:
            continue
        for short in _shorts(guess, strikes, old, params):
            chosen.add((short, right))
            for width in widths_of(case.width, params.roll):
                wing = wing_of(short, width, strikes, right, params.condor.grid)
                chosen |= set() if wing is None else {(wing, right)}
    return tuple(o for o in options if (o.strike, o.right) in chosen)


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
        atm = market.atm()
        atm = vix / 100.0 * params.atm_over_vix if math.isnan(atm) else atm
        search = _Search(market, case, atm, spot, vix, params)
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

    market: PricedChain
    case: Case
    atm: float
    spot: float
    vix: float
    params: Params


def _candidate(search: _Search, sds: float | None, width: float) -> Candidate | None:
    sides: dict[Right, Vertical | None] = {}
    for right in (Right.PUT, Right.CALL):
        old = _side(search.case, right)
        sides[right] = None if old is None else _vertical(search, old, sds, width)
        if old is not None and sides[right] is None:
            return None
    return _priced(search, case_of("", sides[Right.PUT], sides[Right.CALL]), sds)


def _vertical(
    search: _Search, old: Vertical, sds: float | None, width: float
) -> Vertical | None:
    chain, right = search.market.chain, old.right
    grid = search.params.condor.grid
    strikes = _quoted(search.market, right)
    short: float | None = old.short.strike
    if sds is not None:
        target = short_target(search.spot, search.atm, chain.dte, sds, right)
        short = snapped(target, strikes, right, grid)
    if short is None or short not in strikes:
        return None
    wing = wing_of(short, width, strikes, right, grid)
    if wing is None:
        return None
    sold, bought = chain.places[(short, right)], chain.places[(wing, right)]
    option = chain.options[sold]
    return Vertical(
        short=option,
        long=chain.options[bought],
        quantity=old.quantity,
        short_cost=float(chain.mid[sold]) * option.multiplier,
        long_cost=float(chain.mid[bought]) * option.multiplier,
    )


def _priced(search: _Search, new: Case, sds: float | None) -> Candidate:
    market, edr = search.market, search.params.edr
    chain = market.chain
    today = chain.expiry - timedelta(days=chain.dte)
    legs = legs_of_case(new, today)
    numbers = {o.con_id: i for i, o in enumerate(chain.options)}
    places = np.array([numbers[con_id] for con_id in legs.con_ids])
    found = Greeks(*(values[places] for values in market.greeks))
    put, call = (short_delta(found.delta, legs, right) for right in _RIGHTS)
    return Candidate(
        case=new,
        sds=sds,
        dte=chain.dte,
        legs=legs,
        sigma=market.sigma[places],
        exposure=exposure_of(found, legs),
        delta_put=put,
        delta_call=call,
        forward=market.forward,
        atm=search.atm,
        edr=delta_ratio(
            search.vix, put, call, basis=edr.day_basis, reference=edr.delta_ref
        ),
        half_spreads=float((chain.ask[places] - chain.mid[places]).sum()),
        markets=tuple(
            (chain.options[i], float(chain.bid[i]), float(chain.ask[i]))
            for i in places.tolist()
        ),
    )


def _quoted(market: PricedChain, right: Right) -> tuple[float, ...]:
    """Return the strikes that have a volatility, ascending."""
    is_right = market.chain.is_call == (right is Right.CALL)
    known = is_right & np.isfinite(market.sigma)
    return tuple(market.chain.strike[known].tolist())


def _shorts(
    guess: Guess, strikes: Sequence[float], old: Vertical, params: Params
) -> set[float]:
    """Return the short strikes that candidates of one side have."""
    right, grid = old.right, params.condor.grid
    found = {old.short.strike} & set(strikes)
    for sds in params.roll.sds:
        target = short_target(guess.spot, guess.sigma, guess.dte, sds, right)
        short = snapped(target, strikes, right, grid)
        found |= set() if short is None else {short}
    return found


def _side(case: Case, right: Right) -> Vertical | None:
    return case.put if right is Right.PUT else case.call
