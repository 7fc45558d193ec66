"""The kill switch while orders are placed: the last byte of one, and none after it."""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from alvh_trader.runtime.kill_file import NAME
from alvh_trader.wire.frame import FrameReader
from tests.conformance.relay import Relay, relay
from tests.e2e.world import part
from tests.programs import configure, gateway, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PREFIX = b"API\0"
PLACE, ASK_TIME = b"3", b"49"
LAST_BYTE_WITHIN = 0.1
"""Seconds from the file to the last byte of an order (reliability.md D3)."""


def sent(between: Relay, kind: bytes) -> list[float]:
    """Return when the client began to send each message of a kind."""
    reader, times = FrameReader(), list[float]()
    for at, data in tuple(between.asked):
        for frame in reader.feed(data.removeprefix(PREFIX)):
            if frame.split(b"\0", 1)[0] == kind:
                times.append(at)
    return times


@pytest.mark.covers("F128", "P01", "V8")
def test_no_byte_of_an_order_leaves_after_the_kill_file(tmp_path: Path) -> None:
    """It comes as the first order is on its way, whose next price would be due."""
    scene = [*part("2018-02-05", "2018-02-05", 4), "--speed", "max"]
    with gateway(*scene, cwd=tmp_path) as (_, port), relay(port) as between:
        config = configure(tmp_path, between.port)
        with running("run", "--config", config, cwd=tmp_path) as daemon:
            until(lambda: sent(between, PLACE), 300)
            (tmp_path / NAME).touch()
            at = time.monotonic()
            seen = len(sent(between, ASK_TIME))
            until(lambda: len(sent(between, ASK_TIME)) > seen + 200, 300)
            assert sent(between, PLACE)[-1] <= at + LAST_BYTE_WITHIN
            with suppress(ProcessLookupError):
                daemon.process.kill()
