"""The table from request to the function that answers it."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from alvh_trader.gateway import (
    handle_account,
    handle_contract,
    handle_history,
    handle_live_bars,
    handle_market,
    handle_order,
    handle_order_list,
    handle_past,
    handle_session,
    handle_theory,
    handle_ticks,
)
from alvh_trader.gateway.session import Handler
from alvh_trader.wire import market_request as market
from alvh_trader.wire import request
from alvh_trader.wire.order_request import PlaceOrder

HANDLERS: Mapping[type[Struct], Handler] = MappingProxyType(
    {
        request.StartApi: handle_session.start_again,
        request.RequestCurrentTime: handle_session.current_time,
        request.RequestManagedAccounts: handle_session.managed_accounts,
        request.RequestIds: handle_session.next_ids,
        request.RequestFamilyCodes: handle_session.family_codes,
        request.RequestSoftDollarTiers: handle_session.soft_dollar_tiers,
        request.RequestNewsProviders: handle_session.news_providers,
        request.RequestUserInfo: handle_session.user_info,
        request.SetServerLogLevel: handle_session.nothing,
        request.RequestNewsBulletins: handle_session.nothing,
        request.CancelNewsBulletins: handle_session.nothing,
        request.RequestAccountUpdates: handle_account.account_updates,
        request.RequestAccountUpdatesMulti: handle_account.account_updates_multi,
        request.CancelAccountUpdatesMulti: handle_account.cancel_account_multi,
        request.RequestAccountSummary: handle_account.account_summary,
        request.CancelAccountSummary: handle_account.cancel_summary,
        request.RequestPositions: handle_account.positions,
        request.CancelPositions: handle_account.cancel_positions,
        request.RequestPositionsMulti: handle_account.positions_multi,
        request.CancelPositionsMulti: handle_account.cancel_positions_multi,
        request.RequestPnl: handle_account.pnl,
        request.CancelPnl: handle_account.cancel_pnl,
        request.RequestPnlSingle: handle_account.pnl_single,
        request.CancelPnlSingle: handle_account.cancel_pnl_single,
        request.RequestContractDetails: handle_contract.contract_details,
        request.RequestOptionParameters: handle_contract.option_parameters,
        request.RequestMarketRule: handle_contract.market_rule,
        request.RequestMatchingSymbols: handle_contract.matching_symbols,
        request.RequestSmartComponents: handle_contract.smart_components,
        request.RequestDepthExchanges: handle_contract.depth_exchanges,
        market.RequestMarketData: handle_market.market_data,
        market.CancelMarketData: handle_market.cancel_market_data,
        market.RequestMarketDataType: handle_market.market_data_type,
        market.RequestTickByTick: handle_ticks.tick_by_tick,
        market.CancelTickByTick: handle_ticks.cancel_tick_by_tick,
        market.RequestRealTimeBars: handle_live_bars.real_time_bars,
        market.CancelRealTimeBars: handle_live_bars.cancel_real_time_bars,
        market.RequestHistoricalData: handle_history.historical_data,
        market.CancelHistoricalData: handle_history.cancel_historical_data,
        market.RequestHeadTimestamp: handle_past.head_timestamp,
        market.CancelHeadTimestamp: handle_session.nothing,
        market.RequestHistoricalTicks: handle_past.historical_ticks,
        market.RequestImpliedVolatility: handle_theory.implied_volatility,
        market.RequestOptionPrice: handle_theory.option_price,
        market.CancelImpliedVolatility: handle_session.nothing,
        market.CancelOptionPrice: handle_session.nothing,
        PlaceOrder: handle_order.place_order,
        request.CancelOrder: handle_order.cancel_order,
        request.RequestGlobalCancel: handle_order.global_cancel,
        request.RequestOpenOrders: handle_order_list.open_orders,
        request.RequestAllOpenOrders: handle_order_list.all_open_orders,
        request.RequestAutoOpenOrders: handle_order_list.auto_open_orders,
        request.RequestCompletedOrders: handle_order_list.completed_orders,
        request.RequestExecutions: handle_order_list.executions,
    }
)
"""Every request in the table of the codec has its row here; a test sees to it."""
