"""Dates and times in every form that clients send and gateways print."""

import re
from datetime import UTC, datetime

import pytest

from alvh_trader.gateway import moment
from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.moment import Times, TimesIn
from alvh_trader.wire.order_reply import ExecutionData
from alvh_trader.wire.request import RequestExecutions
from tests.gateway.peer import Peer, floor, only, order, until_filled, vix_call

AT = datetime(2018, 2, 5, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20180205 16:00:00 US/Eastern",
        "20180205 16:00:00 America/New_York",
        "20180205 22:00:00 Europe/Berlin",
        "20180205 16:00:00",
        "20180205  16:00:00",
        "20180205-21:00:00",
    ],
)
def test_a_time_is_read_in_every_form(text: str) -> None:
    assert moment.read_time(text) == AT


@pytest.mark.parametrize(
    "text",
    ["", "now", "20180205", "2018-02-05 16:00:00", "20180230 10:00:00",
     "20180205 25:00:00", "20180205 16:00:00 Nowhere/Land", "20180205 16:00:00 ../x"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a time|does not match|out of range|day"):
        moment.read_time(text)


def test_times_carry_their_zone_from_version_174_on() -> None:
    assert Times(173).text(AT) == "20180205  16:00:00"
    assert Times(174).text(AT) == "20180205 16:00:00 US/Eastern"
    assert Times(174).of("US/Central").text(AT) == "20180205 15:00:00 US/Central"
    assert Times(176).read(Times(176).text(AT)) == AT


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (Times(176, TimesIn.INSTRUMENT, BERLIN), "20180205 15:00:00 US/Central"),
        (Times(176, TimesIn.LOGIN, BERLIN), "20180205 22:00:00 Europe/Berlin"),
        (Times(176, TimesIn.UTC, BERLIN), "20180205-21:00:00"),
        (Times(173, TimesIn.UTC, BERLIN), "20180205  22:00:00"),
    ],
)
def test_times_of_an_instrument_are_told_as_the_owner_has_set_it(
    times: Times, text: str
) -> None:
    assert times.of("US/Central").text(AT) == text
    assert times.read(text) == AT


@pytest.mark.parametrize("version", [157, 173, 178])
def test_times_of_the_login_have_its_zone_in_every_version(version: int) -> None:
    times = Times(version, TimesIn.UTC, BERLIN)
    assert times.login_text(AT) == "20180205 22:00:00 Europe/Berlin"
    assert times.clock_text(AT) == "22:00"


@pytest.mark.parametrize(
    "shown_as",
    ["Greenwich Mean Time", "GMT+01:00", "\u4e2d\u56fd\u6807\u51c6\u65f6\u95f4", "EST"],
)
def test_the_welcome_can_name_its_zone_awkwardly(shown_as: str) -> None:
    settings = ApiSettings(login_zone="Asia/Shanghai", login_zone_shown_as=shown_as)
    (welcome,) = Peer(floor(settings=settings), start=False).welcome
    assert welcome.decode() == f"176\x0020180122 22:30:00 {shown_as}\0"


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="not a time zone: 'Mars/Base'"):
        ApiSettings(login_zone="Mars/Base")


def test_trades_are_told_in_utc_if_that_is_set() -> None:
    peer = Peer(floor(settings=ApiSettings(times_in=TimesIn.UTC)))
    peer.ask(order(vix_call(peer.floor.exchange).con_id, 1, None))
    (trade,) = only(ExecutionData, list(until_filled(peer)))
    assert re.fullmatch(r"20180122-14:3\d:\d\d", trade.time)
    (again,) = only(ExecutionData, peer.ask(RequestExecutions(req_id=2)))
    assert again.time == trade.time


def test_the_welcome_names_the_zone_in_short() -> None:
    assert moment.welcome_text(AT) == "20180205 16:00:00 EST"
