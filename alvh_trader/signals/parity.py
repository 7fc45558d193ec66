"""Whether the calls and puts of a series agree with the index: measured, never traded.

A dislocated series says nothing of the forward, so nothing that follows from it (EDR,
hedge ratios) may be moved by it: the last good quotes stand in, for a while. Source:
alvh.md §8.4.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import fmean, median

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.market import Quote
from alvh_trader.pricing.forward import (
    NEAREST,
    Pair,
    parity_forward,
    parity_residuals,
)


class ParityParams(Struct, frozen=True, kw_only=True):
    """When a series counts as dislocated, and for how long its past stands in."""

    points: float = 0.30  # Median residual of an SPX series, at most.
    points_vix: float = 0.10  # Of a VIX series.
    spread_share: float = 1.5  # Of the mean half-spreads of call and put together.
    strikes: int = 5  # Strikes with call and put quoted, at least.
    snapshots: int = 3  # In a row, to call it dislocated, and to take that back.
    gap_seconds: float = 10.0  # Between two snapshots that are counted, at least.
    clear_share: float = 0.8  # Of the bound, below which a snapshot counts as calm.
    hold_minutes: float = 10.0  # Age of the last good quotes, at most.


class Residual(Struct, frozen=True, kw_only=True):
    """The median distance from parity of one snapshot and its bound, in points.

    `forward` is the one that the residuals were measured from.
    """

    points: float
    bound: float
    forward: float

    @property
    def is_off(self) -> bool:
        """Whether call and put disagree by more than their spreads explain."""
        return self.points > self.bound


class Good(Struct, frozen=True, kw_only=True):
    """A series as it was when parity last held: index, forward, quotes by con_id."""

    at: datetime
    spot: float | None
    forward: float
    quotes: dict[int, Quote]


class Guard(Struct, frozen=True, kw_only=True):
    """What is known of one series.

    `off` and `calm` are counted snapshots in a row, `counted` the newest of them;
    `since` is when the series was found dislocated. `residual` is None where too few
    strikes were quoted; `measured` is when it last was not.
    """

    residual: Residual | None = None
    measured: datetime | None = None
    counted: datetime | None = None
    off: int = 0
    calm: int = 0
    since: datetime | None = None
    good: Good | None = None

    @property
    def is_dislocated(self) -> bool:
        """Whether enough snapshots in a row were off, and not yet enough calm."""
        return self.since is not None

    @property
    def is_held(self) -> bool:
        """Whether the last good quotes stand in: from the first snapshot that is off.

        One snapshot proves nothing, but what it says must not move anything either.
        """
        return self.is_dislocated or self.off > 0


def residual_of(
    pairs: Sequence[Pair],
    tau: float,
    rate: float,
    *,
    anchor: float | None,
    least: float,
    params: ParityParams,
) -> Residual | None:
    """Return the residual of one snapshot; None where too few strikes are quoted.

    Args:
        pairs: The strikes with call and put, as `parity_forward` takes them.
        tau: Years to settlement.
        rate: Continuous rate.
        anchor: The forward by another market, if one is known. The robust forward is
            the median of both, which is their middle: a shift of all calls by x shows
            as x / 2. Without an anchor only disagreement among strikes shows.
        least: The least bound in points.
        params: The rest of the bound.
    """
    pairs = [pair for pair in pairs if not math.isnan(pair.half)]
    parity = parity_forward(pairs, tau, rate, least=params.strikes)
    if math.isnan(parity):
        return None
    near = pairs[:NEAREST]
    forward = parity if anchor is None else (parity + anchor) / 2.0
    off = [abs(each) for each in parity_residuals(near, forward, tau, rate)]
    spreads = params.spread_share * fmean(pair.half for pair in near)
    return Residual(points=median(off), bound=max(least, spreads), forward=parity)


def advance(
    guard: Guard, seen: Residual | None, at: datetime, params: ParityParams
) -> Guard:
    """Return the guard after one snapshot; `good` is for the caller to renew.

    A snapshot that could not be measured changes no count: it is neither.
    """
    if seen is None:
        return replace(guard, residual=None)
    gap = timedelta(seconds=params.gap_seconds)
    counts = guard.counted is None or at - guard.counted >= gap
    guard = replace(guard, residual=seen, measured=at)
    if seen.is_off:
        if counts or not guard.off:
            guard = replace(guard, off=guard.off + 1, calm=0, counted=at)
        is_enough = guard.off >= params.snapshots
        return replace(guard, calm=0, since=guard.since or (at if is_enough else None))
    if not guard.is_dislocated:
        return replace(guard, off=0, calm=0, counted=None)
    if seen.points > params.clear_share * seen.bound:
        return replace(guard, calm=0)
    if not counts:
        return guard
    guard = replace(guard, calm=guard.calm + 1, counted=at)
    if guard.calm < params.snapshots:
        return guard
    return replace(guard, off=0, calm=0, counted=None, since=None)
