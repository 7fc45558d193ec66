"""A gateway that stops and starts again is the gateway it was."""

import json
import signal
import socket
from pathlib import Path
from typing import Self

import pytest
from msgspec import Struct

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.floor import Floor
from alvh_trader.runtime.gateway_state import StateFile
from alvh_trader.sim.kept import KeptExchange
from alvh_trader.wire import account_reply, codec, order_reply, request
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.contract_reply import ContractData
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import Hello, write_hello
from tests import programs
from tests.gateway.peer import (
    Audit,
    Peer,
    errors,
    market,
    only,
    order,
    until_filled,
    vix_call,
)


class House:
    """A gateway without sockets, and the state that outlives it."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.audit = Audit()

    def open(self) -> Floor:
        exchange = KeptExchange(
            market(),
            1,
            lines=tuple(self.lines),
            write=self.lines.append,
            settle=lambda: None,
        )
        it = Floor(exchange, self.audit)
        it.is_lockstep = True
        return it


def test_orders_trades_and_numbers_survive() -> None:
    house = House()
    before = Peer(house.open())
    call = vix_call(before.floor.exchange).con_id
    before.ask(order(call, 5, None, ref="filled"))
    traded = only(order_reply.ExecutionData, list(until_filled(before)))
    before.ask(order(call, 6, "0.05", ref="rests"))
    before.ask(order(call, 6, "0.10", ref="rests"))
    before.ask(order(call, 7, "0.05", ref="cancelled"))
    before.ask(request.CancelOrder(7))
    (open_before,) = only(
        order_reply.OpenOrder, before.ask(request.RequestOpenOrders())
    )
    ended = before.ask(request.RequestCompletedOrders(api_only=False))
    positions = before.ask(request.RequestPositions())

    after = Peer(house.open())
    assert account_reply.NextValidId(8) in after.greeting
    assert errors(after.ask(order(call, 7, "0.05"))) == [(7, 103)]
    heard = after.ask(request.RequestExecutions(req_id=3))
    again = only(order_reply.ExecutionData, heard)
    assert [(it.exec_id, it.time) for it in again] == [
        (it.exec_id, it.time) for it in traded
    ]
    assert len(only(order_reply.CommissionReport, heard)) == len(traded)
    (open_after,) = only(order_reply.OpenOrder, after.ask(request.RequestOpenOrders()))
    assert open_after == open_before
    assert open_after.shares_allocation.split("/")[0].endswith(".1")
    assert after.ask(request.RequestCompletedOrders(api_only=False)) == ended
    assert after.ask(request.RequestPositions()) == positions
    assert after.floor.interval() == before.floor.interval()


def test_a_restart_leaves_no_trace_in_the_audit() -> None:
    house = House()
    peer = Peer(house.open())
    peer.ask(order(vix_call(peer.floor.exchange).con_id, 1, None))
    list(until_filled(peer))
    lines = list(house.audit.lines)
    house.open()
    assert house.audit.lines == lines


def test_the_file_gives_back_what_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.jsonl"
    with StateFile(path) as file:
        assert file.lines == []
        file.write(b"one")
        file.write(b"two")
        file.settle()
        with pytest.raises(ConfigError, match="in use by another gateway"):
            StateFile(path)
    path.write_bytes(path.read_bytes() + b"cut o")
    with StateFile(path) as file:
        assert file.lines == [b"one", b"two"]
        file.write(b"three")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"cannot use {tmp_path}: "):
        StateFile(tmp_path)


class Line:
    """A client on a real socket that waits for what it asks for."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._frames = FrameReader()
        self._socket.sendall(write_hello(Hello(157, 176)))
        self.say(request.StartApi(1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, message: Struct) -> None:
        self._socket.sendall(codec.encode(message, 176))

    def until(self, kind: type[Struct]) -> list[Struct]:
        """Return what comes, to the first message of a kind."""
        heard: list[Struct] = []
        while data := self._socket.recv(65536):
            for payload in self._frames.feed(data):
                if payload.startswith(b"176\0"):
                    continue
                heard.append(codec.decode_reply(payload, 176))
            if any(isinstance(it, kind) for it in heard):
                return heard
        raise AssertionError("closed before it came")


def test_a_killed_gateway_goes_on_where_it_was(tmp_path: Path) -> None:
    options = (
        "--scenario", "volmageddon-2018", "--speed", "max", "--state", "state.jsonl",
        "--audit", "audit.jsonl", "--account", "DU1000001", "--account", "DU1000002",
    )  # fmt: skip
    with (
        programs.gateway(*options, cwd=tmp_path) as (process, port),
        Line(port) as line,
    ):
        asked = ContractSpec(
            symbol="VIX", sec_type="OPT", expiry="20180417", strike=15.0, right="C",
            trading_class="VIX", exchange="SMART",
        )  # fmt: skip
        line.say(request.RequestContractDetails(req_id=1, contract=asked))
        (found,) = only(ContractData, line.until(ContractData))
        line.say(order(found.con_id, 4, None, account="DU1000002"))
        heard: list[Struct] = []
        while not only(order_reply.CommissionReport, heard):
            line.say(request.RequestCurrentTime())
            heard += line.until(account_reply.CurrentTime)
        told = only(order_reply.ExecutionData, heard)
        time = only(account_reply.CurrentTime, heard)[-1].seconds
        process.stop(signal.SIGKILL)
    with (
        programs.gateway(*options, cwd=tmp_path) as (process, port),
        Line(port) as line,
    ):
        line.say(request.RequestExecutions(req_id=2))
        heard = line.until(order_reply.ExecutionDataEnd)
        assert account_reply.NextValidId(5) in heard
        again = only(order_reply.ExecutionData, heard)
        assert [it.exec_id for it in again] == [it.exec_id for it in told]
        assert {it.account for it in again} == {"DU1000002"}
        line.say(request.RequestCurrentTime())
        (clock,) = only(
            account_reply.CurrentTime, line.until(account_reply.CurrentTime)
        )
        assert time < clock.seconds <= time + 10
        process.stop()
    rows = [
        json.loads(it) for it in (tmp_path / "audit.jsonl").read_text().split("\n")[:-1]
    ]
    assert [row["event"] for row in rows][:2] == ["order", "fill"]
    other = (*options[:4], "--seed", "9", *options[4:])
    programs.alvh("gateway", *other, cwd=tmp_path).complains(2, "not of", "seed 9")
