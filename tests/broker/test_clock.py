"""The broker's time."""

from datetime import datetime, timedelta

import pytest

from alvh_trader.broker.clock import BrokerClock, ClockWatch
from alvh_trader.errors import BrokerError
from tests.broker.rig import NOW


def test_it_moves_only_when_told_and_never_back() -> None:
    clock = BrokerClock()
    clock.tell(NOW)
    clock.tell(NOW - timedelta(seconds=2))
    assert clock.now() == NOW
    clock.tell(NOW + timedelta(seconds=1))
    assert clock.now() == NOW + timedelta(seconds=1)


def test_a_time_far_back_is_another_clock() -> None:
    clock = BrokerClock(NOW)
    with pytest.raises(BrokerError, match="another run"):
        clock.tell(NOW - timedelta(minutes=1))


def second(n: float) -> datetime:
    return NOW + timedelta(seconds=n)


@pytest.mark.covers("F100", "P17")
@pytest.mark.parametrize(
    ("asked", "heard", "ahead", "is_good"),
    [
        (0.4, 0.5, 0.4, True),
        (2.0, 2.1, 2.0, True),
        (2.1, 2.2, 2.1, False),
        (3600.0, 3600.1, 3600.0, False),
        (-2.5, -2.1, -2.1, False),
        (-3600.0, -3599.9, -3599.9, False),
        (-4.0, 4.0, 0.0, True),
        (0.0, 9.0, 0.0, True),
    ],
)
def test_a_clock_is_wrong_only_where_a_slow_answer_cannot_explain_it(
    asked: float,
    heard: float,
    ahead: float,
    is_good: bool,
) -> None:
    watch = ClockWatch()
    watch.compare(NOW, asked=second(asked), heard=second(heard), counter=0.0)
    assert watch.ahead == pytest.approx(ahead)
    assert watch.is_good is is_good


@pytest.mark.covers("F100", "P17")
@pytest.mark.parametrize(("jump", "is_good"), [(0.2, True), (0.3, False), (-1, False)])
def test_a_clock_that_jumps_is_wrong_for_a_minute(jump: float, is_good: bool) -> None:
    watch = ClockWatch()
    for n in range(200):
        # The broker is asked too, and his clock is not so exact as to show it.
        at = second(n + (jump if n >= 50 else 0.0))
        watch.compare(second(n), asked=at, heard=at, counter=1000.0 + n)
        if n < 50 or n > 111:
            assert watch.is_good
        if n in {50, 80, 109}:
            assert watch.is_good is is_good


@pytest.mark.covers("F100")
def test_a_machine_that_slept_is_noticed_by_its_counter() -> None:
    watch = ClockWatch()
    watch.compare(NOW, asked=NOW, heard=NOW, counter=5.0)
    later = second(3600)
    watch.compare(later, asked=later, heard=later, counter=6.0)
    assert watch.drift == pytest.approx(3599)
    assert not watch.is_good
