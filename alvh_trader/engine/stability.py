"""Step 3c: the Greeks of condor and hedge together, held against their bands."""

from datetime import timedelta

from alvh_trader.engine.budget import has_budget
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import Reading, snapshot, tier_of
from alvh_trader.engine.proof import is_hedged
from alvh_trader.engine.turn import Turn
from alvh_trader.strategy.bands import (
    band_of,
    holds,
    judge,
    judge_projected,
    judge_sequence,
)
from alvh_trader.strategy.phase import Fact, Phase, Trigger

STABILISE_MAX = timedelta(minutes=15)
SNAPSHOT_PAUSE = timedelta(seconds=30)
TOP_UPS_MAX = 2
"""The clocks of alvh.md §3.2."""

STABLE = frozenset({Fact.HEDGE_FILLED, Fact.GREEKS_IN_BAND})
"""The facts that rows into BREADTH demand."""


def look_stabilise(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 3c: three snapshots in band, a minute apart, before anything else."""
    params, tier = turn.rules.params.bands, tier_of(turn, reading)
    is_over = turn.at - case.since >= STABILISE_MAX
    seen = snapshot(turn, case, reading)
    if seen is None and not is_over:
        turn.stand(case, "the hedge is not quoted")
        return
    last = case.snapshots[-1] if case.snapshots else None
    if last is not None and turn.at - last.at < SNAPSHOT_PAUSE and not is_over:
        return
    if seen is not None:
        kept = (*case.snapshots, seen)[-params.snapshots :]
        case = turn.change(case, snapshots=kept)
    findings = judge_sequence(case.snapshots, tier, params)
    if seen is not None and holds(findings) and is_hedged(turn, case):
        turn.move(case, Trigger.IN_BAND, findings, STABLE, in_band_at=turn.at)
        return
    if is_over:
        turn.move(case, Trigger.TIMEOUT, findings, retested=turn.at, in_band_at=None)
        return
    short = seen is not None and seen.offset < band_of(tier, params).offset_low
    if short and case.top_ups < TOP_UPS_MAX and has_budget(turn, case):
        turn.move(
            case,
            Trigger.TOP_UP,
            findings,
            top_ups=case.top_ups + 1,
            hedging_since=turn.at,
        )
        return
    turn.stand(case, "the Greeks are not stable in band yet", findings)


def judge_now(turn: Turn, case: Case, reading: Reading) -> tuple[Case, bool]:
    """Judge the Greeks at this instant; remember when they were last in band."""
    seen = snapshot(turn, case, reading)
    if seen is None:
        return turn.change(case, in_band_at=None), False
    tier, bands = tier_of(turn, reading), turn.rules.params.bands
    if case.rolled_sides:
        # Half rolled, the vega is that of the new tenor: the bound after a roll holds.
        findings = judge_projected(seen, seen.case, seen.risk_notional, tier, bands)
    else:
        findings = judge(seen, tier, bands)
    good = holds(findings)
    kept = (*case.snapshots, seen)[-turn.rules.params.bands.snapshots :]
    case = turn.change(case, snapshots=kept, in_band_at=turn.at if good else None)
    return case, good


LOOKS = {Phase.STABILISE: look_stabilise}
