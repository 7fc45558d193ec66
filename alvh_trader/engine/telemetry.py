"""What a look at a case shows beside its ratio: two other readings of EDR.

They are told and decide nothing (alvh.md §2.2, E7 and E8).
"""

from datetime import datetime

from alvh_trader.domain.instrument import Right
from alvh_trader.engine.case import Case, Telemetry
from alvh_trader.engine.evaluation import CALMING, Reading, is_near_expiry
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.vix import expected_move
from alvh_trader.signals.edr import delta_drift, delta_risk


def note(turn: Turn, case: Case, reading: Reading) -> Case:
    """Remember the reading's ratio, and how far the deltas are from those at entry.

    Entry is the first look at these short options: what was opened by hand has no
    other. A roll begins anew.
    """
    shorts = tuple(v.short.con_id for v in case.condor.verticals)
    deltas = (reading.risk.delta_put, reading.risk.delta_call)
    before = case.telemetry
    entry = deltas if before is None or before.shorts != shorts else before.at_entry
    side = 0 if reading.edr.tested is Right.PUT else 1
    then = entry[side]
    telemetry = Telemetry(
        shorts=shorts,
        at_entry=entry,
        delta_risk=delta_risk(
            reading.risk.exposure.delta,
            expected_move(reading.spot, reading.vix),
            case.condor.risk_notional,
        ),
        drift=delta_drift(reading.edr.delta, then) if then else None,
    )
    recent: tuple[tuple[datetime, float], ...] = ()
    if is_near_expiry(turn, case):
        since = turn.at - CALMING
        recent = (*(r for r in case.ratios if r[0] > since), (turn.at, reading.ratio))
    return turn.change(case, telemetry=telemetry, ratios=recent)
