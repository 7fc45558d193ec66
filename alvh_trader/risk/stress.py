"""The 2-sigma test: no shock may cost more than 6 % of the capital (alvh.md §8.1)."""

import math
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

import numpy as np
from msgspec import Struct

from alvh_trader.pricing.black76 import Floats
from alvh_trader.risk.shocks import (
    Conditions,
    Shocked,
    StressedCase,
    StressedHedge,
    shocked,
)
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import StressParams


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
    return summary(shocked(cases, hedge, now, params), now)


def summary(found: Shocked, now: Conditions) -> Stress:
    """Return the shocks with all cases added up."""
    total = found.cases.sum(axis=1)
    return Stress(
        scenarios=tuple(
            Scenario(
                horizon=horizon,
                spot=float(spot),
                vix=None if math.isnan(vix) else float(vix),
                case=float(case),
                hedge=float(hedge),
            )
            for horizon, spot, vix, case, hedge in zip(
                found.horizons, found.spots, found.vix, total, found.hedge, strict=True
            )
        ),
        haircut=now.haircut,
        capital=now.capital,
    )


def drawdowns(
    targets: Sequence[StressedCase],
    others: Sequence[StressedCase],
    hedge: StressedHedge | None,
    now: Conditions,
    params: StressParams,
) -> Floats:
    """Return the drawdown in per cent with each of `targets` in turn beside `others`.

    One matrix for all of them: what `stress` says of each (target, *others).
    """
    if now.capital <= 0:
        return np.full(len(targets), math.inf)
    found = shocked((*targets, *others), hedge, now, params)
    rest = found.cases[:, len(targets) :].sum(axis=1) + found.hedge
    won = (found.cases[:, : len(targets)] + rest[:, None]).min(axis=0)
    return np.asarray(np.maximum(100.0 * (now.haircut - won) / now.capital, 0.0))


class Reduction(Struct, frozen=True, kw_only=True):
    """A proposal: close so many units of a case. Nobody but a person follows it."""

    case: str
    units: int
    held: int


def reductions(
    names: Sequence[str],
    units: Sequence[int],
    found: Shocked,
    now: Conditions,
    params: StressParams,
) -> tuple[tuple[Reduction, ...], float]:
    """Return what to close so that no shock costs more than the limit.

    Shock by shock, the worst first: the case that loses most a unit gives as many
    units as are needed. With it comes the drawdown that is left, in per cent; it stays
    above the limit where closing everything is not enough: hedge and haircut stay.

    Args:
        names: The case of each column of `found`.
        units: Its condors.
        found: What the shocks do.
        now: Where they start from.
        params: The limit.
    """
    room = now.haircut - params.limit / 100.0 * now.capital
    left = np.array(units, dtype=np.int64)
    each = found.cases / left
    while True:
        short = room - (each @ left + found.hedge)
        worst = int(np.argmax(short))
        losing = np.where(left > 0, each[worst], 0.0)
        most = int(np.argmin(losing))
        if short[worst] <= 0 or losing[most] >= 0:
            break
        # A hair less than a unit is none: rounding must not ask for one more.
        needed = max(math.ceil(short[worst] / -losing[most] - 1e-9), 1)
        left[most] -= min(needed, left[most])
    loss = now.haircut - float((each @ left + found.hedge).min())
    drawdown = max(100.0 * loss / now.capital, 0.0) if now.capital > 0 else math.inf
    asked = tuple(
        Reduction(case=name, units=held - kept, held=held)
        for name, held, kept in zip(names, units, left.tolist(), strict=True)
        if kept < held
    )
    return asked, drawdown


class Level(IntEnum):
    """How near the drawdown of the book is to its limit."""

    CALM = 0
    WARN = 1
    BREACH = 2


def level_of(stress: Stress, params: StressParams, before: Level = Level.CALM) -> Level:
    """Return what the drawdown means: a warning from `warn`, a breach above `limit`.

    A level that was reached `before` is left only at `clear_share` of its bound: near
    a bound every tick would be news.
    """
    if stress.drawdown > params.limit:
        return Level.BREACH
    if before is Level.BREACH and stress.drawdown > params.clear_share * params.limit:
        return Level.BREACH
    share = 1.0 if before is Level.CALM else params.clear_share
    return Level.WARN if stress.drawdown >= share * params.warn else Level.CALM


class BookTest(Struct, frozen=True, kw_only=True):
    """The newest 2-sigma test of the whole book, made at `at`.

    `stress` is None where something held could not be valued, and `missing` says what.
    `told` is the level that the operator was told since the book was last calm.
    `reductions` would bring the drawdown to `left` per cent; only a breach has them.
    """

    at: datetime
    stress: Stress | None = None
    missing: str = ""
    level: Level = Level.CALM
    told: Level = Level.CALM
    reductions: tuple[Reduction, ...] = ()
    left: float | None = None


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
