"""The ladders of limits: on the grid, rising, and never beyond what may be paid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.money import (
    SPX_COMBO_TICKS,
    VIX_TICKS,
    VIXW_TICKS,
    TickGrid,
)
from alvh_trader.execution.walk import hedge_ladder, roll_ladder

GRIDS = st.sampled_from([VIX_TICKS, VIXW_TICKS])
CONCESSION = Decimal("0.30")


def decimals(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(t) for t in texts)


@pytest.mark.parametrize(
    ("bid", "ask", "grid", "rungs"),
    [
        (1.35, 1.49, VIXW_TICKS, decimals("1.42", "1.46", "1.49")),
        (1.41, 1.42, VIXW_TICKS, decimals("1.42")),
        (1.42, 1.42, VIXW_TICKS, decimals("1.42")),
        (3.10, 3.30, VIX_TICKS, decimals("3.20", "3.25", "3.30")),
        (2.96, 3.04, VIX_TICKS, decimals("3.00", "3.05")),
    ],
)
def test_a_hedge_climbs_from_mid_to_the_ask(
    bid: float, ask: float, grid: TickGrid, rungs: tuple[Decimal, ...]
) -> None:
    assert hedge_ladder(bid, ask, grid) == rungs


@pytest.mark.covers("I06")
@given(bid=st.integers(1, 2000), width=st.integers(0, 300), grid=GRIDS)
def test_an_order_is_repriced_five_times_at_most(
    bid: int, width: int, grid: TickGrid
) -> None:
    assert len(hedge_ladder(bid / 100, (bid + width) / 100, grid)) <= 6
    assert len(roll_ladder(-bid / 100, SPX_COMBO_TICKS, CONCESSION)) <= 6


@given(bid=st.integers(1, 2000), width=st.integers(0, 300), grid=GRIDS)
def test_a_hedge_ladder_rises_on_the_grid_and_ends_at_the_ask(
    bid: int, width: int, grid: TickGrid
) -> None:
    low, high = bid / 100, (bid + width) / 100
    rungs = hedge_ladder(low, high, grid)
    assert list(rungs) == sorted(set(rungs))
    assert all(grid.holds(r) for r in rungs)
    assert rungs[-1] == grid.ceiling(high)
    assert float(rungs[0]) >= (low + high) / 2 - 1e-9
    assert 1 <= len(rungs) <= 3


def test_a_roll_concedes_in_three_reprices() -> None:
    rungs = roll_ladder(-1.744, SPX_COMBO_TICKS, CONCESSION)
    assert rungs == decimals("-1.75", "-1.65", "-1.55", "-1.45")


@given(cents=st.integers(-3000, 3000), tenths=st.integers(0, 9))
def test_a_roll_ladder_rises_on_the_grid_and_concedes_no_more_than_it_may(
    cents: int, tenths: int
) -> None:
    mid = cents / 100 + tenths / 1000
    rungs = roll_ladder(mid, SPX_COMBO_TICKS, CONCESSION)
    assert list(rungs) == sorted(set(rungs))
    assert all(SPX_COMBO_TICKS.holds(r) for r in rungs)
    assert float(rungs[0]) <= mid + 1e-9 < float(rungs[0]) + 0.05 + 1e-9
    assert rungs[-1] - rungs[0] == CONCESSION
    assert len(rungs) == 4
