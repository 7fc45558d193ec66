"""The bands of the three tiers."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.strategy.bands import (
    Tier,
    band_of,
    holds,
    judge,
    judge_projected,
    judge_sequence,
    tier_of,
)
from alvh_trader.strategy.params import BandParams
from alvh_trader.strategy.snapshot import Snapshot

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
BANDS = BandParams()

GOOD = Snapshot(
    at=AT,
    spot=6860,
    vix=21.2,
    edr=0.95,
    tested=Right.PUT,
    risk_notional=50_000,
    case=Exposure(delta=17.0, gamma=-0.05, theta=80, veq=-400),
    hedge=Exposure(delta=-3.0, theta=-40, veq=200),
)


def _later(count: int, *, seconds: float = 30, growth: float = 0.0) -> list[Snapshot]:
    return [
        msgspec.structs.replace(
            GOOD,
            at=AT + timedelta(seconds=seconds * i),
            case=Exposure(delta=17.0 + growth * i, gamma=-0.05, theta=80.0, veq=-400.0),
        )
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("tested", "edr", "tier"),
    [
        (Right.PUT, 1.09, Tier.NORMAL),
        (Right.PUT, 1.10, Tier.RED),
        (Right.CALL, 0.94, Tier.CALL),
        (Right.CALL, 1.50, Tier.CALL),
    ],
)
def test_tier_is_chosen_by_side_and_ratio(
    tested: Right, edr: float, tier: Tier
) -> None:
    assert tier_of(tested, edr, 1.10) is tier


def test_a_good_snapshot_passes_and_explains_itself() -> None:
    findings = judge(GOOD, Tier.NORMAL, BANDS)
    assert holds(findings)
    assert [f.what for f in findings] == [
        "delta of N_risk (tier N)",
        "gamma of N_risk (tier N)",
        "theta",
        "vega offset (tier N)",
    ]
    assert findings[3].value == "0.500"
    assert findings[3].bound == "0.40 to 1.10"


@pytest.mark.parametrize(
    ("hedge", "failing"),
    [
        (Exposure(delta=3.0, theta=-40, veq=200), 0),
        (Exposure(delta=-3.0, gamma=0.5, theta=-40, veq=200), 1),
        (Exposure(delta=-3.0, theta=-80.1, veq=200), 2),
        (Exposure(delta=-3.0, theta=-40, veq=156), 3),
        (Exposure(delta=-3.0, theta=-40, veq=444), 3),
    ],
)
def test_each_band_fails_alone(hedge: Exposure, failing: int) -> None:
    findings = judge(msgspec.structs.replace(GOOD, hedge=hedge), Tier.NORMAL, BANDS)
    assert [i for i, f in enumerate(findings) if not f.holds] == [failing]


def test_an_offset_of_nothing_is_out_of_band() -> None:
    bare = msgspec.structs.replace(GOOD, case=Exposure(theta=80))
    assert not judge(bare, Tier.NORMAL, BANDS)[3].holds


def test_three_snapshots_over_a_minute_are_stable() -> None:
    assert holds(judge_sequence(_later(3), Tier.NORMAL, BANDS))
    assert not holds(judge_sequence(_later(2, seconds=60), Tier.NORMAL, BANDS))
    assert not holds(judge_sequence(_later(3, seconds=29), Tier.NORMAL, BANDS))
    assert not holds(judge_sequence([], Tier.NORMAL, BANDS))


def test_one_bad_snapshot_of_three_is_unstable() -> None:
    rows = _later(3)
    rows[1] = msgspec.structs.replace(rows[1], hedge=Exposure(veq=100))
    findings = judge_sequence(rows, Tier.NORMAL, BANDS)
    assert [f.what for f in findings if not f.holds] == [
        "delta of N_risk (tier N)",
        "vega offset (tier N)",
    ]
    assert holds(judge_sequence([*rows, *_later(3)], Tier.NORMAL, BANDS))


@pytest.mark.parametrize("tier", [Tier.RED, Tier.CALL])
def test_delta_must_not_rise_in_the_wide_tiers(tier: Tier) -> None:
    assert holds(judge_sequence(_later(3, growth=0.3), tier, BANDS))
    findings = judge_sequence(_later(3, growth=0.4), tier, BANDS)
    assert [f.what for f in findings if not f.holds] == ["delta does not rise"]
    assert band_of(Tier.NORMAL, BANDS).may_rise


@pytest.mark.parametrize(
    ("tier", "veq", "passes"),
    [
        (Tier.NORMAL, -660, True),
        (Tier.NORMAL, -670, False),
        (Tier.RED, -990, True),
        (Tier.RED, -1010, False),
        (Tier.CALL, -1300, True),
        (Tier.CALL, -1340, False),
    ],
)
def test_projected_offset_has_a_bound_of_its_own(
    tier: Tier, veq: float, passes: bool
) -> None:
    candidate = Exposure(delta=5, gamma=-0.05, theta=100, veq=veq)
    assert holds(judge_projected(GOOD, candidate, 55_000, tier, BANDS)) is passes


def test_projected_delta_is_judged_as_in_the_normal_tier() -> None:
    candidate = Exposure(delta=25, gamma=-0.05, theta=100, veq=-500)
    findings = judge_projected(GOOD, candidate, 50_000, Tier.CALL, BANDS)
    assert not findings[0].holds
    assert findings[0].what == "delta of N_risk (tier N)"


def test_an_offset_that_is_short_says_how_much_hedge_is_missing() -> None:
    short = msgspec.structs.replace(
        GOOD, hedge=Exposure(delta=-3.0, theta=-40, veq=150)
    )
    found = judge(short, Tier.NORMAL, BANDS)[-1]
    assert not found.holds
    # 0.40 of 400 is 160 USD a point of VIX; 150 are held.
    assert found.mend == "10.00 USD more of hedge a VIX point"
    assert judge(GOOD, Tier.NORMAL, BANDS)[-1].mend == ""
