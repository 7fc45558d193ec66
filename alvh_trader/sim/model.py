"""The words of the simulated exchange: listings, accounts, orders and reports.

Prices of orders are `Decimal`; a combo is bought or sold at a signed net price.
Nothing here knows who trades, or why.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from alvh_trader.sim.handling import PLAIN, Handling


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One instrument of the exchange, as contract details describe it.

    `sec_type` is IND, STK, OPT or FUT. `expiry` is the settlement date, `last_trade`
    the last trading day; both None for an index or a stock, whose `strike` is 0 and
    `right` "". `market_rule` is the id whose price increments `Exchange.market_rule`
    gives; `underlying` is a contract id, 0 where there is none.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    valid_exchanges: tuple[str, ...]
    trading_class: str
    local_symbol: str
    long_name: str
    multiplier: int
    min_tick: Decimal
    market_rule: int
    primary_exchange: str
    underlying: int = 0
    last_trade: date | None = None
    expiry: date | None = None
    strike: float = 0.0
    right: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionClass:
    """The options of one class on one exchange.

    `expirations` are last trading days. They and `strikes` are unions: not every
    pair of them is listed.
    """

    exchange: str
    underlying: int
    trading_class: str
    multiplier: int
    expirations: tuple[date, ...]
    strikes: tuple[float, ...]


class Top(Struct, frozen=True, kw_only=True, gc=False):
    """Top of book and the day's figures. None where there is no such price."""

    bid: Decimal | None
    ask: Decimal | None
    bid_size: int
    ask_size: int
    last: Decimal | None
    last_size: int | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: int | None


class OptionGreeks(Struct, frozen=True, kw_only=True, gc=False):
    """Model values as the broker streams them: vega per 1 vol point, theta per day."""

    implied_volatility: float
    delta: float
    price: float
    gamma: float
    vega: float
    theta: float
    underlying: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What some contracts are worth at one instant, by con_id."""

    at: datetime
    tops: dict[int, Top]
    greeks: dict[int, OptionGreeks | None]


class Shown(StrEnum):
    """What bars show, in the broker's words."""

    TRADES = "TRADES"
    BID = "BID"
    ASK = "ASK"
    MIDPOINT = "MIDPOINT"
    BID_ASK = "BID_ASK"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """One historical bar; `start` is UTC, and `day` the session it belongs to.

    `volume` is -1 in bars of quotes. Such of both sides have the average bid as open,
    the highest ask as high, the lowest bid as low and the average ask as close [doc].
    """

    start: datetime
    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int


class Status(StrEnum):
    """Where an order stands, in the broker's words."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLeg:
    """One leg; `ratio` is positive, `action` is what buying the combo does.

    `limit` is the price of this leg alone, in a combo that is not guaranteed.
    """

    con_id: int
    ratio: int
    action: str
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOrder:
    """An order as the exchange holds it. `legs` has one entry for a single option.

    `order_type` is one of `sim.kinds.KINDS`; `limit` is None where it has none.
    `symbol` and `sec_type` are those of the contract that was sent (sec_type BAG for
    a combo). `why_held` says what a PreSubmitted order waits for, in the broker's
    words: `child`, `trigger` or both.
    """

    perm_id: int
    client_id: int
    order_id: int
    account: str
    symbol: str
    sec_type: str
    action: str
    quantity: int
    order_type: str
    limit: Decimal | None
    tif: str
    order_ref: str
    legs: tuple[OrderLeg, ...]
    handling: Handling = PLAIN
    status: Status = Status.PRE_SUBMITTED
    why_held: str = ""
    filled: int = 0
    average_price: Decimal = Decimal(0)

    @property
    def remaining(self) -> int:
        """Units still to be filled."""
        return self.quantity - self.filled


def unknown_order(perm_id: int) -> SimOrder:
    """Return what stands in a refusal for an order that there is not."""
    return SimOrder(
        perm_id=perm_id,
        client_id=0,
        order_id=0,
        account="",
        symbol="",
        sec_type="",
        action="",
        quantity=0,
        order_type="",
        limit=None,
        tif="",
        order_ref="",
        legs=(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One trade. A combo has one row per leg and one of `con_id` 0: its summary.

    `side` is BOT or SLD; `quantity` positive; `price` net for the summary row.
    `commission` and `realized` are None for the summary (it has no report);
    `realized` is None for an opening trade.
    """

    exec_id: str
    perm_id: int
    client_id: int
    order_id: int
    order_ref: str
    at: datetime
    account: str
    con_id: int
    side: str
    quantity: int
    price: Decimal
    cumulative: int
    average_price: Decimal
    commission: Decimal | None = None
    realized: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The order is on the book, or its change was taken. `order` is how it stands."""

    order: SimOrder
    modified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """The order stands otherwise than before, and nobody asked for it.

    It was released, its stop moved with the market, or its group made it smaller.
    """

    order: SimOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """The order traded; `executions` are the rows of this trade."""

    order: SimOrder
    executions: tuple[Execution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The order left the book without (further) trading: cancelled or expired."""

    order: SimOrder
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A trade of the order was corrected: `executions` take the place of older ones.

    An id ends with the number of its version; a quantity of 0 is a trade that was
    taken back.
    """

    order: SimOrder
    executions: tuple[Execution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The exchange refused a request on an order, with the broker's error code."""

    order: SimOrder
    code: int
    text: str


Report = Accepted | Restated | Traded | Corrected | Ended | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginPreview:
    """What an order would do to the account, in USD."""

    init_before: Decimal
    init_after: Decimal
    maint_before: Decimal
    maint_after: Decimal
    equity_before: Decimal
    equity_after: Decimal
    commission: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A position; `average_cost` is USD per contract (multiplier and fees included)."""

    con_id: int
    quantity: int
    average_cost: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingValue:
    """A holding at the market, in USD (price in points)."""

    holding: Holding
    price: Decimal
    value: Decimal
    unrealized: Decimal
    realized: Decimal
    daily: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountValues:
    """The account in USD. `daily`, `unrealized` and `realized` are profit and loss.

    `equity_with_loan` is what margin is held against: available funds are what the
    initial margin leaves of it, excess liquidity what the maintenance margin leaves.
    `option_value` and `stock_value` are signed, `gross_value` is what both would be
    if every holding were long; futures are worth their open profit and no more.
    """

    account: str
    cash: Decimal
    net_liquidation: Decimal
    equity_with_loan: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    available_funds: Decimal
    excess_liquidity: Decimal
    buying_power: Decimal
    option_value: Decimal
    stock_value: Decimal
    gross_value: Decimal
    futures_profit: Decimal
    daily: Decimal
    unrealized: Decimal
    realized: Decimal
    holdings: tuple[HoldingValue, ...] = field(default=())
