"""From what a client calls a contract to what is listed, and back."""

from collections.abc import Callable

from alvh_trader.gateway.hours_text import hours_texts
from alvh_trader.gateway.moment import day_text
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.hours import zone
from alvh_trader.sim.model import Listing, OrderLeg, SimOrder
from alvh_trader.wire.contract import (
    ContractSpec,
    HeldContract,
    LegSpec,
    OrderedContract,
    OrderLegSpec,
)
from alvh_trader.wire.contract_reply import ContractData

COMBO_CON_ID = 28812380
"""The one contract id of all combos in USD."""

COMBO_CLASS = "COMB"

_INDEX_ORDER_TYPES = "CONDORDER,MKT,WHATIF"
_ORDER_TYPES = "ACTIVETIM,COND,CONDORDER,DAY,GTC,LMT,MKT,NONALGO,OPENCLOSE,WHATIF"

FindListing = Callable[[int], Listing | None]


def find(
    exchange: Exchange, spec: ContractSpec, *, include_expired: bool = False
) -> tuple[Listing, ...]:
    """Return every listing that a client may mean by `spec`; none if nothing fits.

    `include_expired` adds the futures that have settled.
    """
    if spec.currency not in ("", "USD"):
        return ()
    if spec.con_id:
        listing = exchange.listing(spec.con_id)
        if listing is None and include_expired:
            listing = exchange.settled(spec.con_id)
        found: tuple[Listing, ...] = () if listing is None else (listing,)
    elif not (spec.symbol or spec.local_symbol):
        return ()
    else:
        found = exchange.find(
            symbol=spec.symbol,
            sec_type=spec.sec_type,
            month_or_day=spec.expiry,
            strike=float(spec.strike or 0),
            right=_right(spec.right),
            trading_class=spec.trading_class,
            multiplier=spec.multiplier,
            local_symbol=spec.local_symbol,
            include_expired=include_expired,
        )
    return tuple(it for it in found if _trades_at(it, spec.exchange))


def _right(text: str) -> str:
    return {"CALL": "C", "PUT": "P", "?": "", "0": ""}.get(text.upper(), text.upper())


def _trades_at(listing: Listing, exchange: str) -> bool:
    return exchange in ("", "SMART", listing.exchange, *listing.valid_exchanges)


def legs_of(
    specs: tuple[LegSpec, ...] | tuple[OrderLegSpec, ...],
) -> tuple[OrderLeg, ...]:
    """Return the legs of a combo in the exchange's words."""
    return tuple(
        OrderLeg(con_id=leg.con_id, ratio=leg.ratio, action=leg.action) for leg in specs
    )


def contract_data(
    exchange: Exchange, listing: Listing, req_id: int, asked_exchange: str
) -> ContractData:
    """Return the description of a listing, as found at the exchange asked for."""
    trading, liquid = hours_texts(exchange, listing)
    under = exchange.listing(listing.underlying)
    is_stock = listing.sec_type == "STK"
    at = listing.exchange if asked_exchange in ("", "SMART") else asked_exchange
    exchanges = listing.valid_exchanges
    return ContractData(
        req_id=req_id,
        symbol=listing.symbol,
        sec_type=listing.sec_type,
        expiry=day_text(listing.last_trade),
        last_trade_date=day_text(listing.last_trade),
        strike=listing.strike,
        right=listing.right,
        exchange=at,
        local_symbol=listing.local_symbol,
        market_name=listing.trading_class,
        trading_class=listing.trading_class,
        con_id=listing.con_id,
        min_tick=listing.min_tick,
        multiplier=multiplier_text(listing),
        order_types=_INDEX_ORDER_TYPES if listing.sec_type == "IND" else _ORDER_TYPES,
        valid_exchanges=",".join(exchanges),
        under_con_id=under.con_id if under else 0,
        long_name=listing.long_name,
        primary_exchange=listing.primary_exchange if is_stock else "",
        stock_type="ETF" if is_stock else "",
        contract_month=f"{listing.expiry:%Y%m}" if listing.expiry else "",
        time_zone=zone(listing),
        trading_hours=trading,
        liquid_hours=liquid,
        under_symbol=under.symbol if under else "",
        under_sec_type=under.sec_type if under else "",
        market_rules=",".join([str(listing.market_rule)] * len(exchanges)),
        real_expiration=day_text(listing.expiry),
    )


def multiplier_text(listing: Listing) -> str:
    """Return the multiplier, empty for an index or a stock."""
    return str(listing.multiplier) if listing.underlying else ""


def held_contract(listing: Listing, *, exchange: str = "") -> HeldContract:
    """Return a listing as positions and executions spell it.

    Real positions in futures have an empty exchange; for options that is assumed.
    """
    return HeldContract(
        con_id=listing.con_id,
        symbol=listing.symbol,
        sec_type=listing.sec_type,
        expiry=day_text(listing.last_trade),
        strike=listing.strike,
        right=listing.right,
        multiplier=multiplier_text(listing),
        exchange=exchange,
        local_symbol=listing.local_symbol,
        trading_class=listing.trading_class,
    )


def held_combo(symbol: str, exchange: str) -> HeldContract:
    """Return the contract of a combo's summary execution."""
    return HeldContract(
        con_id=COMBO_CON_ID,
        symbol=symbol,
        sec_type="BAG",
        exchange=exchange,
        local_symbol=symbol,
        trading_class=COMBO_CLASS,
    )


def ordered_contract(order: SimOrder, listing_of: FindListing) -> OrderedContract:
    """Return the contract of an order."""
    listing = None if order.sec_type == "BAG" else listing_of(order.legs[0].con_id)
    if listing is None:
        return OrderedContract(
            con_id=COMBO_CON_ID,
            symbol=order.symbol,
            sec_type="BAG",
            local_symbol=order.symbol,
            trading_class=COMBO_CLASS,
        )
    return OrderedContract(
        con_id=listing.con_id,
        symbol=listing.symbol,
        sec_type=listing.sec_type,
        expiry=day_text(listing.last_trade),
        strike=listing.strike,
        right=listing.right or "?",
        multiplier=multiplier_text(listing),
        exchange=listing.exchange,
        local_symbol=listing.local_symbol,
        trading_class=listing.trading_class,
    )
