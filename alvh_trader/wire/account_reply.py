"""What the server says of the session, the account and its holdings."""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.contract import HeldContract
from alvh_trader.wire.field import (
    Double,
    Flag,
    Int,
    MaybeNumber,
    Number,
    Text,
    UnsetDouble,
)
from alvh_trader.wire.layout import INLINE, ROWS, since


class Error(Struct, frozen=True):
    """An error, a warning or a notice; `req_id` is -1 where it answers nothing.

    For an order `req_id` is the client's number of the order.
    """

    req_id: Int
    code: Int
    text: Text
    reject_json: Annotated[Text, since(166)] = ""
    time: Annotated[Text, since(194)] = ""


class ManagedAccounts(Struct, frozen=True):
    """The accounts of the session, separated by commas."""

    accounts: Text


class NextValidId(Struct, frozen=True):
    """The lowest order number that the client may use next."""

    order_id: Int


class CurrentTime(Struct, frozen=True):
    """The server's time in seconds of the Unix epoch."""

    seconds: Int


class AccountValue(Struct, frozen=True):
    """One value of the account."""

    key: Text
    value: Text
    currency: Text
    account: Text


class PortfolioValue(Struct, frozen=True, kw_only=True):
    """One holding at the market. The exchange is the primary one."""

    con_id: Int
    symbol: Text
    sec_type: Text
    expiry: Text = ""
    strike: Number = 0
    right: Text = "0"
    multiplier: Text = ""
    primary_exchange: Text = ""
    currency: Text = "USD"
    local_symbol: Text = ""
    trading_class: Text = ""
    position: Number
    price: Number
    value: Number
    average_cost: Number
    unrealized: Number
    realized: Number
    account: Text


class AccountTime(Struct, frozen=True):
    """The time of day, `HH:MM`, as of which account values hold."""

    time: Text


class AccountDownloadEnd(Struct, frozen=True):
    """All account and portfolio values have been sent once."""

    account: Text


class AccountSummary(Struct, frozen=True):
    """One value of an account summary."""

    req_id: Int
    account: Text
    tag: Text
    value: Text
    currency: Text


class AccountSummaryEnd(Struct, frozen=True):
    """The summary has been sent once."""

    req_id: Int


class AccountUpdateMulti(Struct, frozen=True):
    """One value of an account or a model."""

    req_id: Int
    account: Text
    model: Text
    key: Text
    value: Text
    currency: Text


class AccountUpdateMultiEnd(Struct, frozen=True):
    """The values of an account or a model have been sent once."""

    req_id: Int


class Position(Struct, frozen=True, kw_only=True):
    """One holding; `average_cost` includes multiplier and commission."""

    account: Text
    contract: Annotated[HeldContract, INLINE]
    position: Number
    average_cost: Double


class PositionEnd(Struct, frozen=True):
    """All holdings have been sent once."""


class PositionMulti(Struct, frozen=True, kw_only=True):
    """One holding of an account or a model."""

    req_id: Int
    account: Text
    contract: Annotated[HeldContract, INLINE]
    position: Number
    average_cost: Double
    model: Text = ""


class PositionMultiEnd(Struct, frozen=True):
    """All holdings of an account or a model have been sent once."""

    req_id: Int


class Pnl(Struct, frozen=True):
    """The account's profit and loss: of the day, open, and realized."""

    req_id: Int
    daily: UnsetDouble
    unrealized: UnsetDouble
    realized: UnsetDouble


class PnlSingle(Struct, frozen=True):
    """The profit and loss of one holding, and its value."""

    req_id: Int
    position: Number
    daily: UnsetDouble
    unrealized: UnsetDouble
    realized: UnsetDouble
    value: UnsetDouble


class FamilyCode(Struct, frozen=True):
    """The family code of an account."""

    account: Text
    code: Text


class FamilyCodes(Struct, frozen=True):
    """The family codes of all accounts."""

    rows: Annotated[tuple[FamilyCode, ...], ROWS]


class SoftDollarTier(Struct, frozen=True):
    """One soft dollar tier."""

    name: Text
    value: Text
    label: Text


class SoftDollarTiers(Struct, frozen=True):
    """All soft dollar tiers."""

    req_id: Int
    rows: Annotated[tuple[SoftDollarTier, ...], ROWS] = ()


class UserInfo(Struct, frozen=True):
    """The user's white branding."""

    req_id: Int
    branding: Text = ""


class NewsProvider(Struct, frozen=True):
    """A provider of news."""

    code: Text
    name: Text


class NewsProviders(Struct, frozen=True):
    """All providers of news."""

    rows: Annotated[tuple[NewsProvider, ...], ROWS] = ()


class HistoricalNews(Struct, frozen=True):
    """One headline of the past. Never sent by this server."""

    req_id: Int
    time: Text
    provider: Text
    article: Text
    headline: Text


class HistoricalNewsEnd(Struct, frozen=True):
    """All headlines that were asked for have been sent."""

    req_id: Int
    has_more: Flag


class DisplayGroups(Struct, frozen=True):
    """The groups of windows of the trader's screen, separated by bars."""

    req_id: Int
    groups: Text = ""


class DepthLevel(Struct, frozen=True, kw_only=True):
    """One level of market depth. Never sent by this server."""

    req_id: Int
    position: Int
    maker: Text
    operation: Int
    side: Int
    price: Number
    size: MaybeNumber
    is_smart: Flag = False
    unused: Text = ""
