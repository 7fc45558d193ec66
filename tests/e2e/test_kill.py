"""SIGKILL at any moment: the next process finishes the job, and nothing goes twice."""

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.crashes import Death, Doom, play, verdict
from tests.e2e.world import PATIENCE, Moment, after, of_symbol, part, world
from tests.programs import alvh, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DAY = part("2018-02-05", "2018-02-05", 1)
"""A condor that is new on this day is hedged and rolled, both sides."""


def seen(symbol: str, event: str) -> Moment:
    """As soon as the gateway has noted the first such row."""
    return lambda it: bool(of_symbol(it.audit, symbol, event))


@pytest.mark.covers("F04", "F05", "V1", "V2", "V3")
def test_killed_around_every_order_it_sends_nothing_twice(tmp_path: Path) -> None:
    moments = [
        seen("VIX", "order"),
        seen("VIX", "fill"),
        seen("SPX", "order"),
        seen("SPX", "fill"),
    ]
    with world(tmp_path, *DAY) as it:
        it.play(moments)
        assert it.kills >= 3
        assert of_symbol(it.audit, "VIX", "fill")
        verdict(it)


WHILE_SENDING = (
    "before append PlaceOrder HEDGE",
    "before commit PlaceOrder HEDGE",
    "after commit PlaceOrder HEDGE",
    "after act PlaceOrder HEDGE",
)
WHILE_HEARING = (
    "before append OrderUpdated",
    "before append OrderFilled",
    "after append OrderFilled",
)
BEFORE_A_ROLL = ("before append PlaceOrder ROLL",)
AFTER_A_ROLL = ("after act PlaceOrder ROLL",)


@pytest.mark.covers("F01", "F02", "F03", "F04", "F05", "F06", "I01", "V1", "V3", "V6")
@pytest.mark.parametrize(
    "steps", [WHILE_SENDING, WHILE_HEARING, BEFORE_A_ROLL, AFTER_A_ROLL]
)
def test_killed_at_each_step_of_an_order(
    steps: tuple[str, ...], tmp_path: Path
) -> None:
    """Written, durable, sent, answered, filled: wherever it dies, it is one order."""
    deaths = list[Death]()
    planned = [Doom(step, seconds=PATIENCE) for step in steps]
    with world(tmp_path, *DAY) as it:
        play(it, iter(planned), len(planned), deaths)
        assert [death.doom.step for death in deaths if death.at_its_step] == [*steps]
        # One may die of a fill that its successor hears of before it agrees.
        assert deaths[-1].recovered is not None
        verdict(it)


@pytest.mark.covers("F09", "V1", "V3")
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_it_sends_nothing_twice(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    moments = [after(rng.uniform(0.8, 2.5)) for _ in range(4)]
    with world(tmp_path, *DAY) as it:
        it.play(moments)
        assert it.kills >= 2
        assert of_symbol(it.audit, "VIX", "fill")
        verdict(it)


def test_a_demo_starts_a_killed_daemon_again(tmp_path: Path) -> None:
    lock = tmp_path / "journal.db.lock"
    options = ["--since", "2018-02-02", "--until", "2018-02-02", "--json"]
    files = ["--journal", "journal.db", "--audit", "audit.jsonl"]
    # What configures the operator's daemon is no business of the demo's.
    environ = {"ALVH_MODE": "watch", "ALVH_BROKER__PORT": "1"}
    with running("demo", *options, *files, cwd=tmp_path, environ=environ) as demo:
        until(lambda: (tmp_path / "audit.jsonl").exists() and lock.exists())
        until(lambda: demo.has_said("BrokerConnected"))
        first = int(lock.read_text())
        os.kill(first, signal.SIGKILL)
        assert demo.process.wait(300) == 0, demo.log.read_text()
        assert demo.has_said("summary")
        starts = [line for line in demo.said if '"kind":"DaemonStarted"' in line]
        assert [json.loads(line)["mode"] for line in starts] == ["paper", "paper"]


def test_a_demo_whose_daemon_is_stopped_says_so_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "journal.db.lock"
    files = ["--journal", "journal.db", "--audit", "audit.jsonl"]
    with running("demo", "--json", *files, cwd=tmp_path) as demo:
        until(lambda: demo.has_said("BrokerConnected"))
        os.kill(int(lock.read_text()), signal.SIGTERM)
        assert demo.process.wait(60) == 1, demo.log.read_text()
        summary = json.loads(demo.said[-1])
    assert summary["why"] == "the daemon was stopped before history ended"
    assert summary["ok"] is False


def test_a_demo_that_is_stopped_leaves_no_process(tmp_path: Path) -> None:
    lock = tmp_path / "journal.db.lock"
    with running("demo", "--json", "--journal", "journal.db", cwd=tmp_path) as demo:
        until(lambda: demo.has_said("BrokerConnected"))
        daemon = int(lock.read_text())
        assert demo.stop(signal.SIGTERM) == 128 + signal.SIGTERM
    assert not Path(f"/proc/{daemon}").exists()
    again = alvh("status", "--journal", "journal.db", "--json", cwd=tmp_path)
    assert again.rows[0]["kind"] == "status"
