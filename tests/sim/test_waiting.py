"""The queue in front of a resting order, and what is left of displayed sizes."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from alvh_trader.sim.fills import HARSH, REALISTIC
from alvh_trader.sim.liquidity import Liquidity
from alvh_trader.sim.model import Top
from alvh_trader.sim.waiting import Waiting
from tests.sim.test_matching import MARKET, ORDER

BID = replace(ORDER, limit=Decimal("1.00"))


def shown(size: int, volume: int | None) -> Top:
    return structs.replace(MARKET, bid_size=size, ask_size=size, volume=volume)


def test_an_order_on_its_way_is_not_looked_at() -> None:
    waiting = Waiting(10.6)
    assert not waiting.look(10.0)
    assert not waiting.look(10.6)
    assert waiting.look(15.0)
    assert waiting.elapsed == pytest.approx(4.4)
    assert waiting.look(900.0)
    assert waiting.elapsed == 60.0, "after a pause, one minute of luck"


def test_an_order_waits_until_what_was_before_it_has_traded() -> None:
    waiting = Waiting(0.0)
    assert waiting.reached(BID, shown(30, 100), 1.0) == 0
    assert waiting.reached(BID, shown(30, 140), 1.0) == 0, "20 of 30 have sold"
    assert waiting.reached(BID, shown(30, 170), 1.0) == 5, "35 have: 5 reach us"
    assert waiting.reached(BID, shown(30, 180), 1.0) == 5


def test_the_queue_shrinks_when_others_leave_it_and_grows_for_nobody() -> None:
    waiting = Waiting(0.0)
    waiting.reached(BID, shown(30, 100), 1.0)
    waiting.reached(BID, shown(8, 100), 1.0)
    waiting.reached(BID, shown(90, 100), 1.0)
    assert waiting.reached(BID, shown(90, 120), 1.0) == 2


def test_alone_at_the_best_price_nobody_is_before_us() -> None:
    sent = replace(ORDER, action="SELL", limit=Decimal("1.35"))
    waiting = Waiting(0.0)
    assert waiting.reached(sent, shown(30, 100), 1.0) == 0, "nothing traded since"
    assert waiting.reached(sent, shown(30, 106), 1.0) == 3


def test_behind_the_market_and_without_a_tape_nothing_comes() -> None:
    behind = replace(ORDER, limit=Decimal("0.90"))
    waiting = Waiting(0.0)
    for volume in (100, 900, 5000):
        assert waiting.reached(behind, shown(1, volume), 1.0) == 0
    silent = Waiting(0.0)
    for _ in range(3):
        assert silent.reached(BID, shown(0, None), 1.0) == 0


@given(st.lists(st.integers(0, 50), min_size=2, max_size=30), st.integers(0, 60))
def test_no_more_comes_to_an_order_than_half_of_what_traded(
    steps: list[int], size: int
) -> None:
    waiting, volume, come = Waiting(0.0), 0, 0
    for step in steps:
        volume += step
        come += waiting.reached(BID, shown(size, volume), 1.0)
    assert come <= max(0.0, sum(steps[1:]) / 2 - size) + 1e-9


def test_what_we_took_comes_back_by_halves() -> None:
    liquidity = Liquidity(REALISTIC)
    top = shown(40, None)
    assert liquidity.left(1, top, 0.0) is top
    liquidity.take(1, 40, 0.0)
    for at, left in ((0.0, 0), (15.0, 20), (30.0, 30), (600.0, 40)):
        assert liquidity.left(1, top, at).ask_size == left
        assert liquidity.left(1, top, at).bid_size == 40
    assert liquidity.left(2, top, 0.0) is top
    liquidity.take(1, -30, 0.0)
    liquidity.take(1, -5, 0.0)
    assert liquidity.left(1, top, 0.0).bid_size == 5
    liquidity.begin_day()
    assert liquidity.left(1, top, 0.0) is top


def test_half_of_a_harsh_market_is_not_there() -> None:
    assert Liquidity(HARSH).left(1, shown(40, None), 0.0).ask_size == 20
