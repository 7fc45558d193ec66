"""The tables of message numbers, and messages to frames and back.

A row is a message's class, its number, and the version field that some messages
carry behind the number (with the protocol version from which it is gone). Everything
else about a message is in its class, see `layout`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from alvh_trader.errors import ProtocolError
from alvh_trader.wire import (
    account_reply,
    contract_reply,
    layout,
    market_reply,
    market_request,
    order_reply,
    order_request,
    request,
)
from alvh_trader.wire.field import join, split
from alvh_trader.wire.frame import frame


class Header(NamedTuple):
    """A message's number, and its own version where it has one before `until`."""

    number: int
    version: str = ""
    until: int = 1_000_000

    def has_version(self, protocol: int) -> bool:
        """Return whether the message carries its version in `protocol`."""
        return bool(self.version) and protocol < self.until


REQUESTS: Mapping[type[Struct], Header] = MappingProxyType(
    {
        market_request.RequestMarketData: Header(1, "11"),
        market_request.CancelMarketData: Header(2, "2"),
        order_request.PlaceOrder: Header(3),
        request.CancelOrder: Header(4, "1", 192),
        request.RequestOpenOrders: Header(5, "1"),
        request.RequestAccountUpdates: Header(6, "2"),
        request.RequestExecutions: Header(7, "3"),
        request.RequestIds: Header(8, "1"),
        request.RequestContractDetails: Header(9, "8"),
        request.RequestNewsBulletins: Header(12, "1"),
        request.CancelNewsBulletins: Header(13, "1"),
        request.SetServerLogLevel: Header(14, "1"),
        request.RequestAutoOpenOrders: Header(15, "1"),
        request.RequestAllOpenOrders: Header(16, "1"),
        request.RequestManagedAccounts: Header(17, "1"),
        market_request.RequestHistoricalData: Header(20),
        market_request.CancelHistoricalData: Header(25, "1"),
        request.RequestCurrentTime: Header(49, "1"),
        market_request.RequestRealTimeBars: Header(50, "3"),
        market_request.CancelRealTimeBars: Header(51, "1"),
        market_request.RequestImpliedVolatility: Header(54, "3"),
        market_request.RequestOptionPrice: Header(55, "3"),
        market_request.CancelImpliedVolatility: Header(56, "1"),
        market_request.CancelOptionPrice: Header(57, "1"),
        request.RequestGlobalCancel: Header(58, "1", 192),
        market_request.RequestMarketDataType: Header(59, "1"),
        request.RequestPositions: Header(61, "1"),
        request.RequestAccountSummary: Header(62, "1"),
        request.CancelAccountSummary: Header(63, "1"),
        request.CancelPositions: Header(64, "1"),
        request.StartApi: Header(71, "2"),
        request.RequestPositionsMulti: Header(74, "1"),
        request.CancelPositionsMulti: Header(75, "1"),
        request.RequestAccountUpdatesMulti: Header(76, "1"),
        request.CancelAccountUpdatesMulti: Header(77, "1"),
        request.RequestOptionParameters: Header(78),
        request.RequestSoftDollarTiers: Header(79),
        request.RequestFamilyCodes: Header(80),
        request.RequestMatchingSymbols: Header(81),
        request.RequestDepthExchanges: Header(82),
        request.RequestSmartComponents: Header(83),
        request.RequestNewsProviders: Header(85),
        market_request.RequestHeadTimestamp: Header(87),
        market_request.CancelHeadTimestamp: Header(90),
        request.RequestMarketRule: Header(91),
        request.RequestPnl: Header(92),
        request.CancelPnl: Header(93),
        request.RequestPnlSingle: Header(94),
        request.CancelPnlSingle: Header(95),
        market_request.RequestHistoricalTicks: Header(96),
        market_request.RequestTickByTick: Header(97),
        market_request.CancelTickByTick: Header(98),
        request.RequestCompletedOrders: Header(99),
        request.RequestUserInfo: Header(104),
    }
)
"""The requests that are served."""

REPLIES: Mapping[type[Struct], Header] = MappingProxyType(
    {
        market_reply.TickPrice: Header(1, "6"),
        market_reply.TickSize: Header(2, "6"),
        order_reply.OrderStatus: Header(3),
        account_reply.Error: Header(4, "2", 194),
        order_reply.OpenOrder: Header(5),
        account_reply.AccountValue: Header(6, "2"),
        account_reply.PortfolioValue: Header(7, "8"),
        account_reply.AccountTime: Header(8, "1"),
        account_reply.NextValidId: Header(9, "1"),
        contract_reply.ContractData: Header(10, "8", 164),
        order_reply.ExecutionData: Header(11),
        account_reply.DepthLevel: Header(13, "1"),
        account_reply.ManagedAccounts: Header(15, "1"),
        market_reply.HistoricalData: Header(17),
        contract_reply.ScannerParameters: Header(19, "1"),
        contract_reply.ScannerData: Header(20, "3"),
        market_reply.TickOptionComputation: Header(21),
        market_reply.TickGeneric: Header(45, "6"),
        market_reply.TickString: Header(46, "6"),
        account_reply.CurrentTime: Header(49, "1"),
        market_reply.RealTimeBar: Header(50, "3"),
        contract_reply.ContractDataEnd: Header(52, "1"),
        order_reply.OpenOrderEnd: Header(53, "1"),
        account_reply.AccountDownloadEnd: Header(54, "1"),
        order_reply.ExecutionDataEnd: Header(55, "1"),
        market_reply.TickSnapshotEnd: Header(57, "1"),
        market_reply.MarketDataType: Header(58, "1"),
        order_reply.CommissionReport: Header(59, "1"),
        account_reply.Position: Header(61, "3"),
        account_reply.PositionEnd: Header(62, "1"),
        account_reply.AccountSummary: Header(63, "1"),
        account_reply.AccountSummaryEnd: Header(64, "1"),
        account_reply.DisplayGroups: Header(67, "1"),
        account_reply.PositionMulti: Header(71, "1"),
        account_reply.PositionMultiEnd: Header(72, "1"),
        account_reply.AccountUpdateMulti: Header(73, "1"),
        account_reply.AccountUpdateMultiEnd: Header(74, "1"),
        contract_reply.OptionParameters: Header(75),
        contract_reply.OptionParametersEnd: Header(76),
        account_reply.SoftDollarTiers: Header(77),
        account_reply.FamilyCodes: Header(78),
        contract_reply.SymbolSamples: Header(79),
        contract_reply.DepthExchanges: Header(80),
        market_reply.TickReqParams: Header(81),
        contract_reply.SmartComponents: Header(82),
        account_reply.NewsProviders: Header(85),
        account_reply.HistoricalNews: Header(86),
        account_reply.HistoricalNewsEnd: Header(87),
        market_reply.HeadTimestamp: Header(88),
        market_reply.Histogram: Header(89),
        market_reply.HistoricalDataUpdate: Header(90),
        contract_reply.MarketRule: Header(93),
        account_reply.Pnl: Header(94),
        account_reply.PnlSingle: Header(95),
        market_reply.PastTicks: Header(96),
        market_reply.PastQuotes: Header(97),
        market_reply.PastTrades: Header(98),
        market_reply.TickByTick: Header(99),
        order_reply.OrderBound: Header(100),
        order_reply.CompletedOrder: Header(101),
        order_reply.CompletedOrdersEnd: Header(102),
        market_reply.HistoricalSchedule: Header(106),
        account_reply.UserInfo: Header(107),
    }
)
"""The server's messages. A few are only read, to compare them with recordings."""

_HEADERS = {**REQUESTS, **REPLIES}
_REQUEST_OF = {header.number: kind for kind, header in REQUESTS.items()}
_REPLY_OF = {header.number: kind for kind, header in REPLIES.items()}


def fields_of(message: Struct, version: int) -> list[str]:
    """Return the fields of a message, its number first, in protocol `version`."""
    header = _HEADERS[type(message)]
    texts = [str(header.number)]
    if header.has_version(version):
        texts.append(header.version)
    layout.write(message, version, texts)
    return texts


def encode(message: Struct, version: int) -> bytes:
    """Return the whole frame of a message in protocol `version`."""
    return frame(join(fields_of(message, version)))


def decode_request(payload: bytes, version: int) -> Struct:
    """Read what a client asks.

    Raises:
        ProtocolError: It is no request that is served, or its fields are wrong.
    """
    return _decode(split(payload), version, _REQUEST_OF)


def decode_reply(payload: bytes, version: int) -> Struct:
    """Read what a server says.

    Raises:
        ProtocolError: It is no message in the table, or its fields are wrong.
    """
    return _decode(split(payload), version, _REPLY_OF)


def number_of(texts: list[str]) -> int:
    """Return the message number at the head of the fields.

    Raises:
        ProtocolError: There is no number.
    """
    if not texts or not texts[0].isdecimal():
        raise ProtocolError(f"no message number: {texts[:1]!r}")
    return int(texts[0])


def _decode(
    texts: list[str], version: int, table: Mapping[int, type[Struct]]
) -> Struct:
    number = number_of(texts)
    kind = table.get(number)
    if kind is None:
        raise ProtocolError(f"unknown message number {number}")
    start = 2 if _HEADERS[kind].has_version(version) else 1
    return layout.read(kind, version, layout.Cursor(texts, start))
