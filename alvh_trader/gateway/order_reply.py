"""From the exchange's orders and trades to the messages that tell of them."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec import structs

from alvh_trader.gateway.listing_reply import (
    FindListing,
    held_combo,
    held_contract,
    ordered_contract,
)
from alvh_trader.gateway.moment import ZONE, ZONE_NAME, Times
from alvh_trader.sim.hours import zone_of
from alvh_trader.sim.kinds import KINDS
from alvh_trader.sim.model import Execution, MarginPreview, SimOrder, Status
from alvh_trader.wire.contract import OrderLegSpec, TagValue
from alvh_trader.wire.field import UNSET_LONG, plain_number
from alvh_trader.wire.order_reply import (
    CommissionReport,
    CompletedOrder,
    ExecutionData,
    Margins,
    OpenOrder,
    OrderStatus,
)

NON_GUARANTEED = "NonGuaranteed"
"""The routing parameter of a combo whose legs trade each for itself."""

_COMBO_VENUE = "CBOE"


class Ending(NamedTuple):
    """When and how an order ended."""

    at: datetime
    reason: str = ""


def order_status(order: SimOrder, last_price: Decimal = Decimal(0)) -> OrderStatus:
    """Return where an order stands."""
    return OrderStatus(
        order_id=order.order_id,
        status=order.status.value,
        filled=order.filled,
        remaining=order.remaining,
        average_price=order.average_price,
        perm_id=order.perm_id,
        last_price=last_price,
        client_id=order.client_id,
        parent_id=order.handling.parent_id,
        why_held=order.why_held,
    )


def open_order(
    order: SimOrder,
    listing_of: FindListing,
    times: Times,
    *,
    changes: int = 0,
    commission: Decimal | None = None,
) -> OpenOrder:
    """Return an order with all its terms. `changes` counts its modifications."""
    how = order.handling
    return OpenOrder(
        order_id=order.order_id,
        contract=ordered_contract(order, listing_of),
        action=order.action,
        quantity=order.quantity,
        order_type=order.order_type,
        limit=order.limit or Decimal(0),
        aux_price=_aux_price(order),
        tif=order.tif,
        oca_group=how.oca_group,
        account=order.account,
        order_ref=order.order_ref,
        client_id=order.client_id,
        perm_id=order.perm_id,
        outside_regular_hours=how.outside_hours,
        good_after=_time(how.good_after, times.of(zone_of(order.symbol))),
        good_till=_time(how.good_till, times.of(zone_of(order.symbol))),
        oca_type=how.oca_type,
        parent_id=how.parent_id,
        trigger_method=how.trigger_method,
        trailing_percent=_percent(how.trail_percent),
        routing=_routing(order),
        shares_allocation=f"{order.perm_id}.{min(changes, 1)}/{order.account}/100",
        # The one recorded order for an option shows this (and no other sign of it).
        rule_80a="0" if order.sec_type == "OPT" else "",
        legs_description=_legs_description(order),
        legs=_leg_specs(order),
        leg_prices=_leg_prices(order),
        status=order.status.value,
        commission=commission,
        commission_currency="" if commission is None else "USD",
        trail_stop=_trail_stop(order),
        limit_offset=how.limit_offset,
    )


def held_text(order: SimOrder, opens_at: datetime, listing_of: FindListing) -> str:
    """Return the warning (399) that an order waits for the next session [cap].

    How it names an option or a combo is an assumption.
    """
    listing = None if order.sec_type == "BAG" else listing_of(order.legs[0].con_id)
    name = f"{order.symbol} COMB" if listing is None else listing.local_symbol
    return (
        f"Order Message:\n{order.action} {order.quantity} {name}\nWarning: Your order "
        f"will not be placed at the exchange until "
        f"{opens_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S} {ZONE_NAME}."
    )


def previewed(
    order: SimOrder, preview: MarginPreview, listing_of: FindListing, times: Times
) -> OpenOrder:
    """Return the answer to a trial: the order with what it would do to the account."""
    plain = open_order(order, listing_of, times, commission=preview.commission)
    margins = Margins(
        init_before=preview.init_before,
        maint_before=preview.maint_before,
        equity_before=preview.equity_before,
        init_change=preview.init_after - preview.init_before,
        maint_change=preview.maint_after - preview.maint_before,
        equity_change=preview.equity_after - preview.equity_before,
        init_after=preview.init_after,
        maint_after=preview.maint_after,
        equity_after=preview.equity_after,
    )
    return structs.replace(plain, what_if=True, margins=margins)


def completed_order(
    order: SimOrder, ending: Ending, listing_of: FindListing, times: Times
) -> CompletedOrder:
    """Return an order that ended, and how it did."""
    handling = order.handling
    if order.status is Status.FILLED:
        how = f"Filled Size: {order.filled}"
    else:
        reason = ending.reason
        how = f"Cancelled by System:{reason}" if reason else "Cancelled by Trader"
    return CompletedOrder(
        contract=ordered_contract(order, listing_of),
        action=order.action,
        quantity=order.remaining,
        order_type=order.order_type,
        limit=order.limit or Decimal(0),
        aux_price=_aux_price(order),
        tif=order.tif,
        oca_group=handling.oca_group,
        account=order.account,
        order_ref=order.order_ref,
        perm_id=order.perm_id,
        outside_regular_hours=handling.outside_hours,
        good_till=_time(handling.good_till, times.of(zone_of(order.symbol))),
        oca_type=handling.oca_type,
        trigger_method=handling.trigger_method,
        trailing_percent=_percent(handling.trail_percent),
        routing=_routing(order),
        legs_description=_legs_description(order),
        legs=_leg_specs(order),
        leg_prices=_leg_prices(order),
        status=order.status.value,
        trail_stop=_trail_stop(order),
        limit_offset=handling.limit_offset,
        filled=order.filled,
        parent_perm_id=handling.parent or UNSET_LONG,
        completed_time=times.login_text(ending.at),
        completed_status=how,
    )


def execution_data(
    execution: Execution,
    req_id: int,
    symbol: str,
    listing_of: FindListing,
    times: Times,
) -> ExecutionData:
    """Return a trade; `symbol` names the combo of a summary row."""
    listing = listing_of(execution.con_id) if execution.con_id else None
    venue = _COMBO_VENUE if listing is None else listing.primary_exchange
    return ExecutionData(
        req_id=req_id,
        order_id=execution.order_id,
        contract=(
            held_combo(symbol, venue)
            if listing is None
            else held_contract(listing, exchange=venue)
        ),
        exec_id=execution.exec_id,
        time=times.of(zone_of(listing.symbol if listing else symbol)).text(
            execution.at
        ),
        account=execution.account,
        exchange=venue,
        side=execution.side,
        quantity=execution.quantity,
        price=execution.price,
        perm_id=execution.perm_id,
        client_id=execution.client_id,
        cumulative=execution.cumulative,
        average_price=execution.average_price,
        order_ref=execution.order_ref,
    )


def commission_report(execution: Execution) -> CommissionReport | None:
    """Return the commission of a trade, None for the summary row of a combo."""
    if execution.commission is None:
        return None
    return CommissionReport(
        exec_id=execution.exec_id,
        commission=execution.commission,
        realized=execution.realized,
    )


def _aux_price(order: SimOrder) -> Decimal:
    """Return the stop of an order, or how far a trailing one stays behind [cap]."""
    how = order.handling
    if KINDS[order.order_type].trails:
        return how.trail or Decimal(0)
    return how.stop or Decimal(0)


def _trail_stop(order: SimOrder) -> Decimal | None:
    """Return the stop; of a plain limit order, the point behind its limit [cap]."""
    if order.handling.stop is not None or order.limit is None:
        return order.handling.stop
    return order.limit + 1


def _time(at: datetime | None, times: Times) -> str:
    return "" if at is None else times.text(at)


def _percent(percent: Decimal | None) -> str:
    return "" if percent is None else plain_number(percent)


def _routing(order: SimOrder) -> tuple[TagValue, ...]:
    return () if order.handling.is_guaranteed else (TagValue(NON_GUARANTEED, "1"),)


def _leg_specs(order: SimOrder) -> tuple[OrderLegSpec, ...]:
    if order.sec_type != "BAG":
        return ()
    return tuple(
        OrderLegSpec(con_id=leg.con_id, ratio=leg.ratio, action=leg.action)
        for leg in order.legs
    )


def _leg_prices(order: SimOrder) -> tuple[Decimal | None, ...]:
    return tuple(leg.limit for leg in order.legs) if order.sec_type == "BAG" else ()


def _legs_description(order: SimOrder) -> str:
    if order.sec_type != "BAG":
        return ""
    return ",".join(
        f"{leg.con_id}|{leg.ratio if leg.action == 'BUY' else -leg.ratio}"
        for leg in order.legs
    )
