"""The tops of what is no option: indexes, the breadth of the NYSE, a stock, futures."""

from decimal import Decimal

from msgspec.structs import replace

from alvh_trader.sim.cents import rounded
from alvh_trader.sim.market import Session
from alvh_trader.sim.model import Listing, Top
from alvh_trader.sim.path import ISSUES, Tape
from alvh_trader.sim.products import ticks

NOTHING = Top(
    bid=None,
    ask=None,
    bid_size=0,
    ask_size=0,
    last=None,
    last_size=None,
    open=None,
    high=None,
    low=None,
    close=None,
    volume=None,
)

STOCK_VOLUME = 85_000_000
"""Shares of SPY in a day (assumption: it rises evenly)."""

SIZES = {"STK": (900, 900), "FUT": (60, 55)}
"""What is bid for and offered at the quotes."""

_CENT = Decimal("0.01")


def breadth_top(tape: Tape, node: int) -> Top:
    """Return advancing issues as bid, declining as ask, the rest as a size."""
    up, down = int(tape.advances[node]), int(tape.declines[node])
    rest = ISSUES - up - down
    return replace(NOTHING, bid=Decimal(up), ask=Decimal(down), bid_size=rest)


def index_top(session: Session, node: int, symbol: str, close: Decimal) -> Top:
    """Return an index: it has no book. `close` is that of the session before."""
    values = session.series[symbol]
    high, low = session.extremes[symbol]
    return replace(
        NOTHING,
        last=rounded(values[node]),
        open=rounded(values[0]),
        high=rounded(high[node]),
        low=rounded(low[node]),
        close=close,
    )


def stock_top(
    session: Session, node: int, listing: Listing, close: Decimal, *, is_quoted: bool
) -> Top:
    """Return a market one cent wide around the stock's price."""
    top = index_top(session, node, listing.symbol, close)
    done = node / (session.tape.nodes - 1)
    top = replace(top, last_size=1, volume=int(STOCK_VOLUME * done))
    if not is_quoted:
        return top
    bid, ask = quote(listing, session.series[listing.symbol][node])
    bid_size, ask_size = SIZES["STK"]
    return replace(top, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)


def quote(listing: Listing, price: float) -> tuple[Decimal, Decimal]:
    """Return bid and ask of a stock or a future that is worth `price`."""
    grid = ticks(listing)
    if listing.sec_type == "STK":
        bid = grid.floor(price - 0.005)
        return bid, bid + _CENT
    bid = grid.floor(price)
    return bid, bid + grid.fine


def future_top(
    listing: Listing, prices: tuple[float, float, float], *, is_quoted: bool
) -> Top:
    """Return a future one tick wide; `prices`: yesterday's close, the open, now."""
    grid = ticks(listing)
    before, first, fair = prices
    last, ask = quote(listing, fair)
    top = replace(
        NOTHING,
        last=last,
        last_size=1,
        open=grid.floor(first),
        close=grid.floor(before),
    )
    if not is_quoted:
        return top
    bid_size, ask_size = SIZES["FUT"]
    return replace(top, bid=last, ask=ask, bid_size=bid_size, ask_size=ask_size)
