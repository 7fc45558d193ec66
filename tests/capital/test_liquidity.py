"""The quick ratio and its colours."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.capital.liquidity import Light, Liquidity, light, quick_ratio


def test_quick_ratio_of_the_worked_example() -> None:
    calm = Liquidity(cash=90_000, bills=40_000, stablecoins=85_000, due=65_260)
    assert calm.liquid == pytest.approx(213_300)
    assert quick_ratio(calm) == pytest.approx(3.268, abs=5e-4)
    stressed = Liquidity(
        cash=90_000,
        bills=40_000,
        stablecoins=85_000,
        due=65_260,
        stress_call=47_530,
    )
    assert quick_ratio(stressed) == pytest.approx(1.891, abs=5e-4)
    assert light(quick_ratio(stressed)) is Light.GREEN


def test_owing_nothing_is_green() -> None:
    assert quick_ratio(Liquidity(cash=0)) == math.inf
    assert light(math.inf) is Light.GREEN


@pytest.mark.parametrize(
    ("ratio", "colour"),
    [
        (1.2, Light.GREEN),
        (1.19, Light.AMBER),
        (1.0, Light.AMBER),
        (0.99, Light.RED),
        (None, Light.AMBER),
    ],
)
def test_colours_begin_at_their_bounds(ratio: float | None, colour: Light) -> None:
    assert light(ratio) is colour


def test_quick_ratio_with_the_stress_call_of_the_worked_roll() -> None:
    # The narrowest roll of §12: 44 835 of condors, 994.93 of hedge, 1 700 of haircut.
    assert pytest.approx(47_530, abs=0.5) == 44_835 + 994.93 + 1_700


usd = st.floats(0, 1e8)
owed = st.floats(1, 1e8)


@given(usd, usd, usd, st.floats(0, 1), owed, usd, usd, st.floats(0, 1e6))
def test_quick_ratio_rises_with_what_is_liquid_and_falls_with_what_is_due(
    cash: float,
    bills: float,
    stablecoins: float,
    haircut: float,
    due: float,
    interest: float,
    call: float,
    more: float,
) -> None:
    pool = Liquidity(
        cash=cash,
        bills=bills,
        stablecoins=stablecoins,
        haircut=haircut,
        due=due,
        interest=interest,
        stress_call=call,
    )
    ratio = quick_ratio(pool)
    assert ratio >= 0
    for part in ("cash", "bills", "stablecoins"):
        richer = replace(pool, **{part: getattr(pool, part) + more})
        assert quick_ratio(richer) >= ratio
    for part in ("due", "interest", "stress_call"):
        poorer = replace(pool, **{part: getattr(pool, part) + more})
        assert quick_ratio(poorer) <= ratio
    assert quick_ratio(replace(pool, haircut=1.0)) <= ratio
