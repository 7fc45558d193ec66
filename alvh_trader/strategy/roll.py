"""What a roll must pass, and which one is best.

Points are per condor. Source: alvh.md §6.3, §7.4.
"""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.portfolio.case import Case
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.pricing.black76 import Floats
from alvh_trader.strategy.bands import Tier, holds, judge_projected
from alvh_trader.strategy.breakeven import distance
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import Params, RollParams, StressParams
from alvh_trader.strategy.snapshot import Snapshot
from alvh_trader.strategy.worth import (
    entry_risk,
    expected,
    return_over_cost,
    widest_market,
)

RETURN = "5 expected return over cost of capital"
CREDIT = "1 net credit after costs"
MARGIN = "9 margin change"
"""Findings that others know by name: a plug-in, a person's debit, the broker."""

WEIGHTS = (0.5, 0.3, -0.2)
"""Of the distance to the break-even, of return over cost of capital, of cost."""


class Old(Struct, frozen=True, kw_only=True):
    """The condor to be replaced, and what replacing it stands on.

    `close_cost` and `half_spreads` are points for one (see `candidates.close_cost`),
    `markets` its options with bid and ask. `hedge_cost` is USD paid for the hedge
    that is filled, `wacc` per cent (None where unknown), `hv` realised volatility as
    a decimal, `available` USD of available funds. `kept` is what the roll leaves as it
    is, `kept_notional` its defined risk in USD: nothing, where both sides are replaced.
    """

    case: Case
    snapshot: Snapshot
    tier: Tier
    close_cost: float
    half_spreads: float
    markets: tuple[tuple[Option, float, float], ...]
    hedge_cost: float
    wacc: float | None
    hv: float | None
    available: float
    kept: Exposure = Exposure()
    kept_notional: float = 0.0

    @property
    def tested(self) -> Right:
        """The side that is threatened."""
        return self.snapshot.tested


class Economics(Struct, frozen=True, kw_only=True):
    """What a candidate earns: points for one, profit in USD, returns in per cent.

    `net` is the credit of the whole roll at mid, `after_costs` less slippage and
    commissions; `over_wacc` percentage points, None where either is unknown. `cost`
    is what half spreads and commissions take. `be_sd` is the distance to the tested
    break-even in standard deviations.
    """

    net: float
    after_costs: float
    payout: float
    profit: float
    irr: float | None
    over_wacc: float | None
    cost: float
    break_even: float
    be_sd: float


class Judged(Struct, frozen=True, kw_only=True, eq=False):
    """A candidate with everything that was found out about it."""

    candidate: Candidate
    economics: Economics
    findings: tuple[Finding, ...]
    score: float = 0.0

    @property
    def is_valid(self) -> bool:
        """Whether it passed every filter."""
        return holds(self.findings)


def economics(candidate: Candidate, old: Old, params: RollParams) -> Economics:
    """Return what rolling into `candidate` would earn (§7.4).

    The index drifts with the forward; the hedge is charged in full.
    """
    new = candidate.case
    worth = expected(candidate, old.hv, params.commission, old.hedge_cost)
    net = new.credit - old.close_cost
    break_even = new.break_even(old.tested)
    assert break_even is not None, "a candidate without the tested side"
    spot = old.snapshot.spot
    sd = spot * candidate.atm * math.sqrt(float(candidate.legs.tau.max()))
    return Economics(
        net=net,
        after_costs=net - params.slippage - params.commission,
        payout=worth.payout,
        profit=worth.profit,
        irr=worth.irr,
        over_wacc=worth.over(old.wacc),
        cost=candidate.half_spreads + old.half_spreads + params.commission,
        break_even=break_even,
        be_sd=distance(spot, break_even, old.tested, sd),
    )


def judge(
    candidate: Candidate,
    old: Old,
    params: Params,
    *,
    drawdown: float | None,
    margin_change: float | None = None,
    debit_share: float = 0.0,
) -> Judged:
    """Return the candidate held against every filter of §6.3.

    `drawdown` is what `risk.stress` says of candidate, hedge and all other cases, per
    cent; None fails. `margin_change` is the broker's what-if in USD; until it is
    known the wider wings stand in for it. `debit_share` of the old credit may be paid,
    where a person allows it.
    """
    earned = economics(candidate, old, params.roll)
    findings = (
        judge_credit(earned, old, debit_share),
        *_numbered(2, *entry_risk(candidate, params.condor)),
        *judge_projected(
            old.snapshot,
            candidate.exposure + old.kept,
            max(candidate.case.risk_notional, old.kept_notional),
            old.tier,
            params.bands,
        ),
        _within(drawdown, params.stress),
        *_numbered(5, return_over_cost(earned.irr, earned.over_wacc, params.roll)),
        _farther(earned, old),
        *_numbered(8, _markets(candidate, old, params.roll)),
        _margin(candidate, old, margin_change, params.roll),
    )
    return Judged(candidate=candidate, economics=earned, findings=findings)


def ranked(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """Return the valid candidates with their scores, best first.

    Among equals: fewer days, narrower wings, lower strikes (§6.3).
    """
    valid = [j for j in judged if j.is_valid]
    if not valid:
        return ()
    columns = (
        [j.economics.be_sd for j in valid],
        [j.economics.over_wacc or 0.0 for j in valid],
        [j.economics.cost for j in valid],
    )
    scores = sum(
        weight * _z_scores(column)
        for weight, column in zip(WEIGHTS, columns, strict=True)
    )
    scored = [
        Judged(
            candidate=j.candidate,
            economics=j.economics,
            findings=j.findings,
            score=round(float(score), 9),
        )
        for j, score in zip(valid, np.asarray(scores).tolist(), strict=True)
    ]
    return tuple(sorted(scored, key=_order))


def _order(judged: Judged) -> tuple[float, int, float, tuple[float, ...]]:
    candidate = judged.candidate
    return (
        -judged.score,
        candidate.dte,
        candidate.case.width,
        candidate.strikes,
    )


def _z_scores(values: Sequence[float]) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    spread = float(array.std())
    # Equal values differ by rounding; that must not decide.
    if spread <= 1e-9 * max(1.0, float(np.abs(array).max())):
        return np.zeros_like(array)
    return np.asarray((array - array.mean()) / spread)


def judge_credit(earned: Economics, old: Old, debit_share: float) -> Finding:
    """Return whether the whole roll earns enough, less the debit that may be paid."""
    least = -debit_share * max(old.case.credit, 0.0)
    return Finding(
        CREDIT,
        f"{earned.after_costs:+.4f} ({earned.net:+.4f} at mid)",
        f">= {least:+.2f}",
        earned.after_costs >= least - 1e-9,
    )


def _within(drawdown: float | None, params: StressParams) -> Finding:
    return Finding(
        "4 2-sigma drawdown",
        "unknown" if drawdown is None else f"{drawdown:.3f} %",
        f"<= {params.limit:.1f} %",
        drawdown is not None and drawdown <= params.limit,
    )


def _farther(earned: Economics, old: Old) -> Finding:
    before = old.case.break_even(old.tested)
    assert before is not None, "the tested side is not held"
    spot = old.snapshot.spot
    away = distance(spot, earned.break_even, old.tested, 1.0)
    was = distance(spot, before, old.tested, 1.0)
    return Finding(
        "6 points to the tested break-even", f"{away:.2f}", f"> {was:.2f}", away > was
    )


def _markets(candidate: Candidate, old: Old, params: RollParams) -> Finding:
    """Return whether all eight legs can be traded; the worst one speaks for them."""
    sold = {v.short.con_id for v in candidate.case.verticals}
    return widest_market((*old.markets, *candidate.markets), sold, params)


def _numbered(number: int, *findings: Finding) -> tuple[Finding, ...]:
    """Return findings with the number of their filter in §6.3."""
    return tuple(replace(f, what=f"{number} {f.what}") for f in findings)


def _margin(
    candidate: Candidate, old: Old, change: float | None, params: RollParams
) -> Finding:
    estimate = candidate.case.risk_notional - old.case.risk_notional
    used = estimate if change is None else change
    limit = params.margin_share * old.available
    source = "by the wings" if change is None else "by the broker"
    return Finding(
        MARGIN,
        f"{used:+.0f} USD {source}",
        f"<= {limit:.0f} USD",
        used <= limit,
    )
