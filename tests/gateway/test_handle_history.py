"""Historical bars, schedules and what is refused of the past."""

from decimal import Decimal

import pytest

from alvh_trader.gateway.api_settings import ApiSettings
from alvh_trader.gateway.entitlement import Entitlement
from alvh_trader.gateway.handle_history import BARS_MAX
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.account_reply import Error
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
    assert answer.end == "20180122 08:38:00 US/Central"
    assert answer.start == "20171123 08:38:00 US/Central"


def test_a_bar_holds_its_prices_between_low_and_high() -> None:
    for row in bars(Peer(floor()), duration="1 Y").rows:
        assert (
            row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high
        )


def test_intraday_bars_have_times_with_a_zone_or_epochs() -> None:
    peer = Peer(floor())
    zoned = bars(peer, duration="2 D", bar_size="30 mins")
    epoch = bars(peer, duration="2 D", bar_size="30 mins", date_format=2)
    assert zoned.rows[0].date == "20180119 08:30:00 US/Central"
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
    assert errors(peer.ask(asked)) == [(3, 322)]
    assert errors(peer.ask(ask.CancelHistoricalData(3))) == [(3, 162)]
    assert kinds(peer.pulse()) == ["CurrentTime"]
    assert errors(peer.ask(ask.CancelHistoricalData(3))) == [(3, 366)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"keep_up_to_date": True, "end": "20180112 16:00:00 US/Eastern"}, 321),
        ({"what": "FEELINGS"}, 321),
        ({"what": "BID_ASK"}, 162),
        ({"what": "MIDPOINT"}, 162),
        ({"bar_size": "1 secs"}, 162),
        ({"duration": "366 D"}, 321),
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


def test_more_bars_than_anybody_reads_are_refused() -> None:
    assert refused(duration="99999 Y", bar_size="5 secs") == [(3, 162)]
    assert refused(duration="5 D", bar_size="5 secs") == [(3, 162)]
    assert len(bars(Peer(floor()), duration="10 D", bar_size="30 secs").rows) < BARS_MAX


def test_bars_of_quotes_have_no_volume_and_show_half_cents() -> None:
    peer = Peer(floor())
    for _ in range(30):
        peer.pulse()
    spec = ContractSpec(con_id=vix_call(peer.floor.exchange).con_id)
    of = {"contract": spec, "duration": "600 S", "bar_size": "1 min", "req_id": 3}
    for what in ("BID", "ASK", "MIDPOINT", "BID_ASK"):
        asked = ask.RequestHistoricalData(**of, what=what)  # type: ignore[arg-type]
        (answer,) = only(wire.HistoricalData, peer.ask(asked))
        assert len(answer.rows) >= 9
        digits = 3 if what == "MIDPOINT" else 2
        for row in answer.rows:
            assert {row.volume, row.average, Decimal(row.count)} == {Decimal(-1)}
            assert Decimal(str(row.close)).as_tuple().exponent == -digits
    live = ask.RequestHistoricalData(**of, what="MIDPOINT", keep_up_to_date=True)  # type: ignore[arg-type]
    peer.ask(live)
    heard = [it for _ in range(10) for it in peer.pulse()]
    told = only(wire.HistoricalDataUpdate, heard)
    assert told
    assert {it.volume for it in told} == {-1}


def test_options_have_no_days() -> None:
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


def paced(speed_clock: list[float]) -> Peer:
    """Return a client of a gateway whose wall clock a test sets."""
    peer = Peer(floor())
    peer.floor.wall = lambda: speed_clock[0]
    return peer


def asked(peer: Peer, **changes: object) -> list[tuple[int, int]]:
    question = {"req_id": 3, "contract": SPX, "duration": "60 S", "bar_size": "5 secs"}
    return errors(peer.ask(ask.RequestHistoricalData(**(question | changes))))  # type: ignore[arg-type]


def test_an_identical_query_of_short_bars_needs_fifteen_seconds() -> None:
    clock = [100.0]
    peer = paced(clock)
    for _ in range(30):
        peer.pulse()
    assert asked(peer) == []
    clock[0] += 14.9
    assert asked(peer) == [(3, 162)]
    clock[0] += 15.1
    assert asked(peer) == []
    assert asked(peer, bar_size="1 min", duration="600 S") == []
    assert asked(peer, bar_size="1 min", duration="600 S") == []


def test_six_queries_of_one_contract_within_two_seconds_are_too_many() -> None:
    clock = [100.0]
    peer = paced(clock)
    for _ in range(30):
        peer.pulse()
    told = [asked(peer, duration=f"{60 + n} S") for n in range(7)]
    assert told == [[]] * 5 + [[(3, 162)]] * 2
    clock[0] += 2.1
    assert asked(peer, duration="100 S") == []


def test_sixty_queries_in_ten_minutes_are_all() -> None:
    clock = [100.0]
    peer = paced(clock)
    for _ in range(30):
        peer.pulse()
    told = []
    for n in range(70):
        clock[0] += 3.0
        told.append(asked(peer, duration=f"{60 + n} S"))
    assert told == [[]] * 60 + [[(3, 162)]] * 10
    clock[0] += 600.0
    assert asked(peer) == []


def test_the_words_of_a_pacing_violation() -> None:
    peer = paced([100.0])
    question = ask.RequestHistoricalData(
        req_id=3, contract=SPX, duration="60 S", bar_size="5 secs"
    )
    told = only(Error, [*peer.ask(question), *peer.ask(question)])
    assert told[-1].text == (
        "Historical Market Data Service error message:"
        "Historical data request pacing violation"
    )


def test_in_lockstep_nobody_asks_too_often() -> None:
    peer = Peer(floor())
    for _ in range(30):
        peer.pulse()
    assert [asked(peer) for _ in range(100)] == [[]] * 100


def test_a_login_without_any_data_has_no_history() -> None:
    peer = Peer(floor(settings=ApiSettings(market_data=Entitlement.NONE)))
    question = ask.RequestHistoricalData(req_id=3, contract=SPX, duration="5 D")
    (told,) = only(Error, peer.ask(question))
    assert told.code == 162
    assert told.text.endswith("No market data permissions for CBOE IND")


def test_months_and_hours_are_bars_too() -> None:
    peer = Peer(floor())
    months = bars(peer, duration="1 Y", bar_size="1 month").rows
    assert [row.date[:6] for row in months] == sorted({row.date[:6] for row in months})
    assert 12 <= len(months) <= 13
    hours = bars(peer, duration="2 D", bar_size="4 hours", end="20180119-22:00:00").rows
    assert [row.date[9:14] for row in hours] == ["08:30", "12:30"] * 2


def test_what_options_imply_is_the_volatility_index_as_a_decimal() -> None:
    peer = Peer(floor())
    vix = ContractSpec(symbol="VIX", sec_type="IND")
    implied = bars(peer, duration="10 D", what="OPTION_IMPLIED_VOLATILITY").rows
    (index,) = only(
        wire.HistoricalData,
        peer.ask(ask.RequestHistoricalData(req_id=4, contract=vix, duration="10 D")),
    )
    assert [row.close * 100 for row in implied] == [row.close for row in index.rows]
    assert [row.date for row in implied] == [row.date for row in index.rows]


def test_the_volatility_of_the_past_is_one_value_a_day() -> None:
    rows = bars(Peer(floor()), duration="20 D", what="HISTORICAL_VOLATILITY").rows
    assert len(rows) == 20
    assert all(row.open == row.high == row.low == row.close for row in rows)
    assert all(0.01 < row.close < 0.3 for row in rows)


@pytest.mark.parametrize(
    "changes",
    [
        {"what": "HISTORICAL_VOLATILITY", "bar_size": "1 hour"},
        {"what": "OPTION_IMPLIED_VOLATILITY",
         "contract": ContractSpec(symbol="VVIX", sec_type="IND")},
    ],
)  # fmt: skip
def test_volatilities_that_there_are_not_get_162(changes: dict[str, object]) -> None:
    assert refused(**changes) == [(3, 162)]
