"""What the checks say: prices, collars, and the words of their findings."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.market import Quote
from alvh_trader.domain.money import VIXW_TICKS
from alvh_trader.domain.order import Leg, Purpose
from alvh_trader.risk.checks import BY_PURPOSE
from alvh_trader.risk.gate import Approved, Refused, judge
from alvh_trader.risk.size import premium
from alvh_trader.strategy.finding import Finding
from tests.risk.test_gate import AT, CALL, HEDGE, LIMITS, NOW, ROLL, UPPER

CENT = Decimal("0.01")


def found(name: str, verdict: Approved | Refused) -> Finding | None:
    """Return the refusal of that name, None where there is none."""
    if isinstance(verdict, Approved):
        return None
    return next((f for f in verdict.findings if f.what == name), None)


def test_a_premium_is_the_limit_times_contracts_times_multiplier() -> None:
    assert premium(HEDGE) == pytest.approx(1.42 * 7 * 100)


@given(bid=st.integers(1, 250), width=st.integers(0, 20), limit=st.integers(1, 300))
def test_a_hedge_is_never_bid_above_the_ask_and_one_tick(
    bid: int, width: int, limit: int
) -> None:
    ask = (bid + width) / 100
    now = replace(NOW, quotes={1: Quote(AT, bid / 100, ask, 50, 50)})
    order = replace(HEDGE, quantity=3, limit=limit * CENT)
    tick = VIXW_TICKS.tick_at(ask)
    is_within = order.limit <= Decimal(str(ask)) + tick
    assert isinstance(judge(order, now, LIMITS), Approved) == is_within


@given(cents=st.integers(-400, 100))
def test_a_roll_stays_near_the_middle_of_its_legs(cents: int) -> None:
    limit = Decimal(5 * round(cents / 5)) / 100
    verdict = judge(replace(ROLL, limit=limit), NOW, LIMITS)
    # 20.05 - 15.05 - 30.05 + 23.25 = -1.80; half a tick of 0.05 is no distance.
    is_near = abs(float(limit) + 1.80) <= 0.30 + 0.025
    assert isinstance(verdict, Approved) == is_near


def test_a_spread_is_held_against_the_net_ask() -> None:
    legs = (Leg(CALL, 1), Leg(UPPER, -1))
    # Buys at 1.43, sells at 0.30: 1.13, and one tick.
    dear = replace(HEDGE, legs=legs, limit=Decimal("1.15"))
    fair = replace(HEDGE, legs=legs, limit=Decimal("1.14"))
    assert found("limit", judge(dear, NOW, LIMITS)) is not None
    assert isinstance(judge(fair, NOW, LIMITS), Approved)


@pytest.mark.parametrize("order", [HEDGE, ROLL], ids=lambda o: o.purpose)
def test_every_check_names_value_and_bound_in_words(order: object) -> None:
    subject = HEDGE if order is HEDGE else ROLL
    for control in BY_PURPOSE[subject.purpose]:
        finding = control.check(subject, NOW, LIMITS)
        assert finding.holds
        assert all((finding.what, finding.value, finding.bound))


def test_names_of_findings_are_unique_but_for_the_limit() -> None:
    """Two findings speak of the limit: whether it is on the grid, and near."""
    for purpose, order in ((Purpose.HEDGE, HEDGE), (Purpose.ROLL, ROLL)):
        controls = BY_PURPOSE[purpose]
        names = [c.check(order, NOW, LIMITS).what for c in controls]
        assert sorted(n for n in set(names) if names.count(n) > 1) == ["limit"]
