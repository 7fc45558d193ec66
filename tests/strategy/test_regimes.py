"""What each regime allows, and that a worse one never allows more."""

from itertools import pairwise

import pytest

from alvh_trader.signals.regime import Regime, regime
from alvh_trader.strategy.regimes import ALLOWED, Allowance, allowance


def test_every_regime_has_its_row() -> None:
    assert set(ALLOWED) == set(Regime)


@pytest.mark.parametrize(
    ("vix", "expected"),
    [
        (11.0, Allowance(size=0.5)),
        (13.0, Allowance(size=1.0)),
        (18.0, Allowance(size=1.0, sds=1.75, may_borrow=True)),
        (22.0, Allowance(size=0.0)),
        (26.0, Allowance(size=0.0, rolls_alone=False, drawn=0.5)),
        (40.0, Allowance(size=0.0, rolls_alone=False, drawn=0.0)),
    ],
)
def test_the_table_of_the_specification(vix: float, expected: Allowance) -> None:
    assert allowance(regime(vix)) == expected


def test_from_calm_on_a_worse_regime_never_allows_more() -> None:
    worse = [ALLOWED[r] for r in Regime if r >= Regime.TRANSITION]
    for before, after in pairwise(worse):
        assert after.size <= before.size
        assert after.rolls_alone <= before.rolls_alone
        assert after.may_borrow <= before.may_borrow
        assert after.drawn <= before.drawn


def test_vix_missing_is_one_regime_worse_and_never_known_is_a_crisis() -> None:
    assert allowance(regime(None, Regime.TRANSITION)).size == 0
    assert not allowance(regime(None, Regime.ELEVATED)).rolls_alone
    assert allowance(regime(None)) == ALLOWED[Regime.CRISIS]


def test_the_zone_of_spikes_begins_above_25_and_ends_below() -> None:
    """Half a point of hysteresis on either side (alvh.md §1.1)."""
    assert allowance(regime(25.4, Regime.ELEVATED)).rolls_alone
    assert not allowance(regime(25.5, Regime.ELEVATED)).rolls_alone
    assert not allowance(regime(24.6, Regime.STRESS)).rolls_alone
    assert allowance(regime(24.4, Regime.STRESS)).rolls_alone
