"""TTCP, the discount and TVT: what is not known never passes."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.domain.instrument import Right
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.strategy.bands import holds
from alvh_trader.strategy.params import Layer2Params
from alvh_trader.strategy.redeploy import (
    Curve,
    TimeValue,
    VolOfVol,
    bleed_ratio,
    cash_press,
    discount,
    extrinsic,
    invariants,
    temporal_vega_tenor,
)
from alvh_trader.strategy.snapshot import Snapshot
from tests.strategy.worked import AT

PARAMS = Layer2Params()
PRESS = Curve(vix=18.0, mean=19.0, contango=0.06)
DAYS = [date(2026, 4, 1) + timedelta(days=i) for i in range(20)]
CHEAP = VolOfVol(
    vvix=88.0,
    vvix_median=90.0,
    sigma=0.80,
    recorded=tuple((day, 0.85) for day in DAYS),
)


def test_time_value_is_the_mark_less_what_is_in_the_money() -> None:
    assert extrinsic(1.4213, 21.05, 22.0, 13, 0.0375, is_call=True) == 1.4213
    deep = extrinsic(3.00, 24.0, 22.0, 13, 0.0375, is_call=True)
    assert deep == pytest.approx(3.0 - 2.0 * math.exp(-0.0375 * 13 / 365))
    assert extrinsic(1.9, 24.0, 22.0, 13, 0.0375, is_call=True) == 0.0
    assert extrinsic(3.0, 20.0, 22.0, 13, 0.0, is_call=False) == 1.0


def test_the_bleed_is_a_ratio_of_rates_and_not_of_thetas() -> None:
    short = TimeValue(theta=-0.07, extrinsic=1.4, dte=13)
    long = TimeValue(theta=-0.04, extrinsic=2.0, dte=45)
    assert bleed_ratio(short, long) == pytest.approx(0.05 / 0.02)
    assert bleed_ratio(replace(short, extrinsic=0.0), long) is None
    assert bleed_ratio(short, replace(long, extrinsic=0.0)) is None
    assert bleed_ratio(replace(short, theta=math.nan), long) is None


def test_the_press_needs_all_four() -> None:
    assert holds(cash_press(2.0, PRESS, PARAMS))
    for bleed, curve in (
        (1.99, PRESS),
        (None, PRESS),
        (2.0, replace(PRESS, contango=0.049)),
        (2.0, replace(PRESS, contango=None)),
        (2.0, replace(PRESS, vix=19.0)),
        (2.0, replace(PRESS, vix=14.9)),
        (2.0, replace(PRESS, vix=22.1, mean=30.0)),
        (2.0, replace(PRESS, vix=None)),
        (2.0, replace(PRESS, mean=None)),
    ):
        assert sum(not f.holds for f in cash_press(bleed, curve, PARAMS)) >= 1


def test_a_discount_is_against_both_medians() -> None:
    assert holds(discount(CHEAP))
    assert not holds(discount(replace(CHEAP, vvix=90.1)))
    assert not holds(discount(replace(CHEAP, sigma=0.86)))
    assert not holds(discount(replace(CHEAP, vvix_median=None)))
    assert not holds(discount(replace(CHEAP, recorded=CHEAP.recorded[1:])))


OPTIONAL = st.none() | st.floats(0, 100)


@given(bleed=OPTIONAL, vix=OPTIONAL, mean=OPTIONAL, contango=OPTIONAL)
def test_what_is_missing_never_presses(
    bleed: float | None, vix: float | None, mean: float | None, contango: float | None
) -> None:
    found = cash_press(bleed, Curve(vix=vix, mean=mean, contango=contango), PARAMS)
    if None in (bleed, vix, mean, contango):
        assert not holds(found)


def test_theta_and_delta_stay_where_they_must() -> None:
    seen = Snapshot(
        at=AT,
        spot=6860.0,
        vix=21.2,
        edr=0.94,
        tested=Right.PUT,
        risk_notional=50_000.0,
        case=Exposure(delta=16.0, theta=84.6),
        hedge=Exposure(theta=-84.0),
    )
    assert holds(invariants(seen, theta=0.0, delta=2.5))
    worse = replace(seen, hedge=Exposure(theta=-85.0))
    assert [f.holds for f in invariants(worse, theta=0.0, delta=2.5)] == [False, True]
    tilted = replace(seen, case=Exposure(delta=17.931, theta=84.6))
    assert [f.holds for f in invariants(tilted, theta=0.0, delta=2.5)] == [True, False]


def test_longer_vega_travels_forward() -> None:
    book = [(-412.0, 40.0), (225.0, 13.0)]
    before = temporal_vega_tenor(book)
    after = temporal_vega_tenor([*book, (120.0, 45.0)])
    assert before is not None
    assert after is not None
    assert before == pytest.approx((412 * 40 + 225 * 13) / 637)
    assert after > before
    assert temporal_vega_tenor([]) is None
