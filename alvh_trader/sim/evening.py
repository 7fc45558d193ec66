"""Between a close and the next open: the curb and the night, in which options trade.

SPX and VIX move from their closes to the next opening levels, which history knows: a
bridge in trading time, half as lively as a day of the same VIX (assumption). Nothing
happens between the stretches.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alvh_trader.sim.hours import Kind, Span
from alvh_trader.sim.surface import STATED, State

Floats = NDArray[np.float64]

STEP = 60
"""Seconds between neighbouring nodes."""

WIDER = 2.5
"""How much wider than by day markets are, and how much smaller (assumption)."""

_LIVELINESS = 0.5
_BETA = 6.0
_SECONDS_OF_TRADING = 252 * 6.5 * 3600.0


@dataclass(frozen=True, slots=True)
class Evening:
    """Stretches of trade, as (first, last) POSIX seconds, and the market in them.

    `states` has one for each `STEP` of each stretch, both ends counted.
    """

    stretches: tuple[tuple[int, int], ...]
    curb_ends: int | None
    states: tuple[State, ...]

    @property
    def ends_at(self) -> int:
        """POSIX seconds of the end of the last stretch."""
        return self.stretches[-1][1]

    def is_on(self, at: float) -> bool:
        """Return whether options trade at `at`."""
        return any(first <= at < last for first, last in self.stretches)

    def next_after(self, at: float, seconds: int) -> int | None:
        """Return when to look next, `seconds` later at most; None: tomorrow."""
        for first, last in self.stretches:
            if at < first:
                return first
            if at < last:
                return min(int(at) + seconds, last)
        return None

    def node(self, at: float) -> int:
        """Return the newest node at `at`."""
        return bisect_right(self.states, at, key=lambda state: state.at) - 1


def evening(
    close: State,
    opening: tuple[float, float],
    spans: Sequence[Span],
    index_of: Callable[[str, Floats], Floats],
    rng: np.random.Generator,
) -> Evening:
    """Return what follows `close` until SPX and VIX are at their `opening` levels.

    `index_of` is the model of another volatility index along values of VIX.
    """
    stretches = tuple(
        (int(it.opens.timestamp()), int(it.closes.timestamp())) for it in spans
    )
    instants = np.concatenate(
        [np.arange(first, last + 1, STEP) for first, last in stretches]
    )
    done = np.linspace(0.0, 1.0, len(instants))
    walk = np.cumsum(rng.standard_normal(len(instants))) * math.sqrt(STEP)
    walk -= walk[0] + (walk[-1] - walk[0]) * done
    noise = _LIVELINESS * close.vix / 100.0 / math.sqrt(_SECONDS_OF_TRADING) * walk
    spx = close.spx * np.exp(math.log(opening[0] / close.spx) * done + noise)
    vix = close.vix * np.exp(math.log(opening[1] / close.vix) * done - _BETA * noise)
    ends = np.array([close.vix])
    terms = {
        name: getattr(close, name) * index_of(name, vix) / index_of(name, ends)
        for name in STATED
    }
    states = tuple(
        replace(
            close,
            at=float(at),
            spx=round(float(spx[k]), 2),
            vix=round(float(vix[k]), 2),
            **_at(terms, k),
        )
        for k, at in enumerate(instants)
    )
    curb = [it for it in spans if it.kind is Kind.CURB]
    curb_ends = int(curb[-1].closes.timestamp()) if curb else None
    return Evening(stretches, curb_ends, states)


def _at(terms: dict[str, Floats], k: int) -> dict[str, Any]:
    return {name: float(values[k]) for name, values in terms.items()}
