"""What capital outside the account is there: what it lends, may lose, and may call.

A facility lends nothing when its statement is old, too few can sign, it has matured
or its collateral is close to liquidation; what is drawn of it stays owed. Amounts are
USD. Source: alvh.md §7.2, §7.6.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from alvh_trader.capital.cost import facility_rate
from alvh_trader.capital.params import CapitalParams
from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.freshness import Part, judge
from alvh_trader.domain.inputs import Facilities, Facility, FacilityType, Treasury
from alvh_trader.pricing.black76 import DAYS_A_YEAR


class Funding(Struct, frozen=True, kw_only=True):
    """The capital of both engines in USD, as far as it is known at one instant.

    `equity` is E1: net liquidation less borrowed money in the account. `drawn` is
    owed; `outside` is what of it (and of the operator's own) counts as deployed,
    0 where the statements are old. `credited` is borrowed money in the account,
    `shock` what the outside capital loses at two sigma, `available` what could still
    be drawn.
    """

    equity: float
    drawn: float = 0.0
    outside: float = 0.0
    credited: float = 0.0
    available: float = 0.0
    shock: float = 0.0
    is_fresh: bool = False

    @property
    def deployed(self) -> float:
        """C, the capital of both engines that losses are measured by (§8.1)."""
        return self.equity + self.outside

    @property
    def value(self) -> float:
        """V, equity and everything drawn (§7.3, §4.4)."""
        return self.equity + self.drawn


def is_fresh(as_of: datetime, at: datetime) -> bool:
    """Return whether a statement may be relied on."""
    return judge(Part.FACILITIES, as_of, at).is_fresh


def hindrance(facility: Facility, at: datetime, params: CapitalParams) -> str:
    """Return why nothing can be drawn from a facility, or "" where it can."""
    signers = facility.multisig
    ltv, liquidation = facility.ltv_now, facility.ltv_liquidation
    if not is_fresh(facility.as_of, at):
        return "its statement is stale"
    if facility.maturity is not None and facility.maturity <= new_york_date(at):
        return "it has matured"
    if signers is not None and signers.signers < signers.m:
        return f"{signers.signers} of {signers.m} signers"
    if facility_rate(facility, params) is None:
        return "its rate is not one in per cent"
    if ltv is not None and (
        liquidation is None or ltv >= liquidation - params.ltv_gap - 1e-12
    ):
        return f"loan to value {ltv:.0%} is too close to liquidation"
    return ""


def available(
    facility: Facility,
    at: datetime,
    params: CapitalParams,
    *,
    is_stressed: bool = False,
) -> float:
    """Return what can still be drawn from a facility, never less than 0."""
    if hindrance(facility, at, params):
        return 0.0
    limit = _limit(facility, params) if is_stressed else facility.limit
    room = max(limit - max(facility.drawn, 0.0), 0.0)
    return (
        room * (1.0 - params.depeg_haircut) if _has_lost_peg(facility, params) else room
    )


def _limit(facility: Facility, params: CapitalParams) -> float:
    """Return the limit in stress."""
    cut = params.advance_cut if facility.type is FacilityType.REIT_LINE else 0.0
    return facility.limit * (1.0 - cut)


def _has_lost_peg(facility: Facility, params: CapitalParams) -> bool:
    return facility.peg < params.peg


def stablecoin_haircut(facilities: Facilities, params: CapitalParams) -> float:
    """Return the share of the treasury's stablecoins that does not count.

    A peg that is lost anywhere is taken to be lost in the treasury too.
    """
    lost = any(_has_lost_peg(f, params) for f in facilities.facilities)
    return max(params.stablecoin_haircut, params.depeg_haircut if lost else 0.0)


def shock(facilities: Facilities, params: CapitalParams) -> float:
    """Return what the outside capital loses in any two-sigma shock (§8.1).

    The treasury's stablecoins lose their haircut, collateral loses its own. Where
    there is no recourse the loss ends where the lender's begins.
    """
    treasury = facilities.treasury
    stablecoins = 0.0 if treasury is None else max(treasury.stablecoins, 0.0)
    lost = stablecoins * stablecoin_haircut(facilities, params)
    return lost + sum(_collateral_loss(f, params) for f in facilities.facilities)


def _collateral_loss(facility: Facility, params: CapitalParams) -> float:
    least = params.depeg_haircut if _has_lost_peg(facility, params) else 0.0
    loss = sum(c.usd * max(c.haircut, least) for c in facility.collateral)
    if facility.recourse:
        return loss
    pledged = sum(c.usd for c in facility.collateral)
    return min(loss, max(pledged - max(facility.drawn, 0.0), 0.0))


def due(facilities: Sequence[Facility], at: datetime, params: CapitalParams) -> float:
    """Return what lenders may want back within 30 days, in stress (§7.6).

    All that is drawn where it can be called or matures by then, else what is drawn
    beyond the limit that is left in stress.
    """
    return sum(_due(f, at, params) for f in facilities)


def _due(facility: Facility, at: datetime, params: CapitalParams) -> float:
    drawn, days = max(facility.drawn, 0.0), params.due_days
    last = new_york_date(at) + timedelta(days=days)
    matures = facility.maturity is not None and facility.maturity <= last
    called = facility.callable_days is not None and facility.callable_days <= days
    return drawn if matures or called else max(drawn - _limit(facility, params), 0.0)


def interest(
    facilities: Sequence[Facility], days: float, params: CapitalParams
) -> float:
    """Return the interest of so many days on what is drawn.

    A rate that is no rate costs as much as a missing one.
    """
    return sum(
        max(f.drawn, 0.0) * (facility_rate(f, params) or params.apr_missing)
        for f in facilities
    ) * (days / DAYS_A_YEAR / 100.0)


def known_treasury(facilities: Facilities | None, at: datetime) -> Treasury | None:
    """Return what is liquid outside the account; None where that is not known."""
    treasury = None if facilities is None else facilities.treasury
    return treasury if treasury is not None and is_fresh(treasury.as_of, at) else None


def funding(
    net_liquidation: float,
    facilities: Facilities | None,
    at: datetime,
    params: CapitalParams,
) -> Funding:
    """Return the capital of both engines.

    Old statements lend nothing and deploy nothing; what is drawn stays a liability
    and its collateral at risk. Without a file the account is all there is.
    """
    if facilities is None:
        return Funding(equity=net_liquidation)
    lines = facilities.facilities
    fresh = [f for f in lines if is_fresh(f.as_of, at)]
    own = facilities.own if known_treasury(facilities, at) else 0.0
    credited = sum(max(f.credited, 0.0) for f in lines)
    return Funding(
        equity=net_liquidation - credited,
        drawn=sum(max(f.drawn, 0.0) for f in lines),
        outside=sum(max(f.drawn, 0.0) for f in fresh) + max(own, 0.0),
        credited=credited,
        available=sum(available(f, at, params) for f in lines),
        shock=shock(facilities, params),
        is_fresh=len(fresh) == len(lines) > 0,
    )
