"""Margin by strategy: each rule by example, and what holds for every portfolio."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.sim import margin
from alvh_trader.sim.listings import Wanted
from alvh_trader.sim.margin import Requirement
from alvh_trader.sim.model import Listing
from alvh_trader.sim.option_margin import Held
from alvh_trader.sim.products import STOCK
from tests.sim.test_ledger import LEVELS, LISTED, spxw, vx

NEAR, FAR = "20180309", "20180420"
Leg = tuple[float, str, int] | tuple[float, str, int, str]


def held(*legs: Leg, price: str = "8.00") -> list[Held]:
    """Return SPXW options: strike, right, quantity and perhaps an expiry."""
    return [
        Held(listing=spxw(float(k), right, *day), quantity=q, price=Decimal(price))
        for k, right, q, *day in legs
    ]


def needs(*legs: Leg, price: str = "8.00") -> Decimal:
    required = margin.required(held(*legs, price=price), LEVELS)
    assert required.initial == required.maintenance
    return required.initial


def vix(strike: float, right: str, quantity: int) -> Held:
    (option,) = LISTED.find(
        Wanted(
            sec_type="OPT",
            trading_class="VIX",
            month_or_day="20180320",
            strike=strike,
            right=right,
        )
    )
    return Held(listing=option, quantity=quantity, price=Decimal("2.00"))


@pytest.mark.parametrize(
    ("legs", "dollars"),
    [
        # Verticals: nothing for a debit, the width for a credit.
        ([(2600, "P", 1)], 0),
        ([(2600, "P", 1), (2550, "P", -1)], 0),
        ([(2600, "P", -10), (2550, "P", 10)], 50_000),
        ([(2900, "C", -1), (2950, "C", 1)], 5_000),
        # Condors: the wider wing, once.
        ([(2550, "P", 1), (2600, "P", -1), (2900, "C", -1), (2950, "C", 1)], 5_000),
        ([(2540, "P", 1), (2600, "P", -1), (2900, "C", -1), (2950, "C", 1)], 6_000),
        # Butterfly and box: as much as their payoff can be below nothing.
        ([(2600, "C", 1), (2650, "C", -2), (2700, "C", 1)], 0),
        ([(2600, "C", -1), (2650, "C", 2), (2700, "C", -1)], 5_000),
        (
            [(2600, "C", -1), (2650, "C", 1), (2650, "P", -1), (2600, "P", 1)],
            5_000,
        ),
        # Uncovered at 2700: its price, 15 % of 2700 less 100 out of the money.
        ([(2600, "P", -1)], 800 + 40_500 - 10_000),
        # Far out: at least 10 % of the strike (put) or of the level (call).
        ([(2200, "P", -1)], 800 + 22_000),
        ([(2900, "C", -2)], 2 * (800 + 27_000)),
        # In the money: 15 % in full.
        ([(2800, "P", -1)], 800 + 40_500),
        # A strangle: both prices, the greater side.
        ([(2600, "P", -1), (2900, "C", -1)], 2 * 800 + 30_500),
        # A ratio: one of the calls is covered, the one further out stays alone.
        ([(2850, "C", 1), (2800, "C", -1), (2900, "C", -1)], 5_000 + 800 + 27_000),
        # Too wide a wing: no more than what the short needs alone.
        ([(2600, "P", -1), (2000, "P", 1)], 800 + 40_500 - 10_000),
        # Calendars: a later long covers, an earlier one does not.
        ([(2600, "P", -1, NEAR), (2600, "P", 1, FAR)], 0),
        ([(2600, "P", -1, NEAR), (2580, "P", 1, FAR)], 2_000),
        ([(2900, "C", -1, NEAR), (2850, "C", 1, FAR)], 0),
        ([(2600, "P", 1, NEAR), (2600, "P", -1, FAR)], 800 + 40_500 - 10_000),
    ],
)
def test_a_strategy_needs_what_the_rules_say(legs: list[Leg], dollars: int) -> None:
    assert needs(*legs) == dollars


def test_vix_options_need_a_fifth_of_the_spot_index() -> None:
    bare = margin.required([vix(20.0, "C", -1)], LEVELS)
    assert bare.initial == 200 + 100 * Decimal("1.70"), (
        "10 % of 17: 20 % less 3 is less"
    )
    inside = margin.required([vix(15.0, "C", -1)], LEVELS)
    assert inside.initial == 200 + 100 * Decimal("3.40")
    spread = margin.required([vix(20.0, "C", 4), vix(30.0, "C", -4)], LEVELS)
    assert spread == Requirement(Decimal(0), Decimal(0))


def test_a_future_needs_eight_points_or_45_percent_and_to_keep_it_four_fifths() -> None:
    one = [Held(listing=vx(), quantity=-1, price=Decimal(17))]
    assert margin.required(one, LEVELS) == Requirement(Decimal(8000), Decimal(6400))
    stormy = {"SPX": 2500.0, "VIX": 40.0}
    assert margin.required(one, stormy) == Requirement(Decimal(18000), Decimal(14400))


def test_stock_needs_half_then_a_quarter_and_covers_calls() -> None:
    stock = Held(listing=STOCK, quantity=100, price=Decimal(270))
    levels = {**LEVELS, "SPY": 270.0}
    assert margin.required([stock], levels) == Requirement(
        Decimal(13_500), Decimal(6_750)
    )
    short = replace(stock, quantity=-100)
    assert margin.required([short], levels).maintenance == Decimal(8_100)
    call, *_ = LISTED.find(
        Wanted(symbol="SPY", sec_type="OPT", right="C", strike=280.0)
    )
    written = Held(listing=call, quantity=-1, price=Decimal("1.50"))
    covered = margin.required([stock, written], levels)
    assert covered == margin.required([stock], levels)
    two = margin.required([stock, replace(written, quantity=-2)], levels)
    bare = margin.required([written], levels).initial
    assert bare == 150 + 100 * Decimal("30.50")
    assert two.initial - covered.initial == bare


strikes = st.sampled_from([2400, 2500, 2550, 2600, 2650, 2700, 2800, 2900, 2950])
legs = st.lists(
    st.tuples(
        strikes,
        st.sampled_from("CP"),
        st.integers(-4, 4).filter(bool),
        st.sampled_from([NEAR, FAR]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda leg: (leg[0], leg[1], leg[3]),
)


@given(legs)
def test_nothing_needs_less_than_nothing_or_more_than_its_shorts_alone(
    portfolio: list[Leg],
) -> None:
    alone = sum(needs(leg) for leg in portfolio if leg[2] < 0)
    assert 0 <= needs(*portfolio) <= alone


def test_a_number_of_contracts_beyond_reason_costs_no_more_time() -> None:
    # Written out one by one, so many shorts would be 16 GB.
    for day in (NEAR, FAR):
        one = needs((2700, "P", -1, NEAR), (2800, "C", -1, NEAR), (2600, "P", 1, day))
        lots: list[Leg] = [(2700, "P", -(2**31), NEAR), (2800, "C", -(2**31), NEAR)]
        many = needs(*lots, (2600, "P", 2**31, day))
        assert many == pytest.approx(one * 2**31, rel=Decimal("1e-6"))


@given(legs, st.integers(2, 5))
def test_margin_grows_with_the_lots(portfolio: list[Leg], times: int) -> None:
    more = [(k, right, q * times, day) for k, right, q, day in portfolio]  # type: ignore[misc]
    assert needs(*more) == pytest.approx(times * needs(*portfolio), abs=Decimal("0.5"))


@given(legs)
def test_a_long_beyond_every_short_call_bounds_what_calls_need(
    portfolio: list[Leg],
) -> None:
    calls = [leg for leg in portfolio if leg[1] == "C"]
    short = sum(-leg[2] for leg in calls if leg[2] < 0)
    wings: list[Leg] = [(3000, "C", short, FAR)] if short else []
    widths = sum(-leg[2] * (3000 - leg[0]) * 100 for leg in calls if leg[2] < 0)
    assert needs(*calls, *wings) <= widths


def of(listing: Listing, quantity: int) -> Held:
    return Held(listing=listing, quantity=quantity, price=Decimal(1))


def test_an_option_that_settles_in_the_morning_does_not_cover_one_of_the_evening() -> (
    None
):
    (morning,) = LISTED.find(
        Wanted(
            sec_type="OPT",
            trading_class="SPX",
            month_or_day="20180315",
            strike=2600.0,
            right="P",
        )
    )
    evening = spxw(2600.0, "P", "20180316")
    assert margin.required([of(morning, 1), of(evening, -1)], LEVELS).initial > 0
    assert margin.required([of(morning, -1), of(evening, 1)], LEVELS).initial == 0
