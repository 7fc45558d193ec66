"""The quotes of one option series as arrays, and what they imply."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.pricing.black76 import (
    Floats,
    Greeks,
    greeks,
    implied_volatility,
    spot_greeks,
    years,
)
from alvh_trader.pricing.forward import atm_volatility, parity_forward

LEAST_SIGMA = 1e-4

NEIGHBOURS = 3
"""Options on either side of the forward; one of them may have no volatility."""


class Chain(Struct, frozen=True, kw_only=True, eq=False):
    """Options of one expiry, by strike, put before call; NaN is "no such quote"."""

    options: tuple[Option, ...]
    dte: int
    rate: float
    strike: Floats
    is_call: NDArray[np.bool_]
    bid: Floats
    ask: Floats
    ask_size: Floats
    mid: Floats
    places: dict[tuple[float, Right], int]

    @property
    def tau(self) -> float:
        """Years to settlement."""
        return years(self.dte)

    @property
    def expiry(self) -> date:
        """The settlement date."""
        return self.options[0].expiry

    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the places of the puts and the calls of strikes that have both."""
        # Options are sorted by strike, put before call.
        is_pair = np.diff(self.strike) == 0
        is_pair &= self.is_call[1:] & ~self.is_call[:-1]
        put = np.flatnonzero(is_pair)
        return put, put + 1

    def forward(self) -> float:
        """Return the put-call-parity forward; NaN if too few pairs are quoted."""
        put, call = self.pairs()
        return parity_forward(
            self.strike[call], self.mid[call], self.mid[put], self.tau, self.rate
        )

    def is_out(self, forward: float) -> NDArray[np.bool_]:
        """Return which options are out of the money, or at it."""
        return np.where(self.is_call, self.strike >= forward, self.strike <= forward)

    def atm(self, forward: float) -> float:
        """Return what `PricedChain.atm` does, without pricing all the rest."""
        is_out = self.is_out(forward) & np.isfinite(self.mid)
        below = np.flatnonzero(is_out & (self.strike <= forward))[-NEIGHBOURS:]
        above = np.flatnonzero(is_out & (self.strike >= forward))[:NEIGHBOURS]
        near = np.concatenate([below, above])
        strike = self.strike[near]
        sigma = implied_volatility(
            self.mid[near], forward, strike, self.tau, self.rate, self.is_call[near]
        )
        return atm_volatility(strike, sigma, forward)


class PricedChain(Struct, frozen=True, kw_only=True, eq=False):
    """A chain with its forward, implied volatilities and per-unit Greeks.

    Greeks are to the spot where one was given (SPX), else to the forward (VIX); NaN
    where an option has no two-sided quote or its mid no volatility.
    """

    chain: Chain
    forward: float
    sigma: Floats
    greeks: Greeks

    def atm(self) -> float:
        """Return the volatility at the forward, from out-of-the-money options."""
        is_out = self.chain.is_out(self.forward)
        strike = self.chain.strike[is_out]
        return atm_volatility(strike, self.sigma[is_out], self.forward)


def chain_of(
    options: Sequence[Option],
    quotes: Mapping[int, Quote],
    today: date,
    rate: float,
    *,
    not_before: datetime | None = None,
) -> Chain:
    """Return the chain of `options`, which share one series.

    `quotes` are by con_id; those older than `not_before` count as missing.
    """
    assert options, "a chain of no options"
    ordered = tuple(sorted(options, key=lambda o: (o.strike, o.is_call)))
    rows = [_row(quotes.get(o.con_id), not_before) for o in ordered]
    # Numpy turns None into NaN.
    bid, ask, ask_size, mid = np.array(rows, dtype=np.float64).T
    return Chain(
        options=ordered,
        dte=ordered[0].dte(today),
        rate=rate,
        strike=np.array([o.strike for o in ordered]),
        is_call=np.array([o.is_call for o in ordered]),
        bid=bid,
        ask=ask,
        ask_size=ask_size,
        mid=mid,
        places={(o.strike, o.right): i for i, o in enumerate(ordered)},
    )


def priced(
    chain: Chain, *, forward: float | None = None, spot: float | None = None
) -> PricedChain | None:
    """Return what the chain's mids imply; None where no forward can be had.

    Without `forward`, parity gives it.
    """
    at = chain.forward() if forward is None else forward
    if not (math.isfinite(at) and at > 0 and chain.tau > 0):
        return None
    sigma = implied_volatility(
        chain.mid, at, chain.strike, chain.tau, chain.rate, chain.is_call
    )
    market = (at, chain.strike, sigma, chain.tau, chain.rate, chain.is_call)
    found = greeks(*market) if spot is None else spot_greeks(spot, *market)
    return PricedChain(chain=chain, forward=at, sigma=sigma, greeks=found)


def with_neighbours(strike: Floats, sigma: Floats) -> tuple[Floats, int]:
    """Return `sigma` with its gaps filled from neighbours, and how many gaps it had.

    Linear in strike, flat beyond the known ones (alvh.md §2.6). All NaN stays NaN.
    """
    known = np.isfinite(sigma) & (sigma > LEAST_SIGMA)
    gaps = int(known.size - known.sum())
    if gaps in (0, known.size):
        return sigma, gaps
    order = np.argsort(strike[known])
    filled = np.interp(strike, strike[known][order], sigma[known][order])
    return np.where(known, sigma, filled), gaps


def _row(
    quote: Quote | None, not_before: datetime | None
) -> tuple[float | None, float | None, float | None, float | None]:
    if quote is None or (not_before is not None and quote.at < not_before):
        return None, None, None, None
    return quote.bid, quote.ask, quote.ask_size, quote.mid
