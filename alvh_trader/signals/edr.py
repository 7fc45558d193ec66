"""The Expected Delta Ratio of a condor, and the other readings of its name.

All results are per cent unless a docstring says otherwise; volatilities go in as
points (VIX 17.95). Source: alvh.md §2.2. The trigger is `delta_ratio` (E1).
"""

import math
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from alvh_trader.domain.instrument import Right

DAYS = 365.0
TRADING_DAYS = 252.0
REFERENCE_DELTA = 0.18
SITE_BIAS = 1.026


class Mode(StrEnum):
    """Which reading is held against the levels."""

    DELTA_RATIO = "delta_ratio"
    DAILY_RANGE = "daily_range"
    BOTH_AND = "both_and"
    BOTH_OR = "both_or"


class Edr(Struct, frozen=True, array_like=True):
    """The ratio of one case, in per cent, and the side that makes it.

    `delta` is the larger absolute delta of the short options. Where nothing is short
    the ratio is 0 and the side is the put's.
    """

    value: float
    tested: Right
    delta: float


def delta_ratio(
    vix: float,
    delta_put: float | None,
    delta_call: float | None,
    *,
    basis: float = DAYS,
    reference: float = REFERENCE_DELTA,
) -> Edr:
    """Return E1: the expected one-day move scaled by the tested wing's delta.

    100 * sigma * sqrt(1 / basis) * max(abs delta) / reference. None is a side that
    has no short option.

    >>> round(delta_ratio(21.20, -0.15285, 0.0063).value, 4)
    0.9423
    """
    put, call = abs(delta_put or 0.0), abs(delta_call or 0.0)
    delta = max(put, call)
    return Edr(
        value=daily_range(vix, basis) * delta / reference,
        tested=Right.PUT if put >= call else Right.CALL,
        delta=delta,
    )


def daily_range(vix: float, basis: float = DAYS) -> float:
    """Return E2 (basis 365) or E3 (252): the market's one-day move alone."""
    return vix / math.sqrt(basis)


def daily_range_biased(vix: float) -> float:
    """Return E4: E3 with the bias that the site's 1.16 % at VIX 17.95 implies."""
    return SITE_BIAS * daily_range(vix, TRADING_DAYS)


def blend(
    vix9d: float,
    hv20: float,
    *,
    weight: float = 0.65,
    regime: float = 1.0,
    basis: float = DAYS,
) -> float:
    """Return E5: short implied and realised volatility, mixed.

    `regime` is held within [0.8, 2.0].
    """
    mixed = weight * vix9d + (1.0 - weight) * hv20
    return min(max(regime, 0.8), 2.0) * mixed / math.sqrt(basis)


def delta_risk(delta: float, expected_move: float, risk_notional: float) -> float:
    """Return E7: what one expected move costs by delta, of the defined-risk notional.

    `delta` is USD per SPX point. A Greek band, not a trigger.
    """
    return 100.0 * abs(delta) * expected_move / risk_notional


def gamma_risk(gamma: float, expected_move: float, risk_notional: float) -> float:
    """Return what one expected move costs by gamma, likewise (alvh.md §3.6)."""
    return 50.0 * abs(gamma) * expected_move**2 / risk_notional


def delta_drift(delta_now: float, delta_at_entry: float) -> float:
    """Return E8, a plain ratio: the tested delta now over that at entry."""
    return abs(delta_now) / abs(delta_at_entry)


def of_book(ratios: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Return the greatest ratio of a book and its mean, weighted by quantity.

    Of (ratio in per cent, condors) pairs; of nothing both are 0 (alvh.md §2.2, §2.5).
    """
    held = sum(quantity for _, quantity in ratios)
    if held <= 0:
        return 0.0, 0.0
    mean = math.fsum(ratio * quantity for ratio, quantity in ratios) / held
    return max(ratio for ratio, _ in ratios), mean


def by_mode(mode: Mode, ratio: float, market: float) -> float:
    """Return the number that `mode` holds against the levels.

    `ratio` is E1, `market` the daily range. Both passing a level is the smaller one
    passing it; either passing it is the larger one doing so.
    """
    match mode:
        case Mode.DELTA_RATIO:
            return ratio
        case Mode.DAILY_RANGE:
            return market
        case Mode.BOTH_AND:
            return min(ratio, market)
        case Mode.BOTH_OR:
            return max(ratio, market)
