"""How many contracts, and that no cap is ever exceeded."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.params import BandParams, HedgeParams
from alvh_trader.strategy.sizing import Need, Size, Term, explain, size, tranche

HEDGE, BANDS = HedgeParams(), BandParams()

needs = st.builds(
    Need,
    risk_notional=st.floats(1_000, 2e6),
    veq_now=st.floats(-20_000, 0),
    veq_after=st.floats(-20_000, 0),
    capital=st.floats(0, 1e7),
    tier=st.sampled_from(list(Tier)),
    held_veq=st.floats(0, 5_000),
    spent=st.floats(0, 30_000),
    floor_only=st.booleans(),
)
costs = st.floats(1, 2_000)
vegas = st.floats(0.5, 100)


def _size(need: Need, cost: float = 142.13, h: float = 32.204) -> Size:
    return size(need, cost=cost, h=h, hedge=HEDGE, bands=BANDS)


def _need(**changes: object) -> Need:
    base = {
        "risk_notional": 50_000.0,
        "veq_now": -412.25,
        "veq_after": -709.4,
        "capital": 850_000.0,
        "tier": Tier.NORMAL,
    }
    return Need(**{**base, **changes})  # type: ignore[arg-type]


@given(needs, costs, vegas)
def test_the_cap_is_never_exceeded_and_nothing_is_negative(
    need: Need, cost: float, h: float
) -> None:
    found = _size(need, cost, h)
    assert 0 <= found.n_min <= found.n <= found.n_high
    cap = HEDGE.share_high * need.risk_notional
    assert found.n == 0 or found.n * cost + need.spent <= cap * (1 + 1e-9) + 1e-6


@given(needs, costs, vegas)
def test_the_floor_is_bought_wherever_the_cap_allows(
    need: Need, cost: float, h: float
) -> None:
    found = _size(need, cost, h)
    assert found.n >= min(found.n_low, found.n_high)
    if found.n_low >= 1 and found.n_high >= 1:
        assert found.n >= 1


@given(needs, costs, vegas, st.floats(0, 20_000))
def test_more_vega_never_means_a_smaller_hedge(
    need: Need, cost: float, h: float, more: float
) -> None:
    worse = Need(
        risk_notional=need.risk_notional,
        veq_now=need.veq_now - more,
        veq_after=need.veq_after,
        capital=need.capital,
        tier=need.tier,
        held_veq=need.held_veq,
        spent=need.spent,
        floor_only=need.floor_only,
    )
    before, after = _size(need, cost, h), _size(worse, cost, h)
    assert after.n >= before.n
    assert after.n_min >= before.n_min


@pytest.mark.parametrize(
    ("tier", "pre", "post"), [(Tier.NORMAL, 6, 7), (Tier.RED, 4, 5), (Tier.CALL, 2, 4)]
)
def test_tiers_ask_for_their_own_share_of_vega(tier: Tier, pre: int, post: int) -> None:
    found = _size(_need(tier=tier))
    assert (found.n_pre, found.n_post) == (pre, post)


def test_the_call_side_buys_the_floor_and_no_ramp() -> None:
    need = _need(tier=Tier.CALL, veq_after=0.0, capital=10e6)
    found = _size(need, cost=72.2, h=27.0)
    assert found.n_wacc == 13
    assert found.n == found.n_low == 7


def test_little_drag_spends_up_to_the_cap_and_much_only_the_floor() -> None:
    cheap = _size(_need(veq_now=0.0, veq_after=0.0, capital=10e6))
    dear = _size(_need(veq_now=0.0, veq_after=0.0, capital=300_000))
    assert (cheap.drag < 5, cheap.share, cheap.n) == (True, 0.02, 7)
    assert (dear.drag > 25, dear.share, dear.n) == (True, 0.01, 4)


def test_without_capital_only_the_floor_is_spent() -> None:
    found = _size(_need(veq_now=0.0, veq_after=0.0, capital=0.0))
    assert found.drag == math.inf
    assert found.n == 4


def test_floor_only_needs_no_more_than_the_floor() -> None:
    found = _size(_need(floor_only=True))
    assert (found.n, found.n_min) == (4, 4)


def test_what_is_held_is_not_bought_again() -> None:
    found = _size(_need(held_veq=5 * 32.204, spent=5 * 142.13))
    assert (found.n_pre, found.n_post, found.n_high) == (1, 2, 2)
    assert (found.n, found.n_min) == (2, 1)
    enough = _size(_need(held_veq=7 * 32.204, spent=7 * 142.13))
    assert (enough.n, enough.n_min) == (0, 0)


def test_a_contract_above_the_cap_cannot_be_bought() -> None:
    found = _size(_need(risk_notional=5_000.0, veq_now=-41.2, veq_after=-70.9))
    assert (found.n, found.n_high, found.is_enough) == (0, 0, False)


def test_a_whole_quotient_does_not_cost_a_contract_to_rounding() -> None:
    found = _size(_need(veq_now=-805.1, veq_after=0.0), h=32.204)
    assert found.n_pre == 10
    exact = _size(_need(), cost=100.0, h=32.204)
    assert (exact.n_low, exact.n_high) == (5, 10)


@pytest.mark.parametrize(("cost", "h"), [(0, 1), (1, 0), (math.nan, 1), (1, math.inf)])
def test_nonsense_cannot_be_sized(cost: float, h: float) -> None:
    with pytest.raises(ValueError, match="no hedge can be sized"):
        _size(_need(), cost, h)


@given(needs, costs, vegas)
def test_the_red_never_buys_less_than_the_breach_before_it(
    need: Need, cost: float, h: float
) -> None:
    breach = replace(need, tier=Tier.NORMAL)
    red = replace(need, tier=Tier.RED)
    assert _size(red, cost, h).n >= _size(breach, cost, h).n


@given(needs, costs, vegas, st.floats(0.5, 2.0), st.floats(0, 0.5))
def test_a_higher_ratio_never_buys_less_on_the_ladder(
    need: Need, cost: float, h: float, edr: float, more: float
) -> None:
    low = _size(replace(need, tranche=tranche(edr)), cost, h)
    high = _size(replace(need, tranche=tranche(edr + more)), cost, h)
    assert high.n >= low.n >= low.n_min
    assert _size(need, cost, h).n >= high.n


MISSING = {"capital": 0.0, "year_left": math.nan, "factor": math.nan}


@given(needs, costs, vegas, st.sets(st.sampled_from(sorted(MISSING)), min_size=1))
def test_what_is_not_known_never_buys_more(
    need: Need, cost: float, h: float, missing: set[str]
) -> None:
    known = replace(need, year_left=1e9, factor=1.1)
    unknown = replace(known, **{name: MISSING[name] for name in missing})
    assert _size(unknown, cost, h).n <= _size(known, cost, h).n


SLIPS = st.sampled_from([100.0, 1000.0, 0.01, 0.001])
SLIPPED = st.sampled_from(["veq_now", "veq_after", "capital", "credit", "factor"])


@given(needs, costs, vegas, SLIPPED, SLIPS)
def test_a_slip_of_units_in_what_is_offset_stays_within_the_cap(
    need: Need, cost: float, h: float, name: str, slip: float
) -> None:
    wrong = replace(need, **{name: getattr(need, name) * slip})
    found = _size(wrong, cost, h)
    cap = HEDGE.share_high * need.risk_notional
    assert found.n == 0 or found.n * cost + need.spent <= cap * (1 + 1e-9) + 1e-6
    assert found.n >= min(found.n_low, found.n_high)


@given(needs, costs, vegas, st.floats(-1e6, 1e6))
def test_the_year_leaves_at_least_the_floor(
    need: Need, cost: float, h: float, left: float
) -> None:
    found = _size(replace(need, year_left=left), cost, h)
    assert found.n >= min(found.n_low, found.n_high)
    beyond = found.n * cost > left + 1e-6
    assert not beyond or found.n == min(found.n_low, found.n_high)


def test_a_year_at_its_cap_buys_the_floor_and_says_so() -> None:
    found = _size(_need(year_left=0.0))
    assert (found.n, found.binds) == (4, Term.YEAR)
    half = _size(_need(year_left=800.0))
    assert (half.n, half.binds) == (5, Term.YEAR)
    words = {f.what: f for f in explain(half, _need(year_left=700.0), HEDGE)}
    assert words["hedge cost of the year"].value == "700.00 USD left"
    assert not words["hedge cost of the year"].holds


def test_the_index_tunes_the_hedge_up_and_never_beyond_the_cap() -> None:
    need = _need(veq_after=0.0, capital=1.0)
    assert _size(need).n == 6
    assert _size(replace(need, factor=1.1)).n == 7
    assert _size(replace(need, factor=1.25)).n == 7
    assert _size(replace(need, factor=0.5)).n == 6


BASES = [
    # Base in USD, contracts of 1 % and of 2 % (§4.4).
    ("defined risk", 0.0, 4, 7),
    ("engine NLV", 750_000.0, 53, 105),
    ("deployed capital", 900_000.0, 64, 126),
]


@pytest.mark.parametrize(("name", "base", "low", "high"), BASES)
def test_the_table_of_notional_bases(
    name: str, base: float, low: int, high: int
) -> None:
    """alvh.md §4.4: what one to two per cent may be of, at a premium of 1.4213."""
    assert name
    found = _size(_need(base=base))
    assert (found.n_low, found.n_high) == (low, high)


def test_the_table_row_of_vix_over_spx_notional() -> None:
    """§4.4: n * F * 100 = 1 to 2 % of S * 100 * qty; 33 to 65 calls, USD 4 632."""
    spx, vix = 6860.0 * 100 * 10, 21.05 * 100
    low, high = math.ceil(0.01 * spx / vix), math.floor(0.02 * spx / vix)
    assert (low, high) == (33, 65)
    assert 0.01 * spx / vix * 142.13 == pytest.approx(4_632, abs=1)


def test_the_premium_is_told_as_a_share_of_the_credit() -> None:
    """§4.4: §12 pays 32 % of the credit."""
    need = _need(credit=3092.9)
    words = {f.what: f.value for f in explain(_size(need), need, HEDGE)}
    assert words["premium of the credit"] == "32 %"


def test_the_ladder_buys_a_quarter_first_and_never_less_than_the_minimum() -> None:
    need = _need(veq_now=-100.0, capital=10e6)
    assert [_size(replace(need, tranche=t)).n for t in (0.25, 0.75, 1.0)] == [4, 6, 7]
    assert _size(_need(tranche=0.25)).n == 6


def test_a_size_explains_its_numbers() -> None:
    need = _need()
    findings = explain(_size(need), need, HEDGE)
    words = {f.what: f.value for f in findings}
    assert words["contracts for the vega now"] == "6"
    assert words["contracts by capital drag"] == "5 (11.7 bp, 1.665 %)"
    assert words["premium of N_risk"] == "994.91 USD, 1.990 %"
    assert all(f.holds for f in findings)


@pytest.mark.parametrize(
    ("changes", "term"),
    [
        ({}, Term.VEGA_AFTER),
        ({"veq_after": 0.0}, Term.VEGA_NOW),
        ({"veq_after": 0.0, "veq_now": -100.0}, Term.CAPITAL),
        ({"veq_after": 0.0, "veq_now": 0.0, "capital": 0.0}, Term.FLOOR),
        ({"veq_after": -5_000.0}, Term.CAP),
        ({"floor_only": True}, Term.FLOOR),
    ],
)
def test_the_term_that_decided_is_named(changes: dict[str, object], term: Term) -> None:
    found = _size(_need(**changes))
    assert found.binds is term


@given(needs, costs, vegas)
def test_the_named_term_is_the_number(need: Need, cost: float, h: float) -> None:
    found = _size(need, cost, h)
    counts = {
        Term.CAP: found.n_high,
        Term.VEGA_NOW: found.n_pre,
        Term.VEGA_AFTER: found.n_post,
        Term.CAPITAL: found.n_wacc,
        Term.FLOOR: found.n_low,
    }
    assert found.n == counts[found.binds]
