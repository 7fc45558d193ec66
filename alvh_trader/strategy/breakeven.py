"""How near the break-evens are, now and after a volatility shock (step 2).

Index levels and expansions are SPX points. Source: alvh.md §5.5. Model values keep
each leg's own volatility as the index moves (sticky strike), which is what the
worked example does.
"""

import math
from collections.abc import Callable

import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.case import Case
from alvh_trader.portfolio.greeks import Legs
from alvh_trader.pricing.black76 import DAYS_A_YEAR, Floats, price
from alvh_trader.pricing.vix import beta_vx, vega_factor
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import BreakEvenParams

GRID = 241
REFINEMENTS = 25


class Market(Struct, frozen=True, kw_only=True, eq=False):
    """What a case's options stand on. Volatilities are decimals a year.

    `forward` is that of the case's expiry, `sigma` one number a leg, `atm` the
    volatility at the forward.
    """

    spot: float
    vix: float
    forward: float
    rate: float
    atm: float
    sigma: Floats


class Expansion(Struct, frozen=True, kw_only=True):
    """The numbers of step 2.

    `be_sd_*` are standard deviations from spot to the tested break-even (negative
    beyond it), `gate_spot` the index level at which the shock would just reach the
    gate by this volatility, `required` how far strikes would have to move to keep
    their distance, `mark_*` the points it costs to close one condor, `model_*` the
    index levels at which the position is worth nothing more than its credit: now, and
    at the shock; `*_later` at the horizon. Where the shock leaves none the position
    is under water everywhere (`fully_inside`).
    """

    break_even: float
    be_sd_now: float
    be_sd_shock: float
    gate_spot: float
    sigma_shock: float
    required: float
    mark_now: float
    mark_shock: float
    model_now: tuple[float, ...]
    model_shock: tuple[float, ...]
    model_now_later: tuple[float, ...]
    model_shock_later: tuple[float, ...]
    fully_inside: bool


def shock_of(vix: float, dte: float, params: BreakEvenParams) -> float:
    """Return by how much the shock lifts volatilities of that tenor (decimal)."""
    rise = max(params.vix_rise * vix, params.vix_rise_least)
    return rise / 100.0 * float(vega_factor(dte))


def distance(spot: float, level: float, tested: Right, sd: float) -> float:
    """Return how many standard deviations `sd` spot is inside `level`."""
    way = spot - level if tested is Right.PUT else level - spot
    return way / sd


def _spot_at(level: float, tested: Right, away: float) -> float:
    """Return the spot that is `away` times itself inside `level`."""
    return level / (1.0 - away if tested is Right.PUT else 1.0 + away)


def expansion(
    case: Case,
    legs: Legs,
    market: Market,
    tested: Right,
    params: BreakEvenParams,
    *,
    sds: float = 1.75,
) -> Expansion | None:
    """Return the numbers of step 2 for the tested side; None if it is not held.

    `legs` are those of the case, `sds` the distance at which strikes were sold.
    """
    level = case.break_even(tested)
    tau, dte = float(legs.tau.min()), float(legs.dte.min())
    if level is None or tau <= 0 or not market.atm > 0:
        return None
    shock = shock_of(market.vix, dte, params)
    root = math.sqrt(tau)
    credit = case.credit
    unit = case.multiplier * case.quantity

    def worth(lift: float, days: float) -> Callable[[Floats], Floats]:
        return lambda spots: (
            credit + values(legs, market, spots, lift=lift, days=days) / unit
        )

    def zeros(lift: float, days: float) -> tuple[float, ...]:
        low, high = 0.8 * float(legs.strike.min()), 1.2 * float(legs.strike.max())
        return roots(worth(lift, days), low, high)

    now, shocked = zeros(0.0, 0.0), zeros(shock, 0.0)
    at_spot = np.array([market.spot])
    return Expansion(
        break_even=level,
        be_sd_now=distance(market.spot, level, tested, market.spot * market.atm * root),
        be_sd_shock=distance(
            market.spot, level, tested, market.spot * (market.atm + shock) * root
        ),
        gate_spot=_spot_at(level, tested, params.gate * (market.atm + shock) * root),
        sigma_shock=shock,
        required=sds * market.spot * shock * root,
        mark_now=credit - float(worth(0.0, 0.0)(at_spot)[0]),
        mark_shock=credit - float(worth(shock, 0.0)(at_spot)[0]),
        model_now=now,
        model_shock=shocked,
        model_now_later=zeros(0.0, params.horizon_days),
        model_shock_later=zeros(shock, params.horizon_days),
        fully_inside=not shocked and float(worth(shock, 0.0)(at_spot)[0]) < 0,
    )


def gate(
    found: Expansion, edr: float, red: float, params: BreakEvenParams
) -> tuple[Finding, ...]:
    """Return the ways to pass step 2; any one that holds is enough (§3.2).

    The break-even is near at the shock, the position is under water everywhere at
    it, or the ratio is in the red.
    """
    return (
        Finding(
            "SD to break-even at the shock",
            f"{found.be_sd_shock:.4f}",
            f"<= {params.gate:.2f}",
            found.be_sd_shock <= params.gate,
            ""
            if found.be_sd_shock <= params.gate
            else f"SPX at {found.gate_spot:.2f} by this volatility",
        ),
        Finding(
            "under water everywhere at the shock",
            "yes" if found.fully_inside else "no",
            "yes",
            found.fully_inside,
        ),
        Finding("EDR", f"{edr:.4f} %", f">= {red:.2f} %", edr >= red),
    )


def values(
    legs: Legs, market: Market, spots: Floats, *, lift: float, days: float
) -> Floats:
    """Return the case's value in USD at each index level, `days` from now.

    Volatilities are lifted by `lift`; the carry to expiry stays what it is.
    """
    left = np.maximum(legs.tau - days / DAYS_A_YEAR, 0.0)
    carry = math.log(market.forward / market.spot) / float(legs.tau.max())
    forwards = np.outer(spots, np.exp(carry * left))
    each = price(
        forwards, legs.strike, market.sigma + lift, left, market.rate, legs.is_call
    )
    return np.asarray(each @ (legs.quantity * legs.multiplier))


def roots(
    worth: Callable[[Floats], Floats], low: float, high: float
) -> tuple[float, ...]:
    """Return where `worth` changes its sign between `low` and `high`, in order."""
    grid = np.linspace(low, high, GRID)
    is_gain = worth(grid) >= 0
    at = np.flatnonzero(is_gain[:-1] != is_gain[1:])
    if at.size == 0:
        return ()
    lower, upper, was_gain = grid[at], grid[at + 1], is_gain[at]
    for _ in range(REFINEMENTS):
        middle = 0.5 * (lower + upper)
        is_same = (worth(middle) >= 0) == was_gain
        lower, upper = (
            np.where(is_same, middle, lower),
            np.where(is_same, upper, middle),
        )
    return tuple((0.5 * (lower + upper)).tolist())


class HeldCall(Struct, frozen=True, kw_only=True):
    """VIX calls of one kind that protect a case: `cost` is points paid for one."""

    strike: float
    forward: float
    sigma: float
    dte: float
    quantity: float
    cost: float
    multiplier: float = 100.0


def loss_level(
    case: Case,
    legs: Legs,
    market: Market,
    loss: float,
    *,
    days: float,
    beta_spot: float,
    hedge: HeldCall | None = None,
) -> float | None:
    """Return the index level below spot at which `loss` USD are lost in `days` days.

    Loss counts from the credit received. VIX answers the fall by `beta_spot` times
    its logarithm; tenors and the VIX forward's beta are those of the horizon. None
    where so much is never lost. The difference with and without `hedge` is how far
    the hedge moves the break-even outwards (`be_shift_hedge`, §5.5).
    """
    left = legs.dte - days
    credit = case.credit * case.multiplier * case.quantity

    def worth(spots: Floats) -> Floats:
        rise = -beta_spot * np.log(spots / market.spot) * market.vix
        return np.array(
            [
                credit
                + float(
                    values(
                        legs,
                        market,
                        np.array([s]),
                        lift=float(r) / 100.0 * float(vega_factor(left.min())),
                        days=days,
                    )[0]
                )
                + _call_profit(hedge, float(r), days, market.rate)
                + loss
                for s, r in zip(spots, rise, strict=True)
            ]
        )

    found = roots(worth, 0.7 * market.spot, market.spot)
    return found[-1] if found else None


def _call_profit(
    hedge: HeldCall | None, rise: float, days: float, rate: float
) -> float:
    if hedge is None:
        return 0.0
    left = max(hedge.dte - days, 0.0)
    forward = max(hedge.forward + rise * float(beta_vx(left)), 1e-6)
    value = price(
        forward, hedge.strike, hedge.sigma, left / DAYS_A_YEAR, rate, is_call=True
    )
    return (float(value) - hedge.cost) * hedge.multiplier * hedge.quantity
