"""Working ahead changes no byte of what a client is sent."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alvh_trader.gateway.market_line import MarketLine
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.scenario import scenario

STEP = timedelta(seconds=20)
INSTANTS = 200


def frames(*, foresees: bool) -> Iterator[list[bytes]]:
    """Yield the frames of each instant for some options and indexes."""
    exchange = Exchange(scenario("volmageddon-2018"), 7)
    options = exchange.find(symbol="SPX", sec_type="OPT", month_or_day="20180309")
    chosen = [o.con_id for o in options if o.strike in {2625, 2800, 2830, 3000}]
    lines = [MarketLine(i, con_id) for i, con_id in enumerate([*chosen, 416904])]
    wanted = [line.con_id for line in lines]
    for _ in range(INSTANTS):
        if foresees:
            prices = exchange.foresee(STEP, wanted)
            assert prices is not None
            for line in lines:
                line.plan(prices)
        to = exchange.next_instant(STEP)
        assert to is not None
        exchange.advance(to)
        tops, greeks = exchange.tops(wanted), exchange.greeks(wanted)
        yield [
            frame
            for line, top, greek in zip(lines, tops, greeks, strict=True)
            for frame in line.ticks(top, greek, exchange.now)
        ]


def test_frames_written_ahead_are_those_written_in_time() -> None:
    assert list(frames(foresees=True)) == list(frames(foresees=False))


def test_a_plan_for_another_instant_is_not_sent() -> None:
    exchange = Exchange(scenario("volmageddon-2018"), 7)
    (spx,) = exchange.find(symbol="SPX", sec_type="IND")
    line, plain = MarketLine(1, spx.con_id), MarketLine(1, spx.con_id)
    prices = exchange.foresee(STEP, [spx.con_id])
    assert prices is not None
    line.plan(prices)
    exchange.advance(exchange.now + STEP / 2)
    (top,) = exchange.tops([spx.con_id])
    sent = line.ticks(top, None, exchange.now)
    assert sent == plain.ticks(top, None, exchange.now)
    assert sent != [], "the first ticks of a stream say everything"


@pytest.mark.parametrize("seconds", [10, 20])
def test_foreseeing_leaves_the_present_as_it_is(seconds: int) -> None:
    exchange = Exchange(scenario("volmageddon-2018"), 7)
    before = exchange.tops([416904])
    exchange.foresee(timedelta(seconds=seconds), [416904])
    assert exchange.tops([416904]) == before
