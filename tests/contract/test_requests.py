"""What the real client library writes is read to the last field, in every version."""

from typing import Any

import pytest

from alvh_trader.wire import codec, layout, market_request, request
from alvh_trader.wire.field import split
from alvh_trader.wire.order_request import PlaceOrder
from tests.contract.client import VERSION_MAX, ib

VERSIONS = range(157, VERSION_MAX + 1)


class Recorder(ib.Client):  # type: ignore[misc]
    """The library's client with a list in the place of its socket."""

    def __init__(self, version: int) -> None:
        super().__init__(ib.IB().wrapper)
        self.connState = ib.Client.CONNECTED
        self._serverVersion = version
        self.messages: list[str] = []

    def sendMsg(self, msg: str) -> None:  # noqa: N802 - the library's name
        self.messages.append(msg)


def read_whole(payload: str, version: int) -> Any:
    """Read a request and make sure that none of its fields is left over."""
    texts = split(payload.encode())
    kind, header = next(
        row for row in codec.REQUESTS.items() if row[1].number == int(texts[0])
    )
    start = 2 if header.has_version(version) else 1
    cursor = layout.Cursor(texts, start)
    message = layout.read(kind, version, cursor)
    assert cursor.left == 0, f"{kind.__name__} at {version}"
    return message


def sent(version: int, name: str, *args: Any) -> Any:
    """Return what the library's method sends, as it is read here."""
    recorder = Recorder(version)
    getattr(recorder, name)(*args)
    (payload,) = recorder.messages
    return read_whole(payload, version)


VIX_CALL = ib.Option(
    "VIX", "20180417", 15.0, "C", "SMART", "100", "USD", tradingClass="VIX"
)
BAG = ib.Contract(symbol="SPX", secType="BAG", exchange="SMART", currency="USD")
BAG.comboLegs = [
    ib.ComboLeg(conId=11, ratio=1, action="BUY", exchange="SMART"),
    ib.ComboLeg(conId=12, ratio=2, action="SELL", exchange="SMART"),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_limit_order(version: int) -> None:
    order = ib.LimitOrder("BUY", 3, 1.25, tif="DAY", account="DU1", orderRef="ref-1")
    read = sent(version, "placeOrder", 42, VIX_CALL, order)
    assert isinstance(read, PlaceOrder)
    assert (read.order_id, read.action, read.quantity) == (42, "BUY", 3)
    assert (read.order_type, str(read.limit), read.tif) == ("LMT", "1.25", "DAY")
    assert (read.account, read.order_ref, read.transmit) == ("DU1", "ref-1", True)
    assert read.contract.trading_class == "VIX"
    assert read.contract.strike == 15.0
    assert not read.what_if


@pytest.mark.parametrize("version", VERSIONS)
def test_a_market_order(version: int) -> None:
    read = sent(version, "placeOrder", 42, VIX_CALL, ib.MarketOrder("SELL", 3))
    assert (read.order_type, read.limit, read.aux_price) == ("MKT", None, None)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_combo_order_with_a_credit(version: int) -> None:
    order = ib.LimitOrder("BUY", 1, -1.75, orderRef="roll")
    order.smartComboRoutingParams = [ib.TagValue("NonGuaranteed", "1")]
    order.orderComboLegs = [ib.OrderComboLeg(), ib.OrderComboLeg(2.5)]
    read = sent(version, "placeOrder", 42, BAG, order)
    legs = [(leg.con_id, leg.ratio, leg.action) for leg in read.legs]
    assert legs == [(11, 1, "BUY"), (12, 2, "SELL")]
    assert str(read.limit) == "-1.75"
    assert read.leg_prices == (None, 2.5)
    assert [(tag.tag, tag.value) for tag in read.routing] == [("NonGuaranteed", "1")]
    assert read.order_ref == "roll"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_trial(version: int) -> None:
    order = ib.LimitOrder("BUY", 1, 1.0, whatIf=True, transmit=False)
    read = sent(version, "placeOrder", 42, VIX_CALL, order)
    assert read.what_if
    assert not read.transmit


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_with_every_optional_part(version: int) -> None:
    order = ib.LimitOrder(
        "BUY", 1, 1.0, deltaNeutralOrderType="LMT", scalePriceIncrement=0.5,
        hedgeType="D", hedgeParam="x", algoStrategy="Adaptive",
        algoParams=[ib.TagValue("adaptivePriority", "Normal")],
        conditions=[
            ib.PriceCondition(conId=1, exch="CBOE", price=2.0),
            ib.TimeCondition(time="20180205 10:00:00"),
            ib.MarginCondition(percent=20),
            ib.ExecutionCondition(secType="OPT", exch="SMART", symbol="SPX"),
            ib.VolumeCondition(conId=1, exch="CBOE", volume=3),
            ib.PercentChangeCondition(conId=1, exch="CBOE", changePercent=1.5),
        ],
        conditionsIgnoreRth=True,
    )  # fmt: skip
    read = sent(version, "placeOrder", 42, VIX_CALL, order)
    assert [it.kind for it in read.conditions] == [1, 3, 4, 5, 6, 7]
    assert read.conditions_ignore_hours
    assert read.hedge_parameter == "x"
    assert read.scale is not None
    assert read.algo_parameters[0].value == "Normal"


@pytest.mark.parametrize("order_type", ["PEG BENCH", "PEG BEST", "PEG MID"])
@pytest.mark.parametrize("version", VERSIONS)
def test_orders_of_kinds_that_are_read_and_then_refused(
    version: int, order_type: str
) -> None:
    order = ib.Order(action="BUY", totalQuantity=1, orderType=order_type)
    order.competeAgainstBestOffset = float("inf")
    contract = ib.Stock("XYZ", "IBKRATS", "USD")
    read = sent(version, "placeOrder", 42, contract, order)
    assert read.order_type == order_type


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("cancelOrder", (7,), request.CancelOrder),
        ("reqOpenOrders", (), request.RequestOpenOrders),
        ("reqAccountUpdates", (True, "DU1"), request.RequestAccountUpdates),
        ("reqExecutions", (5, ib.ExecutionFilter(symbol="SPX")),
         request.RequestExecutions),
        ("reqIds", (1,), request.RequestIds),
        ("reqContractDetails", (5, VIX_CALL), request.RequestContractDetails),
        ("reqAutoOpenOrders", (True,), request.RequestAutoOpenOrders),
        ("reqAllOpenOrders", (), request.RequestAllOpenOrders),
        ("reqManagedAccts", (), request.RequestManagedAccounts),
        ("reqMktData", (5, VIX_CALL, "", False, False, []),
         market_request.RequestMarketData),
        ("reqMktData", (5, BAG, "", True, False, []), market_request.RequestMarketData),
        ("cancelMktData", (5,), market_request.CancelMarketData),
        ("reqHistoricalData",
         (5, VIX_CALL, "", "1 D", "1 min", "TRADES", True, 1, True, []),
         market_request.RequestHistoricalData),
        ("reqHistoricalData",
         (5, BAG, "", "1 D", "1 min", "TRADES", True, 2, False, []),
         market_request.RequestHistoricalData),
        ("cancelHistoricalData", (5,), market_request.CancelHistoricalData),
        ("reqCurrentTime", (), request.RequestCurrentTime),
        ("reqRealTimeBars", (5, VIX_CALL, 5, "TRADES", True, []),
         market_request.RequestRealTimeBars),
        ("calculateImpliedVolatility", (5, VIX_CALL, 1.0, 17.0, []),
         market_request.RequestImpliedVolatility),
        ("calculateOptionPrice", (5, VIX_CALL, 1.0, 17.0, []),
         market_request.RequestOptionPrice),
        ("reqGlobalCancel", (), request.RequestGlobalCancel),
        ("reqMarketDataType", (2,), market_request.RequestMarketDataType),
        ("reqPositions", (), request.RequestPositions),
        ("reqAccountSummary", (5, "All", "Cushion"), request.RequestAccountSummary),
        ("reqPositionsMulti", (5, "DU1", ""), request.RequestPositionsMulti),
        ("reqAccountUpdatesMulti", (5, "DU1", "", False),
         request.RequestAccountUpdatesMulti),
        ("reqSecDefOptParams", (5, "SPX", "", "IND", 416904),
         request.RequestOptionParameters),
        ("reqMatchingSymbols", (5, "VIX"), request.RequestMatchingSymbols),
        ("reqMarketRule", (26,), request.RequestMarketRule),
        ("reqPnL", (5, "DU1", ""), request.RequestPnl),
        ("reqPnLSingle", (5, "DU1", "", 9), request.RequestPnlSingle),
        ("reqHeadTimeStamp", (5, VIX_CALL, "TRADES", True, 1),
         market_request.RequestHeadTimestamp),
        ("reqHistoricalTicks", (5, VIX_CALL, "", "", 10, "TRADES", True, False, []),
         market_request.RequestHistoricalTicks),
        ("reqTickByTickData", (5, VIX_CALL, "BidAsk", 0, False),
         market_request.RequestTickByTick),
        ("reqCompletedOrders", (False,), request.RequestCompletedOrders),
    ],
)  # fmt: skip
def test_every_other_request(
    version: int, name: str, args: tuple[Any, ...], kind: type
) -> None:
    read = sent(version, name, *args)
    assert type(read) is kind
