"""What each regime of VIX allows: one table for condors, rolls and outside capital.

The bounds and their hysteresis are in `signals.regime`; how hedges change with VIX is
in the parameters of the hedge. Source: alvh.md §10, §7.7.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from alvh_trader.signals.regime import Regime


class Allowance(Struct, frozen=True, kw_only=True):
    """What one regime allows.

    `size` is the share of its full size that a new condor may have (0: none may be
    opened), `sds` how many standard deviations away its shorts must be at least.
    `rolls_alone` says whether a condor may be rolled without a person's
    acknowledgement. `may_borrow` lets more outside capital be drawn; of what is
    drawn, the share `drawn` may stay.
    """

    size: float
    sds: float = 0.0
    rolls_alone: bool = True
    may_borrow: bool = False
    drawn: float = 1.0


ALLOWED: Mapping[Regime, Allowance] = MappingProxyType(
    {
        Regime.COMPLACENT: Allowance(size=0.5),
        Regime.CALM: Allowance(size=1.0),
        Regime.TRANSITION: Allowance(size=1.0, sds=1.75, may_borrow=True),
        Regime.ELEVATED: Allowance(size=0.0),
        # From here on is the zone of spikes: VIX above 25.
        Regime.STRESS: Allowance(size=0.0, rolls_alone=False, drawn=0.5),
        Regime.CRISIS: Allowance(size=0.0, rolls_alone=False, drawn=0.0),
    }
)


def allowance(regime: Regime | None) -> Allowance:
    """Return what a regime allows; one that was never known allows what a crisis does.

    VIX that is missing now is one regime worse than the last known one: that is for
    the caller (`signals.regime.regime`).
    """
    return ALLOWED[Regime.CRISIS if regime is None else regime]
