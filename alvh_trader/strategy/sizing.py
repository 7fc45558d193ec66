"""How many hedge contracts: budget, vega and capital drag in one number.

Source: alvh.md §4.4. Precedence: the hard cap, then the vega that must be offset,
then the capital ramp, then the 1 % floor.
"""

import math
from enum import StrEnum

from msgspec import Struct

from alvh_trader.capital.cost import cost_impact
from alvh_trader.strategy.bands import Tier, band_of
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import BandParams, HedgeParams

# A quotient that is a whole number but for rounding must not cost a contract.
_EPSILON = 1e-9


class Need(Struct, frozen=True, kw_only=True):
    """What a hedge is for. All USD; vegas are per VIX point, signs do not matter.

    `veq_after` is the vega of the best roll candidate, 0 where there is none.
    `capital` is V: equity and drawn facilities (equity alone without facilities).
    `held_veq` and `spent` are what hedges already filled for the case offset and
    cost. `floor_only` buys no more than the 1 % floor (§3.2 CONFIRM, §4.4).
    """

    risk_notional: float
    veq_now: float
    veq_after: float
    capital: float
    tier: Tier
    held_veq: float = 0.0
    spent: float = 0.0
    floor_only: bool = False


class Term(StrEnum):
    """The numbers of §4.4, in the order of their precedence; one of them decides."""

    CAP = "the cap"
    VEGA_NOW = "the vega now"
    VEGA_AFTER = "the vega after the roll"
    CAPITAL = "the capital drag"
    FLOOR = "the floor"
    SINGLE = "one contract over the cap"


class Size(Struct, frozen=True, kw_only=True):
    """Contracts to buy, and every number that went into it.

    `n` is what to buy, `n_min` what must be filled before the hedge counts (INV-1),
    both on top of what is held. `cost` is USD per contract, `h` USD per VIX point.
    `share` is the capital ramp's answer as a fraction of N_risk, `drag` in bp.
    `binds` is the term that made `n` what it is.
    """

    n: int
    n_min: int
    n_low: int
    n_high: int
    n_wacc: int
    n_pre: int
    n_post: int
    h: float
    cost: float
    drag: float
    share: float
    binds: Term

    @property
    def is_enough(self) -> bool:
        """Whether the cap leaves room for the vega that must be offset now."""
        return self.n_high >= max(self.n_pre, 1)


def size(
    need: Need, *, cost: float, h: float, hedge: HedgeParams, bands: BandParams
) -> Size:
    """Return how many contracts of `cost` USD and `h` USD per VIX point to buy.

    Raises:
        ValueError: The contract costs nothing or offsets nothing.
    """
    if not (cost > 0 and h > 0 and math.isfinite(cost) and math.isfinite(h)):
        raise ValueError(f"no hedge can be sized: cost {cost}, vega {h}")
    band = band_of(need.tier, bands)
    low = need.risk_notional * hedge.share_low - need.spent
    high = need.risk_notional * hedge.share_high - need.spent
    n_low, n_high = _up(low / cost), _down(high / cost)
    n_pre = _up((band.offset_low * abs(need.veq_now) - need.held_veq) / h)
    n_post = _up((band.offset_after_roll * abs(need.veq_after) - need.held_veq) / h)
    drag = cost_impact(n_high * cost + need.spent, need.capital)
    share = _ramp(drag, hedge)
    n_wacc = _down((share * need.risk_notional - need.spent) / cost)
    n_min = min(n_high, max(n_low, n_pre))
    wanted = {Term.FLOOR: n_low}
    if not need.floor_only:
        wanted = {Term.VEGA_NOW: n_pre, Term.VEGA_AFTER: n_post}
        # VIX calls do not answer a rise of SPX: the call side buys no more (§2.5).
        if need.tier is not Tier.CALL:
            wanted[Term.CAPITAL] = n_wacc
        wanted[Term.FLOOR] = n_low
    most = max(wanted, key=lambda term: wanted[term])
    n = min(n_high, wanted[most])
    return Size(
        n=n,
        n_min=min(n_min, n),
        n_low=n_low,
        n_high=n_high,
        n_wacc=n_wacc,
        n_pre=n_pre,
        n_post=n_post,
        h=h,
        cost=cost,
        drag=drag,
        share=share,
        binds=most if wanted[most] <= n_high else Term.CAP,
    )


def explain(found: Size, need: Need, hedge: HedgeParams) -> tuple[Finding, ...]:
    """Return the numbers of a size as findings."""
    spent = found.n * found.cost + need.spent
    part = 100.0 * spent / need.risk_notional
    cap = 100.0 * hedge.share_high

    def fits(what: str, count: int, more: str = "") -> Finding:
        bound = f"<= {found.n_high}"
        return Finding(what, f"{count}{more}", bound, count <= found.n_high)

    ramp = f" ({found.drag:.1f} bp, {100 * found.share:.3f} %)"
    return (
        fits("contracts for the floor", found.n_low),
        fits("contracts for the vega now", found.n_pre),
        fits("contracts for the vega after the roll", found.n_post),
        fits("contracts by capital drag", found.n_wacc, ramp),
        Finding(
            "contracts to buy", f"{found.n}, by {found.binds}", ">= 1", found.n >= 1
        ),
        Finding(
            "premium of N_risk",
            f"{spent:.2f} USD, {part:.3f} %",
            f"<= {cap:.1f} %",
            part <= cap + _EPSILON,
        ),
    )


def _ramp(drag: float, hedge: HedgeParams) -> float:
    """Return the share of N_risk to spend: the cap at low drag, the floor at high."""
    held = min(max(drag, hedge.drag_low), hedge.drag_high)
    way = (held - hedge.drag_low) / (hedge.drag_high - hedge.drag_low)
    return hedge.share_high - way * (hedge.share_high - hedge.share_low)


def _up(value: float) -> int:
    return max(math.ceil(value - _EPSILON), 0)


def _down(value: float) -> int:
    return max(math.floor(value + _EPSILON), 0)
