"""Dated flows, their return, the sweep that is owed, and a year's income."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.capital.cashbook import (
    CashBook,
    Flow,
    Kind,
    charge,
    enter,
    forget,
    income,
    owe,
    rate_of_return,
    sweep_due,
    tie_up,
)

DAY = date(2026, 5, 7)
MULTIPLE = 50_000.0


def worked() -> CashBook:
    """Return the ten condors of §12, closed at half their credit after 33 days."""
    book = tie_up(CashBook(), DAY, "c1", MULTIPLE)
    book = enter(book, Flow(DAY, "c1", Kind.CREDIT, 3_092.90))
    book = charge(book, DAY, "e1", "c1", 14.97)
    closed = DAY + timedelta(days=33)
    book = enter(book, Flow(closed, "c1", Kind.CLOSE, -1_546.45))
    book = charge(book, closed, "e2", "c1", 15.01)
    return tie_up(book, closed, "c1", 0.0)


def test_realised_return_of_the_worked_example() -> None:
    book = worked()
    by_day = {
        day: sum(f.usd for f in book.flows if f.day == day)
        for day in {f.day for f in book.flows}
    }
    assert by_day[DAY] == pytest.approx(-46_922.07)
    assert by_day[DAY + timedelta(days=33)] == pytest.approx(48_438.54)
    assert rate_of_return(book.of("c1")) == pytest.approx(42.16, abs=5e-3)
    hedged = enter(book, Flow(DAY + timedelta(days=14), "c1", Kind.HEDGE, -1_001.93))
    assert rate_of_return(hedged.of("c1")) == pytest.approx(12.66, abs=5e-3)


def test_what_is_still_held_returns_what_its_marks_say() -> None:
    book = tie_up(CashBook(), DAY, "c1", 1_000.0)
    later = DAY + timedelta(days=365)
    assert rate_of_return(book.of("c1")) is None
    assert rate_of_return(book.of("c1"), later, 1_100.0) == pytest.approx(10.0)


def test_margin_follows_the_width_and_comes_back_whole() -> None:
    book = tie_up(CashBook(), DAY, "c1", 50_000.0)
    book = tie_up(book, DAY + timedelta(days=14), "c1", 55_000.0)
    book = tie_up(book, DAY + timedelta(days=14), "c1", 55_000.0)
    assert [f.usd for f in book.flows] == [-50_000.0, -5_000.0]
    assert book.margins == {"c1": 55_000.0}
    book = tie_up(book, DAY + timedelta(days=33), "c1", 0.0)
    assert sum(f.usd for f in book.flows) == 0
    assert book.margins == {}


def test_a_commission_is_charged_once_and_a_correction_replaces_it() -> None:
    book = charge(CashBook(), DAY, "e1", "c1", 1.30)
    assert charge(book, DAY, "e1", "c1", 1.30) == book
    book = charge(book, DAY, "e1", "c1", 1.50)
    assert sum(f.usd for f in book.flows) == pytest.approx(-1.50)


def test_the_vault_is_owed_what_earned_and_nothing_for_what_lost() -> None:
    book = owe(owe(CashBook(), "c1", 3_000.0), "c2", -500.0)
    assert sweep_due(book, 0.0) == 3_000
    assert sweep_due(owe(book, "c1", -1_000.0), 500.0) == 1_500
    assert sweep_due(book, 3_000.0) == 0
    assert sweep_due(book, 9_000.0) == 0


def test_income_is_of_cases_that_are_gone_and_needs_a_history() -> None:
    book = worked()
    book = tie_up(book, DAY, "c2", 50_000.0)
    book = enter(book, Flow(DAY, "c2", Kind.CREDIT, 9_999.0))
    at = DAY + timedelta(days=100)
    net = 3_092.90 - 1_546.45 - 14.97 - 15.01
    assert income(book, at, least_days=90) == pytest.approx(net * 3.65)
    assert income(book, DAY + timedelta(days=89), least_days=90) is None
    assert income(CashBook(), at, least_days=1) is None


def test_what_nobody_needs_is_forgotten() -> None:
    book = charge(worked(), DAY + timedelta(days=33), "e3", "c1", 1.0)
    soon = forget(book, DAY + timedelta(days=40), frozenset({"e3"}))
    assert soon.flows == book.flows
    assert soon.charged == {"e3": 1.0}
    assert forget(book, DAY + timedelta(days=800), frozenset()).flows == ()
    held = tie_up(book, DAY + timedelta(days=33), "c1", 1.0)
    assert forget(held, DAY + timedelta(days=800), frozenset()).flows == held.flows


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_margin_flows_always_add_up_to_what_is_tied_up(levels: list[float]) -> None:
    book = CashBook()
    for number, level in enumerate(levels):
        book = tie_up(book, DAY + timedelta(days=number), "c1", level)
    tied = book.margins.get("c1", 0.0)
    assert -sum(f.usd for f in book.flows) == pytest.approx(tied, abs=1e-6)
