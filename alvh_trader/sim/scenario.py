"""Named pieces of market history, each with the account it starts from.

A scenario never says what the trader should do. Its starting position is computed
from the surface when an exchange opens (`sim.start`), not written down here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import numpy as np

from alvh_trader.domain.calendar import Calendar, nyse
from alvh_trader.errors import ConfigError
from alvh_trader.sim import daily, path
from alvh_trader.sim.daily import Day
from alvh_trader.sim.parameters import fitted

_WARM_UP = timedelta(days=460)
_AHEAD = timedelta(days=420)
_SESSIONS_BEFORE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A market window. `rate` and `dividends` are the usual ones of those weeks."""

    market: str
    first: date
    last: date
    rate: float
    dividends: float
    vix_options_quoted: bool = True


_VOLMAGEDDON = Window(
    market="volmageddon-2018",
    first=date(2018, 1, 22),
    last=date(2018, 3, 29),
    rate=0.016,
    dividends=0.0185,
)

WINDOWS: Mapping[str, Window] = MappingProxyType(
    {
        "volmageddon-2018": _VOLMAGEDDON,
        "volmageddon-2018-no-vix-quotes": Window(
            market=_VOLMAGEDDON.market,
            first=_VOLMAGEDDON.first,
            last=_VOLMAGEDDON.last,
            rate=_VOLMAGEDDON.rate,
            dividends=_VOLMAGEDDON.dividends,
            vix_options_quoted=False,
        ),
        "october-2018": Window(
            market="october-2018",
            first=date(2018, 9, 17),
            last=date(2018, 11, 16),
            rate=0.0225,
            dividends=0.0185,
        ),
        "december-2018": Window(
            market="december-2018",
            first=date(2018, 11, 26),
            last=date(2018, 12, 31),
            rate=0.024,
            dividends=0.02,
        ),
        "calm-2017": Window(
            market="calm-2017",
            first=date(2017, 9, 1),
            last=date(2017, 10, 31),
            rate=0.0105,
            dividends=0.0195,
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A market window, its history before and within, and a starting account.

    `days[start:]` are the window's sessions. The account holds `condors` SPXW iron
    condors, `wing` points wide, opened at the close of the session before.
    """

    name: str
    window: Window
    days: tuple[Day, ...]
    start: int
    calendar: Calendar
    account: str
    cash: Decimal
    condors: int
    wing: float

    @property
    def first(self) -> date:
        """The first session."""
        return self.days[self.start].day

    @property
    def last(self) -> date:
        """The last session."""
        return self.days[-1].day


def names() -> tuple[str, ...]:
    """Return the names of all scenarios."""
    return tuple(WINDOWS)


def scenario(name: str, history: Path | None = None) -> Scenario:
    """Return the scenario of that name, on shipped history or on a folder's.

    Raises:
        ConfigError: No such scenario, or a file of `history` cannot be used.
    """
    window = WINDOWS.get(name)
    if window is None:
        raise ConfigError(
            f"no scenario is called {name!r}; there are {', '.join(WINDOWS)}"
        )
    days = daily.load(history, window.first - _WARM_UP, window.last)
    calendar = nyse(window.first - _WARM_UP, window.last + _AHEAD)
    start = sum(day.day < window.first for day in days)
    _check_complete(days, start, window, calendar)
    return Scenario(
        name=name,
        window=window,
        days=days,
        start=start,
        calendar=calendar,
        account="DU1005000",
        cash=Decimal(1_000_000),
        condors=10,
        wing=50.0,
    )


def ending(of: Scenario, until: date) -> Scenario:
    """Return the scenario without its sessions after `until`; the rest is the same.

    Raises:
        ConfigError: The day is not within the scenario.
    """
    if not of.first <= until <= of.last:
        raise ConfigError(
            f"{of.name} runs from {of.first} to {of.last} and cannot end on {until}"
        )
    return replace(of, days=tuple(day for day in of.days if day.day <= until))


def breadth_history(
    of: Scenario, seed: int, sessions: int = 80
) -> tuple[tuple[date, int], ...]:
    """Return (day, net advances) of the sessions before the window, oldest first."""
    before = of.days[max(of.start - sessions - 1, 0) : of.start]
    rng = generator(of.window.market, seed, 0)
    return path.net_advances(before, fitted().breadth, rng)


def generator(market: str, seed: int, stream: int) -> np.random.Generator:
    """Return the generator of one stream of one run."""
    return np.random.default_rng([*market.encode(), seed, stream])


def _check_complete(
    days: tuple[Day, ...], start: int, window: Window, calendar: Calendar
) -> None:
    have = {day.day for day in days}
    for day in calendar.days:
        if window.first <= day <= window.last and day not in have:
            raise ConfigError(f"history: {window.market} needs SPX and VIX of {day}")
    if start < _SESSIONS_BEFORE:
        raise ConfigError(
            f"history: {window.market} needs {_SESSIONS_BEFORE} sessions before "
            f"{window.first}, there are {start}"
        )
