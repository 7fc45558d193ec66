"""What the server says of orders, trades and commissions (gateway.md §2.6).

The defaults of an open or a completed order are what a real gateway sends for a
plain limit order; an order is mostly sentinels. Versions above 178 are here because
real captures of them exist; the handshake never agrees on one.
"""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.contract import (
    DeltaNeutral,
    HeldContract,
    OrderedContract,
    OrderLegSpec,
    TagValue,
)
from alvh_trader.wire.field import (
    UNSET_DOUBLE_TEXT,
    UNSET_LONG,
    Double,
    Flag,
    Int,
    MaybeDouble,
    MaybeNumber,
    Number,
    Text,
    UnsetDouble,
    UnsetInt,
)
from alvh_trader.wire.layout import INLINE, ROWS, When, since, until
from alvh_trader.wire.order_request import Condition

NOT_AN_INSIDER = "Not an insider or substantial shareholder"


class OrderStatus(Struct, frozen=True, kw_only=True):
    """Where an order stands. `perm_id` names it across clients and sessions."""

    order_id: Int
    status: Text
    filled: Number
    remaining: Number
    average_price: Number
    perm_id: Int
    parent_id: Int = 0
    last_price: Number = 0
    client_id: Int
    why_held: Text = ""
    market_cap_price: Number = 0


class Margins(Struct, frozen=True, kw_only=True):
    """What an order would do to the account; unset unless that was the question."""

    init_before: UnsetDouble = None
    maint_before: UnsetDouble = None
    equity_before: UnsetDouble = None
    init_change: UnsetDouble = None
    maint_change: UnsetDouble = None
    equity_change: UnsetDouble = None
    init_after: UnsetDouble = None
    maint_after: UnsetDouble = None
    equity_after: UnsetDouble = None


class OpenDeltaNeutral(Struct, frozen=True):
    """The eight fields that follow a delta neutral order type, even `None`."""

    con_id: Int = 0
    settling_firm: Text = ""
    clearing_account: Text = ""
    clearing_intent: Text = ""
    open_close: Text = "?"
    short_sale: Flag = False
    short_sale_slot: Int = 0
    designated_location: Text = ""


class CompletedDeltaNeutral(Struct, frozen=True):
    """The four fields that follow a delta neutral order type of a completed order."""

    con_id: Int = 0
    short_sale: Flag = False
    short_sale_slot: Int = 0
    designated_location: Text = ""


class OpenOrder(Struct, frozen=True, kw_only=True):
    """A working order, or what a trial of one would bring (`what_if`)."""

    order_id: Int
    contract: Annotated[OrderedContract, INLINE]
    action: Text
    quantity: Number
    order_type: Text
    limit: Double = 0.0
    aux_price: Double = 0.0
    tif: Text = "DAY"
    oca_group: Text = ""
    account: Text
    open_close: Text = ""
    origin: Int = 0
    order_ref: Text = ""
    client_id: Int
    perm_id: Int
    outside_regular_hours: Flag = False
    hidden: Flag = False
    discretionary_amount: Number = 0
    good_after: Text = ""
    shares_allocation: Text
    fa_group: Text = ""
    fa_method: Text = ""
    fa_percentage: Text = ""
    fa_profile: Annotated[Text, until(177)] = ""
    model: Text = ""
    good_till: Text = ""
    rule_80a: Text = ""
    percent_offset: Text = ""
    settling_firm: Text = ""
    short_sale_slot: Int = 0
    designated_location: Text = ""
    exempt_code: Int = -1
    auction_strategy: Int = 0
    starting_price: Text = ""
    stock_reference_price: Text = ""
    delta: Text = ""
    stock_range_lower: Text = ""
    stock_range_upper: Text = ""
    display_size: UnsetInt = None
    block_order: Flag = False
    sweep_to_fill: Flag = False
    all_or_none: Flag = False
    min_quantity: Text = ""
    oca_type: Int = 3
    e_trade_only: Flag = False
    firm_quote_only: Flag = False
    nbbo_price_cap: Text = ""
    parent_id: Int = 0
    trigger_method: Int = 0
    volatility: Text = ""
    volatility_type: Int = 0
    delta_neutral_order_type: Text = "None"
    delta_neutral_aux_price: Text = ""
    delta_neutral_order: Annotated[
        OpenDeltaNeutral, INLINE, When(lambda it: it.delta_neutral_order_type)
    ] = OpenDeltaNeutral()
    continuous_update: Flag = False
    reference_price_type: Int = 0
    first_trail_stop: MaybeDouble = None
    trailing_percent: Text = ""
    basis_points: Text = ""
    basis_points_type: Text = ""
    legs_description: Text = ""
    legs: Annotated[tuple[OrderLegSpec, ...], ROWS] = ()
    leg_prices: Annotated[tuple[MaybeDouble, ...], ROWS] = ()
    routing: Annotated[tuple[TagValue, ...], ROWS] = ()
    scale_init_level_size: UnsetInt = None
    scale_subs_level_size: UnsetInt = None
    scale_price_increment: Text = ""
    hedge_type: Text = ""
    hedge_parameter: Annotated[Text, When(lambda it: it.hedge_type)] = ""
    opt_out_smart_routing: Flag = False
    clearing_account: Text = ""
    clearing_intent: Text = "IB"
    not_held: Flag = False
    is_delta_neutral: Flag = False
    delta_neutral: Annotated[
        DeltaNeutral | None, INLINE, When(lambda it: it.is_delta_neutral)
    ] = None
    algo_strategy: Text = ""
    algo_parameters: Annotated[
        tuple[TagValue, ...], ROWS, When(lambda it: it.algo_strategy)
    ] = ()
    solicited: Flag = False
    what_if: Flag = False
    status: Text
    margins: Annotated[Margins, INLINE] = Margins()
    commission: MaybeDouble = None
    commission_min: MaybeDouble = None
    commission_max: MaybeDouble = None
    commission_currency: Text = ""
    margin_currency: Annotated[Text, since(195)] = ""
    margins_outside_hours: Annotated[Margins, INLINE, since(195)] = Margins()
    suggested_size: Annotated[Text, since(195)] = ""
    reject_reason: Annotated[Text, since(195)] = ""
    allocations: Annotated[Int, since(195)] = 0
    warning: Text = ""
    randomize_size: Flag = False
    randomize_price: Flag = False
    conditions: Annotated[tuple[Condition, ...], ROWS] = ()
    conditions_ignore_hours: Annotated[Flag, When(lambda it: it.conditions)] = False
    conditions_cancel_order: Annotated[Flag, When(lambda it: it.conditions)] = False
    adjusted_order_type: Text = "None"
    trigger_price: UnsetDouble = None
    trail_stop: UnsetDouble = None
    limit_offset: UnsetDouble = None
    adjusted_stop: UnsetDouble = None
    adjusted_stop_limit: UnsetDouble = None
    adjusted_trailing: UnsetDouble = None
    adjustable_trailing_unit: Int = 0
    soft_dollar_name: Text = ""
    soft_dollar_value: Text = ""
    soft_dollar_label: Text = ""
    cash_quantity: Number = 0
    no_auto_price_for_hedge: Flag = True
    is_oms_container: Flag = False
    discretionary_up_to_limit: Flag = False
    use_price_management: Flag = False
    duration: Annotated[Text, since(159)] = ""
    post_to_ats: Annotated[Text, since(160)] = ""
    auto_cancel_parent: Annotated[Flag, since(162)] = False
    min_trade_quantity: Annotated[Text, since(170)] = ""
    min_compete_size: Annotated[Text, since(170)] = ""
    compete_against_best_offset: Annotated[MaybeNumber, since(170)] = None
    mid_offset_at_whole: Annotated[Text, since(170)] = ""
    mid_offset_at_half: Annotated[Text, since(170)] = ""
    customer_account: Annotated[Text, since(183)] = ""
    is_professional: Annotated[Flag, since(184)] = False
    bond_accrued_interest: Annotated[Text, since(185)] = ""
    include_overnight: Annotated[Flag, since(189)] = False
    ext_operator: Annotated[Text, since(192)] = ""
    manual_indicator: Annotated[UnsetInt, since(192)] = None
    submitter: Annotated[Text, since(198)] = ""
    imbalance_only: Annotated[Flag, since(199)] = False


class OpenOrderEnd(Struct, frozen=True):
    """All working orders have been sent."""


class OrderBound(Struct, frozen=True):
    """An order of the trader's own screen got a number among a client's."""

    perm_id: Int
    client_id: Int
    order_id: Int


class CompletedOrder(Struct, frozen=True, kw_only=True):
    """An order that ended. `quantity` is what was left of it when it did."""

    contract: Annotated[OrderedContract, INLINE]
    action: Text
    quantity: Number
    order_type: Text
    limit: Double = 0.0
    aux_price: Double = 0.0
    tif: Text = "DAY"
    oca_group: Text = ""
    account: Text
    open_close: Text = ""
    origin: Int = 0
    order_ref: Text = ""
    perm_id: Int
    outside_regular_hours: Flag = False
    hidden: Flag = False
    discretionary_amount: Number = 0
    good_after: Text = ""
    fa_group: Text = ""
    fa_method: Text = ""
    fa_percentage: Text = ""
    fa_profile: Annotated[Text, until(177)] = ""
    model: Text = ""
    good_till: Text = ""
    rule_80a: Text = ""
    percent_offset: Text = ""
    settling_firm: Text = ""
    short_sale_slot: Int = 0
    designated_location: Text = ""
    exempt_code: Int = -1
    starting_price: Text = ""
    stock_reference_price: Text = ""
    delta: Text = ""
    stock_range_lower: Text = ""
    stock_range_upper: Text = ""
    display_size: UnsetInt = None
    sweep_to_fill: Flag = False
    all_or_none: Flag = False
    min_quantity: Text = ""
    oca_type: Int = 3
    trigger_method: Int = 0
    volatility: Text = ""
    volatility_type: Int = 0
    delta_neutral_order_type: Text = "None"
    delta_neutral_aux_price: Text = ""
    delta_neutral_order: Annotated[
        CompletedDeltaNeutral, INLINE, When(lambda it: it.delta_neutral_order_type)
    ] = CompletedDeltaNeutral()
    continuous_update: Flag = False
    reference_price_type: Int = 0
    first_trail_stop: MaybeDouble = None
    trailing_percent: Text = ""
    legs_description: Text = ""
    legs: Annotated[tuple[OrderLegSpec, ...], ROWS] = ()
    leg_prices: Annotated[tuple[MaybeDouble, ...], ROWS] = ()
    routing: Annotated[tuple[TagValue, ...], ROWS] = ()
    scale_init_level_size: UnsetInt = None
    scale_subs_level_size: UnsetInt = None
    scale_price_increment: Text = ""
    hedge_type: Text = ""
    hedge_parameter: Annotated[Text, When(lambda it: it.hedge_type)] = ""
    clearing_account: Text = ""
    clearing_intent: Text = "IB"
    not_held: Flag = False
    is_delta_neutral: Flag = False
    delta_neutral: Annotated[
        DeltaNeutral | None, INLINE, When(lambda it: it.is_delta_neutral)
    ] = None
    algo_strategy: Text = ""
    algo_parameters: Annotated[
        tuple[TagValue, ...], ROWS, When(lambda it: it.algo_strategy)
    ] = ()
    solicited: Flag = False
    status: Text
    randomize_size: Flag = False
    randomize_price: Flag = False
    conditions: Annotated[tuple[Condition, ...], ROWS] = ()
    conditions_ignore_hours: Annotated[Flag, When(lambda it: it.conditions)] = False
    conditions_cancel_order: Annotated[Flag, When(lambda it: it.conditions)] = False
    trail_stop: UnsetDouble = None
    limit_offset: UnsetDouble = None
    cash_quantity: Number = 0
    no_auto_price_for_hedge: Flag = True
    is_oms_container: Flag = False
    auto_cancel_date: Text = ""
    filled: Number
    reference_future: UnsetInt = None
    auto_cancel_parent: Flag = False
    shareholder: Text = NOT_AN_INSIDER
    imbalance_only: Flag = False
    route_to_bbo: Flag = False
    parent_perm_id: Int = UNSET_LONG
    completed_time: Text
    completed_status: Text
    min_trade_quantity: Annotated[Text, since(170)] = ""
    min_compete_size: Annotated[Text, since(170)] = ""
    compete_against_best_offset: Annotated[MaybeNumber, since(170)] = None
    mid_offset_at_whole: Annotated[Text, since(170)] = ""
    mid_offset_at_half: Annotated[Text, since(170)] = ""
    customer_account: Annotated[Text, since(183)] = ""
    is_professional: Annotated[Flag, since(184)] = False
    submitter: Annotated[Text, since(198)] = ""


class CompletedOrdersEnd(Struct, frozen=True):
    """All completed orders have been sent."""


class ExecutionData(Struct, frozen=True, kw_only=True):
    """One trade. `req_id` is -1 for a live one, else the question's."""

    req_id: Int
    order_id: Int
    contract: Annotated[HeldContract, INLINE]
    exec_id: Text
    time: Text
    account: Text
    exchange: Text
    side: Text
    quantity: Number
    price: Number
    perm_id: Int
    client_id: Int
    liquidation: Int = 0
    cumulative: Number
    average_price: Number
    order_ref: Text = ""
    ev_rule: Text = ""
    ev_multiplier: Text = ""
    model: Text = ""
    last_liquidity: Int = 2
    is_price_revision_pending: Annotated[Flag, since(178)] = False
    submitter: Annotated[Text, since(198)] = ""


class ExecutionDataEnd(Struct, frozen=True):
    """All executions that pass the filter have been sent."""

    req_id: Int


class CommissionReport(Struct, frozen=True, kw_only=True):
    """The commission of a trade; `realized` is unset for an opening one."""

    exec_id: Text
    commission: Double
    currency: Text = "USD"
    realized: UnsetDouble = None
    yield_: Text = UNSET_DOUBLE_TEXT
    yield_redemption: Text = ""
