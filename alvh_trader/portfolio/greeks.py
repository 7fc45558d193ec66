"""What a case and its hedge gain and lose, in USD, as the market moves.

Per +1 SPX point (delta, and gamma of it), per +1 vol point (vega), per calendar day
(theta), and per +1 point of VIX (`veq`, the VIX-equivalent vega). The hedge is
expressed through SPX (alvh.md §3.6, §4.5), so that both can be added.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.portfolio.case import Case
from alvh_trader.pricing.black76 import (
    Floats,
    Greeks,
    Numbers,
    greeks,
    implied_volatility,
    spot_greeks,
    years,
)
from alvh_trader.pricing.chain import LEAST_SIGMA, with_neighbours
from alvh_trader.pricing.vix import (
    BETA_SPOT,
    beta_vx,
    vega_factor,
    vix_slope,
)


class Exposure(Struct, frozen=True, kw_only=True):
    """USD sensitivities of something held; `value` is what it is worth now."""

    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0
    veq: float = 0.0
    value: float = 0.0

    def __add__(self, other: "Exposure") -> "Exposure":
        """Return the exposure of both together."""
        return Exposure(
            delta=self.delta + other.delta,
            gamma=self.gamma + other.gamma,
            vega=self.vega + other.vega,
            theta=self.theta + other.theta,
            veq=self.veq + other.veq,
            value=self.value + other.value,
        )

    def times(self, count: float) -> "Exposure":
        """Return the exposure of `count` of these."""
        return Exposure(
            delta=self.delta * count,
            gamma=self.gamma * count,
            vega=self.vega * count,
            theta=self.theta * count,
            veq=self.veq * count,
            value=self.value * count,
        )


class Legs(Struct, frozen=True, kw_only=True, eq=False):
    """SPX options as arrays, one place a leg; build once a day, use every tick.

    `quantity` is signed contracts. Legs may have different expiries (a split case).
    """

    con_ids: tuple[int, ...]
    strike: Floats
    is_call: NDArray[np.bool_]
    quantity: Floats
    multiplier: Floats
    dte: Floats
    tau: Floats

    def part(self, start: int, stop: int) -> "Legs":
        """Return the legs from one place up to another."""
        return Legs(
            con_ids=self.con_ids[start:stop],
            strike=self.strike[start:stop],
            is_call=self.is_call[start:stop],
            quantity=self.quantity[start:stop],
            multiplier=self.multiplier[start:stop],
            dte=self.dte[start:stop],
            tau=self.tau[start:stop],
        )


class CaseRisk(Struct, frozen=True, kw_only=True, eq=False):
    """What the quotes of a case's legs imply. Arrays are in the order of the legs.

    `greeks` are per unit of each leg, to the spot. `guessed` is how many legs had no
    volatility of their own and took their neighbours'. `delta_put` and `delta_call`
    are those of the short options, None where that side is missing.
    """

    sigma: Floats
    greeks: Greeks
    exposure: Exposure
    guessed: int
    delta_put: float | None
    delta_call: float | None


def legs_of(holdings: Sequence[tuple[Option, int]], today: date) -> Legs:
    """Return signed holdings of options as arrays."""
    options = [option for option, _ in holdings]
    dte = np.array([float(o.dte(today)) for o in options])
    return Legs(
        con_ids=tuple(o.con_id for o in options),
        strike=np.array([o.strike for o in options]),
        is_call=np.array([o.is_call for o in options]),
        quantity=np.array([float(count) for _, count in holdings]),
        multiplier=np.array([float(o.multiplier) for o in options]),
        dte=dte,
        tau=years(dte),
    )


def legs_of_case(case: Case, today: date) -> Legs:
    """Return a case's legs: put side first, short before long."""
    return legs_of(
        [(o, q) for v in case.verticals for o, q in _held(v.short, v.long, v.quantity)],
        today,
    )


def case_risk(
    legs: Legs, mids: Floats, spot: float, forward: float | Floats, rate: float
) -> CaseRisk | None:
    """Return volatilities and exposure of a case from the mids of its legs.

    `forward` is one number, or one a leg. None where no leg has a volatility.
    """
    return case_risks(legs, [legs.strike.size], mids, spot, forward, rate)[0]


def case_risks(
    legs: Legs,
    counts: Sequence[int],
    mids: Floats,
    spot: Numbers,
    forward: Numbers,
    rate: float,
) -> list[CaseRisk | None]:
    """Return what `case_risk` says of each of several cases, in one pass over all.

    The legs of the cases follow one another; `counts` are how many each has.
    """
    sigma = implied_volatility(mids, forward, legs.strike, legs.tau, rate, legs.is_call)
    ends = np.cumsum(counts, dtype=np.intp)
    first = ends - np.array(counts, dtype=np.intp)
    places = list(zip(first.tolist(), ends.tolist(), strict=True))
    sigma, guessed = _without_gaps(legs.strike, sigma, places)
    found = spot_greeks(spot, forward, legs.strike, sigma, legs.tau, rate, legs.is_call)
    exposures = _exposures_of(found, legs, first)
    puts = _short_deltas(found.delta, legs, first, Right.PUT)
    calls = _short_deltas(found.delta, legs, first, Right.CALL)
    return [
        None
        if guessed[i] == stop - start
        else CaseRisk(
            sigma=sigma[start:stop],
            greeks=Greeks(*(values[start:stop] for values in found)),
            exposure=exposures[i],
            guessed=guessed[i],
            delta_put=puts[i],
            delta_call=calls[i],
        )
        for i, (start, stop) in enumerate(places)
    ]


def _without_gaps(
    strike: Floats, sigma: Floats, places: Sequence[tuple[int, int]]
) -> tuple[Floats, list[int]]:
    """Return volatilities, gaps filled from the same case, and the gaps of each."""
    if bool((sigma > LEAST_SIGMA).all()):
        return sigma, [0] * len(places)
    parts = [with_neighbours(strike[a:b], sigma[a:b]) for a, b in places]
    return np.concatenate([part for part, _ in parts]), [gaps for _, gaps in parts]


def _exposures_of(found: Greeks, legs: Legs, first: NDArray[np.intp]) -> list[Exposure]:
    """Return the exposure of each case; `first` is the place of its first leg."""
    usd = legs.quantity * legs.multiplier
    vega = found.vega * usd
    rows = (
        found.delta * usd,
        found.gamma * usd,
        vega,
        found.theta * usd,
        vega * vega_factor(legs.dte),
        found.price * usd,
    )
    sums = np.add.reduceat(np.stack(rows), first, axis=1)
    return [
        Exposure(delta=d, gamma=g, vega=v, theta=t, veq=q, value=p)
        for d, g, v, t, q, p in sums.T.tolist()
    ]


def _short_deltas(
    delta: Floats, legs: Legs, first: NDArray[np.intp], right: Right
) -> list[float | None]:
    """Return what `short_delta` says of each case."""
    chosen = (legs.quantity < 0) & (legs.is_call == (right is Right.CALL))
    chosen_deltas = np.where(chosen, delta, 0.0)
    # The delta of a put is never positive, that of a call never negative.
    outermost = np.maximum if right is Right.CALL else np.minimum
    values = outermost.reduceat(chosen_deltas, first).tolist()
    some = np.logical_or.reduceat(chosen, first).tolist()
    return [value if any_ else None for value, any_ in zip(values, some, strict=True)]


def exposure_of(found: Greeks, legs: Legs) -> Exposure:
    """Return the exposure of legs whose per-unit Greeks to the spot are known."""
    usd = legs.quantity * legs.multiplier
    vega = found.vega * usd
    return Exposure(
        delta=float(found.delta @ usd),
        gamma=float(found.gamma @ usd),
        vega=float(vega.sum()),
        theta=float(found.theta @ usd),
        veq=float(vega @ vega_factor(legs.dte)),
        value=float(found.price @ usd),
    )


class HedgeLegs(Struct, frozen=True, kw_only=True, eq=False):
    """VIX options and futures as arrays; a future is a leg of delta 1.

    Of a future, `strike` is 1 and means nothing.
    """

    con_ids: tuple[int, ...]
    is_future: NDArray[np.bool_]
    strike: Floats
    is_call: NDArray[np.bool_]
    quantity: Floats
    multiplier: Floats
    dte: Floats
    tau: Floats


def hedge_legs_of(
    holdings: Sequence[tuple[Option | Future, int]], today: date
) -> HedgeLegs:
    """Return signed holdings of VIX instruments as arrays."""
    held = [instrument for instrument, _ in holdings]
    dte = np.array([float((i.expiry - today).days) for i in held])
    strikes = [i.strike if isinstance(i, Option) else 1.0 for i in held]
    return HedgeLegs(
        con_ids=tuple(i.con_id for i in held),
        is_future=np.array([isinstance(i, Future) for i in held], dtype=np.bool_),
        strike=np.array(strikes),
        is_call=np.array([not isinstance(i, Option) or i.is_call for i in held]),
        quantity=np.array([float(count) for _, count in holdings]),
        multiplier=np.array([float(i.multiplier) for i in held]),
        dte=dte,
        tau=years(dte),
    )


class HedgeRisk(Struct, frozen=True, kw_only=True, eq=False):
    """What the quotes of a hedge imply; `forward_greeks` are per unit, to F.

    `each` is what every leg contributes to the exposure, a column a leg.
    """

    sigma: Floats
    forward_greeks: Greeks
    each: Floats
    exposure: Exposure


def hedge_risk(
    legs: HedgeLegs,
    mids: Floats,
    forwards: float | Floats,
    rate: float,
    *,
    spot: float,
    vix: float,
    beta_spot: float = BETA_SPOT,
) -> HedgeRisk | None:
    """Return a hedge's exposure in SPX terms; None where a leg has no volatility.

    `forwards` are the VIX forwards of each leg's settlement. Nothing held is no
    exposure.
    """
    sigma = implied_volatility(
        mids, forwards, legs.strike, legs.tau, rate, legs.is_call
    )
    sigma = np.where(legs.is_future, 0.0, sigma)
    if np.isnan(sigma).any():
        return None
    found = _with_futures(
        greeks(forwards, legs.strike, sigma, legs.tau, rate, legs.is_call), legs, mids
    )
    each = _hedge_rows(found, legs, vix_slope(spot, vix, beta_spot))
    return HedgeRisk(
        sigma=sigma,
        forward_greeks=found,
        each=each,
        exposure=_hedge_exposure(each.sum(axis=1)),
    )


def hedge_exposures(risk: HedgeRisk, counts: Sequence[int]) -> list[Exposure]:
    """Return the exposure of each of several hedges whose legs follow one another."""
    first = np.cumsum(counts, dtype=np.intp) - np.array(counts, dtype=np.intp)
    sums = np.add.reduceat(risk.each, first, axis=1)
    return [_hedge_exposure(column) for column in sums.T]


def _hedge_exposure(column: Floats) -> Exposure:
    delta, gamma, theta, veq, value = column.tolist()
    return Exposure(delta=delta, gamma=gamma, theta=theta, veq=veq, value=value)


def _hedge_rows(found: Greeks, legs: HedgeLegs, per_point: float) -> Floats:
    """Return delta, gamma, theta, veq and value of each leg in USD, one row each.

    `per_point` is what one point of SPX does to VIX.
    """
    usd = legs.quantity * legs.multiplier
    beta = beta_vx(legs.dte)
    slope = beta * per_point
    return np.stack(
        (
            found.delta * slope * usd,
            found.gamma * slope * slope * usd,
            found.theta * usd,
            found.delta * beta * usd,
            # A future is settled daily: holding it is worth nothing beyond that.
            np.where(legs.is_future, 0.0, found.price) * usd,
        )
    )


def _with_futures(found: Greeks, legs: HedgeLegs, mids: Floats) -> Greeks:
    if not legs.is_future.any():
        return found

    def of(future: float | Floats, option: Floats) -> Floats:
        return np.asarray(np.where(legs.is_future, future, option), dtype=np.float64)

    return Greeks(
        price=of(mids, found.price),
        delta=of(1.0, found.delta),
        gamma=of(0.0, found.gamma),
        vega=of(0.0, found.vega),
        theta=of(0.0, found.theta),
    )


def short_delta(delta: Floats, legs: Legs, right: Right) -> float | None:
    """Return the delta of the short option of one side; None where none is short."""
    chosen = (legs.quantity < 0) & (legs.is_call == (right is Right.CALL))
    if not chosen.any():
        return None
    deltas = delta[chosen]
    return float(deltas[np.argmax(np.abs(deltas))])


def _held(short: Option, long: Option, count: int) -> list[tuple[Option, int]]:
    return [(short, -count), (long, count)]
