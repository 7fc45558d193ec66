"""Many options valued at once: prices, quotes and greeks of one instant.

A `Batch` holds what does not change within a session as arrays; every figure comes
back as arrays in the batch's order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alvh_trader.pricing import black76
from alvh_trader.sim import american, surface
from alvh_trader.sim.minis import Scaled
from alvh_trader.sim.model import Listing, OptionGreeks
from alvh_trader.sim.parameters import Parameters, WidthParameters
from alvh_trader.sim.products import ticks
from alvh_trader.sim.surface import State

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CENT = 0.01

_SIZES_LAST = 6
"""Nodes for which displayed sizes stay: half a minute."""


class Values(NamedTuple):
    """Model values: price, implied volatility, forward, years, width of market."""

    price: Floats
    iv: Floats
    forward: Floats
    tau: Floats


class Quotes(NamedTuple):
    """Bid and ask in cents, and the contracts shown at each."""

    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Options side by side. `expires_at` and `stops_at` are POSIX seconds.

    `stops_at` is when a series trades last; `spx` and `vix` are index arrays.
    Strikes of options on XSP and SPY are given as those of SPX; `scaled` tells how
    the prices go back (None where there are no such options).
    """

    con_ids: Ints
    strike: Floats
    is_call: Bools
    expires_at: Floats
    stops_at: Floats
    fine: Floats
    coarse: Floats
    spx: Ints
    vix: Ints
    vix_mask: Bools
    scaled: Scaled | None = None

    def __len__(self) -> int:
        return len(self.con_ids)


def batch(
    options: Sequence[Listing],
    expires_at: Sequence[float],
    stops_at: Sequence[float],
    scaled: Scaled | None = None,
) -> Batch:
    """Return the batch of `options` (sec_type OPT)."""
    is_vix = np.array([o.symbol == "VIX" for o in options], dtype=bool)
    grids = [ticks(o) for o in options]
    strike = np.array([o.strike for o in options], dtype=np.float64)
    return Batch(
        con_ids=np.array([o.con_id for o in options], dtype=np.int64),
        strike=strike if scaled is None else strike / scaled.scale,
        is_call=np.array([o.right == "C" for o in options], dtype=bool),
        expires_at=np.array(expires_at, dtype=np.float64),
        stops_at=np.array(stops_at, dtype=np.float64),
        fine=np.array([float(g.fine) for g in grids]),
        coarse=np.array([float(g.coarse) for g in grids]),
        spx=np.flatnonzero(~is_vix),
        vix=np.flatnonzero(is_vix),
        vix_mask=is_vix,
        scaled=scaled,
    )


def value(state: State, options: Batch, fit: Parameters) -> Values:
    """Return the model's view of every option."""
    tau = surface.years(state, options.expires_at)
    if not options.vix.size:
        forward = surface.spx_forward(state, tau)
        k = np.log(options.strike / forward)
        iv = surface.spx_volatility(state, tau, k, fit.spx)
    elif not options.spx.size:
        forward = surface.vix_forward(state, tau, fit.curve)
        k = np.log(options.strike / forward)
        iv = surface.vix_volatility(state, tau, k, fit.vix)
    else:
        forward, iv = np.empty_like(tau), np.empty_like(tau)
        i, t = options.spx, tau[options.spx]
        forward[i] = surface.spx_forward(state, t)
        k = np.log(options.strike[i] / forward[i])
        iv[i] = surface.spx_volatility(state, t, k, fit.spx)
        i, t = options.vix, tau[options.vix]
        forward[i] = surface.vix_forward(state, t, fit.curve)
        k = np.log(options.strike[i] / forward[i])
        iv[i] = surface.vix_volatility(state, t, k, fit.vix)
    price = black76.price(forward, options.strike, iv, tau, state.rate, options.is_call)
    values = Values(price, iv, forward, tau)
    if options.scaled is not None:
        return values._replace(
            price=_own_prices(values, state, options, options.scaled)
        )
    return values


def _own_prices(values: Values, state: State, options: Batch, scaled: Scaled) -> Floats:
    """Return prices in the option's own points, with the right to exercise early."""
    prices, i = values.price * scaled.scale, scaled.american
    if i.size:
        scale = scaled.scale[i]
        prices[i] = american.price(
            state.spx * scaled.spot[i],
            values.forward[i] * scale,
            options.strike[i] * scale,
            values.iv[i],
            values.tau[i],
            state.rate,
            options.is_call[i],
        )
    return prices


def quotes(
    state: State,
    options: Batch,
    values: Values,
    fit: Parameters,
    salt: int,
    wider: float = 1.0,
) -> Quotes:
    """Return bids, asks and sizes; `salt` varies sizes (and widths a little).

    Where trade is thin, markets are `wider` by a factor and smaller by the same.
    """
    noise = _noise(options.con_ids, salt)
    width, scaled = np.empty_like(values.price), options.scaled
    spx_price = values.price if scaled is None else values.price / scaled.scale
    log_vix = np.log(state.vix / 18.0)
    for part, w in ((options.spx, fit.spx_width), (options.vix, fit.vix_width)):
        if part.size:
            width[part] = _width(spx_price[part], log_vix, w)
    if scaled is not None:
        width = width * scaled.width
    half = 0.5 * wider * width * (0.85 + 0.3 * noise)
    bid = _on_grid(np.maximum(values.price - half, 0.0), options, np.floor, 1e-9)
    ask = _on_grid(values.price + half, options, np.ceil, -1e-9)
    least = np.where(ask < 3.0, options.fine, options.coarse)
    # What nobody would pay a tick for has no bid; the offer stays one tick.
    ask = np.maximum(np.maximum(ask, bid + least), options.fine)
    depth = np.where(
        values.price < 3.0, 180.0 / wider, 540.0 / wider / np.maximum(values.price, 3.0)
    )
    depth = np.maximum(depth, 8.0 / wider)
    bid_size = np.rint(depth * (0.5 + noise))
    ask_size = np.rint(depth * (1.5 - noise))
    return Quotes(
        np.rint(bid / CENT).astype(np.int64),
        np.rint(ask / CENT).astype(np.int64),
        np.where(bid > 0, bid_size, 0).astype(np.int64),
        ask_size.astype(np.int64),
    )


def half_minute(session: int, node: int) -> int:
    """Return the salt of a node's quotes: which half minute of a session it is in."""
    return session * 1000 + node // _SIZES_LAST


def _width(price: Floats, log_vix: float, fit: WidthParameters) -> Floats:
    return np.asarray(np.exp(fit.a + fit.d * log_vix + fit.b * np.log(price + fit.c)))


def _on_grid(price: Floats, options: Batch, rounding: np.ufunc, nudge: float) -> Floats:
    tick = np.where(price < 3.0, options.fine, options.coarse)
    return np.asarray(rounding(price / tick + nudge) * tick)


def _noise(con_ids: Ints, salt: int) -> Floats:
    """Return a number in [0, 1) of each contract and salt (a multiplicative hash)."""
    mixed = (con_ids * 2654435761 + salt * 40503 + 12345) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 15)) * 2246822519) & 0xFFFFFFFF
    return np.asarray((mixed ^ (mixed >> 13)) / 4294967296.0)


def model_greeks(options: Batch, values: Values, state: State) -> list[OptionGreeks]:
    """Return the greeks the broker's model streams, in the batch's order."""
    common = (options.strike, values.iv, values.tau, state.rate, options.is_call)
    if not options.vix.size:
        made = black76.spot_greeks(state.spx, values.forward, *common)
    else:
        # The underlying of a VIX option is the future of its expiry.
        made = black76.greeks(values.forward, *common)
    if options.vix.size and options.spx.size:
        made = _with_spot(made, state, options, values)
    underlying = np.where(options.vix_mask, values.forward, state.spx)
    if options.scaled is not None:
        scale = options.scaled.scale
        underlying = np.where(
            options.vix_mask, underlying, underlying * options.scaled.spot
        )
        made = made._replace(
            gamma=made.gamma / scale, vega=made.vega * scale, theta=made.theta * scale
        )
    arrays = (
        values.iv,
        made.delta,
        values.price,
        made.gamma,
        made.vega,
        made.theta,
        underlying,
    )
    rows = zip(*(a.tolist() for a in arrays), strict=True)
    return [
        OptionGreeks(
            implied_volatility=iv,
            delta=delta_,
            price=price,
            gamma=gamma_,
            vega=vega,
            theta=theta_,
            underlying=under,
        )
        for iv, delta_, price, gamma_, vega, theta_, under in rows
    ]


def _with_spot(
    made: black76.Greeks, state: State, options: Batch, values: Values
) -> black76.Greeks:
    """Return greeks to the future, but to the spot index for SPX options."""
    i = options.spx
    spot = black76.spot_greeks(
        state.spx,
        values.forward[i],
        options.strike[i],
        values.iv[i],
        values.tau[i],
        state.rate,
        options.is_call[i],
    )
    for mine, theirs in zip(made, spot, strict=True):
        mine[i] = theirs
    return made
