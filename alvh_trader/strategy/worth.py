"""What a new condor is expected to earn, and what any new condor must pass.

Points are for one condor, returns per cent a year. Source: alvh.md §5.1, §6.3, §7.4.
"""

import math
from collections.abc import Collection, Iterable

from msgspec import Struct

from alvh_trader.capital.returns import (
    expected_irr,
    expected_payout,
    real_world_volatility,
)
from alvh_trader.domain.instrument import Option
from alvh_trader.strategy.condor import Candidate
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import CondorParams, RollParams


class Worth(Struct, frozen=True, kw_only=True):
    """Points paid out on average, USD earned, and the return on the defined risk."""

    payout: float
    profit: float
    irr: float | None

    def over(self, wacc: float | None) -> float | None:
        """Return percentage points above the cost of capital; None where unknown."""
        return None if self.irr is None or wacc is None else self.irr - wacc


def expected(
    candidate: Candidate, hv: float | None, commission: float, hedge_cost: float = 0.0
) -> Worth:
    """Return what a condor is expected to earn by its expiry.

    The index drifts with the forward; `hv` is realised volatility as a decimal.
    Commission (points) and hedge (USD) are charged in full.
    """
    new, legs = candidate.case, candidate.legs
    payout = -expected_payout(
        legs.strike,
        legs.is_call,
        legs.quantity / new.quantity,
        mean=candidate.forward,
        sigma=real_world_volatility(candidate.atm, hv),
        tau=float(legs.tau.max()),
    )
    unit = new.quantity * new.multiplier
    profit = (new.credit - payout - commission) * unit - hedge_cost
    irr = expected_irr(profit, new.risk_notional, candidate.dte)
    return Worth(payout=payout, profit=profit, irr=irr)


def entry_risk(candidate: Candidate, params: CondorParams) -> tuple[Finding, ...]:
    """Return whether a condor would begin far enough from its levels."""
    highest = candidate.edr.delta
    return (
        Finding(
            "EDR of the new condor",
            f"{candidate.edr.value:.4f} %",
            f"<= {params.edr_high:.2f} %",
            candidate.edr.value <= params.edr_high,
        ),
        Finding(
            "short deltas",
            f"{highest:.4f}",
            f"<= {params.delta_high:.2f}",
            highest <= params.delta_high,
        ),
    )


def return_over_cost(
    irr: float | None, over: float | None, params: RollParams
) -> Finding:
    """Return whether a condor earns enough more than its capital costs."""
    word = "unknown" if irr is None else f"{irr:.2f} %"
    return Finding(
        "expected return over cost of capital",
        "unknown" if over is None else f"{over:+.2f} pp (return {word})",
        f">= {params.irr_over_wacc:.1f} pp",
        over is not None and over >= params.irr_over_wacc,
    )


def widest_market(
    markets: Iterable[tuple[Option, float, float]],
    sold: Collection[int],
    params: RollParams,
) -> Finding:
    """Return whether all of (option, bid, ask) can be traded; the worst speaks.

    `sold` are the numbers of those that need a bid.
    """
    worst, excess = "", -math.inf
    for option, bid, ask in markets:
        mid = 0.5 * (bid + ask)
        widest = max(params.leg_spread_points, params.leg_spread_share * mid)
        over = ask - bid - widest
        if math.isnan(over) or (option.con_id in sold and not bid > 0):
            over = math.inf
        if over > excess:
            worst = f"{option.strike:g}{option.right} {bid:.2f} to {ask:.2f}"
            excess = over
    bound = (
        f"<= {params.leg_spread_points:.2f} or {params.leg_spread_share:.0%} of mid, "
        "bid > 0 where sold"
    )
    return Finding("widest market of a leg", worst, bound, excess <= 1e-9)
