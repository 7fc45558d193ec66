"""The request that places or modifies an order (gateway.md §2.5)."""

from typing import Annotated

from msgspec import Struct

from alvh_trader.wire.contract import (
    ContractSpec,
    DeltaNeutral,
    OrderLegSpec,
    TagValue,
)
from alvh_trader.wire.field import (
    Flag,
    Int,
    MaybeExact,
    MaybeInt,
    MaybeNumber,
    Quantity,
    Text,
)
from alvh_trader.wire.layout import INLINE, ROWS, When, since, until


def _is_combo(order: "PlaceOrder") -> bool:
    return order.contract.sec_type == "BAG"


def _is_scaled(order: "PlaceOrder") -> bool:
    return order.scale_price_increment is not None and order.scale_price_increment > 0


def _is_pegged_mid(order: "PlaceOrder") -> bool:
    if order.order_type == "PEG BEST":
        return order.compete_against_best_offset == float("inf")
    return order.order_type == "PEG MID"


def _is_pegged_best(order: "PlaceOrder") -> bool:
    return order.order_type == "PEG BEST"


class DeltaNeutralOrder(Struct, frozen=True):
    """The hedging order of a volatility order. Read, and never traded."""

    con_id: Text
    settling_firm: Text
    clearing_account: Text
    clearing_intent: Text
    open_close: Text
    short_sale: Text
    short_sale_slot: Text
    designated_location: Text


class Scale(Struct, frozen=True):
    """The parameters of a scale order. Read, and never traded."""

    price_adjust_value: Text
    price_adjust_interval: Text
    profit_offset: Text
    auto_reset: Text
    init_position: Text
    init_fill_quantity: Text
    random_percent: Text


class PegBench(Struct, frozen=True):
    """The parameters of an order pegged to a benchmark. Read, and never traded."""

    contract: Text
    is_decrease: Text
    pegged_change: Text
    reference_change: Text
    exchange: Text


class Condition(Struct, frozen=True):
    """One condition of an order, as clients send it: price, time, margin, ...

    `kind` is 1 price, 3 time, 4 margin, 5 execution, 6 volume, 7 percent change; the
    fields that follow depend on it.
    """

    kind: Int
    conjunction: Text
    is_more: Annotated[Text, When(lambda it: it.kind != 5)] = ""
    sec_type: Annotated[Text, When(lambda it: it.kind == 5)] = ""
    exchange: Annotated[Text, When(lambda it: it.kind == 5)] = ""
    symbol: Annotated[Text, When(lambda it: it.kind == 5)] = ""
    value: Annotated[Text, When(lambda it: it.kind != 5)] = ""
    con_id: Annotated[Text, When(lambda it: it.kind in (1, 6, 7))] = ""
    venue: Annotated[Text, When(lambda it: it.kind in (1, 6, 7))] = ""
    method: Annotated[Text, When(lambda it: it.kind == 1)] = ""


class PlaceOrder(Struct, frozen=True, kw_only=True):
    """An order, or the new state of one that is working."""

    order_id: Int
    contract: Annotated[ContractSpec, INLINE]
    sec_id_type: Text = ""
    sec_id: Text = ""
    action: Text = ""
    quantity: Quantity = 0
    order_type: Text = ""
    limit: MaybeExact = None
    aux_price: MaybeExact = None
    tif: Text = ""
    oca_group: Text = ""
    account: Text = ""
    open_close: Text = ""
    origin: Int = 0
    order_ref: Text = ""
    transmit: Flag = True
    parent_id: Int = 0
    block_order: Flag = False
    sweep_to_fill: Flag = False
    display_size: Text = ""
    trigger_method: Int = 0
    outside_regular_hours: Flag = False
    hidden: Flag = False
    legs: Annotated[tuple[OrderLegSpec, ...], ROWS, When(_is_combo)] = ()
    leg_prices: Annotated[tuple[MaybeExact, ...], ROWS, When(_is_combo)] = ()
    routing: Annotated[tuple[TagValue, ...], ROWS, When(_is_combo)] = ()
    shares_allocation: Text = ""
    discretionary_amount: Text = ""
    good_after: Text = ""
    good_till: Text = ""
    fa_group: Text = ""
    fa_method: Text = ""
    fa_percentage: Text = ""
    fa_profile: Annotated[Text, until(177)] = ""
    model: Text = ""
    short_sale_slot: Text = ""
    designated_location: Text = ""
    exempt_code: Text = ""
    oca_type: MaybeInt = None
    rule_80a: Text = ""
    settling_firm: Text = ""
    all_or_none: Flag = False
    min_quantity: Text = ""
    percent_offset: Text = ""
    e_trade_only: Flag = False
    firm_quote_only: Flag = False
    nbbo_price_cap: Text = ""
    auction_strategy: Text = ""
    starting_price: Text = ""
    stock_reference_price: Text = ""
    delta: Text = ""
    stock_range_lower: Text = ""
    stock_range_upper: Text = ""
    override_percentage_constraints: Flag = False
    volatility: Text = ""
    volatility_type: Text = ""
    delta_neutral_order_type: Text = ""
    delta_neutral_aux_price: Text = ""
    delta_neutral_order: Annotated[
        DeltaNeutralOrder | None, INLINE, When(lambda it: it.delta_neutral_order_type)
    ] = None
    continuous_update: Text = ""
    reference_price_type: Text = ""
    trail_stop_price: MaybeExact = None
    trailing_percent: MaybeExact = None
    scale_init_level_size: Text = ""
    scale_subs_level_size: Text = ""
    scale_price_increment: MaybeNumber = None
    scale: Annotated[Scale | None, INLINE, When(_is_scaled)] = None
    scale_table: Text = ""
    active_start: Text = ""
    active_stop: Text = ""
    hedge_type: Text = ""
    hedge_parameter: Annotated[Text, When(lambda it: it.hedge_type)] = ""
    opt_out_smart_routing: Flag = False
    clearing_account: Text = ""
    clearing_intent: Text = ""
    not_held: Flag = False
    is_delta_neutral: Flag = False
    delta_neutral: Annotated[
        DeltaNeutral | None, INLINE, When(lambda it: it.is_delta_neutral)
    ] = None
    algo_strategy: Text = ""
    algo_parameters: Annotated[
        tuple[TagValue, ...], ROWS, When(lambda it: it.algo_strategy)
    ] = ()
    algo_id: Text = ""
    what_if: Flag = False
    misc_options: Text = ""
    solicited: Flag = False
    randomize_size: Flag = False
    randomize_price: Flag = False
    peg_bench: Annotated[
        PegBench | None, INLINE, When(lambda it: it.order_type == "PEG BENCH")
    ] = None
    conditions: Annotated[tuple[Condition, ...], ROWS] = ()
    conditions_ignore_hours: Annotated[Flag, When(lambda it: it.conditions)] = False
    conditions_cancel_order: Annotated[Flag, When(lambda it: it.conditions)] = False
    adjusted_order_type: Text = ""
    trigger_price: Text = ""
    limit_offset: MaybeExact = None
    adjusted_stop_price: Text = ""
    adjusted_stop_limit_price: Text = ""
    adjusted_trailing_amount: Text = ""
    adjustable_trailing_unit: Text = ""
    ext_operator: Text = ""
    soft_dollar_name: Text = ""
    soft_dollar_value: Text = ""
    cash_quantity: MaybeNumber = None
    mifid_decision_maker: Text = ""
    mifid_decision_algo: Text = ""
    mifid_execution_trader: Text = ""
    mifid_execution_algo: Text = ""
    no_auto_price_for_hedge: Text = ""
    is_oms_container: Text = ""
    discretionary_up_to_limit: Text = ""
    use_price_management: Text = ""
    duration: Annotated[Text, since(158)] = ""
    post_to_ats: Annotated[Text, since(160)] = ""
    auto_cancel_parent: Annotated[Text, since(162)] = ""
    advanced_error_override: Annotated[Text, since(166)] = ""
    manual_order_time: Annotated[Text, since(169)] = ""
    min_trade_quantity: Annotated[
        Text, since(170), When(lambda it: it.contract.exchange == "IBKRATS")
    ] = ""
    min_compete_size: Annotated[Text, since(170), When(_is_pegged_best)] = ""
    compete_against_best_offset: Annotated[
        MaybeNumber, since(170), When(_is_pegged_best)
    ] = None
    mid_offset_at_whole: Annotated[Text, since(170), When(_is_pegged_mid)] = ""
    mid_offset_at_half: Annotated[Text, since(170), When(_is_pegged_mid)] = ""
