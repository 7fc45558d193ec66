"""In live somebody must hear of it: alerts that reach nobody take new risk away."""

from datetime import datetime, timedelta

import pytest

from alvh_trader.engine.event import ControlTripped, Event
from alvh_trader.risk.freeze import Freeze
from alvh_trader.runtime.unheard import UNHEARD_MAX, DeliveryWatch
from tests.engine.test_proposals import live
from tests.playbook import START

SECOND = timedelta(seconds=1)


class Bench:
    """A watch, a clock, and of when the oldest alert is that nobody has heard."""

    def __init__(self) -> None:
        self.now = START
        self.since: datetime | None = None
        self.told: list[Event] = []
        self.watch = DeliveryWatch(
            lambda: self.since, self.told.append, lambda: self.now
        )

    def look(self, after: timedelta) -> int:
        self.now += after
        self.watch.look()
        return len(self.told)


@pytest.mark.covers("F132")
def test_an_alert_that_no_channel_takes_for_a_quarter_of_an_hour_is_told_once() -> None:
    bench = Bench()
    assert bench.look(timedelta(hours=5)) == 0
    bench.since = bench.now
    assert bench.look(UNHEARD_MAX - SECOND) == 0
    assert bench.look(SECOND) == 1
    assert bench.look(timedelta(hours=1)) == 1
    (event,) = bench.told
    assert isinstance(event, ControlTripped)
    assert event.control == "T06"
    assert "2026-05-21 20:00 UTC" in event.text
    bench.since = None
    assert bench.look(SECOND) == 1
    bench.since = START
    assert bench.look(SECOND) == 2


@pytest.mark.covers("F132")
def test_what_an_earlier_process_owed_has_as_long_again() -> None:
    bench = Bench()
    bench.since = START - timedelta(days=3)
    assert bench.look(UNHEARD_MAX - SECOND) == 0
    assert bench.look(SECOND) == 1


@pytest.mark.covers("F132")
def test_while_nobody_hears_no_new_risk_is_taken() -> None:
    world = live()
    world.tell(ControlTripped(at=world.now, control="T06", text="nobody hears"))
    assert world.state.freeze is Freeze.REDUCE


@pytest.mark.covers("F132")
def test_each_morning_in_live_there_is_an_alert_that_proves_the_way() -> None:
    """It asks for the check-in of the day (I05)."""
    world = live()
    world.run(60)
    for days in (1, 4):  # To Friday, and over a long weekend to Tuesday.
        before = len(world.alerts("checkin_due"))
        world.now += timedelta(days=days)
        world.broker.begin_day(world.now.date())
        world.run(60)
        assert len(world.alerts("checkin_due")) == before + 1
