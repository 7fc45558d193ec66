"""From the exchange's account to the messages that tell of it."""

from collections.abc import Container
from decimal import Decimal

from alvh_trader.gateway.listing_reply import held_contract, multiplier_text
from alvh_trader.gateway.moment import day_text
from alvh_trader.sim.model import AccountValues, HoldingValue, Listing
from alvh_trader.wire.account_reply import PortfolioValue, Position, PositionMulti

CURRENCY = "USD"
BASE = "BASE"
"""What the account's own currency is called where balances are told by currency."""

_LEDGERS = {
    "$LEDGER": (BASE,),
    f"$LEDGER:{CURRENCY}": (CURRENCY,),
    "$LEDGER:ALL": (BASE, CURRENCY),
}

_NEVER_HELD = (
    "FundValue", "NetDividend", "MutualFundValue", "MoneyMarketFundValue",
    "CorporateBondValue", "TBondValue", "TBillValue", "WarrantValue", "FxCashBalance",
    "IssuerOptionValue",
)  # fmt: skip
"""Balances of what is not traded here."""

Row = tuple[str, str, str]


def account_rows(values: AccountValues) -> tuple[Row, ...]:
    """Return the account as rows of key, value and currency, as its window has them.

    Money has two digits; the account's own facts have no currency. The keys are those
    of the broker's account window and of `AccountSummaryTags` [doc]; margin that looks
    ahead is that of now, as is that of Regulation T (assumption). Balances come twice:
    in the base currency, and in the only other one, which is the same [cap].
    """
    return (
        *_facts(values),
        *_ledger_rows(values, BASE),
        *_ledger_rows(values, CURRENCY),
    )


def summary_rows(values: AccountValues, tags: Container[str]) -> tuple[Row, ...]:
    """Return the rows of a summary: tags of the account, and balances by currency.

    `$LEDGER` are the balances in the base currency, with `:USD` those in USD, with
    `:ALL` both [doc].
    """
    asked = {it for tag, of in _LEDGERS.items() if tag in tags for it in of}
    return (
        *(row for row in _facts(values) if row[0] in tags or "All" in tags),
        *(row for it in sorted(asked) for row in _ledger_rows(values, it)),
    )


def _facts(values: AccountValues) -> tuple[Row, ...]:
    net = values.net_liquidation
    cushion = values.excess_liquidity / net if net > 0 else Decimal(0)
    leverage = values.gross_value / net if net > 0 else Decimal(0)
    return (
        ("AccountCode", values.account, ""),
        ("AccountReady", "true", ""),
        ("AccountType", "INDIVIDUAL", ""),
        ("Cushion", f"{cushion:.6f}", ""),
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
        "EquityWithLoanValue": values.equity_with_loan,
        "ExcessLiquidity": values.excess_liquidity,
        "FullAvailableFunds": values.available_funds,
        "FullExcessLiquidity": values.excess_liquidity,
        "FullInitMarginReq": values.initial_margin,
        "FullMaintMarginReq": values.maintenance_margin,
        "GrossPositionValue": values.gross_value,
        "InitMarginReq": values.initial_margin,
        "LookAheadAvailableFunds": values.available_funds,
        "LookAheadExcessLiquidity": values.excess_liquidity,
        "LookAheadInitMarginReq": values.initial_margin,
        "LookAheadMaintMarginReq": values.maintenance_margin,
        "MaintMarginReq": values.maintenance_margin,
        "NetLiquidation": values.net_liquidation,
        "RegTEquity": values.equity_with_loan,
        "RegTMargin": values.initial_margin,
        "SettledCash": values.cash,
        "TotalCashValue": values.cash,
    }


def _ledger_rows(values: AccountValues, currency: str) -> tuple[Row, ...]:
    """Return the balances in a currency; each is worth one of the base currency."""
    money = {
        "CashBalance": values.cash,
        "TotalCashBalance": values.cash,
        "AccruedCash": Decimal(0),
        "StockMarketValue": values.stock_value,
        "OptionMarketValue": values.option_value,
        "FutureOptionValue": Decimal(0),
        "FuturesPNL": values.futures_profit,
        "NetLiquidationByCurrency": values.net_liquidation,
        "UnrealizedPnL": values.unrealized,
        "RealizedPnL": values.realized,
        **dict.fromkeys(_NEVER_HELD, Decimal(0)),
    }
    return (
        ("Currency", currency, currency),
        ("RealCurrency", currency, currency),
        ("AccountOrGroup", values.account, currency),
        ("ExchangeRate", "1.00", currency),
        *((key, f"{value:.2f}", currency) for key, value in money.items()),
    )


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
