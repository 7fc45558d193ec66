"""What clients ask about prices: streams, snapshots, bars and ticks."""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.contract import ContractSpec, DeltaNeutral, Legs
from alvh_trader.wire.field import Flag, Int, MaybeNumber, Text
from alvh_trader.wire.layout import INLINE, When


def _is_combo(request: "RequestMarketData | RequestHistoricalData") -> bool:
    return request.contract.sec_type == "BAG"


class RequestMarketData(Struct, frozen=True, kw_only=True):
    """Stream the top of the book of a contract, or take one snapshot of it."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    legs: Annotated[Legs, When(_is_combo)] = ()
    is_delta_neutral: Flag = False
    delta_neutral: Annotated[
        DeltaNeutral | None, INLINE, When(lambda it: it.is_delta_neutral)
    ] = None
    generic_ticks: Text = ""
    snapshot: Flag = False
    regulatory_snapshot: Flag = False
    options: Text = ""


class CancelMarketData(Struct, frozen=True):
    """Stop a stream."""

    req_id: Int


class RequestMarketDataType(Struct, frozen=True):
    """Choose live (1), frozen (2), delayed (3) or delayed frozen (4) data."""

    kind: Int


class RequestHistoricalData(Struct, frozen=True, kw_only=True):
    """Ask for bars that end at `end` (empty: now), optionally kept up to date."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    include_expired: Flag = False
    end: Text = ""
    bar_size: Text = "1 day"
    duration: Text = "1 M"
    regular_hours: Flag = True
    what: Text = "TRADES"
    date_format: Int = 1
    legs: Annotated[Legs, When(_is_combo)] = ()
    keep_up_to_date: Flag = False
    options: Text = ""


class CancelHistoricalData(Struct, frozen=True):
    """Stop bars that are kept up to date."""

    req_id: Int


class RequestHeadTimestamp(Struct, frozen=True, kw_only=True):
    """Ask since when there is data of a contract."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    include_expired: Flag = False
    regular_hours: Flag = True
    what: Text = "TRADES"
    date_format: Int = 1


class CancelHeadTimestamp(Struct, frozen=True):
    """Forget a question for the head timestamp."""

    req_id: Int


class RequestTickByTick(Struct, frozen=True, kw_only=True):
    """Stream single ticks: `kind` is Last, AllLast, BidAsk or MidPoint."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    kind: Text
    count: Int = 0
    ignore_size: Flag = False


class CancelTickByTick(Struct, frozen=True):
    """Stop a stream of single ticks."""

    req_id: Int


class RequestRealTimeBars(Struct, frozen=True, kw_only=True):
    """Stream five-second bars."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    bar_seconds: Int = 5
    what: Text = "TRADES"
    regular_hours: Flag = False
    options: Text = ""


class CancelRealTimeBars(Struct, frozen=True):
    """Stop five-second bars."""

    req_id: Int


class RequestHistoricalTicks(Struct, frozen=True, kw_only=True):
    """Ask for single ticks of the past."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    include_expired: Flag = False
    start: Text = ""
    end: Text = ""
    count: Int = 1
    what: Text = "TRADES"
    regular_hours: Flag = True
    ignore_size: Flag = False
    options: Text = ""


class RequestImpliedVolatility(Struct, frozen=True, kw_only=True):
    """Ask which volatility explains an option's price."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    option_price: MaybeNumber
    underlying_price: MaybeNumber
    option_count: Int = 0
    options: Text = ""


class RequestOptionPrice(Struct, frozen=True, kw_only=True):
    """Ask what an option is worth at a volatility."""

    req_id: Int
    contract: Annotated[ContractSpec, INLINE]
    volatility: MaybeNumber
    underlying_price: MaybeNumber
    option_count: Int = 0
    options: Text = ""


class CancelImpliedVolatility(Struct, frozen=True):
    """Forget a question for a volatility."""

    req_id: Int


class CancelOptionPrice(Struct, frozen=True):
    """Forget a question for an option's price."""

    req_id: Int
