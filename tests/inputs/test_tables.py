"""Tables: what published series and constituents say, and what they cannot be."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alvh_trader.domain.freshness import SERIES, Part
from alvh_trader.domain.inputs import Constituent, Constituents, MacroSeries
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.tables import (
    BOUNDS,
    breadth_of,
    constituents_of,
    csv_of,
    series_of,
)
from alvh_trader.inputs.text import Text

WRITTEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def text(body: str) -> Text:
    return Text("x.csv", body, WRITTEN)


def mistakes(made: Callable[[], object]) -> list[str]:
    with pytest.raises(ConfigError) as error:
        made()
    return str(error.value).splitlines()


@pytest.mark.parametrize(
    "header", ["observation_date,CPIAUCSL", "DATE,CPIAUCSL", "date,VALUE", "DATE,VALUE"]
)
def test_a_series_is_read_and_gaps_are_left_out(header: str) -> None:
    body = f"{header}\r\n2025-09-01,324.368\r\n2025-10-01,.\r\n2025-11-01,325.0\r\n"
    assert series_of(Part.CPI, text(body)) == MacroSeries(
        id="CPIAUCSL",
        points=((date(2025, 9, 1), 324.368), (date(2025, 11, 1), 325.0)),
        fetched=WRITTEN,
    )


HEAD = "observation_date,DTB3\n"


@pytest.mark.parametrize(
    ("part", "body", "words"),
    [
        (Part.BILL, "", "is empty"),
        (Part.BILL, HEAD, "holds no value"),
        (Part.BILL, f"{HEAD}2026-01-02,.\n", "holds no value"),
        (Part.BILL, "<!DOCTYPE html>\n<html>", "the header <!DOCTYPE html> should be"),
        (Part.CPI, HEAD, "observation_date,CPIAUCSL"),
        (Part.BILL, f"{HEAD}2026-01-02,3.6%\n", 'line 2: value = "3.6%": should be'),
        (Part.BILL, f"{HEAD}2026-01-02,nan\n", "should be a finite number"),
        (Part.BILL, f"{HEAD}02/01/2026,3.6\n", "should be a day such as"),
        (Part.BILL, f"{HEAD}2026-01-02,360\n", "should be from -3 to 30"),
        (Part.BILL, f"{HEAD}2026-01-02,0.4\n2026-01-05,4.5\n", "is too far from 0.4"),
        (Part.BILL, f"{HEAD}2026-01-05,3\n2026-01-02,3\n", "later than 2026-01-05"),
        (Part.BILL, f"{HEAD}2026-01-05,3\n2026-01-05,3\n", "is already in line 2"),
        (Part.BILL, f"{HEAD}2026-01-05\n", "line 2: 1 values, the header has 2"),
        (
            Part.CPI,
            "observation_date,CPIAUCSL\n2026-01-31,320\n",
            "dated on its first day",
        ),
        (
            Part.CPI,
            "observation_date,CPIAUCSL\n2026-01-01,320\n2026-02-01,32.1\n",
            "is too far from 320",
        ),
    ],
)
def test_a_mistake_in_a_series_is_named(part: Part, body: str, words: str) -> None:
    (mistake,) = mistakes(lambda: series_of(part, text(body)))
    assert mistake.startswith("x.csv")
    assert words in mistake


@pytest.mark.parametrize("part", SERIES)
@pytest.mark.parametrize("slip", [100.0, 1000.0])
def test_a_slip_of_the_decimal_point_is_caught(part: Part, slip: float) -> None:
    usual = {Part.CPI: 325.0, Part.PPI: 150.0, Part.REER: 105.0}.get(part, 3.6)
    days = [date(2025, month, 1) for month in range(1, 7)]
    rows: list[tuple[date, float]] = [(day, usual) for day in days]
    header = ("observation_date", part.value)
    assert series_of(part, text(csv_of(header, rows))).points == tuple(rows)
    rows[3] = (rows[3][0], usual * slip)
    assert mistakes(lambda: series_of(part, text(csv_of(header, rows))))


COMPANIES = """\
# Operating cash flow of twelve months, per share.
symbol,shares,cash_flow,as_of
AAPL,14800000000,7.98,2026-10-31
BRK.B,2157000000,-14.2,2026-11-10
"""

PRICES = """\
date,symbol,close
2026-11-19,AAPL,268.1
2026-11-18,AAPL,267.4
2026-11-18,MSFT,480.0
"""


def test_constituents_are_read_with_their_closes() -> None:
    apple = Constituent(
        symbol="AAPL",
        shares=14_800_000_000,
        cash_flow=7.98,
        closes=((date(2026, 11, 18), 267.4), (date(2026, 11, 19), 268.1)),
    )
    berkshire = Constituent(symbol="BRK.B", shares=2_157_000_000, cash_flow=-14.2)
    assert constituents_of(text(COMPANIES), text(PRICES)) == Constituents(
        members=(apple, berkshire), as_of=date(2026, 10, 31)
    )
    alone = constituents_of(text(COMPANIES), None)
    assert [member.closes for member in alone.members] == [(), ()]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("14800000000", "14800", "line 3: shares = "),
        ("AAPL", "apple", 'line 3: symbol = "apple": '),
        ("BRK.B", "AAPL", 'line 4: "AAPL" is already in line 3'),
        ("2026-10-31", "", 'line 3: as_of = "": should be a day'),
        ("shares,", "share,", "line 2: no column shares"),
        ("7.98", "inf", "should be a finite number"),
    ],
)
def test_a_mistake_in_the_constituents_is_named(old: str, new: str, words: str) -> None:
    body = COMPANIES.replace(old, new, 1)
    (mistake,) = mistakes(lambda: constituents_of(text(body), None))
    assert mistake.startswith("x.csv, ")
    assert words in mistake


def test_constituents_without_a_company_are_a_mistake() -> None:
    body = "symbol,shares,cash_flow,as_of\n"
    assert mistakes(lambda: constituents_of(text(body), None)) == [
        "x.csv: names no company"
    ]


def test_a_mistake_in_the_closes_is_named() -> None:
    body = PRICES.replace("268.1", "0") + "2026-11-18,AAPL,267.4\n"
    first, second = mistakes(lambda: constituents_of(text(COMPANIES), text(body)))
    assert "line 2: close = " in first
    assert '"2026-11-18" "AAPL" is already in line 3' in second


CELLS = st.sampled_from(
    [
        *("observation_date", "DTB3", "date", "symbol", "close", "shares", "AAPL"),
        *("2026-01-02", "9999-12-31", "0000-00-00", "1e400", "-0", ".", '"', "'", "#"),
        *("3.6", "1_0", "٣", "\x00", "\x85", "\u2028", "", " ", "=", "10000000000"),
    ]
)
SOUP = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=8).map(
    "\n".join
) | st.text(max_size=80)


@given(
    body=SOUP,
    header=st.sampled_from(
        ["", "date,VALUE\n", "date,symbol,close\n", "symbol,shares,cash_flow,as_of\n"]
    ),
)
@example(body="2026-01-02,1" + "0" * 5000, header="date,VALUE\n")
@example(body='"' + "x" * 200_000, header="date,VALUE\n")
def test_no_text_raises_anything_but_our_error(body: str, header: str) -> None:
    given_text = text(header + body)
    parsers: list[Callable[[Text], object]] = [
        *(partial(series_of, part) for part in BOUNDS),
        lambda t: constituents_of(t, None),
        lambda t: constituents_of(text(COMPANIES), t),
        breadth_of,
    ]
    for parse in parsers:
        try:
            parse(given_text)
        except ConfigError as error:
            lines = str(error).splitlines()
            assert lines
            assert all(line.startswith("x.csv") for line in lines)
            assert all(len(line) < 600 for line in lines)
