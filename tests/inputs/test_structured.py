"""Files of keys and values: what is right becomes a struct, what is wrong is named."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alvh_trader.domain.inputs import (
    Collateral,
    Facilities,
    Facility,
    FacilityType,
    FomcCalendar,
    FomcMeeting,
    IndexFundamentals,
    MultiSig,
    Tags,
    Treasury,
)
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.structured import facilities_of, fomc_of, index_of, tags_of
from alvh_trader.inputs.text import Text

DAY = "as_of: 2026-11-20\n"
WRITTEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PARSERS = (facilities_of, fomc_of, index_of, tags_of)


def text(body: str) -> Text:
    return Text("x.yaml", body, WRITTEN)


def mistakes(parse: Callable[[Text], object], body: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse(text(body))
    return str(error.value).splitlines()


FACILITIES = """
facilities:
  - id: vault
    type: stablecoin_vault
    limit_usd: 250000
    drawn_usd: 100000
    credited_usd: 40000
    apr: 5.25
    mev_gas_addon: 0.4
    collateral:
      - {asset: USDC, usd: 150000}
      - {asset: ETH, usd: 90000}
      - {asset: wBTC, usd: 10, haircut: 0.35}
    ltv_now: 0.45
    ltv_liquidation: 0.80
    recourse: false
    callable_days: 7
    maturity: 2027-06-30
    peg: 0.999
    multisig: {m: 2, n: 3, signers: 3}
    as_of: 2026-11-20 07:30
  - {id: bank, type: bank_line, limit_usd: 1, drawn_usd: 0, as_of: 2026-11-20T12:00:00Z}
treasury: {cash_usd: 5000, bills_usd: 20000, stablecoins_usd: 1000, as_of: 2026-11-20}
margin_debit_rate: 6.8
sweep_share: 0.5
own_usd: 25000
swept_usd: 1200
"""


def test_facilities_are_read_with_their_defaults() -> None:
    vault = Facility(
        id="vault",
        type=FacilityType.STABLECOIN_VAULT,
        limit=250_000,
        drawn=100_000,
        credited=40_000,
        apr=5.25,
        mev_gas=0.4,
        collateral=(
            Collateral(asset="USDC", usd=150_000, haircut=0.02),
            Collateral(asset="ETH", usd=90_000, haircut=0.50),
            Collateral(asset="wBTC", usd=10, haircut=0.35),
        ),
        ltv_now=0.45,
        ltv_liquidation=0.80,
        recourse=False,
        callable_days=7,
        maturity=date(2027, 6, 30),
        peg=0.999,
        multisig=MultiSig(m=2, n=3, signers=3),
        as_of=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    )
    bank = Facility(
        id="bank", type=FacilityType.BANK_LINE, limit=1, drawn=0, as_of=WRITTEN
    )
    assert facilities_of(text(FACILITIES)) == Facilities(
        facilities=(vault, bank),
        treasury=Treasury(
            cash=5000,
            bills=20_000,
            stablecoins=1000,
            as_of=datetime(2026, 11, 20, 5, 0, tzinfo=UTC),
        ),
        margin_debit_rate=6.8,
        sweep_share=0.5,
        own=25_000,
        swept=1_200,
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("apr: 5.25", "apr: 31", ".apr = 31: should be less than or equal to 30"),
        ("apr: 5.25", "apr: -1", ".apr = -1: should be greater than or equal to 0"),
        ("apr: 5.25", "apr: 0.0525", "0.0525: should be per cent a year"),
        ("apr: 5.25", "apr: yes", ".apr = true: should be a number"),
        ("apr: 5.25", "apr: .nan", ".apr = nan: should be a finite number"),
        ("apr: 5.25", "arp: 5.25", ".arp: there is no such key"),
        ("  - id: vault\n    type", "  - type", ".id: is not given"),
        ("id: vault", "id: bank", "two facilities have the id bank"),
        ("type: stablecoin_vault", "type: casino", "should be 'stablecoin_vault'"),
        ("limit_usd: 250000", "limit_usd: -1", "greater than or equal to 0"),
        ("drawn_usd: 100000", "drawn_usd: -1", "greater than or equal to 0"),
        ("credited_usd: 40000", "credited_usd: 100001", "not be above drawn_usd"),
        ("usd: 150000", "usd: -1", ".collateral[1].usd = -1: should be greater"),
        ("haircut: 0.35", "haircut: 35", ".haircut = 35: should be less than"),
        ("ltv_now: 0.45", "ltv_now: 0.70", "ltv_now = 0.7 should be more than 0.1"),
        ("ltv_now: 0.45", "ltv_now: 45", ".ltv_now = 45: should be less than"),
        ("    ltv_now: 0.45\n", "", "ltv_now and ltv_liquidation belong together"),
        ("{m: 2, n: 3", "{m: 4, n: 3", "m = 4 should not be above n = 3"),
        ("signers: 3", "signers: 4", "signers = 4: there are only n = 3"),
        ("peg: 0.999", "peg: 999", ".peg = 999: should be less than"),
        ("as_of: 2026-11-20 07:30", "as_of: soon", '.as_of = "soon": should be a time'),
        ("as_of: 2026-11-20 07:30", "as_of: 20261120", "should be a time such as"),
        ("maturity: 2027-06-30", "maturity: 2027", ".maturity = 2027: should be a day"),
        ("as_of: 2026-11-20}", "as_of: 2026-11-31}", "day is out of range"),
        ("sweep_share: 0.5", "sweep_share: 50", "sweep_share = 50: should be less"),
        ("margin_debit_rate: 6.8", "margin_debit_rate: 0.068", "is it a fraction?"),
        ("margin_debit_rate: 6.8", "facilities: []", "the key facilities is there"),
        ("peg: 0.999", "peg: &a 0.9\n    tax: *a", "aliases (*) are not allowed"),
    ],
)
def test_a_mistake_in_the_facilities_is_named(old: str, new: str, words: str) -> None:
    assert FACILITIES.count(old) == 1
    (mistake,) = mistakes(facilities_of, FACILITIES.replace(old, new))
    assert mistake.startswith("x.yaml")
    assert words in mistake


def test_all_mistakes_are_named_at_once() -> None:
    body = FACILITIES.replace("apr: 5.25", "apr: 99").replace("peg: 0.999", "peg: x")
    apr, peg = mistakes(facilities_of, body)
    assert apr.startswith("x.yaml: facilities[1].apr = 99: ")
    assert peg.startswith('x.yaml: facilities[1].peg = "x": ')


def test_the_calendar_is_read_in_new_york_time() -> None:
    body = """
as_of: 2026-11-20
meetings:
  - {released: 2026-10-28 14:00, minutes: 2026-11-18, score: -1, dot_gap: 25}
  - {released: 2026-12-09T19:00:00Z, divergence: true, two_year_move: -15.5}
releases: [2026-12-10 08:30, "2026-12-04T08:30"]
"""
    assert fomc_of(text(body)) == FomcCalendar(
        as_of=date(2026, 11, 20),
        meetings=(
            FomcMeeting(
                released=datetime(2026, 10, 28, 18, 0, tzinfo=UTC),
                minutes=date(2026, 11, 18),
                score=-1,
                dot_gap=25,
            ),
            FomcMeeting(
                released=datetime(2026, 12, 9, 19, 0, tzinfo=UTC),
                divergence=True,
                two_year_move=-15.5,
            ),
        ),
        releases=(
            datetime(2026, 12, 10, 13, 30, tzinfo=UTC),
            datetime(2026, 12, 4, 13, 30, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("meetings: []", "as_of: is not given"),
        ("as_of: 2026-11-20\nmeetings: 5", "meetings = 5: should be a valid tuple"),
        (
            "as_of: 2026-11-20\nmeetings: [{released: 2026-12-09 14:00, score: 3}]",
            "meetings[1].score = 3: should be less than or equal to 2",
        ),
        (
            f"{DAY}meetings: [{{released: 2026-12-09, minutes: 2026-12-01}}]",
            "minutes = 2026-12-01 should be after the release",
        ),
        (
            f"{DAY}meetings: [{{released: 2026-12-09}}, {{released: 2026-10-28}}]",
            "meetings should be in order",
        ),
    ],
)
def test_a_mistake_in_the_calendar_is_named(body: str, words: str) -> None:
    (mistake,) = mistakes(fomc_of, body)
    assert words in mistake


INDEX = """
as_of: 2026-11-20
top_ten_weight: 0.38
pe_percentile: 91
dividends: 80
growth: 6
"""


def test_fundamentals_and_tags_are_read() -> None:
    assert index_of(text(INDEX)) == IndexFundamentals(
        top_ten_weight=0.38,
        pe_percentile=91,
        dividends=80,
        growth=6,
        as_of=date(2026, 11, 20),
    )
    tags = tags_of(text("as_of: 2026-11-20\ngdp_growth: -0.3\n"))
    assert tags == Tags(gdp_growth=-0.3, as_of=date(2026, 11, 20))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("top_ten_weight: 0.38", "top_ten_weight: 38"),
        ("top_ten_weight: 0.38", "top_ten_weight: 0.0038"),
        ("pe_percentile: 91", "pe_percentile: 0.91"),
        ("pe_percentile: 91", "pe_percentile: 910"),
        ("dividends: 80", "dividends: 0.8"),
        ("dividends: 80", "dividends: 80000"),
        ("growth: 6", "growth: 600"),
    ],
)
def test_a_slip_of_the_unit_is_caught(old: str, new: str) -> None:
    (mistake,) = mistakes(index_of, INDEX.replace(old, new))
    assert mistake.startswith(f"x.yaml: {new.replace(': ', ' = ')}: should be")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "should be keys with values"),
        ("- 1", "should be keys with values"),
        ("a: [", "line 1: expected the node content"),
        ("a: 1\nb: :\n c", "line"),
        ("[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a: !!python/object:os.system x", "line 1: tags (!) are not allowed"),
        ("a: &b 1\nc: *b", "line 2: aliases (*) are not allowed"),
        ("a: b" * 30_000, "is longer than 100000 letters"),
        ("a: \x00", "special characters are not allowed"),
        ("a: 2026-13-45", "month must be in 1..12"),
        ("? {a: 1}\n: 2", "unhashable"),
    ],
)
@pytest.mark.parametrize("parse", PARSERS)
def test_what_is_no_usable_yaml_is_named(
    parse: Callable[[Text], object], body: str, words: str
) -> None:
    (mistake,) = mistakes(parse, body)
    assert mistake.startswith("x.yaml")
    assert words in mistake


WORDS = st.sampled_from(
    [
        *("as_of", "facilities", "meetings", "released", "score", "apr", "id", "type"),
        *(": ", "- ", "\n", "\n  ", "{", "}", "[", "]", "&a ", "*a", "<<", "!!", "~"),
        *("2026-11-20", "2026-11-20 14:00", "9999-12-31T23:59:59-23:59", "0001-01-01"),
        *("1e999", ".nan", "0x", "1:2:3", "=", "yes", "null", '"', "'", "#", "?"),
        *("!!binary x", "!!timestamp 1", "!!set {a}", "!!float x", "!!int ''", "\t"),
    ]
)
SOUP = st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=80)


@given(body=SOUP)
@example(body="as_of: !!int ''")
@example(body="as_of: !!float ''")
@example(body="as_of: !!bool x")
@example(body="as_of: !!timestamp x")
@example(body="as_of: 9999-12-31T23:59:59-23:59")
@example(body="as_of: 0001-01-01T00:00:00+23:59")
@example(body=f"as_of: {'9' * 5000}")
@example(body=f"dividends: {'1:' * 400}1\nas_of: {'7:' * 400}0.5")
def test_no_text_raises_anything_but_our_error(body: str) -> None:
    for parse in PARSERS:
        try:
            parse(text(body))
        except ConfigError as error:
            lines = str(error).splitlines()
            assert lines
            assert all(line.startswith("x.yaml") for line in lines)
            assert all(len(line) < 500 for line in lines)
