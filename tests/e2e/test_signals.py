"""Stopping, starting twice, and sharing a gateway with somebody else's client."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.contract.client import ib
from tests.e2e.world import part, world
from tests.programs import alvh, configure, gateway, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_daemon_and_gateway_stop_cleanly(
    number: signal.Signals, tmp_path: Path
) -> None:
    with world(tmp_path, "--scenario", "calm-2017") as it:
        with it.daemon() as daemon:
            until(lambda: it.has_case)
            assert daemon.stop(number) == 0, daemon.log.read_text()
            assert "Traceback" not in daemon.log.read_text()
        status = alvh("status", "--journal", "journal.db", "--json", cwd=tmp_path)
        assert set(status.rows[0]["phases"].values()) <= {"RECONCILE", "MONITOR"}
        assert it.gateway.stop(number) == 0
        assert it.gateway.log.read_text() == ""


def test_a_daemon_stops_while_nobody_answers(tmp_path: Path) -> None:
    with world(tmp_path, *part("2018-02-02", "2018-02-05")) as it, it.daemon() as one:
        until(lambda: it.has_case)
        it.gateway.process.send_signal(signal.SIGSTOP)
        assert one.stop() == 0, one.log.read_text()


@pytest.mark.covers("F17", "T09")
def test_a_second_daemon_is_turned_away_and_the_first_goes_on(tmp_path: Path) -> None:
    with world(tmp_path, *part("2018-02-02", "2018-02-02")) as it, it.daemon() as one:
        until(lambda: it.has_case)
        told = alvh("run", "--config", "paper.toml", cwd=tmp_path)
        told.complains(78, "another process", f"pid {one.process.pid}")
        assert one.process.poll() is None


async def look_around(port: int) -> tuple[list[Any], timedelta]:
    """Return the positions, and how far the gateway's time went in a second."""
    client = ib.IB()
    await client.connectAsync("127.0.0.1", port, clientId=5, timeout=20)
    try:
        before = await client.reqCurrentTimeAsync()
        await asyncio.sleep(1)
        after = await client.reqCurrentTimeAsync()
        return client.positions(), after - before
    finally:
        client.disconnect()


def test_somebody_elses_client_may_connect_beside_the_daemon(tmp_path: Path) -> None:
    options = ["--scenario", "volmageddon-2018", "--speed", 60]
    with gateway(*options, cwd=tmp_path) as (serving, port):
        config = configure(tmp_path, port)
        with running("run", "--config", config, cwd=tmp_path) as daemon:
            journal = tmp_path / "journal.db"
            until(lambda: journal.exists() and journal.stat().st_size > 0)
            positions, moved = asyncio.run(look_around(port))
            assert len(positions) == 4
            assert {p.contract.symbol for p in positions} == {"SPX"}
            assert moved.total_seconds() > 20
            assert daemon.process.poll() is None, daemon.log.read_text()
            assert daemon.stop() == 0
        assert serving.stop() == 0
        assert serving.log.read_text() == ""
