"""What clients ask about accounts, contracts, orders and the session itself.

Names and order of fields are those of ib_insync 0.9.86 (gateway.md §2.3). Each class
is its own layout, see `layout`; which number it has stands in `codec`. The request
that places an order is in `order_request`, those for market data in `market_request`.
"""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.field import Flag, Int, Text
from alvh_trader.wire.layout import INLINE, since


class StartApi(Struct, frozen=True):
    """The first message of a client: who it is."""

    client_id: Int
    capabilities: Text = ""


class CancelOrder(Struct, frozen=True):
    """Cancel an order, named by the client's own number of it."""

    order_id: Int
    manual_time: Annotated[Text, since(169)] = ""


class RequestOpenOrders(Struct, frozen=True):
    """List this client's working orders."""


class RequestAllOpenOrders(Struct, frozen=True):
    """List the working orders of every client."""


class RequestAutoOpenOrders(Struct, frozen=True):
    """Bind new orders of the trader's own screen to this client (client 0 only)."""

    bind: Flag


class RequestCompletedOrders(Struct, frozen=True):
    """List the orders that ended today."""

    api_only: Flag


class RequestGlobalCancel(Struct, frozen=True):
    """Cancel every working order of the account."""


class RequestIds(Struct, frozen=True):
    """Ask for the next order number that this client may use."""

    count: Int


class RequestExecutions(Struct, frozen=True, kw_only=True):
    """List today's executions that pass a filter; empty parts match everything."""

    req_id: Int
    client_id: Int = 0
    account: Text = ""
    time: Text = ""
    symbol: Text = ""
    sec_type: Text = ""
    exchange: Text = ""
    side: Text = ""


class RequestManagedAccounts(Struct, frozen=True):
    """Ask which accounts the session serves."""


class RequestAccountUpdates(Struct, frozen=True):
    """Start or stop the stream of account and portfolio values."""

    subscribe: Flag
    account: Text


class RequestPositions(Struct, frozen=True):
    """List positions and keep reporting their changes."""


class CancelPositions(Struct, frozen=True):
    """Stop the stream of positions."""


class RequestAccountSummary(Struct, frozen=True):
    """Report the named account values, and their changes; tags separated by commas."""

    req_id: Int
    group: Text
    tags: Text


class CancelAccountSummary(Struct, frozen=True):
    """Stop an account summary."""

    req_id: Int


class RequestPositionsMulti(Struct, frozen=True):
    """List the positions of one account or model."""

    req_id: Int
    account: Text
    model: Text


class CancelPositionsMulti(Struct, frozen=True):
    """Stop a stream of one account's positions."""

    req_id: Int


class RequestAccountUpdatesMulti(Struct, frozen=True):
    """List the account values of one account or model."""

    req_id: Int
    account: Text
    model: Text
    ledger_only: Flag


class CancelAccountUpdatesMulti(Struct, frozen=True):
    """Stop a stream of one account's values."""

    req_id: Int


class RequestPnl(Struct, frozen=True):
    """Stream the account's profit and loss."""

    req_id: Int
    account: Text
    model: Text


class CancelPnl(Struct, frozen=True):
    """Stop a stream of profit and loss."""

    req_id: Int


class RequestPnlSingle(Struct, frozen=True):
    """Stream the profit and loss of one holding."""

    req_id: Int
    account: Text
    model: Text
    con_id: Int


class CancelPnlSingle(Struct, frozen=True):
    """Stop a stream of one holding's profit and loss."""

    req_id: Int


class RequestContractDetails(Struct, frozen=True, kw_only=True):
    """Describe every contract that matches; empty parts match everything."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    include_expired: Flag = False
    sec_id_type: Text = ""
    sec_id: Text = ""
    issuer_id: Annotated[Text, since(176)] = ""


class RequestOptionParameters(Struct, frozen=True):
    """List the expirations and strikes of the options on an underlying."""

    req_id: Int
    symbol: Text
    exchange: Text
    sec_type: Text
    con_id: Int


class RequestMatchingSymbols(Struct, frozen=True):
    """Search contracts by the beginning of their symbol."""

    req_id: Int
    pattern: Text


class RequestMarketRule(Struct, frozen=True):
    """Ask for the price increments of a market rule."""

    rule_id: Int


class RequestSmartComponents(Struct, frozen=True):
    """Ask which exchanges stand behind a quote's exchange letters."""

    req_id: Int
    exchange_map: Text


class RequestDepthExchanges(Struct, frozen=True):
    """Ask which exchanges have market depth."""


class RequestSoftDollarTiers(Struct, frozen=True):
    """Ask for soft dollar tiers."""

    req_id: Int


class RequestFamilyCodes(Struct, frozen=True):
    """Ask for family codes."""


class RequestNewsProviders(Struct, frozen=True):
    """Ask for news providers."""


class RequestUserInfo(Struct, frozen=True):
    """Ask for the user's white branding."""

    req_id: Int


class RequestCurrentTime(Struct, frozen=True):
    """Ask for the time."""


class SetServerLogLevel(Struct, frozen=True):
    """Ask the server to log more or less."""

    level: Int


class RequestNewsBulletins(Struct, frozen=True):
    """Ask for bulletins of the exchanges."""

    all_messages: Flag


class CancelNewsBulletins(Struct, frozen=True):
    """Stop bulletins."""
