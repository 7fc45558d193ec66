"""The advance-decline line and the verdict of step 4."""

import math
from datetime import UTC, datetime

import pytest

from alvh_trader.domain.instrument import Right
from alvh_trader.domain.market import Breadth
from alvh_trader.signals.breadth import (
    CashFlow,
    Divergence,
    Line,
    Verdict,
    advance_decline_line,
    cash_flow,
    is_divergence,
    is_plausible,
    line_of,
    net_ratio,
    verdict,
)

NET = [round(300 * math.cos(t / 5)) for t in range(40)]
WEAK = Line(value=-500.0, average=0.0, slope=-50.0)
STRONG = Line(value=500.0, average=0.0, slope=50.0)
BROAD_FALL = CashFlow(fell=0.8, rose=0.2, index=-0.02, dispersion=1.0)


def _breadth(advances: int, declines: int, unchanged: int = 100) -> Breadth:
    at = datetime(2026, 5, 21, 20, 0, tzinfo=UTC)
    return Breadth(at, advances, declines, unchanged)


def test_fixture_of_the_specification() -> None:
    assert advance_decline_line(NET)[-1] == 1652
    line = line_of(NET)
    assert line is not None
    assert line.value == 1652
    assert line.average == pytest.approx(-80.61905, abs=5e-6)
    assert line.slope == pytest.approx(206.3)


def test_fewer_than_twenty_one_sessions_have_no_line() -> None:
    assert line_of(NET[:20]) is None
    assert line_of(NET[:21]) is not None


def test_ratio_of_net_advances() -> None:
    assert net_ratio(_breadth(1000, 1500)) == pytest.approx(-0.2)
    assert net_ratio(_breadth(0, 0)) is None


def test_counts_that_are_not_the_exchange_are_implausible() -> None:
    assert is_plausible(_breadth(1300, 1500))
    assert not is_plausible(_breadth(13, 15))
    assert not is_plausible(_breadth(1300, 1500, 1300))
    assert not is_plausible(_breadth(-1, 2800))


@pytest.mark.parametrize(
    ("line", "ratio", "flow", "expected"),
    [
        (WEAK, -0.20, None, Verdict.BROAD_STRESS),
        (WEAK, -0.20, BROAD_FALL, Verdict.BROAD_STRESS),
        (WEAK, -0.19, None, Verdict.UNKNOWN),
        (STRONG, -0.50, None, Verdict.SECTOR_ROTATION),
        (Line(value=0.0, average=0.0, slope=-1.0), -0.5, None, Verdict.SECTOR_ROTATION),
        (Line(value=-1.0, average=0.0, slope=0.0), -0.5, None, Verdict.UNKNOWN),
        (None, -0.5, None, Verdict.UNKNOWN),
        (WEAK, None, None, Verdict.UNKNOWN),
        (
            WEAK,
            -0.5,
            CashFlow(fell=0.69, rose=0.3, index=-0.02, dispersion=1.0),
            Verdict.UNKNOWN,
        ),
        (
            WEAK,
            -0.5,
            CashFlow(fell=0.8, rose=0.2, index=-0.009, dispersion=1.0),
            Verdict.UNKNOWN,
        ),
        (
            WEAK,
            -0.5,
            CashFlow(fell=0.6, rose=0.4, index=-0.005, dispersion=3.0),
            Verdict.SECTOR_ROTATION,
        ),
    ],
)
def test_verdict_of_a_put_side_threat(
    line: Line | None, ratio: float | None, flow: CashFlow | None, expected: Verdict
) -> None:
    assert verdict(line, ratio, Right.PUT, flow) is expected


def test_a_call_side_threat_reads_everything_mirrored() -> None:
    rise = CashFlow(fell=0.2, rose=0.8, index=0.02, dispersion=1.0)
    assert verdict(STRONG, 0.2, Right.CALL) is Verdict.BROAD_STRENGTH
    assert verdict(STRONG, 0.2, Right.CALL, rise) is Verdict.BROAD_STRENGTH
    assert verdict(STRONG, 0.2, Right.CALL, BROAD_FALL) is Verdict.UNKNOWN
    assert verdict(WEAK, 0.5, Right.CALL) is Verdict.SECTOR_ROTATION
    assert verdict(STRONG, 0.1, Right.CALL) is Verdict.UNKNOWN


def test_cash_flows_are_weighted_by_value() -> None:
    flow = cash_flow({"A": (-0.02, 3e12), "B": (-0.01, 1e12), "C": (0.005, 1e12)})
    assert flow is not None
    assert flow.index == pytest.approx(math.expm1(-0.013))
    assert flow.fell == pytest.approx(2 / 3)
    assert flow.rose == pytest.approx(1 / 3)
    assert flow.dispersion == pytest.approx(0.0125831 / 0.013, rel=1e-5)
    assert cash_flow({}) is None


def test_a_divergence_needs_two_sessions() -> None:
    closes = [7000.0 + i for i in range(40)]
    falling = [-100] * 40
    assert is_divergence(closes, falling)
    assert not is_divergence(closes, [100] * 40)
    assert not is_divergence([*closes[:-1], 6900.0], falling)
    assert not is_divergence([*closes[:-2], 6900.0, closes[-1]], falling)
    assert is_divergence(closes[:20], falling) is None
    assert is_divergence(closes, falling[:21]) is None
    assert is_divergence([], []) is None


def test_by_scores_spx_stands_a_deviation_higher_than_breadth_for_two_sessions() -> (
    None
):
    closes = [7000.0 + i for i in range(40)]
    tired = [100] * 30 + [-20] * 10
    form = Divergence.SCORES
    assert is_divergence(closes, [-100] * 40, form)
    assert not is_divergence(closes, [100] * 40, form)
    assert is_divergence(closes, tired, form)
    # Yesterday alone is not enough, nor is today.
    assert not is_divergence([*closes[:-1], 6900.0], [-100] * 40, form)
    assert not is_divergence([*closes[:-2], 6900.0, closes[-1]], [-100] * 40, form)


def test_a_line_that_never_moves_has_no_score() -> None:
    closes = [7000.0] * 40
    assert is_divergence(closes, [0] * 40, Divergence.SCORES) is False
