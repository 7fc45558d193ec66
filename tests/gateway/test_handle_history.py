"""Historical bars, schedules and what is refused of the past."""

import pytest

from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, kinds, only, vix_call

SPX = ContractSpec(symbol="SPX", sec_type="IND", exchange="CBOE")


def bars(peer: Peer, **changes: object) -> wire.HistoricalData:
    asked = ask.RequestHistoricalData(req_id=3, contract=SPX, **changes)  # type: ignore[arg-type]
    (answer,) = peer.ask(asked)
    assert isinstance(answer, wire.HistoricalData)
    return answer


def refused(**changes: object) -> list[tuple[int, int]]:
    asked = ask.RequestHistoricalData(**{"req_id": 3, "contract": SPX, **changes})  # type: ignore[arg-type]
    return errors(Peer(floor()).ask(asked))


def test_daily_bars_have_days_and_end_with_the_session_in_progress() -> None:
    peer = Peer(floor())
    for _ in range(10):
        peer.pulse()
    answer = bars(peer, duration="60 D")
    assert len(answer.rows) == 60
    assert answer.rows[-1].date == "20180122"
    assert [row.date for row in answer.rows] == sorted(row.date for row in answer.rows)
    assert answer.end == "20180122 09:33:20 US/Eastern"
    assert answer.start.startswith(answer.rows[0].date)


def test_a_bar_holds_its_prices_between_low_and_high() -> None:
    for row in bars(Peer(floor()), duration="1 Y").rows:
        assert (
            row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
        )


def test_intraday_bars_have_times_with_a_zone_or_epochs() -> None:
    peer = Peer(floor())
    zoned = bars(peer, duration="2 D", bar_size="30 mins")
    epoch = bars(peer, duration="2 D", bar_size="30 mins", date_format=2)
    assert zoned.rows[0].date == "20180119 09:30:00 US/Eastern"
    assert epoch.rows[0].date == "1516372200"


def test_before_version_174_times_have_no_zone() -> None:
    old = Peer(floor(), version=173)
    assert bars(old, bar_size="1 hour", duration="1 D").end == "20180122  09:30:00"


def test_a_duration_in_seconds_cuts_the_last_session() -> None:
    peer = Peer(floor())
    for _ in range(90):
        peer.pulse()
    answer = bars(peer, duration="600 S", bar_size="1 min")
    assert 10 <= len(answer.rows) <= 11


def test_the_end_asked_for_is_kept_but_never_lies_in_the_future() -> None:
    peer = Peer(floor())
    past = bars(peer, end="20180112 16:30:00 US/Eastern", duration="5 D")
    assert past.rows[-1].date == "20180112"
    utc = bars(peer, end="20180112-21:30:00", duration="5 D")
    assert [row.date for row in utc.rows] == [row.date for row in past.rows]
    future = bars(peer, end="20190101 00:00:00 US/Eastern", duration="5 D")
    assert future.rows[-1].date == "20180122"


def test_bars_kept_up_to_date_change_the_last_one_and_add_new_ones() -> None:
    peer = Peer(floor())
    asked = ask.RequestHistoricalData(
        req_id=3, contract=SPX, duration="1 D", bar_size="1 min", keep_up_to_date=True
    )
    (first,) = only(wire.HistoricalData, peer.ask(asked))
    heard = [it for _ in range(30) for it in peer.pulse()]
    dates = [it.date for it in only(wire.HistoricalDataUpdate, heard)]
    assert dates == sorted(dates)
    assert dates[0] >= first.rows[-1].date
    assert len(set(dates)) > 5
    assert errors(peer.ask(ask.CancelHistoricalData(3))) == [(3, 162)]
    assert kinds(peer.pulse()) == ["CurrentTime"]
    assert errors(peer.ask(ask.CancelHistoricalData(3))) == [(3, 366)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"keep_up_to_date": True, "end": "20180112 16:00:00 US/Eastern"}, 321),
        ({"what": "FEELINGS"}, 321),
        ({"what": "BID_ASK"}, 162),
        ({"bar_size": "7 mins"}, 321),
        ({"duration": "1 fortnight"}, 321),
        ({"duration": "0 D"}, 321),
        ({"end": "20180112"}, 10314),
        ({"end": "20180112 16:00:00 Mars/Base"}, 10314),
        ({"end": "20181340 16:00:00"}, 10314),
        ({"contract": ContractSpec(symbol="AAPL", sec_type="STK")}, 200),
        ({"contract": ContractSpec(symbol="SPX", sec_type="BAG")}, 162),
    ],
)
def test_what_cannot_be_answered_says_why(
    changes: dict[str, object], code: int
) -> None:
    assert refused(**changes) == [(3, code)]


def test_options_have_no_bars() -> None:
    peer = Peer(floor())
    spec = ContractSpec(con_id=vix_call(peer.floor.exchange).con_id)
    asked = ask.RequestHistoricalData(req_id=3, contract=spec, duration="5 D")
    assert errors(peer.ask(asked)) == [(3, 162)]
    head = ask.RequestHeadTimestamp(req_id=4, contract=spec)
    assert errors(peer.ask(head)) == [(4, 162)]


def test_a_schedule_lists_the_sessions() -> None:
    asked = ask.RequestHistoricalData(
        req_id=3, contract=SPX, duration="5 D", what="SCHEDULE"
    )
    (answer,) = Peer(floor()).ask(asked)
    assert isinstance(answer, wire.HistoricalSchedule)
    assert [row.day for row in answer.rows] == [
        "20180116", "20180117", "20180118", "20180119", "20180122",
    ]  # fmt: skip
    assert answer.start == "20180116-08:30:00"
    assert answer.time_zone == "US/Central"


def test_the_head_timestamp_is_the_first_bar() -> None:
    peer = Peer(floor())
    (text,) = peer.ask(ask.RequestHeadTimestamp(req_id=4, contract=SPX))
    (epoch,) = peer.ask(ask.RequestHeadTimestamp(req_id=4, contract=SPX, date_format=2))
    assert isinstance(text, wire.HeadTimestamp)
    assert isinstance(epoch, wire.HeadTimestamp)
    first = bars(peer, duration="50 Y").rows[0].date
    assert text.time.startswith(first)
    assert epoch.time.isdecimal()


def test_old_ticks_are_not_kept() -> None:
    asked = ask.RequestHistoricalTicks(req_id=4, contract=SPX)
    assert errors(Peer(floor()).ask(asked)) == [(4, 162)]
