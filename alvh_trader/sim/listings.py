"""What the exchange lists on a day, and how to find it.

A contract id says by arithmetic which series it is, so that thousands of listings
exist without being built: `Listings.by_id` decodes one, `find` makes those asked for.
The ids of SPX and VIX are the broker's own; the others are ours, and stable for ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TypedDict

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.money import (
    SPX_TICKS,
    VIX_TICKS,
    VIXW_TICKS,
    VX_TICKS,
    VXM_TICKS,
    TickGrid,
    option_ticks,
)
from alvh_trader.sim import expirations
from alvh_trader.sim.expirations import Expiry
from alvh_trader.sim.model import Listing, OptionClass

SPX, VIX = 416904, 13455763
VIX9D, VIX3M, VIX6M, VVIX, AD_NYSE = (
    280000009,
    280000093,
    280000184,
    280000030,
    280000001,
)
VX_CONTINUOUS = 280000100

CLASSES = ("SPX", "SPXW", "VIX", "VIXW")
UNDERLYING = {"SPX": SPX, "SPXW": SPX, "VIX": VIX, "VIXW": VIX}

_EPOCH = date(2015, 1, 1)
_TWO_YEARS = timedelta(days=730)
_OPTIONS, _FUTURES = 400_000_000, 390_000_000
_STRIKES = 2048
_STRIKE_UNIT = {"SPX": 5.0, "SPXW": 5.0, "VIX": 0.5, "VIXW": 0.5}
_MONTH_CODES = "FGHJKMNQUVXZ"
_RULES = {26: VIXW_TICKS, 67: VX_TICKS, 109: SPX_TICKS, 110: VIX_TICKS}
_RULE_OF_CLASS = {"SPX": 109, "SPXW": 109, "VIX": 110, "VIXW": 26}
_FUTURE_CLASSES = {"VX": ("VIX", 1000, 67), "VXM": ("VXM", 100, 26)}
_NAMES = {
    "SPX": "S&P 500 Stock Index",
    "VIX": "CBOE Volatility Index",
    "VXM": "Mini Cboe Volatility Index Futures",
}


def _index(con_id: int, symbol: str, exchange: str, name: str) -> Listing:
    return Listing(
        con_id=con_id,
        symbol=symbol,
        sec_type="IND",
        exchange=exchange,
        valid_exchanges=(exchange,),
        trading_class=symbol,
        local_symbol=symbol,
        long_name=name,
        multiplier=0,
        min_tick=Decimal("0.01"),
        market_rule=26,
    )


INDEXES = (
    _index(SPX, "SPX", "CBOE", "S&P 500 Stock Index"),
    _index(VIX, "VIX", "CBOE", "CBOE Volatility Index"),
    _index(VIX9D, "VIX9D", "CBOE", "CBOE 9-Day Volatility Index"),
    _index(VIX3M, "VIX3M", "CBOE", "CBOE 3-Month Volatility Index"),
    _index(VIX6M, "VIX6M", "CBOE", "CBOE 6-Month Volatility Index"),
    _index(VVIX, "VVIX", "CBOE", "CBOE VIX of VIX Index"),
    _index(AD_NYSE, "AD-NYSE", "NYSE", "NYSE Advance Decline Index"),
)


def market_rule(rule_id: int) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return the (low edge, increment) rows of a rule; empty if there is none."""
    grid = _RULES.get(rule_id)
    if grid is None:
        return ()
    if grid.fine == grid.coarse:
        return ((Decimal(0), grid.fine),)
    return ((Decimal(0), grid.fine), (grid.threshold, grid.coarse))


def ticks(listing: Listing) -> TickGrid:
    """Return the price grid of a listing."""
    if listing.sec_type == "OPT":
        return option_ticks(listing.trading_class)
    return VX_TICKS if listing.trading_class == "VX" else VXM_TICKS


class Filters(TypedDict, total=False):
    """What one may look for; see `Wanted`."""

    symbol: str
    sec_type: str
    month_or_day: str
    strike: float
    right: str
    trading_class: str
    multiplier: str
    local_symbol: str
    include_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A filter; what is empty or 0 matches anything.

    `month_or_day` is `YYYYMM` or `YYYYMMDD` and matches the last trading day, as the
    broker's lastTradeDateOrContractMonth does (a future's month is that of its expiry,
    which is the same). `include_expired` adds the futures that have settled.
    """

    symbol: str = ""
    sec_type: str = ""
    month_or_day: str = ""
    strike: float = 0.0
    right: str = ""
    trading_class: str = ""
    multiplier: str = ""
    local_symbol: str = ""
    include_expired: bool = False

    def takes(self, listing: Listing) -> bool:
        """Return whether a listing passes every filter."""
        return (
            self.symbol in ("", listing.symbol)
            and self.sec_type in ("", listing.sec_type)
            and self.strike in (0.0, listing.strike)
            and self.right[:1].upper() in ("", listing.right)
            and self.trading_class in ("", listing.trading_class)
            and self.multiplier in ("", str(listing.multiplier))
            and self.local_symbol in ("", listing.local_symbol)
        )

    def takes_expiry(self, expiry: Expiry) -> bool:
        """Return whether a series of that expiry may pass `month_or_day`."""
        days = (expiry.last_trade, expiry.settles)
        return any(f"{d:%Y%m%d}".startswith(self.month_or_day) for d in days)


@dataclass(frozen=True)
class Listings:
    """Everything listed on `day`.

    `low` and `high` are the least and greatest SPX close of the weeks before: strikes
    are listed around both, so that no strike vanishes when the market jumps.
    """

    calendar: Calendar
    day: date
    low: float
    high: float
    _made: dict[int, Listing] = field(default_factory=dict)

    @cached_property
    def expiries(self) -> dict[str, tuple[Expiry, ...]]:
        """The series of each option class and of the futures ("VX")."""
        c, d = self.calendar, self.day
        return {
            "SPX": expirations.monthly_spx(c, d),
            "SPXW": expirations.spxw(c, d),
            "VIX": expirations.monthly_vix(c, d),
            "VIXW": expirations.weekly_vix(c, d),
            "VX": expirations.monthly_vix(c, d, expirations.VX_MONTHS),
        }

    @cached_property
    def settled(self) -> tuple[Expiry, ...]:
        """The futures that have settled in the last two years, oldest first.

        Nobody trades them; their bars can still be asked for. They begin where the
        calendar does.
        """
        first = max(self.calendar.days[0], self.day - _TWO_YEARS)
        count = (self.day.year - first.year) * 12 + self.day.month - first.month + 1
        series = (
            expirations.vix_monthly(self.calendar, year, month + 1)
            for year, month in expirations.months(first, count)[1:]
        )
        return tuple(e for e in series if e.last_trade < self.day)

    @cached_property
    def spx_strikes(self) -> tuple[float, ...]:
        """Every 5 points near the money, every 25 further out."""
        near = range(_down(0.78 * self.low, 25), _down(1.12 * self.high, 25) + 25, 5)
        far = range(_down(0.58 * self.low, 25), _down(1.25 * self.high, 25) + 25, 25)
        return tuple(float(k) for k in sorted({*near, *far}))

    @cached_property
    def vix_strikes(self) -> tuple[float, ...]:
        """Half points below 20, then 1, 2.5 (from 40) and 5 points (from 60)."""
        halves = [k / 2 for k in range(18, 40)]
        return (
            *halves,
            *(float(k) for k in range(20, 40)),
            *(40 + 2.5 * k for k in range(8)),
            *(float(k) for k in range(60, 105, 5)),
        )

    def strikes(self, trading_class: str) -> tuple[float, ...]:
        """Return the strikes listed in a class."""
        return self.spx_strikes if "SPX" in trading_class else self.vix_strikes

    def by_id(self, con_id: int) -> Listing | None:
        """Return the listing of that id, None if there is none today."""
        made = self._made.get(con_id)
        if made is None:
            made = self._decoded(con_id)
            if made is not None:
                self._made[con_id] = made
        return made

    def settled_by_id(self, con_id: int) -> Listing | None:
        """Return the future of that id if it has settled, else None."""
        days, mini = divmod(con_id - _FUTURES, 2)
        for expiry in self.settled:
            if (expiry.settles - _EPOCH).days == days:
                return _future(("VX", "VXM")[mini], expiry)
        return None

    def find(self, wanted: Wanted) -> tuple[Listing, ...]:
        """Return the listings that match, nearest expiry and lowest strike first."""
        return tuple(listing for listing in self._near(wanted) if wanted.takes(listing))

    def option_classes(self, symbol: str) -> tuple[OptionClass, ...]:
        """Return each class of options on `symbol`, on SMART and on CBOE."""
        return tuple(
            OptionClass(
                exchange=exchange,
                underlying=UNDERLYING[name],
                trading_class=name,
                multiplier=100,
                expirations=tuple(e.last_trade for e in self.expiries[name]),
                strikes=self.strikes(name),
            )
            for exchange in ("SMART", "CBOE")
            for name in CLASSES
            if symbol and name.startswith(symbol) and UNDERLYING.get(symbol)
        )

    def _near(self, wanted: Wanted) -> Iterator[Listing]:
        """Yield candidates: cheap filters first, no listing made in vain."""
        if wanted.sec_type in ("", "IND"):
            yield from INDEXES
        if wanted.sec_type in ("", "FUT"):
            old = self.settled if wanted.include_expired else ()
            for expiry in (*old, *self.expiries["VX"]):
                if wanted.takes_expiry(expiry):
                    yield _future("VX", expiry)
                    yield _future("VXM", expiry)
        if wanted.sec_type == "CONTFUT":
            yield continuous(self.expiries["VX"][0])
        if wanted.sec_type in ("", "OPT"):
            yield from self._near_options(wanted)

    def _near_options(self, wanted: Wanted) -> Iterator[Listing]:
        for name in CLASSES:
            if wanted.trading_class not in ("", name):
                continue
            if wanted.symbol not in ("", name[:3]):
                continue
            strikes = self.strikes(name)
            if wanted.strike:
                strikes = (wanted.strike,) if wanted.strike in strikes else ()
            for expiry in self.expiries[name]:
                if not wanted.takes_expiry(expiry):
                    continue
                for strike in strikes:
                    for right in ("C", "P"):
                        yield self._option(name, expiry, strike, right)

    def _option(self, name: str, expiry: Expiry, strike: float, right: str) -> Listing:
        con_id = option_id(name, expiry.settles, strike, right)
        made = self._made.get(con_id)
        if made is None:
            made = self._made[con_id] = _option(con_id, name, expiry, strike, right)
        return made

    def _decoded(self, con_id: int) -> Listing | None:
        for index in INDEXES:
            if index.con_id == con_id:
                return index
        if con_id == VX_CONTINUOUS:
            return continuous(self.expiries["VX"][0])
        if _FUTURES <= con_id < _OPTIONS:
            days, mini = divmod(con_id - _FUTURES, 2)
            expiry = self._settling("VX", days)
            return None if expiry is None else _future(("VX", "VXM")[mini], expiry)
        rest, strike = divmod(con_id - _OPTIONS, _STRIKES)
        rest, put = divmod(rest, 2)
        days, number = divmod(rest, len(CLASSES))
        name = CLASSES[number]
        expiry = self._settling(name, days)
        if expiry is None or strike == 0:
            return None
        right = "P" if put else "C"
        return _option(con_id, name, expiry, strike * _STRIKE_UNIT[name], right)

    def _settling(self, name: str, days: int) -> Expiry | None:
        if not 0 <= days < 20_000:
            return None
        day = _EPOCH + timedelta(days=days)
        return next((e for e in self.expiries[name] if e.settles == day), None)


def option_id(name: str, settles: date, strike: float, right: str) -> int:
    """Return the contract id of an option."""
    number = (settles - _EPOCH).days * len(CLASSES) + CLASSES.index(name)
    number = number * 2 + (right == "P")
    return _OPTIONS + number * _STRIKES + round(strike / _STRIKE_UNIT[name])


def _down(price: float, grid: int) -> int:
    return int(price // grid) * grid


def _option(
    con_id: int, name: str, expiry: Expiry, strike: float, right: str
) -> Listing:
    symbol = name[:3]
    day = f"{expiry.settles:%y%m%d}"
    return Listing(
        con_id=con_id,
        symbol=symbol,
        sec_type="OPT",
        exchange="SMART",
        valid_exchanges=("SMART", "CBOE"),
        trading_class=name,
        local_symbol=f"{name:<6}{day}{right}{round(strike * 1000):08d}",
        long_name=_NAMES[symbol],
        multiplier=100,
        min_tick=option_ticks(name).fine,
        market_rule=_RULE_OF_CLASS[name],
        last_trade=expiry.last_trade,
        expiry=expiry.settles,
        strike=strike,
        right=right,
    )


def _future(name: str, expiry: Expiry) -> Listing:
    symbol, multiplier, rule = _FUTURE_CLASSES[name]
    day = expiry.settles
    return Listing(
        con_id=_FUTURES + (day - _EPOCH).days * 2 + (name == "VXM"),
        symbol=symbol,
        sec_type="FUT",
        exchange="CFE",
        valid_exchanges=("CFE",),
        trading_class=name,
        local_symbol=f"{name}{_MONTH_CODES[day.month - 1]}{day.year % 10}",
        long_name=_NAMES[symbol],
        multiplier=multiplier,
        min_tick=_RULES[rule].fine,
        market_rule=rule,
        last_trade=day,
        expiry=day,
    )


def continuous(front: Expiry) -> Listing:
    """Return the continuous VX future, which has bars but cannot be traded."""
    month = _future("VX", front)
    return Listing(
        con_id=VX_CONTINUOUS,
        symbol="VIX",
        sec_type="CONTFUT",
        exchange="CFE",
        valid_exchanges=("CFE",),
        trading_class="VX",
        local_symbol=month.local_symbol,
        long_name=month.long_name,
        multiplier=month.multiplier,
        min_tick=month.min_tick,
        market_rule=month.market_rule,
        last_trade=month.last_trade,
        expiry=month.expiry,
    )
