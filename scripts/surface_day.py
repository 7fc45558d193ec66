"""Compare simulated days with real ones: when SPX moves, and when it turns."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alvh_trader.domain.calendar import nyse
from alvh_trader.sim import daily, path
from alvh_trader.sim.parameters import Parameters

Floats = NDArray[np.float64]

NAMES = ("9:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00")
FIRST, LAST = date(2017, 1, 3), date(2018, 12, 31)


def real(data: Path) -> Floats:
    """Return by hour the variance and the shares of highs and lows (SPY 2007-2021).

    Variance is over that of the day, as Parkinson estimates it from the range.
    """
    spy = pd.read_csv(data / "intraday/spy_hourly_1998_2021.csv.gz")
    spy = spy[spy.date >= "2007"]
    whole = spy.groupby("date").time_et.transform("size") == len(NAMES)
    spy = spy[whole].sort_values(["date", "time_et"])
    shape = (-1, len(NAMES))
    high, low = (spy[n].to_numpy().reshape(shape) for n in ("high", "low"))
    moves = np.log(spy.close / spy.open).to_numpy().reshape(shape)
    reach = np.log(high.max(axis=1) / low.min(axis=1))
    variance = (moves**2 / unit(reach)[:, None]).mean(axis=0)
    return np.array([variance, share(high.argmax(axis=1)), share(low.argmin(axis=1))])


def simulated(fit: Parameters) -> Floats:
    """Return the same of simulated full sessions, and print their shorter moves."""
    days = daily.load(None, FIRST, LAST)
    calendar = nyse(FIRST, LAST)
    moves, highs, lows, reach, short = [], [], [], [], []
    for number in range(1, len(days)):
        rng = np.random.default_rng(number)
        tape = path.tape(days[number], days[number - 1], calendar, fit.breadth, rng)
        if days[number].day in calendar.half_days:
            continue
        spx = np.log(tape.spx[: tape.index_close + 1])
        ends = np.array([0, *range(360, 4680, 720), 4680])
        moves.append(np.diff(spx[ends]))
        reach.append(spx.max() - spx.min())
        highs.append(np.searchsorted(ends[1:], spx.argmax()))
        lows.append(np.searchsorted(ends[1:], spx.argmin()))
        minutes = np.diff(spx[::12])
        short.append(
            (
                np.sqrt(np.sum(minutes**2) / unit(reach[-1])),
                np.mean(minutes**4) / np.mean(minutes**2) ** 2,
            )
        )
    variance = (np.array(moves) ** 2 / unit(np.array(reach))[:, None]).mean(axis=0)
    whole, kurtosis = np.median(short, axis=0)
    print(f"simulated minutes: {whole:.2f} of the range, kurtosis {kurtosis:.1f}")
    return np.array([variance, share(np.array(highs)), share(np.array(lows))])


def unit(reach: Floats) -> Floats:
    """Return Parkinson's variance of days with such ranges (logs)."""
    return reach**2 / (4 * np.log(2))


def share(hours: Floats) -> Floats:
    """Return how often each hour comes."""
    return np.bincount(hours, minlength=len(NAMES)) / len(hours)


def hours(data: Path, fit: Parameters) -> str:
    """Tell when SPX moves and has its extremes, really and simulated."""
    pairs = zip(real(data).T, simulated(fit).T, strict=True)
    rows = [
        f"| {name} | "
        + " | ".join(f"{a:.2f} | {b:.2f}" for a, b in zip(*pair, strict=True))
        + " |"
        for name, pair in zip(NAMES, pairs, strict=True)
    ]
    head = (
        "| from | variance | simulated | high | simulated | low | simulated |\n"
        "|---|--:|--:|--:|--:|--:|--:|\n"
    )
    return head + "\n".join(rows) + "\n"
