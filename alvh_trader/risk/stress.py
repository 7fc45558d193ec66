"""The 2-sigma test: no shock may cost more than 6 % of the capital (alvh.md §8.1).

Shocks come after one session, after five, and at expiry, both ways. Legs keep their
own volatility, lifted by what VIX does; time passes. Everything is USD from current
marks.
"""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from alvh_trader.portfolio.greeks import HedgeLegs, Legs
from alvh_trader.pricing.black76 import DAYS_A_YEAR, Floats, price
from alvh_trader.pricing.vix import BETA_SPOT, beta_vx, vega_factor, vix_after
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import StressParams

SESSIONS_A_YEAR = 252.0
LEAST_FORWARD = 0.01


class StressedCase(Struct, frozen=True, kw_only=True, eq=False):
    """A case (held, or a candidate) to be stressed.

    `sigma` and, where legs have different expiries, `forward` are one number a leg;
    `atm` is the volatility at the forward: the SD of the expiry shock.
    """

    legs: Legs
    sigma: Floats
    forward: float | Floats
    atm: float


class StressedHedge(Struct, frozen=True, kw_only=True, eq=False):
    """VIX options and futures to be stressed with the cases."""

    legs: HedgeLegs
    sigma: Floats
    forward: float | Floats


class Conditions(Struct, frozen=True, kw_only=True):
    """What every shock starts from. `capital` is C, both engines, in USD.

    `haircut` is USD that the outside capital loses in any shock.
    """

    spot: float
    vix: float
    rate: float
    capital: float
    haircut: float = 0.0
    beta_spot: float = BETA_SPOT


class Scenario(Struct, frozen=True, kw_only=True):
    """One shock: what it does to the indexes, and USD won or lost by it."""

    horizon: str
    spot: float
    vix: float | None
    case: float
    hedge: float


class Stress(Struct, frozen=True, kw_only=True):
    """All shocks. `haircut` is what the outside capital loses in any of them."""

    scenarios: tuple[Scenario, ...]
    haircut: float
    capital: float

    @property
    def worst(self) -> Scenario:
        """The shock that costs most."""
        return min(self.scenarios, key=lambda s: s.case + s.hedge)

    @property
    def drawdown(self) -> float:
        """The worst loss in per cent of the capital; infinite without capital."""
        loss = self.haircut - self.worst.case - self.worst.hedge
        if self.capital <= 0:
            return math.inf
        return max(100.0 * loss / self.capital, 0.0)

    def finding(self, params: StressParams) -> Finding:
        """Return whether the drawdown is within the limit."""
        return Finding(
            f"2-sigma drawdown ({self.worst.horizon}, SPX {self.worst.spot:.0f})",
            f"{self.drawdown:.3f} %",
            f"<= {params.limit:.1f} %",
            self.drawdown <= params.limit,
        )


def stress(
    cases: Sequence[StressedCase],
    hedge: StressedHedge | None,
    now: Conditions,
    params: StressParams,
) -> Stress:
    """Return what the shocks do to all cases and their hedges together.

    Cases of different expiries are each taken to their own expiry shock, and the
    losses added up.
    """
    assert cases, "a stress of nothing"
    moves, sessions = _moves(now.vix, params)
    spots = now.spot * (1.0 + moves)
    after = np.array([_vix_after(now, float(move), params) for move in moves])
    days = sessions * DAYS_A_YEAR / SESSIONS_A_YEAR
    case = sum(
        (_case_change(c, now, spots, after - now.vix, days) for c in cases),
        start=np.zeros_like(moves),
    )
    hedges = _hedge_change(hedge, after - now.vix, days, now.rate)
    scenarios = [
        Scenario(
            horizon=f"{sessions[i]:.0f} d",
            spot=float(spots[i]),
            vix=float(after[i]),
            case=float(case[i]),
            hedge=float(hedges[i]),
        )
        for i in range(len(moves))
    ]
    lost = _hedge_lost(hedge, now.rate, params)
    scenarios += [_expiry(cases, now, way, lost, params) for way in (-1.0, 1.0)]
    return Stress(scenarios=tuple(scenarios), haircut=now.haircut, capital=now.capital)


def largest_quantity(
    *,
    capital: float,
    haircut: float,
    premium: float,
    width: float,
    credit: float,
    multiplier: float = 100.0,
    params: StressParams | None = None,
) -> float:
    """Return the condors whose whole loss is the limit (§8.1, the corollary)."""
    limit = (StressParams() if params is None else params).limit / 100.0
    room = limit * capital - haircut - premium
    return max(room, 0.0) / ((width - credit) * multiplier)


def _moves(vix: float, params: StressParams) -> tuple[Floats, Floats]:
    """Return the moves of SPX as fractions, and the sessions each takes."""
    sessions = np.repeat(np.asarray(params.sessions, dtype=np.float64), 2)
    ways = np.tile([-1.0, 1.0], len(params.sessions))
    size = params.sigmas * vix / 100.0 * np.sqrt(sessions / SESSIONS_A_YEAR)
    return ways * size, sessions


def _vix_after(now: Conditions, move: float, params: StressParams) -> float:
    return vix_after(
        now.vix,
        move,
        now.beta_spot,
        rise_share=params.rise_share,
        floor=params.vix_floor,
    )


def _case_change(
    case: StressedCase,
    now: Conditions,
    spots: Floats,
    vix_change: Floats,
    days: Floats,
) -> Floats:
    """Return USD won by a case in each scenario: one matrix of scenarios by legs."""
    legs = case.legs
    left = np.maximum(legs.tau - days[:, None] / DAYS_A_YEAR, 0.0)
    carry = np.log(np.divide(case.forward, now.spot)) / np.maximum(legs.tau, 1e-9)
    forwards = spots[:, None] * np.exp(carry * left)
    lift = vix_change[:, None] / 100.0 * vega_factor(legs.dte)
    sigma = np.maximum(case.sigma + lift, 0.01)
    then = price(forwards, legs.strike, sigma, left, now.rate, legs.is_call)
    return np.asarray(
        (then - _marks(case, now.rate)) @ (legs.quantity * legs.multiplier)
    )


def _expiry(
    cases: Sequence[StressedCase],
    now: Conditions,
    way: float,
    hedge_lost: float,
    params: StressParams,
) -> Scenario:
    """Return the scenario in which each case meets its own expiry shock."""
    total, levels = 0.0, []
    for case in cases:
        legs = case.legs
        # The SD grows with the longest leg; a split case is settled as one.
        sd = now.spot * case.atm * math.sqrt(float(legs.tau.max()))
        level = max(now.spot + way * params.sigmas * sd, 0.0)
        payout = np.maximum(
            np.where(legs.is_call, 1.0, -1.0) * (level - legs.strike), 0
        )
        usd = legs.quantity * legs.multiplier
        total += float((payout - _marks(case, now.rate)) @ usd)
        levels.append(level)
    return Scenario(
        horizon="expiry",
        spot=min(levels) if way < 0 else max(levels),
        vix=None,
        case=total,
        hedge=-hedge_lost,
    )


def _marks(case: StressedCase, rate: float) -> Floats:
    legs = case.legs
    return price(case.forward, legs.strike, case.sigma, legs.tau, rate, legs.is_call)


def _hedge_change(
    hedge: StressedHedge | None, vix_change: Floats, days: Floats, rate: float
) -> Floats:
    if hedge is None or not hedge.legs.con_ids:
        return np.zeros_like(vix_change)
    legs = hedge.legs
    left = np.maximum(legs.tau - days[:, None] / DAYS_A_YEAR, 0.0)
    now = np.broadcast_to(hedge.forward, legs.strike.shape)
    forwards = np.maximum(now + vix_change[:, None] * beta_vx(legs.dte), LEAST_FORWARD)
    then = price(forwards, legs.strike, hedge.sigma, left, rate, legs.is_call)
    change = then - price(now, legs.strike, hedge.sigma, legs.tau, rate, legs.is_call)
    change = np.where(legs.is_future, forwards - now, change)
    return np.asarray(change @ (legs.quantity * legs.multiplier))


def _hedge_lost(
    hedge: StressedHedge | None, rate: float, params: StressParams
) -> float:
    """Return what hedges lose if they end worthless, futures at the floor of VIX."""
    if hedge is None or not hedge.legs.con_ids:
        return 0.0
    legs = hedge.legs
    now = np.broadcast_to(hedge.forward, legs.strike.shape)
    value = price(now, legs.strike, hedge.sigma, legs.tau, rate, legs.is_call)
    lost = np.where(legs.is_future, np.maximum(now - params.vix_floor, 0.0), value)
    return max(float(lost @ (legs.quantity * legs.multiplier)), 0.0)
