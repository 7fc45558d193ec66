"""The transcript: what a person reads of the worked example."""

from datetime import UTC, datetime

import pytest

from alvh_trader.domain.instrument import Future, Other
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    RepriceOrder,
    RequestReport,
)
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import (
    BrokerDisconnected,
    Event,
    LinkChanged,
    OrderNotSent,
    OrderRefused,
    ReportFailed,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.runtime.transcript import (
    Names,
    account,
    is_before_time,
    lines,
    name_of,
    order_words,
    when,
)
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, START, World
from tests.risk.test_gate import CALL, HEDGE, OLD, ROLL

Body = Event | Command | Decision


def told(body: Body, names: Names | None = None) -> list[str]:
    return list(lines(START, body, names or Names()))


def transcript() -> list[str]:
    """Return the worked example as the journal would tell it."""
    state, names, text = State(), Names(), list[str]()
    for event in World().start().until(Phase.COOLDOWN).events:
        outcome = step(state, event, RULES)
        state = outcome.state
        for body in (event, *outcome.decisions, *outcome.commands):
            text += lines(event.at, body, names)
    return text


def test_the_worked_example_reads_as_a_day() -> None:
    text = transcript()
    moves = [line.split("  ")[2] for line in text if " -> " in line]
    for phase in ("ARMED", "HEDGE_WORKING", "BREADTH", "ROLL_WORKING", "COOLDOWN"):
        assert any(move.endswith(f"-> {phase}") for move in moves), phase
    whole = "\n".join(text)
    assert "place      ALVH-" in whole
    assert "BUY 7 x [+1 VIXW 26-06-03 22C] @ 1.43 debit" in whole
    assert "permitted by the hedge fills 0000e0d5." in whole
    assert "filled     ALVH-" in whole
    assert "+7 VIXW 26-06-03 22C @ 1.42" in whole
    assert "yes SD to break-even at the shock 0.91" in whole
    assert ", asked <= 1.25" in whole


def test_facts_stand_at_the_margin_and_requests_under_them() -> None:
    for line in transcript():
        is_fact = line.startswith("2026-05-21 11:0")
        assert is_fact or line.startswith(" " * 20), line


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (OrderRefused(at=START, ref="r", code=201, text="no"), "r: no (error 201)"),
        (OrderNotSent(at=START, ref="r", reason="late"), "not sent   r: late"),
        (BrokerDisconnected(at=START, reason="gone"), "lost       gone"),
        (LinkChanged(at=START, is_up=False), "link       down"),
        (LinkChanged(at=START, is_up=True), "link       up"),
        (ReportFailed(at=START, reason="slow"), "no report  slow"),
        (CancelOrder(ref="r"), "cancel     r"),
    ],
)
def test_each_record_is_worth_a_line(body: Body, words: str) -> None:
    (line,) = told(body)
    assert line.endswith(words)


def test_what_a_person_would_not_miss_is_no_line() -> None:
    assert told(RequestReport(reason="timer")) == []
    assert told(World().look()) == []


def test_an_order_is_one_line_of_words() -> None:
    assert order_words(HEDGE) == (
        "ALVH-c-HEDGE-1 BUY 7 x [+1 VIXW 26-06-03 22C] @ 1.42 debit"
    )
    assert order_words(ROLL).endswith(
        "-1 SPXW 26-07-17 6125P +1 SPXW 26-07-17 6070P] @ 1.75 credit"
    )


def test_a_fill_has_the_name_of_what_was_ordered() -> None:
    names = Names()
    assert names.of(1) == "contract 1"
    names.learn(HEDGE)
    assert names.of(CALL.con_id) == "VIXW 26-06-03 22C"


def test_a_new_price_is_told_with_its_sign_in_words() -> None:
    world = World(fills=False).start().until(Phase.HEDGE_WORKING)
    (placed,) = (c for c in world.commands if isinstance(c, PlaceOrder))
    (line,) = told(RepriceOrder(approved=placed.approved))
    assert line.endswith("@ 1.43 debit")


def test_every_instrument_has_a_name() -> None:
    future = Future(7, "VIX", "VX", OLD, OLD, 1000)
    assert name_of(future) == "VX 26-06-30"
    assert name_of(Other(8, "ACME", "STK")) == "ACME"


def test_the_account_is_told_as_it_was_first_seen() -> None:
    text = list(account(START, World().broker.reported(START)))
    assert "net liquidation 900,000 USD" in text[0]
    assert len(text) == 5
    assert any("-10 SPXW 26-06-30 6400P" in line for line in text)


def test_before_anybody_told_the_time_there_is_none() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert is_before_time(epoch)
    assert when(epoch).strip() == ""
    assert when(START) == "2026-05-21 11:00:00"
