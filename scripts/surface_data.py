"""Read the real chains and futures that the surface is fitted to."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alvh_trader.domain.calendar import NEW_YORK, nyse
from alvh_trader.pricing import black76
from alvh_trader.sim import surface
from alvh_trader.sim.market_time import MarketTime, market_time

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Pulled during the day or overnight (data/README): the closes of the indexes are not
# theirs, so each index is measured on the chain itself.
NOT_AT_CLOSE = {"2019-05-10", "2022-03-23", "2022-07-12", "2023-06-09", "2024-02-12"}

# Quotes thrown away in the wings cost the chain's own indexes this much: the medians
# over the complete chains that were pulled at the close.
KEPT = {"vix9d": 0.965, "vix": 0.977, "vix3m": 0.998, "vix6m": 0.993}
HORIZON = {"vix9d": 9.0, "vix": 30.0, "vix3m": 93.0, "vix6m": 184.0}
NONE = np.empty(0)

# An AM-settled series ends at the open: so much of a day before the options close.
MORNING = 0.28


@dataclass(frozen=True)
class Slice:
    """Live out-of-the-money mids of one expiry, by strike. `tau` in years."""

    dte: int
    tau: float
    forward: float
    rate: float
    strike: Floats
    price: Floats
    is_call: Bools
    iv: Floats

    @property
    def k(self) -> Floats:
        """The log of strike over forward."""
        return np.log(self.strike / self.forward)

    @property
    def at_the_money(self) -> float:
        """The volatility at the forward."""
        return float(np.interp(0.0, self.k, self.iv))


@dataclass(frozen=True)
class Chain:
    """One day's slices, and thinned to a grid of moneyness for the fit."""

    name: str
    state: surface.State
    slices: tuple[Slice, ...]
    tau: Floats
    k: Floats
    iv: Floats
    z: Floats


def read_chains(data: Path) -> dict[str, pd.DataFrame]:
    """Return the usable quotes of each chain, with forward and rate still open."""
    chains = {}
    for path in sorted((data / "options").glob("spx_chain_*.csv.gz")):
        table = pd.read_csv(path, parse_dates=["quote_date", "expiry"])
        table["dte"] = (table.expiry - table.quote_date).dt.days
        chains[path.name[10:20]] = table[(table.dte > 2) & (table.dte <= 200)]
    return chains


def read_indexes(data: Path) -> pd.DataFrame:
    """Return the closes of all volatility indexes."""
    path = data / "daily/cboe_vol_indices_close.csv.gz"
    indexes = pd.read_csv(path, index_col=0, parse_dates=True)
    return indexes[indexes.is_nyse_session == 1]


def chain_of(
    name: str, quotes: pd.DataFrame, indexes: pd.DataFrame, bills: pd.Series
) -> Chain:
    """Return the slices of one day and the state that the indexes make of it."""
    rate = float(np.log1p(bills.asof(pd.Timestamp(name)) / 100))
    slices = []
    for (root, _), g in quotes.groupby(["root", "expiry"]):
        dte = int(g.dte.iloc[0])
        tau = (dte - (MORNING if root == "SPX" else 0.0)) / 365
        got = out_of_the_money(g, dte, tau, rate)
        if got is not None:
            slices.append(got)
    row = indexes.loc[:name].iloc[-1].copy()
    if name in NOT_AT_CLOSE:
        for index, points in own_indexes(slices).items():
            row[index] = points
    return chain_from(name, state_of(name, row), slices)


def whole_surface(data: Path, indexes: pd.DataFrame) -> Chain:
    """Return the published surface of 2023-02-15, which no fit has seen."""
    name = "2023-02-15"
    table = pd.read_csv(data / f"options/spx_iv_surface_{name}.csv.gz")
    table = table.dropna(subset=["bid_iv", "ask_iv"]).sort_values("strike")
    slices = []
    for _, g in table[table.t_years.between(2 / 365, 200 / 365)].groupby("expiry"):
        if len(g) < 10:
            continue
        tau = float(g.t_years.iloc[0])
        forward = float(g.forward.iloc[0])
        strike, iv = g.strike.to_numpy(), (g.bid_iv + g.ask_iv).to_numpy() / 2
        call = strike >= forward
        price = black76.price(forward, strike, iv, tau, 0.0, call)
        dte = round(tau * 365)
        slices.append(Slice(dte, tau, forward, 0.0, strike, price, call, iv))
    return chain_from(name, state_of(name, indexes.loc[name]), slices)


def chain_from(name: str, state: surface.State, slices: list[Slice]) -> Chain:
    """Return the chain, with 27 points of moneyness for each expiry."""
    grid = np.linspace(-4, 2.5, 27)
    parts = []
    for s in slices:
        z = s.k / (state.vix / 100 * 0.85 * np.sqrt(s.tau))
        inside = grid[(grid >= z.min()) & (grid <= z.max())]
        k, iv = np.interp(inside, z, s.k), np.interp(inside, z, s.iv)
        parts.append((np.full_like(inside, s.tau), k, iv, inside))
    arrays = [np.concatenate(a) for a in zip(*parts, strict=True)]
    return Chain(name, state, tuple(slices), *arrays)


def out_of_the_money(
    g: pd.DataFrame, dte: int, tau: float, rate: float
) -> Slice | None:
    """Return one expiry on its parity forward, None if it is too thin."""
    both = g[g.bid > 0].pivot_table(
        index="strike", columns="right", values=["bid", "ask"]
    )
    both = both.dropna() if both.shape[1] == 4 else both.iloc[:0]
    if len(both) < 8:
        return None
    gap = (both["bid"] + both["ask"]) / 2
    parity = (gap["C"] - gap["P"]).to_numpy()
    near = np.argsort(np.abs(parity))[:9]
    strikes = both.index.to_numpy()
    forward = float(np.median((strikes + np.exp(rate * tau) * parity)[near]))
    live = g[(g.bid >= 0.05) & (g.ask <= np.maximum(3 * g.bid, g.bid + 0.5))]
    live = live[(live.right == "C") == (live.strike >= forward)].sort_values("strike")
    strike = live.strike.to_numpy(dtype=float)
    mid = (live.bid + live.ask).to_numpy() / 2
    call = (live.right == "C").to_numpy()
    iv = black76.implied_volatility(mid, forward, strike, tau, rate, call)
    good = np.isfinite(iv)
    if good.sum() < 10:
        return None
    return Slice(dte, tau, forward, rate, strike[good], mid[good], call[good], iv[good])


def own_indexes(slices: list[Slice]) -> dict[str, float]:
    """Return the volatility indexes that a chain replicates itself, in points."""
    taus = np.array([s.tau for s in slices])
    totals = []
    for s in slices:
        value = black76.price(1.0, np.exp(s.k), s.iv, s.tau, 0.0, s.k >= 0)
        weight = 2 * value / np.exp(2 * s.k)
        totals.append(float(np.trapezoid(weight, np.exp(s.k))))
    order = np.argsort(taus)
    ends = np.array([days / 365 for days in HORIZON.values()])
    total = np.interp(ends, taus[order], np.array(totals)[order])
    points = 100 * np.sqrt(total / ends) / np.array(list(KEPT.values()))
    return dict(zip(HORIZON, map(float, points), strict=True))


@cache
def all_time() -> MarketTime:
    """Return market time over all the data."""
    return market_time(nyse(date(2009, 1, 2), date(2027, 6, 30)))


def state_of(name: str, row: pd.Series) -> surface.State:
    """Return a surface state at the options close of a day with these indexes."""
    closes = datetime.combine(date.fromisoformat(name), time(16, 15), NEW_YORK)
    indexes = {index: float(row[index]) for index in ("vix", *surface.STATED)}
    return surface.State(
        at=closes.timestamp(),
        spx=1.0,
        rate=0.0,
        carry=0.0,
        market_time=all_time(),
        curve_tenors=NONE,
        curve_shift=NONE,
        **indexes,
    )


def futures(data: Path, indexes: pd.DataFrame) -> pd.DataFrame:
    """Return monthly VX settlements from 2013 beside the indexes of their day."""
    vx = pd.read_csv(
        data / "vx_futures/vx_futures_daily_by_contract.csv.gz",
        parse_dates=["trade_date", "expiry"],
    )
    good = (vx.is_monthly == 1) & (vx.is_nyse_session == 1) & (vx.suspect == 0)
    vx = vx[good & (vx.trade_date >= "2013-01-01") & (vx.settle > 5)]
    vx = vx.assign(tau=((vx.expiry - vx.trade_date).dt.days - MORNING) / 365)
    vx = vx[(vx.tau > 2 / 365) & (vx.tau < 0.6)]
    both = vx.merge(indexes, left_on="trade_date", right_index=True)
    return both.dropna(subset=["vix9d", "vix", "vix3m", "vix6m", "vvix"])


def spx_widths(quotes: dict[str, pd.DataFrame], indexes: pd.DataFrame) -> pd.DataFrame:
    """Return price, width and VIX of live out-of-the-money quotes."""
    parts = []
    for name, chain in quotes.items():
        spot = chain.underlying_last.iloc[0]
        otm = (chain.right == "C") == (chain.strike >= spot)
        live = chain[otm & (chain.bid > 0) & (chain.dte < 100)]
        price, width = (live.ask + live.bid) / 2, live.ask - live.bid
        vix = float(indexes.vix.asof(pd.Timestamp(name)))
        parts.append(
            pd.DataFrame(
                {"price": price, "width": width, "vix": vix, "n": 1 / len(live)}
            )
        )
    return pd.concat(parts)
