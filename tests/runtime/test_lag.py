"""A loop that is late again and again is told of, one that was late once is not."""

import asyncio
import time

import pytest

from alvh_trader.engine.event import ControlTripped, Event
from alvh_trader.runtime.lag import LATE_MAX, TIMES, WITHIN, LagWatch
from tests.playbook import START

LATE = LATE_MAX + 0.01


def told(*looks: tuple[float, float]) -> list[Event]:
    events: list[Event] = []
    watch = LagWatch(events.append, lambda: START)
    for at, late in looks:
        watch.note(at, late)
    return events


@pytest.mark.covers("I12", "F12")
def test_three_delays_within_a_minute_are_told() -> None:
    (event,) = told((0.0, LATE), (20.0, LATE), (40.0, LATE))
    assert isinstance(event, ControlTripped)
    assert event.control == "I12"
    assert f"late {TIMES} times" in event.text


@pytest.mark.covers("I12")
@pytest.mark.parametrize(
    "looks",
    [
        ((0.0, LATE), (20.0, LATE)),
        ((0.0, LATE), (20.0, LATE_MAX), (40.0, LATE)),
        ((0.0, LATE), (30.0, LATE), (WITHIN, LATE)),
    ],
)
def test_fewer_or_rarer_ones_are_not(looks: tuple[tuple[float, float], ...]) -> None:
    assert told(*looks) == []


def test_after_it_was_told_the_count_begins_anew() -> None:
    looks = tuple((float(at), LATE) for at in range(5))
    assert len(told(*looks)) == 1


def test_a_blocked_loop_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alvh_trader.runtime.lag.LOOK_EVERY", 0.001)
    monkeypatch.setattr("alvh_trader.runtime.lag.LATE_MAX", 0.005)
    events: list[Event] = []

    async def main() -> None:
        job = asyncio.ensure_future(LagWatch(events.append, lambda: START).run())
        while not events:
            await asyncio.sleep(0.002)
            end = time.monotonic() + 0.02
            while time.monotonic() < end:
                pass
        job.cancel()

    asyncio.run(main())
    assert isinstance(events[0], ControlTripped)
