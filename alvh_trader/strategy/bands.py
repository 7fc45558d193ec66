"""Whether the Greeks are stabilised, by the bands of three tiers (alvh.md §3.6)."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.strategy.finding import Finding, upward
from alvh_trader.strategy.params import Band, BandParams
from alvh_trader.strategy.snapshot import Snapshot

OFFSET_AFTER_ROLL = "vega offset after the roll"
"""The finding that a larger hedge mends."""


class Tier(StrEnum):
    """Which bands apply: N put side, R put side in the red, C call side."""

    NORMAL = "N"
    RED = "R"
    CALL = "C"


def tier_of(tested: Right, edr: float, red: float) -> Tier:
    """Return the tier of a case by its tested side and ratio (per cent)."""
    if tested is Right.CALL:
        return Tier.CALL
    return Tier.RED if edr >= red else Tier.NORMAL


def band_of(tier: Tier, params: BandParams) -> Band:
    """Return the bounds of a tier."""
    match tier:
        case Tier.NORMAL:
            return params.normal
        case Tier.RED:
            return params.red
        case Tier.CALL:
            return params.call


def judge(snapshot: Snapshot, tier: Tier, params: BandParams) -> tuple[Finding, ...]:
    """Return the four findings of one snapshot: delta, gamma, vega offset, theta."""
    band = band_of(tier, params)
    return (
        *_judge_net(snapshot, tier, band, params),
        _judge_offset(snapshot, tier, band),
    )


def judge_sequence(
    snapshots: Sequence[Snapshot], tier: Tier, params: BandParams
) -> tuple[Finding, ...]:
    """Return whether the newest snapshots together show stability (§3.2 STABILISE).

    They are oldest first; as many as the parameters ask for are looked at. Every one
    must be in band, they must span a minute, and in the tiers that say so delta must
    not rise: no later one above the first by more than the tolerance.
    """
    chosen = tuple(snapshots[-params.snapshots :])
    enough = Finding(
        "snapshots",
        f"{len(chosen)}",
        f">= {params.snapshots}",
        len(chosen) >= params.snapshots,
    )
    if not chosen:
        return (enough,)
    span = (chosen[-1].at - chosen[0].at).total_seconds()
    findings = [
        enough,
        Finding(
            "snapshots span",
            f"{span:.0f} s",
            f">= {params.span_seconds:.0f} s",
            span >= params.span_seconds,
        ),
        *_worst(chosen, tier, params),
    ]
    if not band_of(tier, params).may_rise:
        first = chosen[0].delta_risk
        bound = first * (1.0 + params.rise_tolerance)
        highest = max(s.delta_risk for s in chosen)
        findings.append(
            Finding(
                "delta does not rise",
                f"{highest:.3f} %",
                f"<= {bound:.3f} %",
                highest <= bound,
            )
        )
    return tuple(findings)


def judge_projected(
    snapshot: Snapshot,
    candidate: Exposure,
    candidate_notional: float,
    tier: Tier,
    params: BandParams,
) -> tuple[Finding, ...]:
    """Return whether the Greeks would be in band after the roll, hedge included.

    Delta, gamma and theta as in tier N whatever the tier; the vega offset as the
    tier's own bound for the time after a roll. `candidate` replaces the case.
    """
    after = msgspec.structs.replace(
        snapshot, case=candidate, risk_notional=candidate_notional
    )
    low = band_of(tier, params).offset_after_roll
    return (
        *_judge_net(after, Tier.NORMAL, params.normal, params),
        Finding(
            OFFSET_AFTER_ROLL,
            f"{after.offset:.3f}",
            f">= {low:.2f}",
            after.offset >= low,
        ),
    )


def holds(findings: Sequence[Finding]) -> bool:
    """Return whether every finding holds; nothing found is nothing shown."""
    return bool(findings) and all(f.holds for f in findings)


def _judge_net(
    snapshot: Snapshot, tier: Tier, band: Band, params: BandParams
) -> tuple[Finding, ...]:
    delta, gamma = snapshot.delta_risk, snapshot.gamma_risk
    theta = snapshot.net.theta
    return (
        Finding(
            f"delta of N_risk (tier {tier})",
            f"{delta:.3f} %",
            f"<= {band.delta:.1f} %",
            delta <= band.delta,
        ),
        Finding(
            f"gamma of N_risk (tier {tier})",
            f"{gamma:.3f} %",
            f"<= {band.gamma:.1f} %",
            gamma <= band.gamma,
        ),
        Finding(
            "theta",
            f"{theta:+.2f} USD/day",
            f">= {params.theta:.0f} USD/day",
            theta >= params.theta,
        ),
    )


def _judge_offset(snapshot: Snapshot, tier: Tier, band: Band) -> Finding:
    offset, mend = snapshot.offset, ""
    if offset < band.offset_low:
        lacks = band.offset_low * abs(snapshot.case.veq) - snapshot.hedge.veq
        mend = f"{upward(lacks, 2)} USD more of hedge a VIX point"
    return Finding(
        f"vega offset (tier {tier})",
        f"{offset:.3f}",
        f"{band.offset_low:.2f} to {band.offset_high:.2f}",
        band.offset_low <= offset <= band.offset_high,
        mend,
    )


def _worst(
    snapshots: Sequence[Snapshot], tier: Tier, params: BandParams
) -> tuple[Finding, ...]:
    """Return, for each test, the newest failing finding, or else the newest one."""
    rows = [judge(s, tier, params) for s in snapshots]
    return tuple(
        next((f for f in reversed(tests) if not f.holds), tests[-1])
        for tests in zip(*rows, strict=True)
    )
