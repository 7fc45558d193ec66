"""What the server says of contracts: details, option chains and market rules."""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.contract import TagValue
from alvh_trader.wire.field import Double, Int, Number, Text
from alvh_trader.wire.layout import ROWS, since, until


class Ineligibility(Struct, frozen=True):
    """A reason for which a contract may not be traded."""

    reason: Text
    description: Text


class ContractData(Struct, frozen=True, kw_only=True):
    """All there is to know of one contract.

    `expiry` is the last trading day, `real_expiration` the day of settlement. Order
    types, exchanges and market rules are lists separated by commas, one rule for
    each exchange.
    """

    req_id: Int
    symbol: Text
    sec_type: Text
    expiry: Text = ""
    last_trade_date: Annotated[Text, since(182)] = ""
    strike: Number = 0
    right: Text = ""
    exchange: Text
    currency: Text = "USD"
    local_symbol: Text
    market_name: Text
    trading_class: Text
    con_id: Int
    min_tick: Number
    size_multiplier: Annotated[Int, until(164)] = 100
    multiplier: Text = ""
    order_types: Text
    valid_exchanges: Text
    price_magnifier: Int = 1
    under_con_id: Int = 0
    long_name: Text
    primary_exchange: Text = ""
    contract_month: Text = ""
    industry: Text = ""
    category: Text = ""
    subcategory: Text = ""
    time_zone: Text = "US/Eastern"
    trading_hours: Text = ""
    liquid_hours: Text = ""
    ev_rule: Text = ""
    ev_multiplier: Text = ""
    sec_ids: Annotated[tuple[TagValue, ...], ROWS] = ()
    aggregated_group: Int = 2147483647
    under_symbol: Text = ""
    under_sec_type: Text = ""
    market_rules: Text = ""
    real_expiration: Text = ""
    stock_type: Text = ""
    min_size: Annotated[Number, since(164)] = 1
    size_increment: Annotated[Number, since(164)] = 1
    suggested_size_increment: Annotated[Number, since(163)] = 1
    ineligibility: Annotated[tuple[Ineligibility, ...], ROWS, since(186)] = ()


class ContractDataEnd(Struct, frozen=True):
    """All matching contracts have been sent."""

    req_id: Int


class OptionParameters(Struct, frozen=True, kw_only=True):
    """Expirations and strikes of one class at one exchange; not all pairs exist."""

    req_id: Int
    exchange: Text
    under_con_id: Int
    trading_class: Text
    multiplier: Text
    expirations: Annotated[tuple[Text, ...], ROWS]
    strikes: Annotated[tuple[Double, ...], ROWS]


class OptionParametersEnd(Struct, frozen=True):
    """All classes have been sent."""

    req_id: Int


class PriceIncrement(Struct, frozen=True):
    """From `low_edge` on, prices move in steps of `increment`."""

    low_edge: Number
    increment: Number


class MarketRule(Struct, frozen=True):
    """The price increments of a market rule, lowest edge first."""

    rule_id: Int
    rows: Annotated[tuple[PriceIncrement, ...], ROWS]


class SymbolSample(Struct, frozen=True, kw_only=True):
    """One contract that a search found, and the derivatives that exist on it."""

    con_id: Int
    symbol: Text
    sec_type: Text
    primary_exchange: Text
    currency: Text
    derivatives: Annotated[tuple[Text, ...], ROWS] = ()
    description: Annotated[Text, since(176)] = ""
    issuer_id: Annotated[Text, since(176)] = ""


class SymbolSamples(Struct, frozen=True):
    """All contracts that a search found."""

    req_id: Int
    rows: Annotated[tuple[SymbolSample, ...], ROWS]


class SmartComponent(Struct, frozen=True):
    """An exchange and the letter under which quotes name it."""

    bit: Int
    exchange: Text
    letter: Text


class SmartComponents(Struct, frozen=True):
    """All exchanges behind a quote's letters."""

    req_id: Int
    rows: Annotated[tuple[SmartComponent, ...], ROWS]


class DepthExchange(Struct, frozen=True):
    """An exchange that has market depth."""

    exchange: Text
    sec_type: Text
    listing_exchange: Text
    service: Text
    aggregated_group: Int


class DepthExchanges(Struct, frozen=True):
    """All exchanges that have market depth."""

    rows: Annotated[tuple[DepthExchange, ...], ROWS] = ()


class ScannerParameters(Struct, frozen=True):
    """What a scanner can be asked for, as XML."""

    xml: Text


class ScannerRow(Struct, frozen=True, kw_only=True):
    """One contract that a scanner ranked. Never sent by this server."""

    rank: Int
    con_id: Int
    symbol: Text
    sec_type: Text
    expiry: Text
    strike: Number
    right: Text
    exchange: Text
    currency: Text
    local_symbol: Text
    market_name: Text
    trading_class: Text
    distance: Text
    benchmark: Text
    projection: Text
    legs: Text


class ScannerData(Struct, frozen=True):
    """The ranking of a scanner. Never sent by this server."""

    req_id: Int
    rows: Annotated[tuple[ScannerRow, ...], ROWS]
