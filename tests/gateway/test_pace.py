"""Simulated time follows the wall's, leaves out the nights, and ends."""

from datetime import timedelta

import pytest

from alvh_trader.gateway.pace import INSTANTS_PER_STEP_MAX, Pace
from tests.gateway.peer import Peer, floor, order, vix_call


@pytest.mark.parametrize("speed", [1.0, 30.0, 600.0])
def test_simulated_seconds_are_the_walls_times_the_speed(speed: float) -> None:
    on = floor()
    start, wall = on.exchange.now, 1000.0
    pace = Pace(on, speed, wall)
    for _ in range(40):
        wall += 0.05
        assert pace.step(wall)
    assert (pace.now() - start).total_seconds() == pytest.approx(2 * speed)
    assert timedelta(0) <= pace.now() - on.exchange.now <= on.interval()


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 5), (60.0, 15), (600.0, 60)])
def test_the_steps_are_as_fine_as_streams_are_sent(speed: float, seconds: int) -> None:
    on = floor()
    start = on.exchange.now
    pace, wall = Pace(on, speed, 0.0), 0.0
    while on.exchange.now == start:
        wall += 0.05
        pace.step(wall)
    assert on.exchange.now - start == timedelta(seconds=seconds)


def test_small_steps_are_taken_while_an_order_rests() -> None:
    on = floor()
    Peer(on).ask(order(vix_call(on.exchange).con_id, 1, "0.05"))
    start = on.exchange.now
    Pace(on, 1.0, 0.0).step(11.0)
    assert on.exchange.now - start == timedelta(seconds=10)


def test_the_night_is_left_out() -> None:
    on = floor()
    on.exchange.advance(on.exchange.now.replace(hour=21, minute=14, second=40))
    day = on.exchange.session_day
    pace = Pace(on, 60.0, 0.0)
    assert pace.step(1.0)
    opening = on.exchange.now
    assert on.exchange.session_day > day
    assert pace.now() == opening
    pace.step(2.0)
    assert on.exchange.now - opening == timedelta(seconds=60)


def test_a_machine_too_slow_falls_behind_instead_of_silent() -> None:
    on = floor()
    start = on.exchange.now
    pace = Pace(on, 1.0, 0.0)
    pace.step(20_000.0)
    steps = (on.exchange.now - start) / timedelta(seconds=5)
    assert steps == INSTANTS_PER_STEP_MAX
    assert pace.now() == on.exchange.now


def test_the_end_of_the_scenario_ends_it() -> None:
    on = floor()
    on.exchange.advance(on.exchange.now.replace(month=3, day=29, hour=20, minute=14))
    pace, wall = Pace(on, 600.0, 0.0), 0.0
    while pace.step(wall):
        wall += 0.05
        assert wall < 60, "the scenario does not end"
    assert on.exchange.ended
