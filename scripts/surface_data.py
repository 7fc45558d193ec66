"""Read the real chains and futures that the surface is fitted to."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alvh_trader.pricing import black76
from alvh_trader.sim import surface

Floats = NDArray[np.float64]

# Pulled during the day or overnight (data/README): the closes of the indexes are not
# theirs, so the indexes are rescaled to the 30-day variance of the chain itself.
NOT_AT_CLOSE = {"2019-05-10", "2022-03-23", "2022-07-12", "2023-06-09", "2024-02-12"}

# Quotes thrown away in the wings cost the chain's own VIX this much: the median over
# the complete chains that were pulled at the close.
WINGS_KEPT = 0.976
NONE = np.empty(0)


@dataclass
class Chain:
    """Out-of-the-money mids of one day, thinned to a grid of moneyness."""

    name: str
    state: surface.State
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


def thin(
    name: str, quotes: pd.DataFrame, indexes: pd.DataFrame, bills: pd.Series
) -> Chain:
    """Return the chain on 27 moneyness points for each expiry."""
    rate = float(np.log1p(bills.asof(pd.Timestamp(name)) / 100))
    row = indexes.loc[:name].iloc[-1]
    slices = []
    for (root, _), g in quotes.groupby(["root", "expiry"]):
        tau = (g.dte.iloc[0] + (0.0 if root == "SPX" else 0.27)) / 365
        got = out_of_the_money(g, tau, rate)
        if got is not None:
            slices.append((tau, *got))
    ratio = own_vix(slices) / row.vix if name in NOT_AT_CLOSE else 1.0
    state = state_of(row, ratio)
    grid = np.linspace(-4, 2.5, 27)
    taus, ks, ivs, zs = [], [], [], []
    for tau, k, iv in slices:
        z = k / (state.vix / 100 * 0.85 * np.sqrt(tau))
        inside = grid[(grid >= z.min()) & (grid <= z.max())]
        taus.append(np.full_like(inside, tau))
        ks.append(np.interp(inside, z, k))
        ivs.append(np.interp(inside, z, iv))
        zs.append(inside)
    arrays = [np.concatenate(a) for a in (taus, ks, ivs, zs)]
    return Chain(name, state, *arrays)


def out_of_the_money(
    g: pd.DataFrame, tau: float, rate: float
) -> tuple[Floats, Floats] | None:
    """Return (ln K/F, IV) of one expiry by parity forward, None if it is too thin."""
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
    iv = black76.implied_volatility(
        mid, forward, strike, tau, rate, (live.right == "C").to_numpy()
    )
    good = np.isfinite(iv)
    if good.sum() < 10:
        return None
    return np.log(strike[good] / forward), iv[good]


def own_vix(slices: list[tuple[float, Floats, Floats]]) -> float:
    """Return the 30-day variance-swap volatility of a chain, in points."""
    taus, totals = [], []
    for tau, k, iv in slices:
        value = black76.price(1.0, np.exp(k), iv, tau, 0.0, k >= 0)
        weight = 2 * value / np.exp(2 * k)
        totals.append(float(np.trapezoid(weight, np.exp(k))))
        taus.append(tau)
    order = np.argsort(taus)
    month = 30 / 365
    total = np.interp(month, np.array(taus)[order], np.array(totals)[order])
    return float(100 * np.sqrt(total / month)) / WINGS_KEPT


def state_of(row: pd.Series, ratio: float = 1.0) -> surface.State:
    """Return a surface state with a day's indexes, all scaled by `ratio`."""
    return surface.State(
        at=0.0,
        spx=1.0,
        vix9d=float(row.vix9d) * ratio,
        vix=float(row.vix) * ratio,
        vix3m=float(row.vix3m) * ratio,
        vix6m=float(row.vix6m) * ratio,
        vvix=float(row.vvix),
        rate=0.0,
        carry=0.0,
        curve_tenors=NONE,
        curve_shift=NONE,
    )


def futures(data: Path, indexes: pd.DataFrame) -> pd.DataFrame:
    """Return monthly VX settlements from 2013 beside the indexes of their day."""
    vx = pd.read_csv(
        data / "vx_futures/vx_futures_daily_by_contract.csv.gz",
        parse_dates=["trade_date", "expiry"],
    )
    good = (vx.is_monthly == 1) & (vx.is_nyse_session == 1) & (vx.suspect == 0)
    vx = vx[good & (vx.trade_date >= "2013-01-01") & (vx.settle > 5)]
    vx = vx.assign(tau=(vx.expiry - vx.trade_date).dt.days / 365)
    vx = vx[(vx.tau > 2 / 365) & (vx.tau < 0.6)]
    both = vx.merge(indexes, left_on="trade_date", right_index=True)
    return both.dropna(subset=["vix", "vix6m"])


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
