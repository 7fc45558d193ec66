import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.alerts.render import (
    BODY_LETTERS_MAX,
    TITLE_LETTERS_MAX,
    clean,
    render,
)
from alvh_trader.engine.command import RaiseAlert, Severity

AT = datetime(2018, 2, 5, 14, 30, 5, tzinfo=UTC)


def alert(text: str = "EDR 0.95 %", case: str = "SPX-20180316") -> RaiseAlert:
    return RaiseAlert(code="breach", severity=Severity.CRITICAL, case=case, text=text)


def test_a_message_says_what_where_and_when() -> None:
    message = render(alert(), AT)
    assert message.title == "CRITICAL breach SPX-20180316"
    assert message.body == "EDR 0.95 %\n2018-02-05 09:30:05 New York"


def test_a_message_says_for_how_many_it_stands() -> None:
    body = render(alert(), AT, repeats=6).body
    assert body.endswith("The last of 7 alike since the previous message.")


def test_an_alert_about_no_case_names_none() -> None:
    assert render(alert(case=""), AT).title == "CRITICAL breach"


@pytest.mark.covers("F134")
def test_words_of_the_broker_cannot_fake_a_line() -> None:
    body = render(alert("refused\r\n2018-01-01 all is well\u202e\x1b[1m"), AT).body
    assert body.splitlines() == [
        "refused 2018-01-01 all is well [1m",
        "2018-02-05 09:30:05 New York",
    ]


@pytest.mark.covers("F134")
@given(st.text())
def test_nothing_but_visible_text_comes_through(text: str) -> None:
    kinds = {unicodedata.category(c)[0] for c in clean(text) if c != " "}
    assert not kinds & {"C", "Z"}


@given(st.text(), st.text())
def test_a_message_has_bounded_length(text: str, case: str) -> None:
    message = render(alert(text * 500, case * 50), AT)
    assert len(message.title) <= TITLE_LETTERS_MAX
    assert len(message.body) <= BODY_LETTERS_MAX + 40
    assert "\n" not in message.title
