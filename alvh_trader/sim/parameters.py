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
class Line:
    """A number that is linear in how far off an option is and in the day's mood.

    constant + x * X + x_squared * X^2 + vix * v + skew * s + slope * g + vvix * u:
    X is the log of time or variance to expiry over that of 30 days; v, s, g and u are
    those of `surface.Mood`.
    """

    constant: float
    x: float = 0.0
    x_squared: float = 0.0
    vix: float = 0.0
    skew: float = 0.0
    slope: float = 0.0
    vvix: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmileParameters:
    """One smile for all tenors: the five numbers of a slice (see `sim.surface`)."""

    level: Line
    lean: Line
    bend: Line
    centre: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveParameters:
    """The log of a future over VIX, as sums over the indexes by days to expiry.

    At each of `days` it is the sum of the weights of that day times 1, ln(VIX9D/VIX),
    ln(VIX3M/VIX), ln(VIX6M/VIX), ln(VIX/18) and ln(VVIX/95); linear between the days,
    nothing at expiry, flat after the last.
    """

    days: tuple[float, ...]
    constant: tuple[float, ...]
    vix9d: tuple[float, ...]
    vix3m: tuple[float, ...]
    vix6m: tuple[float, ...]
    vix: tuple[float, ...]
    vvix: tuple[float, ...]


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
