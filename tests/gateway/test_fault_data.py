"""Faults of market data and of answers, each on a raw socket."""

import math
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import Struct

from alvh_trader.gateway.fault_answer import ENDS, QUESTIONS
from alvh_trader.wire import request
from alvh_trader.wire.account_reply import (
    AccountDownloadEnd,
    CurrentTime,
    ManagedAccounts,
    NextValidId,
    Position,
    PositionEnd,
)
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.contract_reply import ContractData
from alvh_trader.wire.market_reply import (
    MarketDataType,
    TickGeneric,
    TickOptionComputation,
    TickPrice,
)
from alvh_trader.wire.market_request import RequestHistoricalData, RequestMarketData
from alvh_trader.wire.order_reply import ExecutionData, OpenOrder
from tests.gateway.peer import errors, only, order, vix_call
from tests.gateway.raw import Raw, Stage, Unread, play

SPX, VIX = 416904, 13455763
BID, ASK, LAST = 1, 2, 4
HALTED = 49


def stream(con_id: int, req_id: int = 9) -> RequestMarketData:
    return RequestMarketData(req_id=req_id, contract=ContractSpec(con_id=con_id))


async def quote(line: Raw, stage: Stage) -> dict[int, float]:
    """Open a stream of a call's prices and return the first of each kind."""
    heard = await line.ask(stream(vix_call(stage.exchange).con_id))
    return prices(heard)


def prices(heard: list[Struct]) -> dict[int, float]:
    """Return the newest price of each kind, of those that are no numbers, too."""
    odd = [it.payload.decode().split("\0") for it in only(Unread, heard)]
    return {int(it[3]): float(it[4].replace("inite", "")) for it in odd} | {
        it.kind: float(it.price) for it in only(TickPrice, heard)
    }


def test_10197_stops_streams_and_refuses_new_ones() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(stream(SPX))
        stage.fault("10197+60")
        assert errors(await line.ask(stream(VIX, 10))) == [(9, 10197), (10, 10197)]
        assert not only(TickPrice, await line.pulse(2))
        assert only(TickPrice, await line.pulse(4)), "then it goes on"

    play(scene)


@pytest.mark.parametrize(
    ("code", "goes_on"), [(354, False), (10089, False), (10167, True), (10168, False)]
)
def test_not_entitled_says_so(code: int, goes_on: bool) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(f"not_entitled={code}")
        heard = await line.ask(stream(SPX))
        assert errors(heard) == [(9, code)]
        assert bool(only(TickPrice, heard)) is goes_on

    play(scene)


def test_101_leaves_no_line() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("101")
        assert errors(await line.ask(stream(SPX))) == [(9, 101)]

    play(scene)


def test_10182_ends_bars() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.pulse(6)
        await line.ask(
            RequestHistoricalData(
                req_id=4, contract=ContractSpec(con_id=SPX), bar_size="1 min",
                duration="1800 S", keep_up_to_date=True,
            )
        )  # fmt: skip
        stage.fault("10182")
        heard = await line.pulse(4)
        assert errors(heard) == [(4, 10182)]

    play(scene)


def test_data_type_is_told_of_old_and_new_streams() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(stream(SPX))
        stage.fault("data_type=3")
        heard = await line.ask(stream(VIX, 10))
        assert [(it.req_id, it.kind) for it in only(MarketDataType, heard)] == [
            (9, 3),
            (10, 3),
        ]
        stage.end("data_type")
        heard = await line.pulse()
        assert {it.kind for it in only(MarketDataType, heard)} == {1}

    play(scene)


@pytest.mark.parametrize(
    ("words", "price"),
    [
        ("price_minus1", -1.0),
        ("bad_price=0", 0.0),
        ("bad_price=nan", math.nan),
        ("bad_price=inf", math.inf),
        ("bad_price=unset", 1.7976931348623157e308),
    ],
)
def test_prices_may_be_none(words: str, price: float) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(words)
        told = await quote(line, stage)
        assert [told[BID], told[ASK]] == pytest.approx([price] * 2, nan_ok=True)
        stage.end(words.partition("=")[0])
        assert 0 < prices(await line.pulse())[BID] < 100

    play(scene)


def test_quotes_may_be_crossed_locked_or_wide() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        true = await quote(line, stage)
        widths = {}
        for number, words in enumerate(("crossed", "locked", "wide=3"), 20):
            stage.fault(words)
            con_id = vix_call(stage.exchange).con_id
            told = prices(await line.ask(stream(con_id, number)))
            widths[words] = told[ASK] - told[BID]
            stage.end(words.partition("=")[0])
        assert widths["crossed"] < 0
        assert widths["locked"] == 0
        assert widths["wide=3"] > true[ASK] - true[BID] + 3

    play(scene)


def test_stuck_holds_one_index_and_no_other() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(stream(SPX, 1), stream(VIX, 2))
        stage.fault("stuck=SPX+900")
        await line.pulse()
        told = {it.req_id for it in only(TickPrice, await line.pulse(12))}
        assert told == {2}

    play(scene)


def test_quotes_frozen_holds_everything() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(stream(SPX, 1), stream(vix_call(stage.exchange).con_id, 2))
        stage.fault("quotes_frozen")
        await line.pulse()
        assert not only(TickPrice, await line.pulse(5))

    play(scene)


def test_a_bad_print_is_one_print() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        before = prices(await line.ask(stream(VIX)))[LAST]
        stage.fault("bad_print=VIX")
        told = [prices(await line.pulse()).get(LAST, before) for _ in range(4)]
        assert told[0] > 1.8 * before
        assert max(told[1:]) < 1.2 * before

    play(scene)


def test_halted_says_so_and_nothing_trades() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        con_id = vix_call(stage.exchange).con_id
        await line.ask(stream(con_id))
        stage.fault("halted+60")
        heard = await line.ask(order(con_id, 1, None))
        assert [(it.kind, it.value) for it in only(TickGeneric, heard)] == [(HALTED, 1)]
        heard = await line.pulse(2)
        assert prices(heard) == {BID: -1.0, ASK: -1.0}
        assert not only(ExecutionData, heard)
        heard = await line.pulse(8)
        assert [it.value for it in only(TickGeneric, heard)] == [0]
        assert only(ExecutionData, heard)

    play(scene)


def test_greeks_may_be_absent_or_absurd() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        con_id = vix_call(stage.exchange).con_id
        stage.fault("greeks_absent")
        assert not only(TickOptionComputation, await line.ask(stream(con_id, 1)))
        stage.end("greeks_absent")
        stage.fault("greeks_absurd")
        told = only(TickOptionComputation, await line.ask(stream(con_id, 2)))
        assert {it.delta for it in told} == {5.0}

    play(scene)


# -------------------------------------------------------------------- answers ---

ASKED: dict[str, Struct] = {
    "orders": request.RequestAllOpenOrders(),
    "completed": request.RequestCompletedOrders(False),
    "executions": request.RequestExecutions(req_id=3),
    "positions": request.RequestPositions(),
    "account": request.RequestAccountUpdates(True, ""),
    "contracts": request.RequestContractDetails(
        req_id=3, contract=ContractSpec(con_id=SPX)
    ),
    "chains": request.RequestOptionParameters(3, "SPX", "", "IND", SPX),
    "history": RequestHistoricalData(
        req_id=3, contract=ContractSpec(con_id=SPX), duration="5 D"
    ),
    "ids": request.RequestIds(1),
}


@pytest.mark.parametrize("kind", sorted(QUESTIONS))
def test_questions_of_one_kind_may_go_unanswered(kind: str) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(f"unanswered={kind}")
        if kind == "time":
            line.say(request.RequestCurrentTime())
            assert await line.silence() == []
            return
        assert len(await line.ask(ASKED[kind])) == 1, "no more than the mark"
        stage.end("unanswered")
        assert len(await line.ask(ASKED[kind])) > 1

    play(scene)


@pytest.mark.parametrize("kind", sorted(ENDS))
def test_answers_of_one_kind_may_have_no_end(kind: str) -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault(f"endless={kind}")
        heard = await line.ask(ASKED[kind])
        assert not [it for it in heard if isinstance(it, ENDS[kind])]
        stage.end("endless")
        heard = await line.ask(ASKED[kind])
        assert len([it for it in heard if isinstance(it, ENDS[kind])]) == 1

    play(scene)


def test_slow_answers_come_in_their_order() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("slow=30+30")
        line.say(request.RequestIds(1))
        line.say(request.RequestManagedAccounts())
        heard = await line.pulse()
        assert only(CurrentTime, heard)
        assert not only(NextValidId, heard)
        heard = await line.pulse(2)
        assert [type(it) for it in heard if not isinstance(it, CurrentTime)] == [
            NextValidId,
            ManagedAccounts,
        ]

    play(scene)


def test_slow_account_download_end_comes_after_the_rows() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("slow_accountDownloadEnd=60")
        heard = await line.ask(request.RequestAccountUpdates(True, ""))
        assert len(heard) > 10
        assert not only(AccountDownloadEnd, heard)
        began = stage.exchange.now
        while not only(AccountDownloadEnd, await line.pulse()):
            assert stage.exchange.now - began < timedelta(minutes=3)
        assert stage.exchange.now - began >= timedelta(seconds=60)

    play(scene)


def test_slow_end_markers_come_after_their_rows() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("slow_end=30")
        heard = await line.ask(request.RequestPositions())
        assert len(only(Position, heard)) == 4
        assert not only(PositionEnd, heard)
        assert only(PositionEnd, await line.pulse(2))

    play(scene)


def test_executions_gone_leaves_positions() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        await line.ask(order(vix_call(stage.exchange).con_id, 1, None))
        assert only(ExecutionData, await line.pulse(6))
        stage.fault("executions_gone")
        assert len(await line.ask(request.RequestExecutions(req_id=3))) == 2

    play(scene)


def test_bag_details_are_never_answered() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("bag_details")
        spec = ContractSpec(symbol="SPX", sec_type="BAG", exchange="SMART")
        asked = request.RequestContractDetails(req_id=3, contract=spec)
        assert len(await line.ask(asked)) == 1
        assert only(ContractData, await line.ask(ASKED["contracts"]))

    play(scene)


def test_200_knows_no_contract() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("200")
        assert errors(await line.ask(ASKED["contracts"])) == [(3, 200)]

    play(scene)


def test_ambiguous_is_found_twice() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("ambiguous")
        found = only(ContractData, await line.ask(ASKED["contracts"]))
        assert len({it.con_id for it in found}) == 2

    play(scene)


def test_read_only_refuses_orders_and_their_lists() -> None:
    async def scene(stage: Stage) -> None:
        line = await stage.client()
        stage.fault("read_only")
        heard = await line.ask(
            order(vix_call(stage.exchange).con_id, 1, "0.01"),
            request.RequestAllOpenOrders(),
            request.RequestCompletedOrders(False),
        )
        assert errors(heard) == [(1, 321), (-1, 321), (-1, 321)]
        assert not only(OpenOrder, heard)
        assert not stage.exchange.open_orders()

    play(scene)


def test_version_is_whatever_the_gateway_says() -> None:
    async def scene(stage: Stage) -> None:
        stage.fault("version=165")
        line = await stage.open()
        line.knock(1)
        heard = await line.silence()
        assert isinstance(heard[0], Unread)
        assert heard[0].payload.startswith(b"165\0")
        assert Decimal(len(heard)) > 1

    play(scene)
