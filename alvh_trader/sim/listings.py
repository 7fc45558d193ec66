"""What the exchange lists on a day, and how to find it.

A contract id says by arithmetic which series it is, so that thousands of listings
exist without being built: `Listings.by_id` decodes one, `find` makes those asked for.
Which products there are is written in `sim.products`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TypedDict

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.money import option_ticks
from alvh_trader.sim import expirations
from alvh_trader.sim.expirations import Expiry
from alvh_trader.sim.model import Listing, OptionClass
from alvh_trader.sim.products import (
    BLOCKS,
    EPOCH,
    FUTURE_CLASSES,
    FUTURES,
    OPTIONS,
    SPOT,
    STRIKES,
    VIX,
    VX_CONTINUOUS,
    FutureProduct,
    OptionProduct,
)

_TWO_YEARS = timedelta(days=730)
_MONTH_CODES = "FGHJKMNQUVXZ"


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
        weeklies = expirations.spxw(c, d)
        return {
            "SPX": expirations.monthly_spx(c, d),
            "SPXW": weeklies,
            "XSP": weeklies,
            "SPY": weeklies,
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

    @cached_property
    def mini_strikes(self) -> tuple[float, ...]:
        """Every point near the money, every 5 further out: of XSP and SPY."""
        near = range(int(0.078 * self.low), int(0.112 * self.high) + 1)
        far = range(_down(0.058 * self.low, 5), _down(0.125 * self.high, 5) + 5, 5)
        return tuple(float(k) for k in sorted({*near, *far}))

    def strikes(self, trading_class: str) -> tuple[float, ...]:
        """Return the strikes listed in a class."""
        underlying = OPTIONS[trading_class].symbol
        if underlying == "VIX":
            return self.vix_strikes
        return self.spx_strikes if underlying == "SPX" else self.mini_strikes

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
        days, at = divmod(con_id - FUTURES, 2)
        for expiry in self.settled:
            if (expiry.settles - EPOCH).days == days:
                return _future(FUTURE_CLASSES[at], expiry)
        return None

    def find(self, wanted: Wanted) -> tuple[Listing, ...]:
        """Return the listings that match, nearest expiry and lowest strike first."""
        return tuple(listing for listing in self._near(wanted) if wanted.takes(listing))

    def option_classes(self, symbol: str) -> tuple[OptionClass, ...]:
        """Return each class of options on `symbol`, at each of its exchanges."""
        products = [it for it in OPTIONS.values() if it.symbol == symbol]
        exchanges = products[0].exchanges if products else ()
        return tuple(
            OptionClass(
                exchange=exchange,
                underlying=it.underlying,
                trading_class=it.name,
                multiplier=100,
                expirations=tuple(e.last_trade for e in self.expiries[it.name]),
                strikes=self.strikes(it.name),
            )
            for exchange in exchanges
            for it in products
        )

    def _near(self, wanted: Wanted) -> Iterator[Listing]:
        """Yield candidates: cheap filters first, no listing made in vain."""
        if wanted.sec_type in ("", "IND", "STK"):
            yield from SPOT.values()
        if wanted.sec_type in ("", "FUT"):
            old = self.settled if wanted.include_expired else ()
            for expiry in (*old, *self.expiries["VX"]):
                if wanted.takes_expiry(expiry):
                    yield from (_future(it, expiry) for it in FUTURE_CLASSES)
        if wanted.sec_type == "CONTFUT":
            yield continuous(self.expiries["VX"][0])
        if wanted.sec_type in ("", "OPT"):
            yield from self._near_options(wanted)

    def _near_options(self, wanted: Wanted) -> Iterator[Listing]:
        for product in OPTIONS.values():
            if wanted.trading_class not in ("", product.name):
                continue
            if wanted.symbol not in ("", product.symbol):
                continue
            strikes = self.strikes(product.name)
            if wanted.strike:
                strikes = (wanted.strike,) if wanted.strike in strikes else ()
            for expiry in self.expiries[product.name]:
                if not wanted.takes_expiry(expiry):
                    continue
                for strike in strikes:
                    for right in ("C", "P"):
                        yield self._option(product, expiry, strike, right)

    def _option(
        self, product: OptionProduct, expiry: Expiry, strike: float, right: str
    ) -> Listing:
        con_id = option_id(product.name, expiry.settles, strike, right)
        made = self._made.get(con_id)
        if made is None:
            made = self._made[con_id] = _option(con_id, product, expiry, strike, right)
        return made

    def _decoded(self, con_id: int) -> Listing | None:
        if con_id in SPOT:
            return SPOT[con_id]
        if con_id == VX_CONTINUOUS:
            return continuous(self.expiries["VX"][0])
        for base, names in BLOCKS:
            if con_id >= base:
                return self._decoded_option(con_id, con_id - base, names)
        days, at = divmod(con_id - FUTURES, 2)
        expiry = self._settling("VX", days)
        return None if expiry is None else _future(FUTURE_CLASSES[at], expiry)

    def _decoded_option(
        self, con_id: int, code: int, names: tuple[str, ...]
    ) -> Listing | None:
        rest, strike = divmod(code, STRIKES)
        rest, put = divmod(rest, 2)
        days, number = divmod(rest, len(names))
        product = OPTIONS[names[number]]
        expiry = self._settling(product.name, days)
        if expiry is None or strike == 0:
            return None
        right = "P" if put else "C"
        return _option(con_id, product, expiry, strike * product.unit, right)

    def _settling(self, name: str, days: int) -> Expiry | None:
        if not 0 <= days < 20_000:
            return None
        day = EPOCH + timedelta(days=days)
        return next((e for e in self.expiries[name] if e.settles == day), None)


def option_id(name: str, settles: date, strike: float, right: str) -> int:
    """Return the contract id of an option."""
    product = OPTIONS[name]
    names = dict(BLOCKS)[product.base]
    number = (settles - EPOCH).days * len(names) + names.index(name)
    number = number * 2 + (right == "P")
    return product.base + number * STRIKES + round(strike / product.unit)


def _down(price: float, grid: int) -> int:
    return int(price // grid) * grid


def _option(
    con_id: int, product: OptionProduct, expiry: Expiry, strike: float, right: str
) -> Listing:
    day = f"{expiry.settles:%y%m%d}"
    return Listing(
        con_id=con_id,
        symbol=product.symbol,
        sec_type="OPT",
        exchange="SMART",
        valid_exchanges=product.exchanges,
        primary_exchange="CBOE",
        trading_class=product.name,
        local_symbol=f"{product.name:<6}{day}{right}{round(strike * 1000):08d}",
        long_name=product.long_name,
        multiplier=100,
        min_tick=option_ticks(product.name).fine,
        market_rule=product.market_rule,
        underlying=product.underlying,
        last_trade=expiry.last_trade,
        expiry=expiry.settles,
        strike=strike,
        right=right,
    )


def _future(product: FutureProduct, expiry: Expiry) -> Listing:
    day = expiry.settles
    month = f"{_MONTH_CODES[day.month - 1]}{day.year % 10}"
    return Listing(
        con_id=FUTURES + (day - EPOCH).days * 2 + product.at,
        symbol=product.symbol,
        sec_type="FUT",
        exchange="CFE",
        valid_exchanges=("CFE",),
        primary_exchange="CFE",
        trading_class=product.name,
        local_symbol=f"{product.name}{month}",
        long_name=product.long_name,
        multiplier=product.multiplier,
        min_tick=option_ticks(product.name).fine,
        market_rule=product.market_rule,
        underlying=VIX,
        last_trade=day,
        expiry=day,
    )


def continuous(front: Expiry) -> Listing:
    """Return the continuous VX future, which has bars but cannot be traded."""
    month = _future(FUTURE_CLASSES[0], front)
    return replace(month, con_id=VX_CONTINUOUS, sec_type="CONTFUT")
