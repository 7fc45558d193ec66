"""The shocks of the 2-sigma test: where they start, and what each does (alvh.md §8.1).

After one session, after five, and at expiry, both ways. Legs keep their own
volatility, lifted by what VIX does; time passes. Everything is USD from current
marks. All legs of all cases meet all shocks in one matrix.
"""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alvh_trader.portfolio.greeks import HedgeLegs, Legs
from alvh_trader.pricing.black76 import DAYS_A_YEAR, Floats, price
from alvh_trader.pricing.vix import BETA_SPOT, beta_vx, vega_factor, vix_after
from alvh_trader.strategy.params import StressParams

SESSIONS_A_YEAR = 252.0
LEAST_FORWARD = 0.01
EXPIRY_SHOCKS = np.array([-1.0, 1.0])


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


class Shocked(Struct, frozen=True, kw_only=True, eq=False):
    """What every shock does: a row a shock, those at expiry last, down before up.

    `cases` has a column a case; it and `hedge` are USD won. At expiry each case meets
    its own level: `spots` has the one farthest away, and `vix` is NaN.
    """

    horizons: tuple[str, ...]
    spots: Floats
    vix: Floats
    cases: Floats
    hedge: Floats


def shocked(
    cases: Sequence[StressedCase],
    hedge: StressedHedge | None,
    now: Conditions,
    params: StressParams,
) -> Shocked:
    """Return what every shock does to each case, and to the hedges together."""
    moves, sessions = _moves(now.vix, params)
    after = np.array([_vix_after(now, float(move), params) for move in moves])
    days = sessions * DAYS_A_YEAR / SESSIONS_A_YEAR
    spots = now.spot * (1.0 + moves)
    lost = _hedge_lost(hedge, now.rate, params)
    levels = _levels_at_expiry(cases, now, params)
    return Shocked(
        horizons=(*(f"{s:.0f} d" for s in sessions), "expiry", "expiry"),
        spots=np.array([*spots, *_farthest(levels, now.spot)]),
        vix=np.array([*after, math.nan, math.nan]),
        cases=_changes(cases, now, spots, after - now.vix, days, levels),
        hedge=np.array(
            [*_hedge_change(hedge, after - now.vix, days, now.rate), -lost, -lost]
        ),
    )


def _changes(
    cases: Sequence[StressedCase],
    now: Conditions,
    spots: Floats,
    vix_change: Floats,
    days: Floats,
    levels: Floats,
) -> Floats:
    """Return USD won by each case (columns) in each shock (rows)."""
    if not cases:
        return np.zeros((spots.size + len(levels), 0))
    book = _Stacked.of(cases, now.rate)
    near = _near_values(book, now, spots[:, None], vix_change, days)
    far = _payouts(book, levels)
    change = (np.concatenate([near, far]) - book.marks) * book.usd
    return np.asarray(np.add.reduceat(change, book.first, axis=1))


def _farthest(levels: Floats, spot: float) -> tuple[float, float]:
    """Return the lowest and the highest level at an expiry."""
    if not levels.size:
        return spot, spot
    return float(levels[0].min()), float(levels[1].max())


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


class _Stacked(Struct, frozen=True, kw_only=True, eq=False):
    """All legs of all cases, one after the other; `first` is each case's first one."""

    first: NDArray[np.intp]
    place: NDArray[np.intp]
    strike: Floats
    is_call: NDArray[np.bool_]
    usd: Floats
    tau: Floats
    dte: Floats
    sigma: Floats
    forward: Floats
    marks: Floats

    @classmethod
    def of(cls, cases: Sequence[StressedCase], rate: float) -> "_Stacked":
        legs = [case.legs for case in cases]
        counts = np.array([each.strike.size for each in legs])
        place = np.repeat(np.arange(len(cases)), counts)
        strike = np.concatenate([each.strike for each in legs])
        is_call = np.concatenate([each.is_call for each in legs])
        tau = np.concatenate([each.tau for each in legs])
        sigma = np.concatenate([case.sigma for case in cases])
        forward = np.concatenate(
            [np.broadcast_to(c.forward, c.legs.strike.shape) for c in cases]
        )
        return cls(
            first=np.concatenate([[0], np.cumsum(counts)[:-1]]),
            place=place,
            strike=strike,
            is_call=is_call,
            usd=np.concatenate([each.quantity * each.multiplier for each in legs]),
            tau=tau,
            dte=np.concatenate([each.dte for each in legs]),
            sigma=sigma,
            forward=forward,
            marks=price(forward, strike, sigma, tau, rate, is_call),
        )


def _near_values(
    book: _Stacked, now: Conditions, spots: Floats, vix_change: Floats, days: Floats
) -> Floats:
    """Return the value of each leg after each shock before expiry."""
    left = np.maximum(book.tau - days[:, None] / DAYS_A_YEAR, 0.0)
    carry = np.log(book.forward / now.spot) / np.maximum(book.tau, 1e-9)
    forwards = spots * np.exp(carry * left)
    lift = vix_change[:, None] / 100.0 * vega_factor(book.dte)
    sigma = np.maximum(book.sigma + lift, 0.01)
    return price(forwards, book.strike, sigma, left, now.rate, book.is_call)


def _levels_at_expiry(
    cases: Sequence[StressedCase], now: Conditions, params: StressParams
) -> Floats:
    """Return where SPX stands at each case's expiry after the shock, down and up."""
    # The SD grows with the longest leg; a split case is settled as one.
    roots = np.array([c.atm * math.sqrt(float(c.legs.tau.max())) for c in cases])
    moves = EXPIRY_SHOCKS[:, None] * params.sigmas * roots
    return np.asarray(np.maximum(now.spot * (1.0 + moves), 0.0))


def _payouts(book: _Stacked, levels: Floats) -> Floats:
    signs = np.where(book.is_call, 1.0, -1.0)
    return np.maximum(signs * (levels[:, book.place] - book.strike), 0.0)


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
