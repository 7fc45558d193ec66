"""A case and its hedge at one moment, as the Greek bands see them."""

import math
from datetime import datetime

from msgspec import Struct

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.pricing.vix import expected_move
from alvh_trader.signals.edr import delta_risk, gamma_risk


class Snapshot(Struct, frozen=True, kw_only=True):
    """A case and its hedge at one moment: what the bands judge.

    `edr` is per cent, `risk_notional` USD (N_risk).
    """

    at: datetime
    spot: float
    vix: float
    edr: float
    tested: Right
    risk_notional: float
    case: Exposure
    hedge: Exposure

    @property
    def net(self) -> Exposure:
        """Both together."""
        return self.case + self.hedge

    @property
    def delta_risk(self) -> float:
        """E7 in per cent of the defined risk (alvh.md §3.6)."""
        move = expected_move(self.spot, self.vix)
        return delta_risk(self.net.delta, move, self.risk_notional)

    @property
    def gamma_risk(self) -> float:
        """The gamma band's number, in per cent of the defined risk."""
        move = expected_move(self.spot, self.vix)
        return gamma_risk(self.net.gamma, move, self.risk_notional)

    @property
    def offset(self) -> float:
        """The share of the case's VIX-equivalent vega that the hedge offsets (rho).

        Infinite where the case has none.
        """
        owed = abs(self.case.veq)
        return self.hedge.veq / owed if owed > 1e-9 else math.inf
