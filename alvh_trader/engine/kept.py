"""What of a condor a roll leaves as it is, for the tests that look at all of it."""

import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Option
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import Reading
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.greeks import Exposure, case_risk, legs_of
from alvh_trader.pricing.black76 import Floats
from alvh_trader.risk.shocks import StressedCase

Holdings = list[tuple[Option, int]]


class Kept(Struct, frozen=True, kw_only=True, eq=False):
    """The sides that stay: what is held, per leg what it is worth, and both together.

    Nothing stays where a roll replaces both sides.
    """

    holdings: Holdings
    sigma: Floats
    forwards: Floats
    exposure: Exposure
    notional: float


def kept_of(turn: Turn, case: Case, reading: Reading, replaced: Condor) -> Kept | None:
    """Return what stays beside the part replaced; None where it is not quoted."""
    gone = {v.right for v in replaced.verticals}
    stays = [v for v in case.condor.verticals if v.right not in gone]
    holdings = [
        (option, count)
        for v in stays
        for option, count in ((v.short, -v.quantity), (v.long, v.quantity))
    ]
    if not holdings or turn.state.day is None:
        none = np.zeros(0)
        return Kept(
            holdings=[], sigma=none, forwards=none, exposure=Exposure(), notional=0.0
        )
    places = {con_id: i for i, con_id in enumerate(reading.legs.con_ids)}
    legs = legs_of(holdings, turn.state.day)
    if not set(legs.con_ids) <= set(places):
        return None
    forwards = np.array([reading.forwards[places[c]] for c in legs.con_ids])
    mids = turn.instant.mids(legs.con_ids)
    risk = case_risk(legs, mids, reading.spot, forwards, turn.rules.params.rate)
    if risk is None or risk.guessed:
        return None
    return Kept(
        holdings=holdings,
        sigma=risk.sigma,
        forwards=forwards,
        exposure=risk.exposure,
        notional=max(v.width * v.quantity * v.short.multiplier for v in stays),
    )


def stressed(
    turn: Turn,
    new: Holdings,
    sigma: Floats,
    market: tuple[float, float],
    kept: Kept,
) -> StressedCase:
    """Return what is rolled to, and what stays, as one case to be shocked.

    `market` are the forward and the volatility at the money of the new series.
    """
    assert turn.state.day is not None, "nothing is rolled before a session"
    forward, atm = market
    return StressedCase(
        legs=legs_of([*new, *kept.holdings], turn.state.day),
        sigma=np.concatenate([sigma, kept.sigma]),
        forward=np.concatenate([np.full(len(new), forward), kept.forwards]),
        atm=atm,
    )
