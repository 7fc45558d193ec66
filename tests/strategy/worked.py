"""The market of the worked example (alvh.md §12), as quotes that the product reads.

European Black-Scholes-Merton, r 3.75 %, q 1.20 %, a smile linear and quadratic in
standardised moneyness; ten condors on SPXW of 2026-06-30, hedged with VIX calls of
2026-06-03.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import numpy as np

from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.portfolio.case import Case, Vertical, case_of
from alvh_trader.portfolio.greeks import CaseRisk, Legs, case_risk, legs_of_case
from alvh_trader.pricing.black76 import Bools, Floats, price
from alvh_trader.pricing.chain import Chain, PricedChain, chain_of, priced
from tests.capital.worked import REIT, VAULT

RATE, DIVIDEND = 0.0375, 0.012
AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
T0, T1, T2 = date(2026, 5, 7), date(2026, 5, 18), date(2026, 5, 21)
OLD_EXPIRY, NEW_EXPIRY = date(2026, 6, 30), date(2026, 7, 17)
VIX_EXPIRY = date(2026, 6, 3)
OLD_STRIKES = (6350.0, 6400.0, 7875.0, 7925.0)
NEW_STRIKES = (6070.0, 6125.0, 7600.0, 7655.0)
LISTED = tuple(float(k) for k in range(5700, 8105, 5))

CAPITAL, EQUITY, HAIRCUT = 900_000.0, 750_000.0, 1_700.0
FACILITIES = (VAULT, REIT)


def option(symbol: str, expiry: date, strike: float, right: Right) -> Option:
    """Return a weekly option with a number made of its terms."""
    return Option(
        con_id=int(f"{expiry:%m%d}{strike * 10:06.0f}{int(right is Right.CALL)}"),
        symbol=symbol,
        trading_class=f"{symbol}W",
        expiry=expiry,
        last_trade=expiry,
        strike=strike,
        right=right,
    )


def strike_of(held: Option | Future) -> float:
    """Return the strike of what must be an option."""
    assert isinstance(held, Option)
    return held.strike


def forward(spot: float, dte: float) -> float:
    """Return the forward that the carry gives."""
    return spot * math.exp((RATE - DIVIDEND) * dte / 365)


def atm(vix: float) -> float:
    """Return the volatility at the forward."""
    return 0.836 * vix / 100


def smile(spot: float, vix: float, dte: float, strikes: Floats) -> Floats:
    """Return the volatility of each strike."""
    level = atm(vix)
    z = np.log(strikes / forward(spot, dte)) / (level * math.sqrt(dte / 365))
    return np.maximum(0.6 * level, level * (1 - 0.17 * z + 0.025 * z * z))


def spx_mids(
    spot: float, vix: float, dte: float, strikes: Floats, is_call: Bools
) -> Floats:
    """Return model prices of SPX options."""
    sigma = smile(spot, vix, dte, strikes)
    return price(forward(spot, dte), strikes, sigma, dte / 365, RATE, is_call)


def _chain(
    options: Sequence[Option], mids: Iterable[float], half: float, shown: int, day: date
) -> Chain:
    quotes = {}
    for each, mid in zip(options, mids, strict=True):
        width = min(half, 0.5 * mid)
        quotes[each.con_id] = Quote(AT, mid - width, mid + width, shown, shown)
    return chain_of(options, quotes, day, RATE)


def spx_chain(
    spot: float,
    vix: float,
    expiry: date,
    *,
    today: date = T2,
    half: float = 0.05,
    strikes: Sequence[float] = LISTED,
) -> PricedChain:
    """Return an SPX chain whose mids are the model's, priced to the spot."""
    options = [
        option("SPX", expiry, k, right)
        for k in strikes
        for right in (Right.PUT, Right.CALL)
    ]
    mids = spx_mids(
        spot,
        vix,
        (expiry - today).days,
        np.array([o.strike for o in options]),
        np.array([o.is_call for o in options]),
    )
    found = priced(_chain(options, mids.tolist(), half, 50, today), spot=spot)
    assert found is not None
    return found


def vix_chain(
    level: float = 21.05,
    sigma: float = 1.15,
    *,
    half: float = 0.0,
    shown: int = 200,
    skew: float = 0.0,
    today: date = T2,
) -> PricedChain:
    """Return a VIX chain whose mids are the model's, priced to its forward.

    `skew` is how much volatility a strike twice the forward has on top.
    """
    strikes = [float(k) for k in range(10, 31)] + [32.5, 35.0, 37.5, 40.0]
    options = [
        option("VIX", VIX_EXPIRY, k, right)
        for k in strikes
        for right in (Right.PUT, Right.CALL)
    ]
    tau = (VIX_EXPIRY - today).days / 365
    mids = [
        float(
            price(
                level,
                o.strike,
                sigma + skew * min(max(o.strike / level - 1, 0.0), 0.35),
                tau,
                RATE,
                o.is_call,
            )
        )
        for o in options
    ]
    found = priced(_chain(options, mids, half, shown, today), forward=level)
    assert found is not None
    return found


def condor(
    quantity: int = 10,
    strikes: tuple[float, float, float, float] = OLD_STRIKES,
    expiry: date = OLD_EXPIRY,
    costs: Sequence[float] | None = None,
) -> Case:
    """Return a condor of strikes from the lowest up.

    It cost `costs` points, by default what the example's first day asks.
    """
    rights = (Right.PUT, Right.PUT, Right.CALL, Right.CALL)
    legs = [option("SPX", expiry, k, r) for k, r in zip(strikes, rights, strict=True)]
    if costs is None:
        calls = np.array([False, False, True, True])
        costs = spx_mids(7138.80, 17.95, 54, np.array(OLD_STRIKES), calls).tolist()
    usd = [100 * cost for cost in costs]
    put = Vertical(
        short=legs[1],
        long=legs[0],
        quantity=quantity,
        short_cost=usd[1],
        long_cost=usd[0],
    )
    call = Vertical(
        short=legs[2],
        long=legs[3],
        quantity=quantity,
        short_cost=usd[2],
        long_cost=usd[3],
    )
    return case_of("U1", put, call)


def risk(case: Case, spot: float, vix: float, today: date) -> tuple[Legs, CaseRisk]:
    """Return the legs of a case and what model mids imply of them."""
    legs = legs_of_case(case, today)
    dte = float(legs.dte[0])
    mids = spx_mids(spot, vix, dte, legs.strike, legs.is_call)
    found = case_risk(legs, mids, spot, forward(spot, dte), RATE)
    assert found is not None
    return legs, found
