"""The plug-in that is switched off: when it would move a side, where, what it asks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.case import Kind
from alvh_trader.strategy.martingale import Martingale, back, shorten
from alvh_trader.strategy.params import MartingaleParams, Params
from alvh_trader.strategy.policy import Outward, policy_of
from alvh_trader.strategy.reason import Reason
from alvh_trader.strategy.roll import RETURN, judge
from tests.strategy.test_roll import FOUND, GOOD, _old
from tests.strategy.worked import OLD_EXPIRY, T2, condor

PARAMS = MartingaleParams()
LISTED = tuple(("SPXW", date(2026, 5, day)) for day in range(21, 32))


def test_it_is_off_and_only_its_own_reasons_are_rolled_by_it() -> None:
    assert not Params().plugins.temporal_theta_martingale.enabled
    own = {Reason.THETA_SHORTEN, Reason.THETA_BACK}
    for reason in (None, *Reason):
        is_plugin = isinstance(policy_of(reason, Params()), Martingale)
        assert is_plugin is (reason in own)


@pytest.mark.parametrize(
    ("edr", "vix", "holding"),
    [
        (0.94, 16.0, [False, False]),
        (0.941, 12, [True, False]),
        (0.5, 16.1, [False, True]),
    ],
)
def test_a_high_ratio_or_a_high_vix_moves_the_side_near(
    edr: float, vix: float, holding: list[bool]
) -> None:
    assert [f.holds for f in shorten(edr, vix, PARAMS)] == holding


def test_back_needs_a_low_ratio_and_an_index_under_its_vwap() -> None:
    assert back(0.90, 6860.0, 6870.0, PARAMS).holds
    assert not back(0.94, 6860.0, 6870.0, PARAMS).holds
    assert not back(0.90, 6870.0, 6870.0, PARAMS).holds


@given(st.floats(0, 5), st.floats(1000, 9000))
def test_without_a_volume_weighted_price_there_is_no_way_back(
    edr: float, spot: float
) -> None:
    assert not back(edr, spot, None, PARAMS).holds


def test_it_replaces_the_losing_side_alone() -> None:
    policy = policy_of(Reason.THETA_SHORTEN, Params())
    held = condor()
    for right in Right:
        part = policy.replaced(held, right)
        assert part.kind is Kind.VERTICAL
        assert [v.right for v in part.verticals] == [right]
    assert Outward(Params(), None).replaced(held, Right.PUT) is held


@pytest.mark.parametrize(
    ("reason", "low", "high"), [(Reason.THETA_SHORTEN, 1, 7), (Reason.THETA_BACK, 0, 2)]
)
def test_its_expiries_lie_in_their_window_the_last_first(
    reason: Reason, low: int, high: int
) -> None:
    policy = policy_of(reason, Params())
    found = policy.expiries(LISTED, condor(), T2)
    assert [(day - T2).days for day in found] == list(range(high, low - 1, -1))
    assert str(low) in policy.goal()


def test_an_expiry_that_is_held_is_not_gone_to() -> None:
    policy = policy_of(Reason.THETA_SHORTEN, Params())
    held = condor(expiry=date(2026, 5, 26))
    assert date(2026, 5, 26) not in policy.expiries(LISTED, held, T2)


def test_its_filters_are_the_methods_less_the_expected_return() -> None:
    policy = policy_of(Reason.THETA_SHORTEN, Params())
    mine = policy.judge(GOOD, _old(), drawdown=5.785)
    whole = judge(GOOD, _old(), Params(), drawdown=5.785)
    assert [f for f in whole.findings if f.what != RETURN] == list(mine.findings)
    assert len(mine.findings) == len(whole.findings) - 1
    assert not policy.judge(GOOD, _old(), drawdown=6.5).is_valid


def test_it_takes_the_candidate_farthest_from_its_break_even() -> None:
    policy = policy_of(Reason.THETA_SHORTEN, Params())
    judged = [policy.judge(c, _old(), drawdown=1.0) for c in FOUND]
    ranked = policy.rank(judged)
    distances = [j.economics.be_sd for j in ranked]
    assert distances == sorted(distances, reverse=True)
    assert all(j.is_valid for j in ranked)
    assert OLD_EXPIRY not in {j.candidate.case.expiry for j in ranked}
