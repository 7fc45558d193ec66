"""What is heard, what is passed over, and what cannot be read."""

from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest

from alvh_trader.broker.dispatch import HEARD, Dispatch
from alvh_trader.broker.library import new_client
from tests.broker.peer import execution, open_order, order_status
from tests.broker.rig import NOW


class Ear:
    """A wrapper that keeps what the decoder called, and the unreadable messages."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self.unreadable: list[str] = []
        names = ("openOrder", "orderStatus", "execDetails", "positionEnd")
        wrapper = SimpleNamespace(
            ib=SimpleNamespace(TimezoneTWS="UTC"),
            defaultTimezone=UTC,
            **{name: self._keep(name) for name in names},
        )
        self.dispatch = Dispatch(
            new_client(wrapper).decoder,
            {"1": lambda fields: self.heard.append(("own", tuple(fields)))},
            now=lambda: NOW,
            on_unreadable=lambda message, _: self.unreadable.append(message),
        )
        self.dispatch.serverVersion = 176

    def _keep(self, name: str) -> Any:
        return lambda *arguments: self.heard.append((name, arguments))


def test_messages_reach_the_wrapper_by_name() -> None:
    ear = Ear()
    for fields in (
        *(open_order(1, 9001, "Submitted"), order_status(1, 9001, "Submitted")),
        *(execution("a.b.1.01"), ["62", "1"], ["1", "6", "5", "1", "2.5", "3", "0"]),
    ):
        ear.dispatch.interpret(fields)
    assert [name for name, _ in ear.heard] == [
        *("openOrder", "orderStatus", "execDetails", "positionEnd", "own"),
    ]
    assert ear.unreadable == []


def test_what_nobody_asked_for_is_passed_over() -> None:
    ear = Ear()
    ear.dispatch.interpret(["21", "not", "decoded"])
    ear.dispatch.interpret(["4711"])
    assert ear.heard == []
    assert ear.unreadable == []


@pytest.mark.parametrize("message", ["5", "11", "61", "101"])
def test_a_message_cut_short_is_reported(message: str) -> None:
    ear = Ear()
    ear.dispatch.interpret([message, "1", "x"])
    assert ear.unreadable == [message]


@pytest.mark.covers("F41")
def test_a_number_that_is_none_is_reported_and_not_swallowed() -> None:
    ear = Ear()
    broken = order_status(1, 9001, "Submitted")
    broken[3] = "many"
    ear.dispatch.interpret(broken)
    assert ear.unreadable == ["3"]


@pytest.mark.covers("F41")
def test_an_empty_frame_is_reported_and_ends_nothing() -> None:
    ear = Ear()
    ear.dispatch.interpret([])
    assert ear.heard == []
    assert ear.unreadable == [""]


def test_no_message_is_heard_twice() -> None:
    assert len(HEARD) == len(set(HEARD))
