"""What can be listed, by product: indexes, a stock, classes of options, futures.

The contract ids of indexes and of SPY are the broker's own where public sources name
them (an assumption: `_OURS`); those of options and futures are ours, say by arithmetic
which series they are, and are stable for ever. Ticks are those of `domain.money`, the
market rules the broker's numbers (26, 109: recorded; 67, 110: an assumption).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from alvh_trader.domain.money import (
    SPX_TICKS,
    VIX_TICKS,
    VIXW_TICKS,
    VX_TICKS,
    TickGrid,
    option_ticks,
)
from alvh_trader.sim.model import Listing

SPX, VIX, XSP, SPY = 416904, 13455763, 137851301, 756733
VIX1D, VIX9D, VIX3M = 627990891, 322592334, 47511905
VVIX, SKEW = 105068053, 84597750
_OURS = 280_000_000
VIX6M, VIX1Y, AD_NYSE, VX_CONTINUOUS = (
    _OURS + 184,
    _OURS + 365,
    _OURS + 1,
    _OURS + 100,
)

EPOCH = date(2015, 1, 1)
FUTURES = 390_000_000
STRIKES = 2048
"""A strike's place in an id: strikes are whole multiples of a class's unit."""

_RULES = {26: VIXW_TICKS, 67: VX_TICKS, 109: SPX_TICKS, 110: VIX_TICKS}
_CBOE = ("SMART", "CBOE", "IBUSOPT")
_EVERYWHERE = ("SMART", "AMEX", "CBOE", "PHLX", "PSE", "ISE", "BOX", "BATS", "MIAX")
_STOCK_EXCHANGES = ("SMART", "AMEX", "NYSE", "CBOE", "ARCA", "ISLAND", "BATS", "IEX")
_SPY_NAME = "SPDR S&P 500 ETF TRUST"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionProduct:
    """A class of options; an id is `base` plus what `Listings` can read again.

    `unit` divides every strike. A class is `american` where it may be exercised
    early, and then delivers its underlying; the others pay cash.
    """

    name: str
    symbol: str
    underlying: int
    base: int
    unit: float
    market_rule: int
    long_name: str
    exchanges: tuple[str, ...] = _CBOE
    is_american: bool = False


_SPX_NAME = "S&P 500 Stock Index"
_VIX_NAME = "CBOE Volatility Index"
_FIRST, _SECOND = 400_000_000, 800_000_000

OPTIONS: Mapping[str, OptionProduct] = MappingProxyType(
    {
        product.name: product
        for product in (
            OptionProduct(
                name="SPX",
                symbol="SPX",
                underlying=SPX,
                base=_FIRST,
                unit=5.0,
                market_rule=109,
                long_name=_SPX_NAME,
            ),
            OptionProduct(
                name="SPXW",
                symbol="SPX",
                underlying=SPX,
                base=_FIRST,
                unit=5.0,
                market_rule=109,
                long_name=_SPX_NAME,
            ),
            OptionProduct(
                name="VIX",
                symbol="VIX",
                underlying=VIX,
                base=_FIRST,
                unit=0.5,
                market_rule=110,
                long_name=_VIX_NAME,
            ),
            OptionProduct(
                name="VIXW",
                symbol="VIX",
                underlying=VIX,
                base=_FIRST,
                unit=0.5,
                market_rule=26,
                long_name=_VIX_NAME,
            ),
            OptionProduct(
                name="XSP",
                symbol="XSP",
                underlying=XSP,
                base=_SECOND,
                unit=1.0,
                market_rule=26,
                long_name="Mini-SPX Index",
            ),
            OptionProduct(
                name="SPY",
                symbol="SPY",
                underlying=SPY,
                base=_SECOND,
                unit=1.0,
                market_rule=26,
                long_name=_SPY_NAME,
                exchanges=_EVERYWHERE,
                is_american=True,
            ),
        )
    }
)

BLOCKS: tuple[tuple[int, tuple[str, ...]], ...] = tuple(
    (base, tuple(name for name, it in OPTIONS.items() if it.base == base))
    for base in (_SECOND, _FIRST)
)
"""The ranges of option ids, highest first, and the classes that share each."""


@dataclass(frozen=True, slots=True)
class FutureProduct:
    """A future on VIX: its class is its name, `at` tells its ids apart."""

    name: str
    symbol: str
    multiplier: int
    market_rule: int
    at: int
    long_name: str


FUTURE_CLASSES = (
    FutureProduct("VX", "VIX", 1000, 67, 0, _VIX_NAME),
    FutureProduct("VXM", "VXM", 100, 26, 1, "Mini Cboe Volatility Index Futures"),
)


def _index(con_id: int, symbol: str, name: str, exchange: str = "CBOE") -> Listing:
    return Listing(
        con_id=con_id,
        symbol=symbol,
        sec_type="IND",
        exchange=exchange,
        valid_exchanges=(exchange,),
        primary_exchange=exchange,
        trading_class=symbol,
        local_symbol=symbol,
        long_name=name,
        multiplier=0,
        min_tick=Decimal("0.01"),
        market_rule=26,
    )


INDEXES = (
    _index(SPX, "SPX", _SPX_NAME),
    _index(VIX, "VIX", _VIX_NAME),
    _index(XSP, "XSP", "Mini-SPX Index"),
    _index(VIX1D, "VIX1D", "CBOE 1-Day Volatility Index"),
    _index(VIX9D, "VIX9D", "CBOE 9-Day Volatility Index"),
    _index(VIX3M, "VIX3M", "CBOE 3-Month Volatility Index"),
    _index(VIX6M, "VIX6M", "CBOE 6-Month Volatility Index"),
    _index(VIX1Y, "VIX1Y", "CBOE 1-Year Volatility Index"),
    _index(VVIX, "VVIX", "CBOE VIX of VIX Index"),
    _index(SKEW, "SKEW", "CBOE SKEW Index"),
    _index(AD_NYSE, "AD-NYSE", "NYSE Advance Decline Index", "NYSE"),
)

STOCK = Listing(
    con_id=SPY,
    symbol="SPY",
    sec_type="STK",
    exchange="SMART",
    valid_exchanges=_STOCK_EXCHANGES,
    primary_exchange="ARCA",
    trading_class="SPY",
    local_symbol="SPY",
    long_name=_SPY_NAME,
    multiplier=1,
    min_tick=Decimal("0.01"),
    market_rule=26,
)

SPOT = {it.con_id: it for it in (*INDEXES, STOCK)}
"""What is listed every day alike, by contract id."""


def market_rule(rule_id: int) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return the (low edge, increment) rows of a rule; empty if there is none."""
    grid = _RULES.get(rule_id)
    if grid is None:
        return ()
    if grid.fine == grid.coarse:
        return ((Decimal(0), grid.fine),)
    return ((Decimal(0), grid.fine), (grid.threshold, grid.coarse))


def ticks(listing: Listing) -> TickGrid:
    """Return the price grid of a listing."""
    if listing.sec_type == "OPT":
        return option_ticks(listing.trading_class)
    return _RULES[listing.market_rule]
