"""The gateway on the command line: faults from words and files, and its control."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from alvh_trader.gateway.fault_table import FAULTS
from alvh_trader.wire import codec
from alvh_trader.wire.account_reply import Error
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.frame import FrameReader
from alvh_trader.wire.handshake import Hello, write_hello
from alvh_trader.wire.order_request import PlaceOrder
from alvh_trader.wire.request import StartApi
from tests.cli.conftest import Ask
from tests.programs import gateway

SCHEDULE = """
[[fault]]
name = "late_commission"
value = 30
at = "2018-02-05T10:31"
seconds = 600
client = 1
"""


def test_every_fault_is_listed(ask: Ask) -> None:
    told = ask("gateway", "faults", "--json")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [row["name"] for row in rows] == list(FAULTS)
    assert {row["kind"] for row in rows} == {"fault"}
    assert len(ask("gateway", "faults").out.splitlines()) == len(FAULTS)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--fault", "plague@10:31"), "no fault 'plague'"),
        (("--fault", "drop@noon"), "not NAME"),
        (("--fault", "drop@25:61"), "'25:61' is no time"),
        (("--faults", "absent.toml"), "faults absent.toml"),
        (("--control", "/proc/none/ctl"), "cannot listen at"),
    ],
)
def test_a_mistake_is_one_line(
    ask: Ask, options: tuple[str, ...], problem: str
) -> None:
    told = ask("gateway", "--scenario", "volmageddon-2018", "--port", "0", *options)
    assert told.code == 2
    assert problem in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("market_data_lines = 'many'", "market_data_lines"),
        ("lines = 3", "lines"),
        ("login_zone = 'Mars/Base'", "Mars/Base"),
        ("=", "api.toml"),
    ],
)
def test_api_settings_that_cannot_be_used_are_explained(
    ask: Ask, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "api.toml").write_text(text)
    told = ask(
        "gateway", "--scenario", "volmageddon-2018", "--port", "0",
        "--api-settings", "api.toml",
    )  # fmt: skip
    assert told.code == 2
    assert words in told.err
    assert len(told.err.splitlines()) == 1


def test_a_key_that_no_schedule_has_is_a_mistake(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text(SCHEDULE + "when = 3\n")
    told = ask(
        "gateway", "--scenario", "volmageddon-2018", "--port", "0",
        "--faults", "faults.toml",
    )  # fmt: skip
    assert told.code == 2
    assert "when" in told.err


def test_the_gateway_asks_for_a_scenario(ask: Ask) -> None:
    told = ask("gateway")
    assert (told.code, told.out) == (2, "")
    assert "--scenario" in told.err


def test_what_a_person_sets_reaches_the_orders(tmp_path: Path) -> None:
    options = ("--preset-tif", "GTC", "--forbid", "SPX", "--precautions")
    call = ContractSpec(
        symbol="VIX", sec_type="OPT", expiry="20180417", strike=15.0, right="C",
        exchange="SMART", trading_class="VIX",
    )  # fmt: skip
    put = ContractSpec(
        symbol="SPX", sec_type="OPT", expiry="20180309", strike=2700.0, right="P",
        exchange="SMART", trading_class="SPXW",
    )  # fmt: skip
    asked = [
        PlaceOrder(
            order_id=number, contract=contract, action="BUY", quantity=quantity,
            order_type="LMT", limit=Decimal("0.05"),
        )
        for number, contract, quantity in ((1, call, 1), (2, put, 1), (3, call, 501))
    ]  # fmt: skip
    started = ("--scenario", "volmageddon-2018", "--speed", "max", "--seed", "1")
    with gateway(*started, *options, cwd=tmp_path) as (_, port):
        told = list(conversation(port, *asked, until=(3, 383)))
    assert [it for it in told if it[1] < 2000 or it[1] > 3000] == [
        (1, 10349), (2, 203), (3, 383),
    ]  # fmt: skip
    with gateway(*started, "--read-only", cwd=tmp_path) as (_, port):
        told = list(conversation(port, asked[0], until=(1, 321)))
    assert told[-1] == (1, 321)


def conversation(
    port: int, *asked: PlaceOrder, until: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Yield the errors that a client hears: request id and code."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        hello = write_hello(Hello(157, 176))
        line.sendall(hello + codec.encode(StartApi(7), 176))
        reader = FrameReader()
        frames = iter(lambda: line.recv(65536), b"")
        payloads = (it for data in frames for it in reader.feed(data))
        next(payloads)
        for order in asked:
            line.sendall(codec.encode(order, 176))
        for payload in payloads:
            message = codec.decode_reply(payload, 176)
            if isinstance(message, Error):
                yield message.req_id, message.code
                if (message.req_id, message.code) == until:
                    return


def test_a_running_gateway_does_as_it_is_told(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "faults.toml").write_text(SCHEDULE)
    control = tmp_path / "ctl"
    gateway = subprocess.Popen(
        [
            sys.executable, "-m", "alvh_trader", "gateway", "--json", "--port", "0",
            "--scenario", "volmageddon-2018", "--speed", "max",
            "--faults", "faults.toml", "--fault", "slow=3@11:00+60",
            "--control", str(control),
        ],
        cwd=tmp_path, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert gateway.stdout is not None
        assert b"listening" in gateway.stdout.readline()
        deadline = time.monotonic() + 10
        while not control.exists():
            assert time.monotonic() < deadline
        where = ("--control", str(control))
        assert ask("gateway", "ctl", "fault", "stuck=VIX", *where).code == 0
        shown = json.loads(ask("gateway", "ctl", "snapshot", *where).out)
        assert [it["name"] for it in shown["faults"]] == ["stuck"]
        assert shown["planned"] == 3, "two beginnings and an end"
        told = ask("gateway", "ctl", "fault", "stuck", "--end", *where)
        assert told.out == "stuck is over\n"
        assert "09:40:00" in ask("gateway", "ctl", "clock", "+600", *where).out
        assert ask("gateway", "ctl", "speed", "60", *where).code == 0
        assert ask("gateway", "ctl", "quit", *where).code == 0
        assert gateway.wait(10) == 0
    finally:
        gateway.kill()
        gateway.wait()
        if gateway.stdout is not None:
            gateway.stdout.close()
    assert ask("gateway", "ctl", "clock", "--control", str(control)).code == 1
