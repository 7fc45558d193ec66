"""Queries keep their distance."""

from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.broker.pace import Pace

pauses = st.lists(st.floats(0, 0.5), min_size=1, max_size=120)


@given(pauses)
def test_no_second_holds_more_than_the_gateway_allows(waits: list[float]) -> None:
    pace = Pace(30.0)
    now, sent = 1000.0, []
    for wait in waits:
        now += wait
        sent.append(now + pace.reserve(now))
    assert sent == sorted(sent), "first come, first served"
    for start in sent:
        assert sum(start <= at < start + 1.0 for at in sent) <= 40


@given(pauses)
def test_without_a_rate_nobody_waits(waits: list[float]) -> None:
    pace = Pace(None)
    now = 1000.0
    for wait in waits:
        now += wait
        assert pace.reserve(now) == 0


def test_whoever_is_slow_enough_never_waits() -> None:
    pace = Pace(10.0)
    assert all(pace.reserve(1000.0 + n * 0.1) == 0 for n in range(100))
