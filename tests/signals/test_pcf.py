"""Price over cash flow: what companies add to the verdict, and which do not count."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.inputs import Constituent, Constituents
from alvh_trader.signals.pcf import flow_of, price_over_cash_flow

LAST = date(2026, 5, 20)
DAYS = tuple(LAST - timedelta(days=n) for n in (7, 6, 5, 2, 1, 0))


def company(n: int, move: float, **changes: object) -> Constituent:
    """Return a company whose price moved by `move` (log) in five sessions."""
    prices = [100.0 * math.exp(move * i / 5) for i in range(6)]
    made = Constituent(
        symbol=f"N{n}",
        shares=1e9,
        cash_flow=8.0,
        closes=tuple(zip(DAYS, prices, strict=True)),
    )
    return replace(made, **changes)


def of(*members: Constituent) -> Constituents:
    return Constituents(members=members, as_of=LAST)


def fall(count: int = 20) -> list[Constituent]:
    return [company(n, -0.03) for n in range(count)]


def test_the_index_ratio_is_all_values_over_all_cash_flows() -> None:
    ratio = price_over_cash_flow(of(*fall()))
    assert ratio == pytest.approx(100.0 * math.exp(-0.03) / 8.0)


def test_a_fall_of_all_alike_has_no_dispersion() -> None:
    found = flow_of(of(*fall()), LAST)
    assert found is not None
    assert (found.fell, found.rose) == (1.0, 0.0)
    assert found.index == pytest.approx(math.exp(-0.03) - 1)
    assert found.dispersion == pytest.approx(0.0, abs=1e-9)


def test_some_up_and_some_down_scatter() -> None:
    names = [company(n, 0.05 if n % 2 else -0.052) for n in range(20)]
    found = flow_of(of(*names), LAST)
    assert found is not None
    assert found.fell == 0.5
    assert found.dispersion > 3


@pytest.mark.parametrize(
    "changes",
    [
        {"cash_flow": -1.0},
        {"cash_flow": 0.0},
        {"shares": 0.0},
        {"closes": ()},
        {"closes": ((LAST, 100.0),)},
        {"closes": company(1, -0.03).closes[:-1]},
        {"closes": (*company(1, -0.03).closes[:-1], (LAST, 10_000.0))},
        {"closes": (*company(1, -0.03).closes[:-1], (LAST, 0.0))},
        {"closes": (*company(1, -0.03).closes[:-1], (LAST, math.nan))},
        {"closes": company(1, -0.03).closes[::-1]},
    ],
)
def test_who_cannot_be_believed_does_not_count(changes: dict[str, object]) -> None:
    odd = company(99, -0.03, **changes)
    assert flow_of(of(*fall(), odd), LAST) == flow_of(of(*fall()), LAST)
    assert flow_of(of(*fall(9), odd), LAST) is None


def test_too_few_companies_say_nothing() -> None:
    assert flow_of(of(*fall(9)), LAST) is None
    assert price_over_cash_flow(of(*fall(9))) is None
    assert flow_of(of(*fall(10)), LAST) is not None


def test_closes_of_another_day_say_nothing() -> None:
    assert flow_of(of(*fall()), LAST + timedelta(days=1)) is None


@given(st.permutations(range(20)))
def test_the_order_of_companies_does_not_matter(order: list[int]) -> None:
    names = [company(n, 0.001 * (n - 15)) for n in range(20)]
    one = flow_of(of(*names), LAST)
    other = flow_of(of(*(names[i] for i in order)), LAST)
    assert one is not None
    assert other is not None
    assert other.fell == one.fell
    assert other.index == pytest.approx(one.index)
    assert other.dispersion == pytest.approx(one.dispersion)
