"""The position an account starts with: an iron condor of the evening before.

Built as one who sells volatility by rule would (alvh.md §5.1): the SPXW expiry
nearest to 52 days within 45 to 60, shorts 1.75 standard deviations out, rounded
outward to 25 points, wings as wide as the scenario says.
"""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from alvh_trader.sim import surface
from alvh_trader.sim.board import Board
from alvh_trader.sim.cents import rounded
from alvh_trader.sim.expirations import Expiry
from alvh_trader.sim.listings import Listings, Wanted
from alvh_trader.sim.market import Market
from alvh_trader.sim.model import Listing

DEVIATIONS = 1.75
GRID = 25.0
_DTE = (45, 52, 60)


@dataclass(frozen=True, slots=True)
class Opened:
    """A leg as it was opened: signed contracts at a price in points."""

    listing: Listing
    quantity: int
    price: Decimal


def condor(market: Market, board: Board, listed: Listings) -> tuple[Opened, ...]:
    """Return the legs, priced at the close before the first session; perhaps none."""
    if not market.scenario.condors:
        return ()
    evening = market.closing(-1)
    today = market.day(-1).day
    least, best, most = _DTE
    expiries = [e for e in listed.expiries["SPXW"] if _dte(e, today) >= least]
    expiry = min(
        (e for e in expiries if _dte(e, today) <= most),
        key=lambda e: abs(_dte(e, today) - best),
    )
    days = _dte(expiry, today)
    tau = np.array([days / 365.0])
    atm = float(surface.spx_volatility(evening, tau, np.zeros(1), market.fit.spx)[0])
    reach = DEVIATIONS * evening.spx * atm * math.sqrt(days / 365.0)
    put = math.floor((evening.spx - reach) / GRID) * GRID
    call = math.ceil((evening.spx + reach) / GRID) * GRID
    lots, wing = market.scenario.condors, market.scenario.wing
    strikes = [
        (put - wing, "P", lots),
        (put, "P", -lots),
        (call, "C", -lots),
        (call + wing, "C", lots),
    ]
    legs = [(_find(listed, expiry, k, right), q) for k, right, q in strikes]
    prices = board.fair(evening, [option for option, _ in legs])
    return tuple(
        Opened(option, quantity, rounded(price))
        for (option, quantity), price in zip(legs, prices, strict=True)
    )


def _dte(expiry: Expiry, today: date) -> int:
    return (expiry.settles - today).days


def _find(listed: Listings, expiry: Expiry, strike: float, right: str) -> Listing:
    (option,) = listed.find(
        Wanted(
            symbol="SPX",
            sec_type="OPT",
            trading_class="SPXW",
            month_or_day=f"{expiry.settles:%Y%m%d}",
            strike=strike,
            right=right,
        )
    )
    return option
