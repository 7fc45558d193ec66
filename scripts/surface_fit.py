"""Fit the two smiles and the futures curve."""

import itertools
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import least_squares
from surface_data import Chain

from alvh_trader.sim import surface
from alvh_trader.sim.parameters import CurveParameters, Line, SmileParameters
from alvh_trader.sim.surface import Mood

Floats = NDArray[np.float64]

# What is free, by number of the slice, and where the search begins.
SPX: Mapping[str, tuple[str, ...]] = {
    "level": ("constant", "x", "vix", "skew", "slope"),
    "lean": ("constant", "x", "vix", "skew", "vvix"),
    "bend": ("constant", "x", "vix", "skew", "vvix"),
}
VIX: Mapping[str, tuple[str, ...]] = {
    "level": ("constant", "x", "x_squared"),
    "lean": ("constant", "x"),
    "bend": ("constant", "x"),
}
SPX_START = (-0.32, -0.2, 0.7, 0.8, 2.0)
VIX_START = (-0.3, 0.3, 0.6, 0.0, 0.5)

# Few days tell how the mood bends the smile: its numbers are drawn towards nothing.
PULL = {"skew": 1.0}
USUAL_PULL = 0.2

# The moods and distances over which no arbitrage is allowed, and the least margin.
CORNERS = [
    Mood(*corner)
    for corner in itertools.product(
        *zip(surface.MOODS[0], surface.MOODS[1], strict=True)
    )
]
Z = np.concatenate(
    [np.linspace(-14, -5, 10), np.linspace(-4.5, 3.5, 33), np.linspace(4, 10, 7)]
)
X = np.linspace(*surface.X_SEEN, 8)
LEAST = {
    "variance": 0.12,
    "wings": 0.05,
    "butterfly": 0.02,
    "calendar": 0.02,
    "edge": 0.02,
}
FORCE = 60.0


def smile_of(
    p: Iterable[float], free: Mapping[str, tuple[str, ...]]
) -> SmileParameters:
    """Return smile parameters from the optimiser's vector."""
    numbers = iter(map(float, p))
    lines = {
        name: Line(**dict(zip(terms, numbers, strict=False)))
        for name, terms in free.items()
    }
    centre, width = numbers
    return SmileParameters(**lines, centre=centre, width=abs(width))


def start_of(free: Mapping[str, tuple[str, ...]], start: Iterable[float]) -> Floats:
    """Return the vector at which the search begins."""
    first = iter(start)
    p = [next(first) if t == "constant" else 0.0 for ts in free.values() for t in ts]
    return np.array([*p, *first])


def pulls(p: Floats, free: Mapping[str, tuple[str, ...]]) -> Floats:
    """Return the residuals that draw what is uncertain towards nothing."""
    terms = [term for several in free.values() for term in several]
    pull = [0.0 if t == "constant" else PULL.get(t, USUAL_PULL) for t in terms]
    return np.array(pull) * p[: len(terms)]


# ---------------------------------------------------------------- arbitrage ---


def margins(
    fit: SmileParameters, moods: Iterable[Mood], most: float, *, by_time: bool
) -> dict[str, Floats]:
    """Return how far every slice is from arbitrage; below 0 there is some.

    Variances are scaled by those at the money. `most` is the largest of 30 days;
    with `by_time` the calendar is looked at too.
    """
    found: dict[str, list[Floats]] = {name: [] for name in LEAST}
    for mood in moods:
        x = X[:, None]
        theta = most * np.exp(x + line_at(fit.level, mood, x))
        u, u1, u2 = slice_at(fit, mood, x, Z)
        safe = np.maximum(u, 0.05)
        found["variance"].append(u)
        lean, bend = line_at(fit.lean, mood, x), line_at(fit.bend, mood, x)
        found["wings"].append(np.hstack([bend - lean, bend + lean]))
        found["butterfly"].append(
            (1 - Z * u1 / (2 * safe)) ** 2
            - u1 * u1 / (4 * safe)
            - theta * u1 * u1 / 16
            + u2 / 2
        )
        if by_time:
            found["edge"].append(u - Z * u1 / 2)
            found["calendar"].append(growth(fit, mood, x))
    return {name: np.array(rows) for name, rows in found.items() if rows}


def slice_at(
    fit: SmileParameters, mood: Mood, x: Floats, z: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return variance over that at the money, and its two derivatives in z."""
    lean, bend = line_at(fit.lean, mood, x), line_at(fit.bend, mood, x)
    off = z - fit.centre
    root = np.sqrt(off * off + fit.width**2)
    u = 1 + lean * z + bend * (root - np.hypot(fit.centre, fit.width))
    return u, lean + bend * off / root, bend * fit.width**2 / root**3


def growth(fit: SmileParameters, mood: Mood, x: Floats) -> Floats:
    """Return how fast variance grows with x at fixed strikes, over that at the money.

    The indexes' own variance never falls, so this decides about calendars.
    """
    step = 1e-4
    now = np.exp(x + line_at(fit.level, mood, x))
    later = np.exp(x + step + line_at(fit.level, mood, x + step))
    before = now * slice_at(fit, mood, x, Z)[0]
    z = Z * np.sqrt(now / later)
    after = later * slice_at(fit, mood, x + step, z)[0]
    return (after - before) / (step * now)


def line_at(line: Line, mood: Mood, x: Floats) -> Floats:
    """Return a line's value."""
    return surface.base(line, mood) + x * (line.x + line.x_squared * x)


def penalties(
    fit: SmileParameters, moods: Iterable[Mood], most: float, *, by_time: bool
) -> Floats:
    """Return residuals that keep the search where there is no arbitrage."""
    all_of = margins(fit, moods, most, by_time=by_time)
    short = [np.minimum(all_of[n] - LEAST[n], 0).ravel() for n in all_of]
    return FORCE * np.concatenate(short)


# --------------------------------------------------------------------- fits ---


def fit_spx(chains: list[Chain], start: Floats | None = None) -> SmileParameters:
    """Fit one smile to all chains; every chain weighs the same."""
    most = (0.18 * 4.5) ** 2 * 30 / 365

    def residuals(p: Floats) -> Floats:
        fit = smile_of(p, SPX)
        parts = [pulls(p, SPX), penalties(fit, CORNERS, most, by_time=True)]
        for c in chains:
            weight = np.where(c.z > -2.6, 1.5, 0.5) / np.sqrt(len(c.iv))
            weight *= np.where(c.tau < 7 / 365, 0.4, 1.0)
            weight *= np.where(c.tau > 100 / 365, 0.6, 1.0)
            model = surface.spx_volatility(c.state, c.tau, c.k, fit)
            parts.append(weight * (model - c.iv) / c.state.vix * 18000)
        return finite(np.concatenate(parts))

    if start is None:
        start = start_of(SPX, SPX_START)
    return searched(residuals, start, SPX)


def searched(
    residuals: Callable[[Floats], Floats],
    start: Floats,
    free: Mapping[str, tuple[str, ...]],
) -> SmileParameters:
    """Return the smile of the least residuals."""
    with np.errstate(invalid="ignore"):
        return smile_of(least_squares(residuals, start, loss="soft_l1").x, free)


def finite(residuals: Floats) -> Floats:
    """Return residuals that send the search back from where there is no variance."""
    return np.nan_to_num(residuals, nan=1e3)


def vector_of(fit: SmileParameters, free: Mapping[str, tuple[str, ...]]) -> Floats:
    """Return the optimiser's vector of a fit."""
    p = [getattr(getattr(fit, name), t) for name, ts in free.items() for t in ts]
    return np.array([*p, fit.centre, fit.width])


def fit_vix(
    state: surface.State, tau: Floats, k: Floats, iv: Floats, weight: Floats
) -> SmileParameters:
    """Fit the VIX smile to the one surface there is; VVIX scales it."""
    most = 2.0**2 * 30 / 365

    def residuals(p: Floats) -> Floats:
        fit = smile_of(p, VIX)
        model = surface.vix_volatility(state, tau, k, fit)
        held = penalties(fit, CORNERS[:1], most, by_time=False)
        return finite(np.concatenate([weight * (model - iv), held]))

    return searched(residuals, start_of(VIX, VIX_START), VIX)


KNOTS = (10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 220.0)


def fit_curve(both: pd.DataFrame) -> CurveParameters:
    """Fit futures over VIX, as sums over the indexes, by least absolute error."""
    days = 365 * both.tau.to_numpy()
    log_vix = np.log(both.vix.to_numpy())
    sums = [np.ones_like(days)]
    sums += [np.log(both[n].to_numpy()) - log_vix for n in ("vix9d", "vix3m", "vix6m")]
    sums += [log_vix - np.log(18.0), np.log(both.vvix.to_numpy() / 95.0)]
    knots = np.array([0.0, *KNOTS])
    share = np.column_stack(
        [np.interp(days, knots, one) for one in np.eye(len(knots))[1:]]
    )
    x = np.hstack([share * s[:, None] for s in sums])
    y = np.log(both.settle.to_numpy()) - log_vix
    weight, b = np.ones_like(y), np.zeros(x.shape[1])
    for _ in range(8):
        held = 1e-6 * len(y) * np.eye(x.shape[1])
        b = np.linalg.solve((x * weight[:, None]).T @ x + held, x.T @ (weight * y))
        weight = 1 / np.maximum(np.abs(y - x @ b), 0.01)
    rows = [tuple(map(float, row)) for row in b.reshape(len(sums), len(KNOTS))]
    names = ("constant", "vix9d", "vix3m", "vix6m", "vix", "vvix")
    return CurveParameters(days=KNOTS, **dict(zip(names, rows, strict=True)))
