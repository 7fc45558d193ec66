"""One session's tape: SPX, VIX and breadth on nodes five seconds apart.

SPX meets the day's open, high, low and close exactly, each on a whole minute, and
never leaves the range. VIX moves against SPX and meets its close, and its open, high
and low where history gives them. Everything follows from a seeded generator.
"""

import itertools
import math
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from alvh_trader.domain.calendar import OPENS, OPTIONS_LATER, Calendar, instant
from alvh_trader.sim.daily import Day, Prices
from alvh_trader.sim.parameters import BreadthParameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP = 5
"""Seconds between neighbouring nodes."""

ISSUES = 3000
"""Stocks traded on the NYSE, about."""

_MINUTE = 60 // STEP
_USUAL_BETA = 6.0
_BETA_RANGE = (3.0, 20.0)
_VIX_NOISE = 0.015
_VIX_FLOOR = 8.0
_UNCHANGED = 0.03
# How a day's variance falls on it, and how it changes (docs/market-model.md).
_DAY = (0.0, 0.04, 0.12, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
_BUSY = (2.9, 2.3, 1.5, 0.95, 0.65, 0.72, 0.95, 1.4, 1.7)
_CALM = 15
_MOODS = 0.5
_JUMPS = 0.5
_JUMP = 0.12
_DAYS_DRAWN = 64


@dataclass(frozen=True, slots=True)
class Tape:
    """A session, node by node. `index_close` is the node at which stocks stop.

    `opens_at` is in POSIX seconds; the last node is the options close.
    """

    day: date
    opens_at: int
    index_close: int
    spx: Floats
    vix: Floats
    advances: Ints
    declines: Ints

    @property
    def nodes(self) -> int:
        """The number of nodes, both ends counted."""
        return len(self.spx)

    @property
    def closes_at(self) -> int:
        """POSIX seconds of the options close."""
        return self.opens_at + STEP * (self.nodes - 1)

    def node(self, at: float) -> int:
        """Return the newest node at `at`, within the session."""
        return min(max(int(at - self.opens_at) // STEP, 0), self.nodes - 1)


def session_length(calendar: Calendar, day: date) -> tuple[int, int, int]:
    """Return (open in POSIX seconds, nodes to the index close, to the options')."""
    opens = instant(day, OPENS)
    closes = instant(day, calendar.close_of(day))
    index = int((closes - opens).total_seconds()) // STEP
    later = int(OPTIONS_LATER.total_seconds()) // STEP
    return int(opens.timestamp()), index, index + later


def tape(
    day: Day,
    before: Day,
    calendar: Calendar,
    breadth: BreadthParameters,
    rng: np.random.Generator,
) -> Tape:
    """Return the session of `day`; `before` is the session before it."""
    opens_at, index_close, last = session_length(calendar, day.day)
    prices = Prices(*(round(p, 2) for p in _four(day.spx)))
    spx = np.full(last + 1, prices.close)
    spx[: index_close + 1] = _spx(prices, index_close, rng)
    vix = _vix(day, before, spx, rng)
    move = 100.0 * np.log(spx / before.spx.close)
    advances, declines = _breadth(move, index_close, breadth, rng)
    return Tape(day.day, opens_at, index_close, spx, vix, advances, declines)


def net_advances(
    days: tuple[Day, ...], breadth: BreadthParameters, rng: np.random.Generator
) -> tuple[tuple[date, int], ...]:
    """Return the net advances of all but the first of `days`, by the tape's model."""
    nets = []
    for before, day in itertools.pairwise(days):
        move = 100.0 * math.log(day.spx.close / before.spx.close)
        share = math.tanh(breadth.slope * move + breadth.noise * rng.standard_normal())
        nets.append((day.day, round(share * ISSUES * (1.0 - _UNCHANGED))))
    return tuple(nets)


def _four(prices: Prices) -> tuple[float, float, float, float]:
    return prices.open, prices.high, prices.low, prices.close


# ------------------------------------------------------------------------ SPX ---


def _spx(prices: Prices, last: int, rng: np.random.Generator) -> Floats:
    """Return a path from open to close that touches high and low and stays inside."""
    minutes = _minutes(prices, last // _MINUTE, rng)
    # Between two minutes a Brownian bridge, as wide as the minutes around it move.
    size = np.abs(np.diff(minutes))
    spread = 0.5 * (size + size.mean())[:, None] / math.sqrt(_MINUTE)
    walk = np.cumsum(rng.standard_normal((len(size), _MINUTE)) * spread, axis=1)
    share = np.arange(1, _MINUTE + 1) / _MINUTE
    bent = minutes[:-1, None] + walk + share * (np.diff(minutes) - walk[:, -1])[:, None]
    path = np.concatenate((minutes[:1], bent.ravel()))
    path[::_MINUTE] = minutes
    path = np.round(np.exp(path), 2)
    path = _within(path, prices.low, prices.high)
    path[0], path[-1] = prices.open, prices.close
    return np.asarray(path)


def _minutes(prices: Prices, last: int, rng: np.random.Generator) -> Floats:
    """Return the logs of each minute's price: the fittest of many days is bent to fit.

    A day drawn like real ones has its extremes when real ones do, and between them it
    moves as much as it should; forcing a path through extremes makes it move twice.
    """
    high, low = math.log(prices.high), math.log(prices.low)
    first, end = math.log(prices.open), math.log(prices.close)
    # Parkinson's estimate of the day's volatility from its range.
    sigma = max((high - low) / (2.0 * math.sqrt(math.log(2.0))), 1e-6)
    clock = np.linspace(0.0, 1.0, last)
    weight = np.interp(clock, _DAY, _BUSY)
    mood = rng.standard_normal((_DAYS_DRAWN, 1 + last // _CALM)) * _MOODS
    weight = weight * np.exp(np.repeat(mood, _CALM, axis=1)[:, :last])
    weight /= weight.sum(axis=1, keepdims=True)
    steps = rng.standard_normal((_DAYS_DRAWN, last)) * np.sqrt(weight) * sigma
    jumps = rng.random((_DAYS_DRAWN, last)) < _JUMPS / last
    steps += jumps * rng.standard_normal((_DAYS_DRAWN, last)) * (_JUMP * sigma)
    walk = np.zeros((_DAYS_DRAWN, last + 1))
    np.cumsum(steps, axis=1, out=walk[:, 1:])
    passed = np.zeros_like(walk)
    np.cumsum(weight, axis=1, out=passed[:, 1:])
    days = first + walk + (end - first - walk[:, -1:]) * passed
    days[:, -1] = end
    top, bottom = max(first, end), min(first, end)
    over, under = days.max(axis=1), days.min(axis=1)
    miss = (over - high) ** 2 + (under - low) ** 2
    # Where the day has an extreme beyond open and close, there must be one to stretch.
    miss += np.where((high > top) & (over <= top), np.inf, 0.0)
    miss += np.where((low < bottom) & (under >= bottom), np.inf, 0.0)
    best = int(np.argmin(miss))
    day = days[best]
    # Nothing lies beyond an open or close that is the extreme: what would, turns back.
    day = np.minimum(day, 2.0 * top - day) if high <= top else day
    day = np.maximum(day, 2.0 * bottom - day) if low >= bottom else day
    up, down = np.maximum(day - top, 0.0), np.maximum(bottom - day, 0.0)
    inside = np.minimum(np.maximum(day, bottom), top)
    return np.asarray(inside + _scaled(up, high - top) - _scaled(down, bottom - low))


def _within(path: Floats, low: float, high: float) -> Floats:
    """Turn back at both extremes: an index that stands still looks like a dead one."""
    path = np.where(path > high, 2.0 * high - path, path)
    path = np.where(path < low, 2.0 * low - path, path)
    return np.asarray(np.minimum(np.maximum(path, low), high))


def _scaled(excursions: Floats, most: float) -> Floats:
    """Stretch what lies beyond open and close so that it ends at the extreme."""
    reached = float(excursions.max())
    return excursions * (most / reached) if reached > 0 else excursions


# ------------------------------------------------------------------------ VIX ---


def _vix(day: Day, before: Day, spx: Floats, rng: np.random.Generator) -> Floats:
    """Return VIX: against SPX, overnight gap first, exactly at its close at the end."""
    move = np.log(spx / before.spx.close)
    change = math.log(day.vix_close / before.vix_close)
    beta = _beta(float(move[-1]), change)
    clock = np.arange(len(spx)) / (len(spx) - 1)
    # What SPX does not explain comes evenly, a fifth of it overnight.
    rest = (change + beta * move[-1]) * (0.2 + 0.8 * clock)
    walk = np.cumsum(rng.standard_normal(len(spx))) / math.sqrt(len(spx))
    noise = _VIX_NOISE * (walk - walk[-1] * clock)
    path = math.log(before.vix_close) - beta * move + rest + noise
    if day.vix is not None:
        path = _through(path, day.vix)
    path = np.round(np.maximum(np.exp(path), _VIX_FLOOR), 2)
    path[-1] = round(day.vix_close, 2)
    return np.asarray(path)


def _beta(move: float, change: float) -> float:
    """Return how strongly VIX answered SPX that day, within what is usual."""
    if abs(move) < 0.002:
        return _USUAL_BETA
    return min(max(-change / move, _BETA_RANGE[0]), _BETA_RANGE[1])


def _through(path: Floats, prices: Prices) -> Floats:
    """Bend a log path through open, high, low and close, its extremes kept in place."""
    last = len(path) - 1
    inner = np.arange(_MINUTE, last, _MINUTE)
    targets = {0: prices.open, last: prices.close}
    if prices.high not in targets.values():
        targets[int(inner[np.argmax(path[inner])])] = prices.high
    if prices.low not in targets.values():
        free = np.array([n for n in inner if n not in targets])
        targets[int(free[np.argmin(path[free])])] = prices.low
    nodes = np.array(sorted(targets))
    levels = np.log([targets[int(n)] for n in nodes])
    bent = path + np.interp(np.arange(last + 1), nodes, levels - path[nodes])
    bent = np.clip(bent, math.log(prices.low), math.log(prices.high))
    return np.asarray(bent)


# -------------------------------------------------------------------- breadth ---


def _breadth(
    move: Floats, index_close: int, fit: BreadthParameters, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return advancing and declining issues; they stand still after the stocks."""
    walk = np.cumsum(rng.standard_normal(len(move))) / math.sqrt(len(move))
    share = np.tanh(fit.slope * move + fit.noise * (0.6 * rng.standard_normal() + walk))
    active = ISSUES * (1.0 - _UNCHANGED)
    advances = np.rint(active * (1.0 + share) / 2.0).astype(np.int64)
    declines = np.rint(active).astype(np.int64) - advances
    advances[index_close:] = advances[index_close]
    declines[index_close:] = declines[index_close]
    return advances, declines
