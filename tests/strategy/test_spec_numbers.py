"""Numbers of the specification that belong to no single step of the worked example."""

import math

import pytest

from alvh_trader.domain.instrument import Right
from alvh_trader.pricing.black76 import greeks
from alvh_trader.pricing.vix import beta_vx
from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.params import Params
from alvh_trader.strategy.sizing import Need, size
from tests.strategy.worked import CAPITAL, EQUITY, RATE, T2, condor, risk

PARAMS = Params()
PREMIUM = 142.13


@pytest.mark.parametrize(
    ("base", "low", "high", "least", "most"),
    [
        (50_000.0, 500, 1_000, 4, 7),
        (EQUITY, 7_500, 15_000, 53, 105),
        (CAPITAL, 9_000, 18_000, 64, 126),
    ],
)
def test_the_other_notionals_of_the_specification(
    base: float, low: float, high: float, least: int, most: int
) -> None:
    """§4.4: what 1 to 2 % would buy of each reading of "notional"."""
    need = Need(
        risk_notional=base,
        veq_now=0.0,
        veq_after=0.0,
        capital=0.0,
        tier=Tier.NORMAL,
    )
    found = size(need, cost=PREMIUM, h=32.204, hedge=PARAMS.hedge, bands=PARAMS.bands)
    assert (found.n_low, found.n_high) == (least, most)
    assert PARAMS.hedge.share_low * base == pytest.approx(low)
    assert PARAMS.hedge.share_high * base == pytest.approx(high)


def test_the_notional_of_vix_over_that_of_spx_would_offset_too_much() -> None:
    """§4.4: 1 to 2 % of S * 100 * 10 in VIX futures' worth, 33 to 65 calls."""
    spx, one = 6860.0 * 100 * 10, 21.05 * 100
    least, most = math.ceil(0.01 * spx / one), math.floor(0.02 * spx / one)
    assert (least, most) == (33, 65)
    _, found = risk(condor(), 6860.0, 21.20, T2)
    assert least * 32.204 / abs(found.exposure.veq) > 2.5
    assert least * PREMIUM > 4_632


@pytest.mark.parametrize(
    ("multiple", "forward", "rise"), [(2.5, 24.95, 5.1), (4.0, 27.46, 8.3)]
)
def test_how_far_vix_rises_to_the_profits_of_the_example(
    multiple: float, forward: float, rise: float
) -> None:
    """§4.7: at 9 days left, a forward that multiplies the premium of 1.4213."""
    worth = greeks(forward, 22.0, 1.15, 9 / 365, RATE, is_call=True).price
    assert float(worth) == pytest.approx(multiple * 1.4213, abs=0.01)
    # The forward moves by beta_VX of a move of VIX.
    assert (forward - 21.05) / float(beta_vx(9)) == pytest.approx(rise, abs=0.06)


def test_the_slope_of_vix_on_the_eighth_of_august_2011() -> None:
    """§7.5: SPX fell 6.88 %, VIX rose 40.6 %: a slope of about 5 in logarithms."""
    slope = -math.log(1.406) / math.log(1 - 0.0688)
    assert slope == pytest.approx(4.78, abs=0.01)
    assert 3.0 <= slope <= 9.0


def test_the_seeds_thresholds_are_one_level() -> None:
    """§0.2: 0.94 % at the delta of reference is VIX 17.96, and 16 is 0.8375 %."""
    assert 0.94 * math.sqrt(365) == pytest.approx(17.959, abs=5e-4)
    assert 16 / math.sqrt(365) == pytest.approx(0.8375, abs=5e-5)


def test_a_roll_doubles_the_vega_and_the_hedge_is_sized_for_it() -> None:
    """§0.6: 476 USD a point before the roll, 978 after it."""
    _, found = risk(condor(), 6860.0, 21.20, T2)
    assert found.exposure.vega == pytest.approx(-476.02, abs=0.05)
    assert pytest.approx(2.05, abs=0.01) == 978 / 476.02
    need = Need(
        risk_notional=50_000,
        veq_now=found.exposure.veq,
        veq_after=-709.4,
        capital=850_000,
        tier=Tier.NORMAL,
    )
    sized = size(need, cost=PREMIUM, h=32.204, hedge=PARAMS.hedge, bands=PARAMS.bands)
    assert pytest.approx(5.12, abs=0.005) == 0.40 * 412.25 / 32.204
    assert pytest.approx(6.61, abs=0.005) == 0.30 * 709.4 / 32.204
    assert (sized.n_pre, sized.n_post) == (6, 7)


def test_a_call_side_breach_reads_the_larger_delta() -> None:
    """§2.5: the tested side is the one with the larger short delta."""
    _, found = risk(condor(), 7680.0, 13.5, T2)
    assert found.delta_call is not None
    assert found.delta_put is not None
    assert abs(found.delta_call) > abs(found.delta_put)
    assert condor().break_even(Right.CALL) == pytest.approx(7878.093, abs=0.002)
