"""Queries keep their distance; orders and cancellations have tokens."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.broker.orders import CANCEL_TOKENS, ORDER_TOKENS
from alvh_trader.broker.pace import QUERIES_PER_SECOND, Bucket, Pace
from tests.broker.rig import NOW

pauses = st.lists(st.floats(0, 0.5), min_size=1, max_size=120)


@given(pauses)
def test_no_second_holds_more_than_the_gateway_allows(waits: list[float]) -> None:
    pace = Pace(QUERIES_PER_SECOND)
    now, sent = 1000.0, []
    for wait in waits:
        now += wait
        sent.append(now + pace.reserve(now))
    assert sent == sorted(sent), "first come, first served"
    for start in sent:
        assert sum(start <= at < start + 1.0 for at in sent) <= 25


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


@pytest.mark.covers("F36", "P23")
@given(pauses)
def test_all_that_leaves_in_a_second_is_below_the_queue_of_the_library(
    waits: list[float],
) -> None:
    most = 0
    for rate, burst in (ORDER_TOKENS, CANCEL_TOKENS):
        bucket, now, sent = Bucket(rate, burst), NOW, []
        for wait in waits:
            now += timedelta(seconds=wait)
            if bucket.take(now):
                sent.append(now)
        second = timedelta(seconds=1)
        most += max(sum(at <= x < at + second for x in sent) for at in sent)
    assert most + 25 <= 45


def test_a_bucket_fills_up_to_its_burst_and_no_further() -> None:
    bucket = Bucket(rate=2.0, burst=3)
    assert [bucket.take(NOW) for _ in range(4)] == [True, True, True, False]
    later = NOW + timedelta(hours=1)
    assert [bucket.take(later) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(later + timedelta(seconds=0.5))
    # A clock that is set back gives nothing away.
    assert not bucket.take(NOW)
