"""The broker's time."""

from datetime import timedelta

import pytest

from alvh_trader.broker.clock import BrokerClock
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
