"""How a condor is built: strikes by standard deviations, wings, and its price at mid.

Prices and widths are SPX points for one condor. Whoever opens one and whoever rolls
into one builds it here. Source: alvh.md §5.1.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.portfolio.case import Case, Vertical
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
from alvh_trader.strategy.params import Params

RIGHTS = (Right.PUT, Right.CALL)

NEAR_THE_MONEY = 5
"""Strikes around the spot from which forward and ATM volatility are read."""


class Surface(Struct, frozen=True, eq=False):
    """One priced series, and what strikes are reckoned by; `atm` is a decimal."""

    market: PricedChain
    atm: float
    spot: float
    vix: float
    params: Params


class Candidate(Struct, frozen=True, kw_only=True, eq=False):
    """A condor that could be opened, or rolled to, priced at mid.

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


def surface_of(market: PricedChain, spot: float, vix: float, params: Params) -> Surface:
    """Return the surface of a series; VIX stands in for an unknown ATM volatility.

    The chain must be priced to the spot.
    """
    atm = market.atm()
    atm = vix / 100.0 * params.atm_over_vix if math.isnan(atm) else atm
    return Surface(market, atm, spot, vix, params)


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


class Asked(Struct, frozen=True):
    """The distances and the wings that are tried."""

    sds: Sequence[float]
    widths: Sequence[float]


def needed(
    options: Sequence[Option],
    guess: Guess,
    asked: Asked,
    grid: float,
    sides: Mapping[Right, Collection[float]],
) -> tuple[Option, ...]:
    """Return the options of a series whose quotes building condors needs.

    Those of every short and wing, and the ones nearest to spot. `sides` are the sides
    to be built, each with shorts that are wanted whatever their distance.
    """
    chosen: set[tuple[float, Right]] = set()
    for right in RIGHTS:
        strikes = sorted({o.strike for o in options if o.right is right})
        nearest = sorted(strikes, key=lambda k: (abs(k - guess.spot), k))
        chosen |= {(k, right) for k in nearest[:NEAR_THE_MONEY]}
        if right not in sides:
            continue
        shorts = set(sides[right]) & set(strikes)
        for sds in asked.sds:
            target = short_target(guess.spot, guess.sigma, guess.dte, sds, right)
            short = snapped(target, strikes, right, grid)
            shorts |= set() if short is None else {short}
        for short in shorts:
            wings = (wing_of(short, w, strikes, right, grid) for w in asked.widths)
            chosen |= {(k, right) for k in (short, *wings) if k is not None}
    return tuple(o for o in options if (o.strike, o.right) in chosen)


def short_of(at: Surface, right: Right, sds: float) -> float | None:
    """Return the short strike of one side, `sds` standard deviations out or more.

    None where nothing with a volatility is listed so far out.
    """
    target = short_target(at.spot, at.atm, at.market.chain.dte, sds, right)
    return snapped(target, _quoted(at.market, right), right, at.params.condor.grid)


def vertical_of(
    at: Surface, right: Right, short: float, width: float, quantity: int
) -> Vertical | None:
    """Return the vertical at a short strike, priced at mid.

    None where the short has no volatility or no wing is listed.
    """
    chain, strikes = at.market.chain, _quoted(at.market, right)
    if short not in strikes:
        return None
    wing = wing_of(short, width, strikes, right, at.params.condor.grid)
    if wing is None:
        return None
    sold, bought = chain.places[(short, right)], chain.places[(wing, right)]
    option = chain.options[sold]
    return Vertical(
        short=option,
        long=chain.options[bought],
        quantity=quantity,
        short_cost=float(chain.mid[sold]) * option.multiplier,
        long_cost=float(chain.mid[bought]) * option.multiplier,
    )


def priced_condor(at: Surface, new: Case, sds: float | None) -> Candidate:
    """Return a condor with everything that the surface says of it."""
    market, edr = at.market, at.params.edr
    chain = market.chain
    today = chain.expiry - timedelta(days=chain.dte)
    legs = legs_of_case(new, today)
    numbers = {o.con_id: i for i, o in enumerate(chain.options)}
    places = np.array([numbers[con_id] for con_id in legs.con_ids])
    found = Greeks(*(values[places] for values in market.greeks))
    put, call = (short_delta(found.delta, legs, right) for right in RIGHTS)
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
        atm=at.atm,
        edr=delta_ratio(
            at.vix, put, call, basis=edr.day_basis, reference=edr.delta_ref
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
