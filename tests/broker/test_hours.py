"""The hours of a product, in every form in which gateways tell them."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from alvh_trader.broker.hours import hours_of
from alvh_trader.domain.calendar import Hours
from alvh_trader.engine.command import ListHours
from alvh_trader.engine.event import HoursListed, RequestFailed
from tests.broker.peer import Peer
from tests.broker.rig import rig, unconnected

MONDAY, SUNDAY = date(2018, 2, 5), date(2018, 2, 4)
OPEN = datetime(2018, 2, 5, 14, 30, tzinfo=UTC)
CLOSE = datetime(2018, 2, 5, 21, 0, tzinfo=UTC)


@pytest.mark.covers("F103")
@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("20180204:CLOSED;20180205:0930-20180205:1600", "US/Eastern"),
        ("20180204:CLOSED;20180205:0830-20180205:1500", "US/Central"),
        ("20180205:0930-1600;20180204:CLOSED", "EST (Eastern Standard Time)"),
        ("20180205:0830-1500;20180204:CLOSED;", "CST"),
        (
            "20180204:CLOSED;20180205:1300-20180205:1600;20180205:0930-20180205:1200",
            "America/New_York",
        ),
    ],
)
def test_each_form_is_read_in_its_own_zone(text: str, zone: str) -> None:
    closed, opened = hours_of(text, zone)
    assert closed == Hours(SUNDAY, None, None)
    assert opened == Hours(MONDAY, OPEN, CLOSE)


@pytest.mark.covers("F99", "F103")
@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("", "US/Eastern"),
        ("20180205:0930-20180205:1600", "中国标准时间"),
        ("20180205:0930-20180205:1600", ""),
        ("20180205:0930", "US/Eastern"),
        ("2018:0930-1600", "US/Eastern"),
        ("20180205:9999-20180205:1600", "US/Eastern"),
        ("nonsense", "US/Eastern"),
    ],
)
def test_what_cannot_be_read_is_no_hours(text: str, zone: str) -> None:
    assert hours_of(text, zone) == ()


@pytest.mark.covers("F103")
def test_hours_are_asked_of_the_index_and_told() -> None:
    peer = Peer()
    spx = peer.instruments[0]
    zone, trading, liquid = (spx.index("US/Eastern") + i for i in range(3))
    spx[trading] = "20180204:CLOSED;20180205:0400-20180205:2000"
    spx[liquid] = "20180204:CLOSED;20180205:0930-20180205:1600"
    assert spx[zone] == "US/Eastern"

    async def story() -> None:
        async with rig(peer) as r:
            await r.trader.ask(ListHours(symbol="SPX"))
            told = r.inbox.last(HoursListed)
            assert told.symbol == "SPX"
            assert told.hours[1] == Hours(MONDAY, OPEN, CLOSE)
            await r.trader.ask(ListHours(symbol="VIX"))
            assert r.inbox.last(HoursListed).hours == ()

    asyncio.run(story())


def test_hours_of_an_index_nobody_knows_are_a_failure() -> None:
    async def story() -> None:
        async with rig() as r:
            await r.trader.ask(ListHours(symbol="NDX"))
            assert r.inbox.last(RequestFailed).request == "ListHours"
        async with unconnected() as r:
            await r.trader.ask(ListHours(symbol="SPX"))
            assert r.inbox.last(RequestFailed).reason == "not connected"

    asyncio.run(story())
