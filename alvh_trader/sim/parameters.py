"""The fitted numbers of the surface, as `scripts/fit-surface` wrote them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("parameters.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class TermParameters:
    """Log-linear model of a volatility index that history lacks.

    ln index = constant + vix * v + vix_squared * v^2 + fast * f + slow * s, with v
    the log of VIX and f, s the logs of its 15 and 60 session averages up to the
    session before.
    """

    constant: float
    vix: float
    vix_squared: float
    fast: float
    slow: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SmileParameters:
    """One smile for all tenors: level, tilt and curvature (see `sim.surface`).

    With x = ln(days / 30) and v = ln(index / 18) (SPX) or ln(VVIX / 100) (VIX):
    level = exp(l0 + l1 x + l2 x^2 + l3 v), tilt = tanh(t0 + t1 x + t2 v),
    curvature = exp(c0 + c1 x + c2 v).
    """

    level: tuple[float, float, float, float]
    tilt: tuple[float, float, float]
    curvature: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveParameters:
    """How the log of VIX decays towards the long end of its futures curve.

    anchor = ln VIX6M + offset; after T years e^(-decay T) of ln VIX - anchor is left.
    """

    offset: float
    decay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WidthParameters:
    """Width of a market in points: exp(a + b ln(price + c) + d ln(VIX / 18))."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BreadthParameters:
    """Net share of advancing issues = tanh(slope * r + noise), r in percent."""

    slope: float
    noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Everything the market model was taught by real data."""

    terms: dict[str, TermParameters]
    spx: SmileParameters
    vix: SmileParameters
    curve: CurveParameters
    spx_width: WidthParameters
    vix_width: WidthParameters
    breadth: BreadthParameters


@cache
def fitted() -> Parameters:
    """Return the parameters that ship with the product."""
    return msgspec.json.decode(FILE.read_bytes(), type=Parameters)
