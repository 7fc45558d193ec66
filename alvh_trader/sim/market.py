"""The market of a scenario: what every index and future is worth at every node.

A `Session` is built when it begins, from its tape; `state` then gives the surface
what it is conditioned on. History's own term indexes and futures, where there are
any, are met at each close; between two closes the gap to the model moves evenly.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alvh_trader.domain.calendar import NEW_YORK, Calendar, instant
from alvh_trader.sim import evening, hours, minis, path, surface, terms
from alvh_trader.sim.daily import TERMS, Day
from alvh_trader.sim.evening import Evening
from alvh_trader.sim.listings import Listings
from alvh_trader.sim.market_time import MarketTime, market_time
from alvh_trader.sim.model import Listing
from alvh_trader.sim.parameters import Parameters, fitted
from alvh_trader.sim.path import STEP, Tape
from alvh_trader.sim.scenario import Scenario, generator
from alvh_trader.sim.surface import STATED, State

Floats = NDArray[np.float64]

_GRID = np.array([3.0, 10, 20, 30, 45, 60, 90, 120, 180, 240]) / 365.0
_NONE = np.empty(0)
_MEMORY = 90
"""Sessions whose closes decide which strikes are listed."""

_EVENINGS = 10_000_000
"""The random streams of evenings, by day, beyond those of tapes."""


@dataclass(frozen=True)
class Session:
    """One session's prices, node by node."""

    tape: Tape
    terms: dict[str, Floats]
    rate: float
    carry: float
    curve_open: Floats
    curve_close: Floats
    spy_scale: float
    market_time: MarketTime

    def state(self, node: int) -> State:
        """Return what the surface stands on at a node."""
        tape, terms_ = self.tape, self.terms
        shift, tenors = _NONE, _NONE
        if self.curve_close.size:
            done = node / (tape.nodes - 1)
            tenors = _GRID
            shift = self.curve_open * (1.0 - done) + self.curve_close * done
        return State(
            at=float(tape.opens_at + STEP * node),
            spx=float(tape.spx[node]),
            vix9d=float(terms_["vix9d"][node]),
            vix=float(tape.vix[node]),
            vix3m=float(terms_["vix3m"][node]),
            vix6m=float(terms_["vix6m"][node]),
            vvix=float(terms_["vvix"][node]),
            skew=float(terms_["skew"][node]),
            rate=self.rate,
            carry=self.carry,
            market_time=self.market_time,
            curve_tenors=tenors,
            curve_shift=shift,
        )

    @cached_property
    def series(self) -> dict[str, Floats]:
        """Every index by symbol, node by node, rounded as it is published."""
        return {
            "SPX": self.tape.spx,
            "XSP": np.round(self.tape.spx * minis.XSP_SCALE, 2),
            "SPY": np.round(self.tape.spx * self.spy_scale, 2),
            "VIX": self.tape.vix,
            **{name.upper(): np.round(it, 2) for name, it in self.terms.items()},
        }

    @cached_property
    def extremes(self) -> dict[str, tuple[Floats, Floats]]:
        """The (high, low) so far of every index."""
        return {
            name: (np.maximum.accumulate(values), np.minimum.accumulate(values))
            for name, values in self.series.items()
        }


class Market:
    """All sessions of a scenario under one seed; session 0 is the window's first."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.fit: Parameters = fitted()
        self._seed = seed
        self._time = market_time(scenario.calendar)
        self._days = scenario.days
        closes = np.array([day.vix_close for day in self._days])
        self._fast = terms.average(closes, terms.FAST)
        self._slow = terms.average(closes, terms.SLOW)
        self._shifts: dict[int, Floats] = {}
        self._sessions: dict[int, Session] = {}

    @property
    def sessions(self) -> int:
        """How many sessions the window has."""
        return len(self._days) - self.scenario.start

    def day(self, session: int) -> Day:
        """Return history's record of a session; negative ones lie before the window."""
        return self._days[self.scenario.start + session]

    def opens_at(self, session: int) -> int:
        """Return when a session opens, in POSIX seconds."""
        return path.session_length(self.scenario.calendar, self.day(session).day)[0]

    @property
    def first_listed(self) -> int:
        """The first session of which it is known what was listed."""
        return _MEMORY - self.scenario.start

    def listed(self, session: int) -> Listings:
        """Return what is listed in a session."""
        closes = [self.day(session - back).spx.close for back in range(1, _MEMORY)]
        day = self.day(session).day
        return Listings(self.scenario.calendar, day, min(closes), max(closes))

    def newest(self, at: float, session: int) -> int:
        """Return the newest session, of those up to `session`, that opened by `at`."""
        while session > -self.scenario.start and self.opens_at(session) > at:
            session -= 1
        return session

    def session(self, number: int) -> Session:
        """Return a session of the window, built at its first use."""
        built = self._sessions.get(number)
        if built is None:
            built = self._sessions[number] = self._build(number)
        return built

    def evening(self, number: int) -> Evening | None:
        """Return what follows a session until the next; None where nothing does."""
        if not self.scenario.nights or number + 1 >= self.sessions:
            return None
        this, following = self.session(number).tape, self.session(number + 1).tape
        spans = hours.between(self.scenario.calendar, this.day, following.day)
        if not spans:
            return None
        i = self.scenario.start + number
        return evening.evening(
            self.session(number).state(this.nodes - 1),
            (float(following.spx[0]), float(following.vix[0])),
            spans,
            lambda name, vix: self._model(i, name, vix),
            self._generator(self._days[i], _EVENINGS),
        )

    def closing(self, session: int) -> State:
        """Return the state at the options close of a session, before or within."""
        i = self.scenario.start + session
        day = self._days[i]
        opens_at, _, last = path.session_length(self.scenario.calendar, day.day)
        values = {name: float(self._terms(i, name, None)[-1]) for name in STATED}
        shift = self._shift(i)
        return self._state_at(i, opens_at + STEP * last, values, shift)

    def vix_settlement(self, session: int) -> float:
        """Return what VIX options and futures settle at on the morning of a session.

        History's own special opening quotation, or else the opening level of VIX. On
        206 mornings of 2008-2026 the two were 3.6 % apart (one deviation).
        """
        final = self.day(session).final
        return float(self.session(session).tape.vix[0]) if final is None else final

    def over_spx(self, symbol: str, session: int) -> float:
        """Return SPX, XSP or SPY over SPX in a session."""
        if symbol != "SPY":
            return minis.XSP_SCALE if symbol == "XSP" else 1.0
        return minis.spy_scale(self.day(session).day, self.scenario.window.dividends)

    def term_closes(self, name: str, session: int) -> float:
        """Return the close of one of `TERMS`."""
        return float(self._terms(self.scenario.start + session, name, None)[-1])

    def term_prices(
        self, name: str, session: int, vix: tuple[float, float, float, float]
    ) -> tuple[float, float, float, float]:
        """Return open, high, low and close of a term index, from those of VIX."""
        i = self.scenario.start + session
        values = self._model(i, name, np.array(vix))
        opened, high, low, close = values * (
            self.term_closes(name, session) / values[3]
        )
        return float(opened), float(high), float(low), float(close)

    # ----------------------------------------------------------- construction ---

    def _build(self, number: int) -> Session:
        scenario = self.scenario
        i = scenario.start + number
        day, before = self._days[i], self._days[i - 1]
        rng = self._generator(day)
        tape = path.tape(day, before, scenario.calendar, self.fit.breadth, rng)
        window, rate = scenario.window, self._rate(i)
        curves = [self._shift(i - 1), self._shift(i)]
        if any(curve.size for curve in curves):
            curves = [c if c.size else np.zeros_like(_GRID) for c in curves]
        return Session(
            tape=tape,
            terms={name: self._terms(i, name, tape.vix) for name in TERMS},
            rate=rate,
            carry=rate - window.dividends,
            curve_open=curves[0],
            curve_close=curves[1],
            spy_scale=minis.spy_scale(day.day, window.dividends),
            market_time=self._time,
        )

    def _generator(self, day: Day, stream: int = 0) -> np.random.Generator:
        market = self.scenario.window.market
        return generator(market, self._seed, stream + day.day.toordinal())

    def _rate(self, i: int) -> float:
        rate = self._days[i].rate
        return self.scenario.window.rate if rate is None else rate

    def _terms(self, i: int, name: str, vix: Floats | None) -> Floats:
        """Return an index along `vix`, or at the close alone, meeting real closes."""
        known = self._days[i].terms.get(name)
        if vix is None:
            if known is not None:
                return np.array([known])
            return self._model(i, name, np.array([self._days[i].vix_close]))
        values = self._model(i, name, vix)
        if known is None:
            return values
        was = self._days[i - 1].terms.get(name)
        start = 0.0
        if was is not None:
            old = np.array([self._days[i - 1].vix_close])
            start = float(np.log(was / self._model(i - 1, name, old)[0]))
        end = float(np.log(known / values[-1]))
        return np.asarray(values * np.exp(np.linspace(start, end, len(vix))))

    def _model(self, i: int, name: str, vix: Floats) -> Floats:
        fit = self.fit.terms[name]
        yesterday = max(i - 1, 0)
        return terms.index_of(fit, vix, self._fast[yesterday], self._slow[yesterday])

    def _shift(self, i: int) -> Floats:
        """Return log(real / model) of the futures curve at a close, on the grid."""
        shift = self._shifts.get(i)
        if shift is None:
            shift = self._shifts[i] = self._measured_shift(i)
        return shift

    def _measured_shift(self, i: int) -> Floats:
        day = self._days[i]
        if not day.futures:
            return _NONE
        opens_at, _, last = path.session_length(self.scenario.calendar, day.day)
        values = {name: float(self._terms(i, name, None)[-1]) for name in STATED}
        state = self._state_at(i, opens_at + STEP * last, values, _NONE)
        expiries = np.array([morning(expiry) for expiry, _ in day.futures])
        tau = surface.years(state, expiries)
        model = surface.vix_forward(state, tau, self.fit.curve)
        known = np.log([price for _, price in day.futures])
        return np.asarray(np.interp(_GRID, tau, known - np.log(model)))

    def _state_at(
        self, i: int, at: float, values: dict[str, float], shift: Floats
    ) -> State:
        day, rate = self._days[i], self._rate(i)
        return State(
            at=float(at),
            spx=day.spx.close,
            vix=day.vix_close,
            rate=rate,
            carry=rate - self.scenario.window.dividends,
            market_time=self._time,
            curve_tenors=_GRID if shift.size else _NONE,
            curve_shift=shift,
            **values,
        )


def future_price(state: State, expiry: date, fit: Parameters) -> float:
    """Return what a VIX future that settles on `expiry` is worth."""
    tau = surface.years(state, np.array([morning(expiry)]))
    return float(surface.vix_forward(state, tau, fit.curve)[0])


def settles_at(option: Listing, calendar: Calendar) -> float:
    """Return when an option settles: at the open (AM) or at the index close."""
    assert option.expiry is not None, "an option without expiry"
    if option.expiry != option.last_trade:
        return morning(option.expiry)
    return instant(option.expiry, calendar.close_of(option.expiry)).timestamp()


def morning(day: date) -> float:
    """Return the settlement instant (09:30 New York) of an AM-settled series."""
    return datetime(day.year, day.month, day.day, 9, 30, tzinfo=NEW_YORK).timestamp()
