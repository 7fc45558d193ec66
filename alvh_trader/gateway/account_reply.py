"""From the exchange's account to the messages that tell of it."""

from decimal import Decimal

from alvh_trader.gateway.listing_reply import held_contract, multiplier_text
from alvh_trader.gateway.moment import day_text
from alvh_trader.sim.model import AccountValues, HoldingValue, Listing
from alvh_trader.wire.account_reply import PortfolioValue, Position, PositionMulti

CURRENCY = "USD"


def account_rows(values: AccountValues) -> tuple[tuple[str, str, str], ...]:
    """Return the account as rows of key, value and currency.

    Money has two digits; the account's own facts have no currency. The keys are those
    of the broker's account window and of `AccountSummaryTags` [doc]; margin that looks
    ahead is that of now, as is that of Regulation T (assumption).
    """
    net = values.net_liquidation
    cushion = values.excess_liquidity / net if net > 0 else Decimal(0)
    leverage = values.gross_value / net if net > 0 else Decimal(0)
    return (
        ("AccountCode", values.account, ""),
        ("AccountOrGroup", values.account, CURRENCY),
        ("AccountReady", "true", ""),
        ("AccountType", "INDIVIDUAL", ""),
        ("Currency", CURRENCY, CURRENCY),
        ("Cushion", f"{cushion:.6f}", ""),
        ("ExchangeRate", "1.00", CURRENCY),
        # No limit on day trades, and no change of margin ahead [doc].
        ("DayTradesRemaining", "-1", ""),
        ("Leverage", f"{leverage:.2f}", ""),
        ("LookAheadNextChange", "0", ""),
        *(
            (key, f"{value:.2f}", CURRENCY)
            for key, value in sorted(_money(values).items())
        ),
    )


def _money(values: AccountValues) -> dict[str, Decimal]:
    return {
        "AccruedCash": Decimal(0),
        "AvailableFunds": values.available_funds,
        "BuyingPower": values.buying_power,
        "CashBalance": values.cash,
        "EquityWithLoanValue": values.equity_with_loan,
        "ExcessLiquidity": values.excess_liquidity,
        "FullAvailableFunds": values.available_funds,
        "FullExcessLiquidity": values.excess_liquidity,
        "FullInitMarginReq": values.initial_margin,
        "FullMaintMarginReq": values.maintenance_margin,
        "FuturesPNL": values.futures_profit,
        "GrossPositionValue": values.gross_value,
        "InitMarginReq": values.initial_margin,
        "LookAheadAvailableFunds": values.available_funds,
        "LookAheadExcessLiquidity": values.excess_liquidity,
        "LookAheadInitMarginReq": values.initial_margin,
        "LookAheadMaintMarginReq": values.maintenance_margin,
        "MaintMarginReq": values.maintenance_margin,
        "NetLiquidation": values.net_liquidation,
        "OptionMarketValue": values.option_value,
        "RealizedPnL": values.realized,
        "RegTEquity": values.equity_with_loan,
        "RegTMargin": values.initial_margin,
        "SettledCash": values.cash,
        "StockMarketValue": values.stock_value,
        "TotalCashBalance": values.cash,
        "TotalCashValue": values.cash,
        "UnrealizedPnL": values.unrealized,
    }


def position(listing: Listing, value: HoldingValue, account: str) -> Position:
    """Return a holding."""
    return Position(
        account=account,
        contract=held_contract(listing),
        position=value.holding.quantity,
        average_cost=value.holding.average_cost,
    )


def position_multi(
    listing: Listing, value: HoldingValue, account: str, req_id: int
) -> PositionMulti:
    """Return a holding as the answer to a question for one account."""
    return PositionMulti(
        req_id=req_id,
        account=account,
        contract=held_contract(listing),
        position=value.holding.quantity,
        average_cost=value.holding.average_cost,
    )


def portfolio_value(
    listing: Listing, value: HoldingValue, account: str
) -> PortfolioValue:
    """Return a holding at the market."""
    return PortfolioValue(
        con_id=listing.con_id,
        symbol=listing.symbol,
        sec_type=listing.sec_type,
        expiry=day_text(listing.last_trade),
        strike=listing.strike,
        right=listing.right or "0",
        multiplier=multiplier_text(listing),
        primary_exchange=listing.primary_exchange,
        local_symbol=listing.local_symbol,
        trading_class=listing.trading_class,
        position=value.holding.quantity,
        price=value.price,
        value=value.value,
        average_cost=value.holding.average_cost,
        unrealized=value.unrealized,
        realized=value.realized,
        account=account,
    )
