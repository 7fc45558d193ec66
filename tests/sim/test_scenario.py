"""Scenarios: names, windows, and what a seller of the starting condor would see."""

import math
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError
from alvh_trader.sim import products
from alvh_trader.sim.daily import FINALS, RATES
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.market import Market
from alvh_trader.sim.scenario import (
    breadth_history,
    names,
    part_of,
    scenario,
    shared_by,
)

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'crash-1929'; there are volmageddon-2018,"):
        scenario("crash-1929")


@pytest.mark.parametrize(
    ("name", "first", "last", "sessions"),
    [
        ("volmageddon-2018", date(2018, 1, 22), date(2018, 3, 29), 48),
        ("volmageddon-2018-no-vix-quotes", date(2018, 1, 22), date(2018, 2, 9), 15),
        ("melt-up-2018", date(2018, 1, 2), date(2018, 1, 26), 18),
        ("october-2018", date(2018, 9, 17), date(2018, 11, 16), 45),
        ("december-2018", date(2018, 11, 26), date(2018, 12, 31), 24),
        ("calm-2017", date(2017, 9, 1), date(2017, 10, 31), 42),
        ("october-2018-cash", date(2018, 9, 17), date(2018, 11, 16), 45),
    ],
)
def test_every_scenario_has_its_window_and_250_sessions_before_it(
    name: str, first: date, last: date, sessions: int
) -> None:
    assert name in names()
    made = scenario(name)
    assert (made.first, made.last) == (first, last)
    assert len(made.days) - made.start == sessions
    assert made.start >= 250


def test_a_history_with_a_hole_says_which_session_it_needs(tmp_path: Path) -> None:
    (tmp_path / "vix_daily.csv").write_text("date,close\n2018-02-05,37.32\n")
    with pytest.raises(ConfigError, match="needs SPX and VIX of 2018-01-22"):
        scenario("volmageddon-2018", tmp_path)


def test_both_volmageddons_have_the_same_tape() -> None:
    pair = [
        Exchange(scenario(name), 3)
        for name in ("volmageddon-2018", "volmageddon-2018-no-vix-quotes")
    ]
    ids = [products.SPX, products.VIX, products.AD_NYSE]
    for exchange in pair:
        exchange.advance(exchange.now + timedelta(days=14, hours=2))
    assert pair[0].tops(ids) == pair[1].tops(ids)


def test_an_account_may_start_with_cash_alone() -> None:
    account = Exchange(scenario("october-2018-cash"), 1).account()
    assert account.holdings == ()
    assert account.cash == Decimal(1_000_000)


def test_breadth_history_is_80_sessions_before_the_window_by_seed() -> None:
    made = scenario("volmageddon-2018")
    past = breadth_history(made, 1)
    assert len(past) == 80
    assert past[-1][0] == date(2018, 1, 19)
    assert breadth_history(made, 1) == past != breadth_history(made, 2)


def test_a_part_that_ends_early_is_the_beginning_of_the_whole() -> None:
    whole = scenario("volmageddon-2018")
    part = part_of(whole, None, date(2018, 1, 24))
    assert (part.first, part.last) == (whole.first, date(2018, 1, 24))
    pair = [Exchange(whole, 3), Exchange(part, 3)]
    held = [h.holding.con_id for h in pair[0].account().holdings]
    ids = [products.SPX, products.VIX, products.AD_NYSE, *held]
    seen = 0
    while (to := pair[1].next_instant(timedelta(hours=1))) is not None:
        for exchange in pair:
            exchange.advance(to)
        assert pair[0].tops(ids) == pair[1].tops(ids)
        assert pair[0].account() == pair[1].account()
        seen += 1
    assert seen > 15
    assert pair[0].next_instant(timedelta(hours=1)) is not None


def test_a_part_that_starts_late_opens_its_account_then() -> None:
    whole = scenario("volmageddon-2018")
    part = part_of(whole, date(2018, 2, 3), date(2018, 2, 6))
    assert (part.first, part.last) == (date(2018, 2, 5), date(2018, 2, 6))
    assert part.start > whole.start
    assert breadth_history(part, 1)[-1][0] == date(2018, 2, 2)
    assert len(Exchange(part, 1).account().holdings) == 4


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (date(2018, 1, 1), None, "2018-01-01 is not in volmageddon-2018"),
        (None, date(2018, 3, 30), "2018-03-30 is not in volmageddon-2018"),
        (date(2018, 2, 3), date(2018, 2, 4), "no session from 2018-02-03 to"),
        (date(2018, 2, 6), date(2018, 2, 5), "no session from 2018-02-06 to"),
    ],
)
def test_a_part_has_sessions(
    since: date | None, until: date | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        part_of(scenario("volmageddon-2018"), since, until)


def most_delta_ratio(name: str, seed: int) -> float:
    """Return the largest delta ratio E1 (alvh.md §2.2) that the start would show."""
    exchange = Exchange(scenario(name), seed)
    held = exchange.account().holdings
    shorts = [h.holding.con_id for h in held if h.holding.quantity < 0]
    most = 0.0
    while (to := exchange.next_instant(timedelta(minutes=2))) is not None:
        exchange.advance(to)
        if not all(exchange.listing(con_id) for con_id in shorts):
            break
        vix = float(exchange.tops([products.VIX])[0].last or 0)
        deltas = [abs(g.delta) for g in exchange.greeks(shorts) if g is not None]
        most = max(most, vix / 365**0.5 * max(deltas) / 0.18)
    return most


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seller_sees_nothing_alarming_in_the_calm_scenario(seed: int) -> None:
    assert most_delta_ratio("calm-2017", seed) < 0.6


@pytest.mark.parametrize("name", ["volmageddon-2018", "october-2018", "december-2018"])
def test_a_seller_sees_a_breach_in_the_others(name: str) -> None:
    assert most_delta_ratio(name, 1) > 0.94


def test_a_melt_up_tests_the_call_side() -> None:
    exchange = Exchange(scenario("melt-up-2018"), 1)
    held = exchange.account().holdings
    shorts = [h.holding.con_id for h in held if h.holding.quantity < 0]
    while (to := exchange.next_instant(timedelta(minutes=20))) is not None:
        exchange.advance(to)
    deltas = [g.delta for g in exchange.greeks(shorts) if g is not None]
    assert max(deltas) > 0.30
    assert min(deltas) > -0.10


def test_a_name_of_two_days_is_the_window_between_them() -> None:
    short = scenario("2018-02-05..2018-02-09")
    assert [day.day.day for day in short.days[short.start :]] == [5, 6, 7, 8, 9]
    exchange = Exchange(short, 1)
    assert exchange.session_day == date(2018, 2, 5)
    assert len(exchange.account().holdings) == 4


@pytest.mark.parametrize(
    "name",
    ["2018-02-09..2018-02-05", "2018-02-30..2018-03-05", "2018-02-05", "nonsense"],
)
def test_a_window_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        scenario(name)


def test_history_sets_the_rate_and_the_settlement_where_it_has_them(
    tmp_path: Path,
) -> None:
    (tmp_path / FINALS).write_text(
        "expiry,contract,final_settlement\n2018-02-14,VXG18,25.09\n"
    )
    (tmp_path / RATES).write_text("date,dgs3mo\n2018-02-13,5.00\n")
    whole = scenario("2018-02-13..2018-02-14", tmp_path)
    market = Market(whole, 1)
    assert market.vix_settlement(1) == 25.09
    assert market.vix_settlement(0) == market.session(0).tape.vix[0]
    rates = [market.session(number).state(0).rate for number in (0, 1)]
    assert rates == pytest.approx([math.log(1.05), 0.02])


@pytest.mark.skipif(not SHARED.exists(), reason="needs the real history in ../shared")
def test_a_window_of_a_full_history_opens_and_trades_its_first_minutes() -> None:
    exchange = Exchange(scenario("2020-03-09..2020-03-20", SHARED), 1)
    assert exchange.session_day == date(2020, 3, 9)
    vix = float(exchange.tops([products.VIX])[0].close or 0)
    assert vix == 41.94
    exchange.advance(exchange.now + timedelta(minutes=5))
    assert all(row.price > 0 for row in exchange.account().holdings)


def test_accounts_are_named_as_paper_accounts_are() -> None:
    whole = scenario("calm-2017")
    both = shared_by(whole, ["DU1000001", "DUH724521", "U0001000"])
    assert Exchange(both, 1).accounts == ("DU1000001", "DUH724521", "U0001000")
    for wrong in ([], ["U1000001"], ["DU1"], ["DU1000001", "DU1000001"]):
        with pytest.raises(ConfigError, match="account"):
            shared_by(whole, wrong)
