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
from alvh_trader.strategy.params import Band, BandParams, HedgeParams

# A quotient that is a whole number but for rounding must not cost a contract.
_EPSILON = 1e-9


class Need(Struct, frozen=True, kw_only=True):
    """What a hedge is for. All USD; vegas are per VIX point, signs do not matter.

    `veq_after` is the vega of the best roll candidate, 0 where there is none.
    `capital` is V: equity and drawn facilities (equity alone without facilities).
    `held_veq` and `spent` are what hedges already filled for the case offset and
    cost. `floor_only` buys no more than the 1 % floor (§3.2 CONFIRM, §4.4).

    `base` is what the shares are of where that is not N_risk (0: N_risk), `credit`
    what the condor brought in. `year_left` is what the year's cap leaves. `factor`,
    1 to 1.25, is the index fine-tune (§7.8); `tranche` the share of the target that
    the EDR ladder buys now (§2.4).
    """

    risk_notional: float
    veq_now: float
    veq_after: float
    capital: float
    tier: Tier
    held_veq: float = 0.0
    spent: float = 0.0
    floor_only: bool = False
    base: float = 0.0
    credit: float = 0.0
    year_left: float = math.inf
    factor: float = 1.0
    tranche: float = 1.0

    @property
    def notional(self) -> float:
        """What the shares of the budget are of."""
        return self.base or self.risk_notional


class Term(StrEnum):
    """The numbers of §4.4, in the order of their precedence; one of them decides."""

    CAP = "the cap"
    VEGA_NOW = "the vega now"
    VEGA_AFTER = "the vega after the roll"
    CAPITAL = "the capital drag"
    FLOOR = "the floor"
    YEAR = "the year's cost"
    TRANCHE = "the ladder of EDR"
    SINGLE = "one contract over the cap"


class Size(Struct, frozen=True, kw_only=True):
    """Contracts to buy, and every number that went into it.

    `n` is what to buy, `n_min` what must be filled before the hedge counts (INV-1),
    both on top of what is held. `cost` is USD per contract, `h` USD per VIX point.
    `share` is the capital ramp's answer as a fraction of N_risk, `drag` in bp.
    `binds` is the term that made `n` what it is, `tranche` the ladder's share.
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
    tranche: float = 1.0

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
    low = need.notional * hedge.share_low - need.spent
    high = need.notional * hedge.share_high - need.spent
    n_low, n_high = _up(low / cost), _down(high / cost)
    n_pre, n_post = _for_vega(need, band, h)
    drag = cost_impact(n_high * cost + need.spent, need.capital)
    share = _ramp(drag, hedge)
    n_wacc = _down((share * need.notional - need.spent) / cost)
    n_min = min(n_high, max(n_low, n_pre))
    wanted = _wanted(need, bands, h, (n_low, n_pre, n_post, n_wacc))
    binds = max(wanted, key=lambda term: wanted[term])
    n = wanted[binds] if need.floor_only else _up(wanted[binds] * _tuned(need.factor))
    limits = (
        (Term.CAP, n_high),
        # What the year leaves, but never less than the floor.
        (Term.YEAR, max(_down(_of_year(need, high) / cost), min(n_low, n_high))),
        (Term.TRANCHE, max(_up(need.tranche * min(n, n_high)), n_min)),
    )
    for term, most in limits:
        if n > most:
            n, binds = most, term
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
        binds=binds,
        tranche=need.tranche,
    )


def explain(found: Size, need: Need, hedge: HedgeParams) -> tuple[Finding, ...]:
    """Return the numbers of a size as findings."""
    spent = found.n * found.cost + need.spent
    part = 100.0 * spent / need.notional
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
            f"premium of {'the base' if need.base else 'N_risk'}",
            f"{spent:.2f} USD, {part:.3f} %",
            f"<= {cap:.1f} %",
            part <= cap + _EPSILON,
        ),
        *_told(found, need, spent),
    )


def tranche(edr: float) -> float:
    """Return the share of the hedge to hold at a ratio: a quarter, and one per 0.05.

    The ladder of one page (alvh.md §2.4), where it is switched on. `edr` is per cent.

    >>> tranche(0.85), tranche(0.94), tranche(0.95), tranche(1.30)
    (0.25, 0.25, 0.5, 1.0)
    """
    steps = math.floor((edr - 0.90) / 0.05 + _EPSILON)
    return min(max(0.25 * (1 + steps), 0.25), 1.0)


def _wanted(
    need: Need, bands: BandParams, h: float, counts: tuple[int, int, int, int]
) -> dict[Term, int]:
    """Return what each term asks for, of (floor, now, after the roll, capital)."""
    n_low, n_pre, n_post, n_wacc = counts
    if need.floor_only:
        return {Term.FLOOR: n_low}
    # In the red less offset is enough, but no smaller hedge is bought for it.
    calm = _for_vega(need, bands.normal, h) if need.tier is Tier.RED else (0, 0)
    wanted = {
        Term.VEGA_NOW: max(n_pre, calm[0]),
        Term.VEGA_AFTER: max(n_post, calm[1]),
    }
    # VIX calls do not answer a rise of SPX: the call side buys no more (§2.5).
    if need.tier is not Tier.CALL:
        wanted[Term.CAPITAL] = n_wacc
    wanted[Term.FLOOR] = n_low
    return wanted


def _for_vega(need: Need, band: Band, h: float) -> tuple[int, int]:
    """Return the contracts for the vega now and after the roll by a tier's bounds."""
    now = band.offset_low * abs(need.veq_now) - need.held_veq
    after = band.offset_after_roll * abs(need.veq_after) - need.held_veq
    return _up(now / h), _up(after / h)


def _of_year(need: Need, high: float) -> float:
    """Return what the year leaves of the cap, USD; what is not known leaves nothing."""
    if math.isnan(need.year_left):
        return 0.0
    return min(need.year_left, high)


def _tuned(factor: float) -> float:
    return min(max(factor, 1.0), 1.25) if math.isfinite(factor) else 1.0


def _told(found: Size, need: Need, spent: float) -> tuple[Finding, ...]:
    """Return what is told beside the size: the year's cost and the share of credit."""
    premium = found.n * found.cost
    told = []
    if math.isfinite(need.year_left):
        left = f"{need.year_left:.2f} USD left"
        good = premium <= need.year_left + _EPSILON
        bound = f">= {premium:.2f} USD"
        told.append(Finding("hedge cost of the year", left, bound, good))
    if need.credit > 0:
        part = f"{100.0 * spent / need.credit:.0f} %"
        told.append(Finding("premium of the credit", part, "18 to 45 % is usual", True))
    return tuple(told)


def _ramp(drag: float, hedge: HedgeParams) -> float:
    """Return the share of N_risk to spend: the cap at low drag, the floor at high."""
    held = min(max(drag, hedge.drag_low), hedge.drag_high)
    way = (held - hedge.drag_low) / (hedge.drag_high - hedge.drag_low)
    return hedge.share_high - way * (hedge.share_high - hedge.share_low)


def _up(value: float) -> int:
    return max(math.ceil(value - _EPSILON), 0)


def _down(value: float) -> int:
    return max(math.floor(value + _EPSILON), 0)
