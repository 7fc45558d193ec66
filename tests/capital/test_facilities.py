"""What facilities lend, may lose and may call; old statements lend nothing."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.capital.facilities import (
    available,
    due,
    funding,
    hindrance,
    interest,
    shock,
)
from alvh_trader.capital.params import CapitalParams
from alvh_trader.domain.inputs import (
    Collateral,
    Facilities,
    FacilityType,
    MultiSig,
)
from tests.capital.worked import AT, FACILITIES, REIT, TREASURY, VAULT, facility

PARAMS = CapitalParams()
OLD = AT - timedelta(hours=24, seconds=1)


def test_capital_of_the_worked_example() -> None:
    found = funding(750_000, FACILITIES, AT, PARAMS)
    assert found.deployed == 900_000
    assert found.value == 850_000
    assert found.shock == pytest.approx(1_700)
    assert found.available == pytest.approx(30_000)
    assert found.is_fresh


def test_without_a_file_the_account_is_all_there_is() -> None:
    found = funding(750_000, None, AT, PARAMS)
    assert (found.deployed, found.value, found.shock) == (750_000, 750_000, 0)
    assert not found.is_fresh


def test_stale_statements_lend_nothing_and_are_still_owed() -> None:
    old = Facilities(
        facilities=(replace(VAULT, as_of=OLD), replace(REIT, as_of=OLD)),
        treasury=replace(TREASURY, as_of=OLD),
        own=50_000.0,
    )
    found = funding(750_000, old, AT, PARAMS)
    assert found.deployed == 750_000
    assert found.available == 0
    assert found.drawn == 100_000
    assert found.value == 850_000
    assert found.shock == pytest.approx(1_700)
    assert not found.is_fresh


def test_borrowed_money_in_the_account_is_not_counted_twice() -> None:
    credited = replace(VAULT, credited=60_000.0)
    given_ = replace(FACILITIES, facilities=(credited, REIT))
    found = funding(810_000, given_, AT, PARAMS)
    assert found.equity == 750_000
    assert found.deployed == 900_000


def test_a_day_old_statement_is_the_oldest_that_counts() -> None:
    assert available(facility(as_of=AT - timedelta(hours=24)), AT, PARAMS) == 100_000
    assert available(facility(as_of=OLD), AT, PARAMS) == 0
    assert available(facility(as_of=AT + timedelta(days=1)), AT, PARAMS) == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"multisig": MultiSig(m=3, n=5, signers=2)}, "2 of 3 signers"),
        ({"maturity": date(2026, 5, 21)}, "it has matured"),
        ({"apr": 520.0}, "its rate is not one in per cent"),
        ({"ltv_now": 0.70, "ltv_liquidation": 0.80}, "too close to liquidation"),
        ({"ltv_now": 0.10}, "too close to liquidation"),
        ({"as_of": OLD}, "its statement is stale"),
    ],
)
def test_what_makes_a_facility_unavailable(change: dict[str, Any], words: str) -> None:
    line = facility(**change)
    assert words in hindrance(line, AT, PARAMS)
    assert available(line, AT, PARAMS) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"multisig": MultiSig(m=3, n=5, signers=3)},
        {"maturity": date(2026, 5, 22)},
        {"ltv_now": 0.69, "ltv_liquidation": 0.80},
        {"apr": None},
    ],
)
def test_what_does_not(change: dict[str, Any]) -> None:
    assert hindrance(facility(**change), AT, PARAMS) == ""


def test_a_lost_peg_costs_a_tenth_of_what_can_be_drawn_and_of_the_treasury() -> None:
    assert available(facility(drawn=40_000.0, peg=0.995), AT, PARAMS) == 60_000
    lost = facility(drawn=40_000.0, peg=0.9949)
    assert available(lost, AT, PARAMS) == pytest.approx(54_000)
    there = Facilities(facilities=(lost,), treasury=TREASURY)
    assert shock(there, PARAMS) == pytest.approx(8_500)


def test_a_reit_line_lends_a_tenth_less_in_stress_and_calls_the_rest() -> None:
    line = facility(type=FacilityType.REIT_LINE, limit=50_000.0, drawn=40_000.0)
    assert available(line, AT, PARAMS) == 10_000
    assert available(line, AT, PARAMS, is_stressed=True) == 5_000
    assert due((line,), AT, PARAMS) == 0
    assert due((replace(line, drawn=48_000.0),), AT, PARAMS) == pytest.approx(3_000)


def test_debt_is_due_where_it_can_be_called_or_matures_within_thirty_days() -> None:
    drawn = facility(drawn=60_000.0)
    assert due((drawn,), AT, PARAMS) == 0
    assert due((replace(drawn, callable_days=30),), AT, PARAMS) == 60_000
    assert due((replace(drawn, callable_days=31),), AT, PARAMS) == 0
    assert due((replace(drawn, maturity=date(2026, 6, 20)),), AT, PARAMS) == 60_000
    assert due((replace(drawn, maturity=date(2026, 6, 21)),), AT, PARAMS) == 0


def test_interest_of_a_month() -> None:
    by_hand = (60_000 * 0.0555 + 40_000 * 0.075) * 30 / 365
    assert interest((VAULT, REIT), 30, PARAMS) == pytest.approx(by_hand)
    assert interest((facility(drawn=36_500.0, apr=None),), 1, PARAMS) == 8.0


def test_collateral_loses_its_haircut_and_without_recourse_no_more_than_is_ours() -> (
    None
):
    ether = Collateral(asset="ETH", usd=100_000.0, haircut=0.5)
    line = facility(drawn=70_000.0, collateral=(ether,))
    assert shock(Facilities(facilities=(line,)), PARAMS) == 50_000
    bounded = replace(line, recourse=False)
    assert shock(Facilities(facilities=(bounded,)), PARAMS) == 30_000
    coins = Collateral(asset="USDC", usd=100_000.0, haircut=0.02)
    depegged = facility(peg=0.99, collateral=(coins,))
    assert shock(Facilities(facilities=(depegged,)), PARAMS) == pytest.approx(10_000)


amounts = st.floats(0, 1e7)


@given(
    amounts,
    amounts,
    st.floats(0.0, 1.1),
    st.sampled_from(FacilityType),
    st.integers(0, 5),
    st.integers(-2, 60),
)
def test_what_is_available_is_never_negative_nor_more_than_the_room(
    limit: float,
    drawn: float,
    peg: float,
    kind: FacilityType,
    signers: int,
    hours: int,
) -> None:
    line = facility(
        limit=limit,
        drawn=drawn,
        peg=peg,
        type=kind,
        multisig=MultiSig(m=3, n=5, signers=signers),
        as_of=AT - timedelta(hours=hours),
    )
    calm = available(line, AT, PARAMS)
    stressed = available(line, AT, PARAMS, is_stressed=True)
    assert 0 <= stressed <= calm <= max(limit - drawn, 0.0)
    if signers < 3 or not -1 <= hours <= 24:
        assert calm == 0


@given(amounts, amounts, st.integers(0, 60))
def test_age_never_makes_capital_more(drawn: float, own: float, hours: int) -> None:
    line = facility(drawn=drawn, as_of=AT - timedelta(hours=hours))
    treasury = replace(TREASURY, as_of=line.as_of)
    both = Facilities(facilities=(line,), treasury=treasury, own=own)
    now = funding(1e6, both, AT, PARAMS)
    then = funding(1e6, both, AT + timedelta(hours=7), PARAMS)
    assert then.deployed <= now.deployed
    assert then.available <= now.available
    assert then.drawn == now.drawn
    assert then.shock == now.shock
