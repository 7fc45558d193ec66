"""The weighted average cost of capital, its worked number and its missing branches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.capital.cost import (
    capital_cost,
    cost_impact,
    cost_of_equity,
    facility_rate,
)
from alvh_trader.capital.params import CapitalParams
from tests.capital.worked import REIT, VAULT, facility


def test_cost_of_the_worked_example() -> None:
    cost = capital_cost(
        equity=750_000,
        delta=17.931,
        spot=6860,
        risk_free=3.75,
        facilities=(VAULT, REIT),
    )
    assert cost is not None
    assert cost.beta == pytest.approx(0.1640, abs=5e-5)
    assert cost.equity == pytest.approx(4.570, abs=5e-4)
    assert cost.wacc == pytest.approx(4.777, abs=5e-4)
    assert cost.capital == 850_000


def test_a_floor_makes_equity_dearer() -> None:
    cost = capital_cost(
        equity=750_000,
        delta=17.931,
        spot=6860,
        risk_free=3.75,
        facilities=(VAULT, REIT),
        params=CapitalParams(floor=3.0),
    )
    assert cost is not None
    assert cost.wacc == pytest.approx(6.70, abs=5e-3)


def test_without_facilities_equity_is_all_there_is() -> None:
    cost = capital_cost(equity=100_000, delta=0, spot=7000, risk_free=3.75)
    assert cost is not None
    assert cost.wacc == 3.75
    assert cost.capital == 100_000


def test_missing_rates_cost_what_the_specification_says() -> None:
    assert cost_of_equity(0.0, None) == 4.0
    cost = capital_cost(
        equity=50_000,
        delta=0,
        spot=7000,
        risk_free=4.0,
        facilities=(facility(drawn=25_000, apr=None),),
        margin_debit=25_000,
    )
    assert cost is not None
    assert cost.wacc == pytest.approx(0.5 * 4.0 + 0.5 * 8.0)


def test_tax_and_add_on_are_part_of_a_facilitys_rate() -> None:
    taxed = facility(drawn=100_000, apr=5.0, mev_gas=1.0, tax=0.25)
    cost = capital_cost(
        equity=100_000, delta=0, spot=7000, risk_free=4.0, facilities=(taxed,)
    )
    assert cost is not None
    assert cost.wacc == pytest.approx((4.0 + 4.5) / 2)


def test_no_equity_has_no_cost() -> None:
    assert capital_cost(equity=0, delta=1, spot=7000, risk_free=4.0) is None


lent = st.tuples(st.floats(0, 1e6), st.none() | st.floats(0, 30))


@given(
    st.floats(1e4, 1e7),
    st.floats(-500, 500),
    st.lists(lent, max_size=5),
    st.floats(0, 1e6),
    st.none() | st.floats(0, 30),
    st.none() | st.floats(0, 10),
)
def test_the_average_of_many_lies_between_the_cheapest_and_the_dearest(
    equity: float,
    delta: float,
    lines: list[tuple[float, float | None]],
    debit: float,
    debit_rate: float | None,
    bill: float | None,
) -> None:
    cost = capital_cost(
        equity=equity,
        delta=delta,
        spot=7000,
        risk_free=bill,
        facilities=[facility(drawn=usd, apr=apr) for usd, apr in lines],
        margin_debit=debit,
        debit_rate=debit_rate,
    )
    assert cost is not None
    rates = [part.rate for part in cost.parts]
    assert min(rates) - 1e-9 <= cost.wacc <= max(rates) + 1e-9
    assert cost.capital >= equity
    dearer = capital_cost(
        equity=equity,
        delta=delta,
        spot=7000,
        risk_free=bill,
        facilities=[
            facility(drawn=usd, apr=None if apr is None else min(apr + 1, 30.0))
            for usd, apr in lines
        ],
        margin_debit=debit,
        debit_rate=debit_rate,
    )
    assert dearer is not None
    assert dearer.wacc >= cost.wacc - 1e-9


@given(st.floats(1e4, 1e7), st.floats(-500, 500), st.floats(0, 1e6), st.floats(0, 30))
def test_the_average_lies_between_its_parts(
    equity: float, delta: float, drawn: float, apr: float
) -> None:
    line = facility(drawn=drawn, apr=apr)
    cost = capital_cost(
        equity=equity, delta=delta, spot=7000, risk_free=4.0, facilities=(line,)
    )
    assert cost is not None
    low, high = sorted((apr, cost.equity))
    assert low - 1e-9 <= cost.wacc <= high + 1e-9
    assert cost.capital == pytest.approx(sum(part.usd for part in cost.parts))


@pytest.mark.parametrize(
    "slip",
    [{"apr": 520.0}, {"apr": -0.1}, {"mev_gas": 35.0}, {"mev_gas": -1.0}, {"tax": 25}],
)
def test_a_rate_that_is_a_slip_of_units_has_no_cost(slip: dict[str, float]) -> None:
    line = facility(**slip)
    assert facility_rate(line) is None
    assert (
        capital_cost(equity=1e5, delta=0, spot=7000, risk_free=4.0, facilities=(line,))
        is None
    )


def test_cost_impact_of_the_worked_hedge() -> None:
    # 7 calls of 142.13 USD over V = 850 000: 11.7 bp (alvh.md §12).
    assert cost_impact(7 * 142.13, 850_000) == pytest.approx(11.7, abs=0.05)
    assert cost_impact(1.0, 0.0) == float("inf")
