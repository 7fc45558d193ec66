"""The quotes of one option series as arrays, and what they imply."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

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
from alvh_trader.pricing.forward import Pair, atm_volatility, parity_forward

LEAST_SIGMA = 1e-4

Row = tuple[float | None, float | None, float | None, float | None]
"""Bid, ask, size of the ask, and middle."""

NEIGHBOURS = 3
"""Options on either side of the forward; one of them may have no volatility."""


class Chain(Struct, frozen=True, kw_only=True, eq=False):
    """Options of one expiry, by strike, put before call; NaN is "no such quote".

    `pairs` are the strikes with both quoted, nearest to the money first.
    """

    options: tuple[Option, ...]
    dte: int
    rate: float
    strike: Floats
    is_call: NDArray[np.bool_]
    bid: Floats
    ask: Floats
    ask_size: Floats
    mid: Floats
    places: Mapping[tuple[float, Right], int]
    pairs: Sequence[Pair]

    @property
    def tau(self) -> float:
        """Years to settlement."""
        return years(self.dte)

    @property
    def expiry(self) -> date:
        """The settlement date."""
        return self.options[0].expiry

    def forward(self) -> float:
        """Return the put-call-parity forward; NaN if too few pairs are quoted."""
        return parity_forward(self.pairs, self.tau, self.rate)

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
    grid = _grid(tuple(options))
    rows = [_row(quotes.get(o.con_id), not_before) for o in grid.options]
    # Numpy turns None into NaN.
    bid, ask, ask_size, mid = np.array(rows, dtype=np.float64).T
    return Chain(
        options=grid.options,
        dte=grid.options[0].dte(today),
        rate=rate,
        strike=grid.strike,
        is_call=grid.is_call,
        bid=bid,
        ask=ask,
        ask_size=ask_size,
        mid=mid,
        places=grid.places,
        pairs=_pairs(grid, rows),
    )


class _Grid(Struct, frozen=True, kw_only=True, eq=False):
    """What of a chain is no matter of quotes; `both` are places of put and call."""

    options: tuple[Option, ...]
    strike: Floats
    is_call: NDArray[np.bool_]
    places: Mapping[tuple[float, Right], int]
    both: Sequence[tuple[float, int, int]]


@lru_cache(maxsize=128)
def _grid(options: tuple[Option, ...]) -> _Grid:
    """Return the grid of options: the same ones are watched for hours."""
    assert options, "a chain of no options"
    ordered = tuple(sorted(options, key=lambda o: (o.strike, o.is_call)))
    places = {(o.strike, o.right): i for i, o in enumerate(ordered)}
    return _Grid(
        options=ordered,
        strike=np.array([o.strike for o in ordered]),
        is_call=np.array([o.is_call for o in ordered]),
        places=places,
        both=[
            (strike, put, places[strike, Right.CALL])
            for (strike, right), put in places.items()
            if right is Right.PUT and (strike, Right.CALL) in places
        ],
    )


def _pairs(grid: _Grid, rows: Sequence[Row]) -> list[Pair]:
    found: list[Pair] = []
    for strike, put, call in grid.both:
        put_bid, put_ask, _, put_mid = rows[put]
        call_bid, call_ask, _, call_mid = rows[call]
        if put_mid is None or call_mid is None:
            continue
        found.append(
            Pair(
                strike,
                call_mid - put_mid,
                _half(call_bid, call_ask) + _half(put_bid, put_ask),
            )
        )
    found.sort(key=lambda pair: abs(pair.gap))
    return found


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


def _half(bid: float | None, ask: float | None) -> float:
    return math.nan if bid is None or ask is None else (ask - bid) / 2.0


def _row(quote: Quote | None, not_before: datetime | None) -> Row:
    if quote is None or (not_before is not None and quote.at < not_before):
        return None, None, None, None
    return quote.bid, quote.ask, quote.ask_size, quote.mid
