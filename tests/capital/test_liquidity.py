"""The quick ratio and its colours."""

import math

import pytest

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
