import time
from datetime import timedelta, timezone
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given

from alvh_trader.domain.position import Account
from alvh_trader.engine.command import PreviewMargin
from alvh_trader.engine.event import BrokerReported, MarginPreviewed, OperatorHalted
from alvh_trader.errors import InvariantError
from alvh_trader.journal.codec import (
    CHAIN_START,
    KINDS,
    case_of,
    decode,
    encode,
    link,
    ref_of,
    stamp,
)
from tests.journal.samples import (
    START,
    alert,
    any_record,
    decision,
    filled,
    market,
    place,
    updated,
)


@given(any_record())
def test_every_record_there_is_reads_back_equal(record: Any) -> None:
    assert decode(encode(record), seq=1) == record


def test_every_type_is_an_event_a_command_or_a_decision() -> None:
    assert set(KINDS.values()) == {"event", "command", "decision"}
    assert len({kind.__name__ for kind in KINDS}) == len(KINDS)


def test_what_could_not_be_read_back_is_not_written() -> None:
    account = Account(
        account_id="DU1",
        net_liquidation=float("nan"),
        available_funds=1.0,
        initial_margin=1.0,
        cash=1.0,
    )
    report = BrokerReported(
        at=START, account=account, positions=(), orders=(), completed=(), fills=()
    )
    with pytest.raises(InvariantError, match="BrokerReported"):
        encode(report)


def test_a_lone_surrogate_is_not_written() -> None:
    with pytest.raises(InvariantError, match="RaiseAlert"):
        encode(alert(text="\ud800"))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"type":"Nonsense"}', b'{"type":"OperatorHalted","at":"x"}'],
)
def test_other_bytes_are_no_record(data: bytes) -> None:
    with pytest.raises(ValueError, match="record 12 cannot be read"):
        decode(data, seq=12)


def test_a_naive_time_is_no_record() -> None:
    with pytest.raises(ValueError, match="record 3"):
        decode(b'{"type":"OperatorHalted","at":"2018-02-05T14:30:00"}', seq=3)


def test_a_record_names_its_case_and_its_order() -> None:
    assert (case_of(place("R1", "C1")), ref_of(place("R1", "C1"))) == ("C1", "R1")
    assert (case_of(updated("R1")), ref_of(updated("R1"))) == (None, "R1")
    assert (case_of(filled("R1")), ref_of(filled("R1"))) == (None, "R1")
    assert (case_of(alert("C2")), ref_of(alert("C2"))) == ("C2", None)
    assert case_of(decision("C3")) == "C3"
    assert (case_of(market(0)), ref_of(market(0))) == (None, None)


def test_an_alert_about_no_case_has_none() -> None:
    assert case_of(alert("")) is None


def test_a_stamp_is_utc_and_sorts_like_time() -> None:
    east = timezone(timedelta(hours=2))
    assert stamp(START.astimezone(east)) == stamp(START)
    assert stamp(START) < stamp(START + timedelta(microseconds=1))


def test_a_stamp_does_not_hang_on_where_the_machine_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = stamp(START)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert stamp(START) == expected
    time.tzset()


def test_the_chain_depends_on_everything_in_a_row() -> None:
    body = encode(OperatorHalted(at=START))
    row = (stamp(START), "event", "OperatorHalted", None)
    chains = {
        link(CHAIN_START, 1, row, body),
        link(CHAIN_START, 2, row, body),
        link(CHAIN_START, 1, (*row[:3], "C1"), body),
        link(CHAIN_START, 1, (row[0], row[1], "Other", None), body),
        link(CHAIN_START, 1, (stamp(START + timedelta(1)), *row[1:]), body),
        link(CHAIN_START, 1, row, body + b" "),
        link(CHAIN_START, 1, (row[0], "command", row[2], None), body),
        link(b"x" * 16, 1, row, body),
    }
    assert len(chains) == 8


def test_a_number_that_json_does_not_know_is_not_written() -> None:
    unknown = MarginPreviewed(
        at=START,
        ref="R1",
        initial_margin_change=float("nan"),
        initial_margin_after=None,
    )
    with pytest.raises(InvariantError, match="does not survive"):
        encode(unknown)


def test_a_trial_belongs_to_the_case_of_its_order() -> None:
    order = place("R1", "C1").approved.order
    assert case_of(PreviewMargin(order=order)) == "C1"
    assert ref_of(PreviewMargin(order=order)) == "R1"


def test_the_chain_is_the_digest_that_the_manual_describes() -> None:
    """docs/operations.md: whoever checks a journal without us goes by it."""
    text = b"1\0then\0event\0Kind\0C1\0{}"
    expected = blake2b(CHAIN_START + text, digest_size=16).digest()
    assert bytes(16) == CHAIN_START
    assert link(CHAIN_START, 1, ("then", "event", "Kind", "C1"), b"{}") == expected
    text = b"1\0then\0event\0Kind\0\0{}"
    of_none = blake2b(CHAIN_START + text, digest_size=16).digest()
    assert link(CHAIN_START, 1, ("then", "event", "Kind", None), b"{}") == of_none
