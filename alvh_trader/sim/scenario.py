"""Named pieces of market history, each with the account it starts from.

A scenario never says what the trader should do. Its starting position is computed
from the surface when an exchange opens (`sim.start`), not written down here.
"""

import re
from collections.abc import Mapping, Sequence
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
_USUAL_RATE, _USUAL_DIVIDENDS = 0.02, 0.0175
"""Of a window that only its days name (SPY paid 1.6 to 2.3 % a year, 1998-2021)."""

_NIGHTS = "+nights"
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)")
_ACCOUNT = re.compile(r"DU[A-Z]?\d{3,9}|U000\d{1,6}")
"""A paper account, or one that the broker has given to nobody: to rehearse live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A market window. `rate` and `dividends` are the usual ones of those weeks.

    A history that has a rate of its own day by day takes the place of `rate`.
    """

    market: str
    first: date
    last: date
    rate: float
    dividends: float
    vix_options_quoted: bool = True
    condors: int = 10
    """What the account starts with; none is cash alone."""


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
            # While the condor lives: it is there to be seen unhedged.
            last=date(2018, 2, 9),
            rate=_VOLMAGEDDON.rate,
            dividends=_VOLMAGEDDON.dividends,
            vix_options_quoted=False,
        ),
        "melt-up-2018": Window(
            market="melt-up-2018",
            first=date(2018, 1, 2),
            last=date(2018, 1, 26),
            rate=0.0145,
            dividends=0.0185,
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
        # As calm, and then not: with cash alone, for a trader who opens condors.
        "october-2018-cash": Window(
            market="october-2018",
            first=date(2018, 9, 17),
            last=date(2018, 11, 16),
            rate=0.0225,
            dividends=0.0185,
            condors=0,
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A market window, its history before and within, and a starting account.

    `days[start:]` are the window's sessions. Every account has `cash` USD; the first
    also holds `condors` SPXW iron condors (perhaps none), `wing` points wide, opened
    at the close of the session before.
    """

    name: str
    window: Window
    days: tuple[Day, ...]
    start: int
    calendar: Calendar
    accounts: tuple[str, ...]
    cash: Decimal
    condors: int
    wing: float
    nights: bool = False
    """Whether index options also trade in their curb and at night."""

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

    A name like `2020-02-18..2020-04-30` is the window of those days. With `+nights`
    after it, index options also trade in their curb and at night.

    Raises:
        ConfigError: No such scenario, or a file of `history` cannot be used.
    """
    market, plus, _ = name.partition(_NIGHTS)
    window = WINDOWS.get(market) or _window_of(market)
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
        accounts=("DU1005000",),
        cash=Decimal(1_000_000),
        condors=window.condors,
        wing=50.0,
        nights=bool(plus),
    )


def _window_of(name: str) -> Window:
    match = _DAYS.fullmatch(name)
    try:
        first, last = map(date.fromisoformat, match.groups() if match else ("", ""))
    except ValueError:
        raise ConfigError(
            f"no scenario is called {name!r}; there are {', '.join(WINDOWS)}, and "
            "windows like 2018-01-22..2018-03-29"
        ) from None
    return Window(
        market=name,
        first=first,
        last=last,
        rate=_USUAL_RATE,
        dividends=_USUAL_DIVIDENDS,
    )


def part_of(whole: Scenario, since: date | None, until: date | None) -> Scenario:
    """Return the scenario from the first session on or after `since` to `until`.

    Its account opens at the close of the session before, as that of the whole does;
    a part that ends early is the beginning of the whole, quote for quote.

    Raises:
        ConfigError: A day is not within the scenario, or no session is left.
    """
    for day in (since, until):
        if day is not None and not whole.first <= day <= whole.last:
            raise ConfigError(
                f"{day} is not in {whole.name}, which runs from {whole.first} to "
                f"{whole.last}"
            )
    days = tuple(day for day in whole.days if until is None or day.day <= until)
    start = sum(day.day < (since or whole.first) for day in days)
    if start >= len(days):
        raise ConfigError(f"{whole.name} has no session from {since} to {until}")
    return replace(whole, days=days, start=start)


def shared_by(whole: Scenario, accounts: Sequence[str]) -> Scenario:
    """Return the scenario with accounts of these names instead of its own one.

    Raises:
        ConfigError: None is named, one twice, or one not as paper accounts are: `DU`,
            perhaps a letter, and 3 to 9 digits.
    """
    for name in accounts:
        if not _ACCOUNT.fullmatch(name):
            raise ConfigError(
                f"{name!r} is no account of a simulation: they are like DU1005000, or "
                "U0001000 to rehearse live"
            )
    if not accounts or len(set(accounts)) < len(accounts):
        raise ConfigError("accounts: each needs a name of its own")
    return replace(whole, accounts=tuple(accounts))


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
    if start >= len(days):
        raise ConfigError(f"history: {window.market} has no session")
    if start < _SESSIONS_BEFORE:
        raise ConfigError(
            f"history: {window.market} needs {_SESSIONS_BEFORE} sessions before "
            f"{window.first}, there are {start}"
        )
