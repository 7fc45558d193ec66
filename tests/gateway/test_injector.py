"""Faults begin and end in time, strike whom they shall, and cost nothing when off."""

import re
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.fault import Planned
from alvh_trader.gateway.fault_schedule import moment, read_words
from alvh_trader.gateway.fault_table import FAULTS
from alvh_trader.gateway.floor import Floor
from alvh_trader.gateway.injector import Injector
from alvh_trader.wire import codec
from alvh_trader.wire.account_reply import CurrentTime, Error, NextValidId
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.market_request import RequestMarketData
from alvh_trader.wire.request import (
    CancelOrder,
    RequestCurrentTime,
    RequestExecutions,
    RequestIds,
)
from tests.gateway.peer import Peer, errors, floor, only, order, vix_call


def begun(on: Floor, words: str, client: int | None = None) -> Injector:
    """Return the injector of a floor on which a fault has begun."""
    asked = read_words(words)
    injector = Injector(on)
    injector.begin(
        Planned(
            name=asked.name, value=asked.value, seconds=asked.seconds, client=client
        )
    )
    return injector


def test_a_floor_without_faults_has_nobody_to_ask() -> None:
    on = floor()
    injector, asked = Injector(on), [on.faults]
    injector.plan(read_words("clock_skew+20"), on.exchange.now)
    asked.append(on.faults)
    injector.advance()
    injector.end("clock_skew")
    asked.append(on.faults)
    peer = Peer(on)
    peer.pulse()
    asked.append(on.faults)
    assert asked == [None, injector, injector, None], "an end was still to come"


def test_a_fault_begins_when_it_is_due_and_ends_by_itself() -> None:
    on = floor()
    peer, injector = Peer(on), Injector(on)
    begin = on.exchange.now
    injector.plan(read_words("clock_skew=1000+180"), begin + timedelta(seconds=120))
    skews = []
    for _ in range(8):
        (answer,) = only(CurrentTime, peer.pulse())
        skews.append(answer.seconds - int(on.exchange.now.timestamp()))
    assert skews == [0, 0, 0, 1000, 1000, 1000, 0, 0]


def test_a_fault_of_one_client_leaves_the_others_alone() -> None:
    on = floor()
    one, two = Peer(on, 1), Peer(on, 2)
    begun(on, "no_nextValidId", client=2)
    assert only(NextValidId, one.ask(RequestIds(1)))
    assert two.ask(RequestIds(1)) == []


def test_what_strikes_once_strikes_one_request() -> None:
    on = floor()
    one, two = Peer(on, 1), Peer(on, 2)
    begun(on, "100")
    assert errors(one.ask(RequestCurrentTime())) == [(-1, 100)]
    assert one.session.is_closing
    assert only(CurrentTime, two.ask(RequestCurrentTime()))
    assert on.faults is None


def test_with_seconds_it_strikes_until_they_are_over() -> None:
    on = floor()
    begun(on, "100+60")
    for client_id in (1, 2):
        assert errors(Peer(on, client_id).greeting) == [(-1, 100)]


def test_the_nightly_reset_tells_its_story_in_order() -> None:
    on = floor()
    peer, injector = Peer(on), Injector(on)
    injector.plan(read_words("nightly_reset"), on.exchange.now + timedelta(seconds=20))
    codes = []
    for _ in range(6):
        codes += [it.code for it in only(Error, peer.pulse())]
    assert codes[:833] == [1100] * 833
    assert codes[833:] == [2103, 2105, 2104, 2106]
    assert peer.session.is_closing
    port = [injector.is_refusing]
    assert injector.end("restart")
    port.append(injector.is_refusing)
    assert port == [True, False]
    assert Peer(on).session.stage is not peer.session.stage


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", 0),
        ("+90", 90),
        ("10:31", 3660),
        ("09:30:20", 20),
        ("09:29", 86_340),
        ("2018-01-22T09:31", 60),
    ],
)
def test_times_are_new_york_times(text: str, after: int) -> None:
    begin = floor().exchange.now
    at = moment(Planned(name="drop", at=text), begin)
    assert (at - begin).total_seconds() == after


def test_words_are_read_as_they_are_written() -> None:
    assert read_words("late_leg=2.5@2018-02-05T10:31:00+600") == Planned(
        name="late_leg", value="2.5", at="2018-02-05T10:31:00", seconds=600.0
    )
    assert read_words("10197@+60+30") == Planned(name="10197", at="+60", seconds=30.0)
    assert read_words("drop") == Planned(name="drop")


@pytest.mark.parametrize(
    "words", ["", "drop@", "drop@noon", "a b", "drop@10:31+x", "drop@+1" + "0" * 30]
)
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(ConfigError):
        moment(read_words(words), floor().exchange.now)


def test_an_unknown_fault_or_value_is_refused_before_it_begins() -> None:
    on = floor()
    injector = Injector(on)
    with pytest.raises(ConfigError, match=r"no fault 'plague'; there are .*half_open"):
        injector.plan(Planned(name="plague"), on.exchange.now)
    with pytest.raises(ConfigError, match="'many' is no number"):
        injector.begin(Planned(name="dup_exec", value="many"))
    for value in ("nan", "inf", "1e9"):
        with pytest.raises(ConfigError, match="is beyond"):
            injector.begin(Planned(name="dup_exec", value=value))
    with pytest.raises(ConfigError, match="is beyond"):
        injector.begin(Planned(name="silence", seconds=float("inf")))
    with pytest.raises(ConfigError, match="'2' is none of -1"):
        injector.begin(Planned(name="price_minus1", value="2"))
    assert on.faults is None


def test_every_row_says_what_it_does_and_whence_it_is_known() -> None:
    for name, fault in FAULTS.items():
        assert fault.says, name
        assert fault.source, name
        assert not (fault.once and fault.lasts), f"{name} lasts until it has struck"
        assert Decimal(fault.lasts or 0) >= 0, name


NAMED = [
    "nightly_reset",
    "flood_1100",
    "1101",
    "1102",
    "farm_flap",
    "half_open",
    "stall_after_ack",
    "dup_exec",
    "exec_correction",
    "late_commission",
    "missing_orderStatus",
    "nextid_rollback",
    "lost_order",
    "duplicate_after_modify",
    "10349",
    "10197",
    "greeks_absent",
    "price_minus1",
    "partial_combo",
    "326_after_reconnect",
    "slow_accountDownloadEnd",
    "malformed_frame",
    "chunk_split",
]


def test_every_scenario_that_the_specification_names_is_there() -> None:
    assert set(NAMED) <= set(FAULTS)


def test_every_fault_has_a_test_that_names_it() -> None:
    tests = Path(__file__).parent.glob("test_fault_*.py")
    said = " ".join(path.read_text(encoding="utf-8") for path in tests)
    words = set(re.findall(r"\w+", said))
    assert set(FAULTS) - words == set()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=6),
    st.sampled_from(["", "0", "1", "-3", "7.5"]),
)
def test_no_choice_of_faults_takes_the_gateway_down(
    names: list[str], value: str
) -> None:
    """Whatever is on together, a client may be hurt, and the exchange goes on."""
    on = floor()
    injector = Injector(on, lambda _seconds, _act: None)
    peers = [Peer(on, client_id) for client_id in (1, 2)]
    call = vix_call(on.exchange).con_id
    for name in names:
        with suppress(ConfigError):
            injector.begin(Planned(name=name, value=value))
    for number, limit in ((1, None), (2, "0.05")):
        for peer in peers:
            for message in (
                RequestMarketData(req_id=number, contract=ContractSpec(con_id=call)),
                order(call, number, limit),
                CancelOrder(number),
                RequestExecutions(req_id=9),
            ):
                peer.session.receive(codec.encode(message, 176))
        for _ in range(4):
            on.pulse()
            for peer in peers:
                peer.session.take_output()
    for it in list(injector.active):
        injector.end(it.name)
    before = on.exchange.now
    assert only(CurrentTime, Peer(on, 3).pulse())
    assert on.exchange.now > before
