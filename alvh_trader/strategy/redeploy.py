"""When profit is moved into longer VIX calls: TTCP, the discount, and what it does.

The Big Top "Temporal Theta" Cash Press is a regime in which short-dated time value
bleeds unusually fast. Source: alvh.md §7.7. A number that is not known never passes.
"""

import math
from collections.abc import Sequence
from datetime import date
from statistics import median

from msgspec import Struct

from alvh_trader.pricing.black76 import years
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import Layer2Params
from alvh_trader.strategy.snapshot import Snapshot

IV_SESSIONS = 20
"""Sessions of the median that a call's volatility is held against."""


class TimeValue(Struct, frozen=True, kw_only=True):
    """What one option loses a day and has to lose, in points; `dte` calendar days."""

    theta: float
    extrinsic: float
    dte: float


class Curve(Struct, frozen=True, kw_only=True):
    """VIX and its futures: points, and F2 / F1 - 1; None where not known."""

    vix: float | None
    mean: float | None
    contango: float | None


class VolOfVol(Struct, frozen=True, kw_only=True):
    """What the call costs against its past: None or too short where not known.

    `recorded` are (day, volatility) at the same delta and tenor, oldest first.
    """

    vvix: float | None
    vvix_median: float | None
    sigma: float | None
    recorded: tuple[tuple[date, float], ...]


def extrinsic(
    mark: float,
    forward: float,
    strike: float,
    dte: float,
    rate: float,
    *,
    is_call: bool,
) -> float:
    """Return mark less discounted intrinsic value on the forward, 0 at least."""
    sign = 1.0 if is_call else -1.0
    intrinsic = max(sign * (forward - strike), 0.0) * math.exp(-rate * years(dte))
    return max(mark - intrinsic, 0.0)


def bleed_ratio(short: TimeValue, long: TimeValue) -> float | None:
    """Return how much faster the short leg loses its time value than the long one.

    None where either has none left: no ratio.
    """
    rates = [abs(x.theta) / x.extrinsic for x in (short, long) if x.extrinsic > 0]
    if len(rates) < 2 or not all(map(math.isfinite, rates)) or rates[1] == 0:
        return None
    return rates[0] / rates[1]


def cash_press(
    bleed: float | None, curve: Curve, params: Layer2Params
) -> tuple[Finding, ...]:
    """Return the four tests of the TTCP flag; it is up where all of them hold."""
    low, high = params.press_vix_low, params.press_vix_high
    is_near = curve.vix is not None and low <= curve.vix <= high
    mean = f"< mean {_word(curve.mean)}"
    is_falling = _less(curve.vix, curve.mean)
    return (
        _least("time value bleeds", bleed, params.bleed, ".2f"),
        _least("VX contango", curve.contango, params.contango, ".1%"),
        Finding("VIX falls", _word(curve.vix), mean, is_falling),
        Finding("VIX", _word(curve.vix), f"{low:.0f} to {high:.0f}", is_near),
    )


def discount(found: VolOfVol) -> tuple[Finding, ...]:
    """Return whether longer calls are at a discount; what is not known is none."""
    usual = found.vvix_median
    vvix = Finding(
        "VVIX",
        _word(found.vvix),
        f"<= median {_word(usual)}",
        found.vvix is not None and usual is not None and found.vvix <= usual,
    )
    past = [sigma for _, sigma in found.recorded[-IV_SESSIONS:]]
    middle = median(past) if len(past) >= IV_SESSIONS else None
    good = found.sigma is not None and middle is not None and found.sigma <= middle
    bound = f"<= median {_word(middle)} of {len(past)} sessions"
    return (vvix, Finding("volatility of the call", _word(found.sigma), bound, good))


def invariants(after: Snapshot, *, theta: float, delta: float) -> tuple[Finding, ...]:
    """Return whether theta stays at its bound (USD a day) and E7 within it (%)."""
    net, risk = after.net.theta, after.delta_risk
    return (
        Finding("theta after", f"{net:+.2f} USD/day", f">= {theta:.0f}", net >= theta),
        Finding(
            "delta of N_risk after", f"{risk:.3f} %", f"<= {delta:.1f} %", risk <= delta
        ),
    )


def temporal_vega_tenor(vegas: Sequence[tuple[float, float]]) -> float | None:
    """Return TVT in days: the tenor of vega, each (USD per VIX point, days).

    An increase is "travelling forward". None where there is no vega.

    >>> temporal_vega_tenor([(-300.0, 40.0), (100.0, 12.0)])
    33.0
    """
    total = sum(abs(vega) for vega, _ in vegas)
    if not total > 0:
        return None
    return sum(abs(vega) * days for vega, days in vegas) / total


def _less(value: float | None, bound: float | None) -> bool:
    return value is not None and bound is not None and value < bound


def _least(what: str, value: float | None, bound: float, style: str) -> Finding:
    least = f">= {bound:{style}}"
    if value is None:
        return Finding(what, "unknown", least, False)
    return Finding(what, f"{value:{style}}", least, value >= bound)


def _word(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"
