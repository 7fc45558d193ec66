"""The gateway on the command line: faults from words and files, and its control."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alvh_trader.gateway.fault_table import FAULTS
from tests.cli.conftest import Ask

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
