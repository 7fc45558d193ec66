"""Measure what a book costs to value, to stress and to decide about.

Each row is measured beside a loop of QuantLib over objects built before, and beside a
loop of plain Python over single options, in the same run. Times are processor time,
medians; the spread is from the first to the third quartile.
"""

import math
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import QuantLib as Ql

from alvh_trader.domain.instrument import Option
from alvh_trader.engine.candidates import best_roll
from alvh_trader.engine.evaluation import Reading, evaluate
from alvh_trader.engine.instant import Instant, holdings_of
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.black76 import greeks
from alvh_trader.risk.shocks import Conditions, StressedCase, StressedHedge
from alvh_trader.risk.stress import stress
from tests.large_book import MARKET, fresh_quotes, large_book
from tests.playbook import RULES

CONDORS, CALLS = 50, 100
LEGS, SCENARIOS = 40, 2_000
LADDER = (10, 20, 50, 100, 200, 500, 1_000, 2_000)
ROOT_2, ROOT_2_PI = math.sqrt(2), math.sqrt(2 * math.pi)


class Row(NamedTuple):
    """One measurement: seconds, and what it is held against."""

    name: str
    rounds: int
    median: float
    low: float
    high: float
    beside: dict[str, float]


class Market(NamedTuple):
    """European options on forwards as columns of the same length."""

    forward: Any
    strike: Any
    sigma: Any
    tau: Any
    rate: float
    is_call: Any


def measured(
    name: str, work: Callable[[], object], rounds: int, beside: dict[str, float]
) -> Row:
    """Time `work` so often, after one call that does not count."""
    work()
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    low, median, high = np.quantile(seconds, [0.25, 0.5, 0.75]).tolist()
    return Row(name, rounds, median, low, high, beside)


def rows() -> Iterable[Row]:
    """Yield every measurement."""
    state = large_book(CONDORS, CALLS)
    event = fresh_quotes(state)
    seen = _seen(state, event)
    yield from _valuation(_market(seen))
    yield from _evaluation(seen)
    yield from _stress()
    yield from _decisions()


def _seen(state: State, event: Any) -> State:
    turn = Turn(state, RULES, event.at)
    turn.put(at=event.at, quotes=event.quotes)
    return turn.state


def _market(state: State) -> Market:
    """Return all condor legs and VIX calls of a book as columns."""
    spot, vix = MARKET.spot, MARKET.vix
    instant = Instant(state, RULES.params)
    views = [instant.case(case, spot) for case in state.cases.values()]
    hedge = instant.hedge(holdings_of(list(state.lots.values())), spot=spot, vix=vix)
    assert hedge is not None, "every hedge is quoted"
    risks = [view.risk for view in views if view.risk is not None]
    sides = [view.legs for view in views] + [hedge.legs]
    return Market(
        np.concatenate([*(v.forwards for v in views), hedge.forwards]),
        np.concatenate([side.strike for side in sides]),
        np.concatenate([*(r.sigma for r in risks), hedge.risk.sigma]),
        np.concatenate([side.tau for side in sides]),
        RULES.params.rate,
        np.concatenate([side.is_call for side in sides]),
    )


# -------------------------------------------------------------- the peers ---


def bare(market: Market) -> tuple[Any, ...]:
    """Price and Greeks by the shortest numpy there is."""
    from scipy.special import ndtr  # noqa: PLC0415 - a peer, not a tool of ours

    forward, strike, sigma, tau, rate, is_call = market
    root = np.sqrt(tau)
    total = sigma * root
    d1 = np.log(forward / strike) / total + 0.5 * total
    w = np.where(is_call, 1.0, -1.0)
    discount = np.exp(-rate * tau)
    delta = w * discount * ndtr(w * d1)
    value = delta * forward - w * discount * strike * ndtr(w * (d1 - total))
    density = discount * np.exp(-0.5 * d1 * d1) / ROOT_2_PI
    vega = forward * density * root
    theta = rate * value - 0.5 * vega * sigma / tau
    return value, delta, density / (forward * total), vega / 100, theta / 365


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / ROOT_2)


def one(
    forward: float, strike: float, sigma: float, tau: float, rate: float, w: float
) -> tuple[float, ...]:
    """Price and Greeks of one option in plain Python."""
    root = math.sqrt(tau)
    total = sigma * root
    d1 = math.log(forward / strike) / total + 0.5 * total
    discount = math.exp(-rate * tau)
    delta = w * discount * _normal(w * d1)
    value = delta * forward - w * discount * strike * _normal(w * (d1 - total))
    density = discount * math.exp(-0.5 * d1 * d1) / ROOT_2_PI
    vega = forward * density * root
    theta = rate * value - 0.5 * vega * sigma / tau
    return value, delta, density / (forward * total), vega / 100, theta / 365


def _implied(
    value: float, forward: float, strike: float, tau: float, rate: float, w: float
) -> float:
    """Return a volatility by Newton's method, from one that is not far."""
    sigma = 0.3 if forward > 100 else 1.0
    for _ in range(20):
        found = one(forward, strike, sigma, tau, rate, w)
        change = (value - found[0]) / max(100 * found[3], 1e-9)
        sigma = min(max(sigma + change, 0.02), 5.0)
        if abs(change) < 1e-9:
            break
    return sigma


def columns(market: Market) -> list[tuple[float, ...]]:
    """Return the options as tuples for `one`."""
    w = np.where(market.is_call, 1.0, -1.0)
    forward, strike, sigma, tau, rate, _ = market
    parts = np.broadcast_arrays(forward, strike, sigma, tau, rate, w)
    return list(zip(*(part.tolist() for part in parts), strict=True))


class Library:
    """The same options as QuantLib objects, built once; only quotes change."""

    def __init__(self, market: Market) -> None:
        today = Ql.Date(21, 5, 2026)
        Ql.Settings.instance().evaluationDate = today
        year = Ql.Actual365Fixed()
        rate = Ql.YieldTermStructureHandle(Ql.FlatForward(today, market.rate, year))
        self.forwards, self.options = [], []
        for forward, strike, sigma, tau, _, w in columns(market):
            quote = Ql.SimpleQuote(forward)
            volatility = Ql.BlackVolTermStructureHandle(
                Ql.BlackConstantVol(today, Ql.NullCalendar(), sigma, year)
            )
            process = Ql.BlackProcess(Ql.QuoteHandle(quote), rate, volatility)
            kind = Ql.Option.Call if w > 0 else Ql.Option.Put
            days = max(round(365 * tau), 1)
            option = Ql.VanillaOption(
                Ql.PlainVanillaPayoff(kind, strike), Ql.EuropeanExercise(today + days)
            )
            option.setPricingEngine(Ql.AnalyticEuropeanEngine(process))
            self.forwards.append(quote)
            self.options.append(option)

    def value(self, factor: float) -> list[tuple[float, ...]]:
        """Move every forward by a factor and value all options."""
        for quote in self.forwards:
            quote.setValue(quote.value() * factor)
        return [
            (o.NPV(), o.delta(), o.gamma(), o.vega(), o.thetaPerDay())
            for o in self.options
        ]


def _nudges() -> Callable[[], float]:
    """Return a factor that is never 1, so that nothing is remembered."""
    state = [1.0]

    def nudge() -> float:
        state[0] = -state[0]
        return 1.0 + 1e-9 * state[0]

    return nudge


# ---------------------------------------------------------- what is measured ---


def _valuation(market: Market) -> Iterable[Row]:
    library, singles, nudge = Library(market), columns(market), _nudges()
    peers = {
        "bare numpy": measured("", lambda: bare(market), 300, {}).median,
        "Python loop": measured("", lambda: [one(*o) for o in singles], 50, {}).median,
        "QuantLib": measured("", lambda: library.value(nudge()), 50, {}).median,
    }
    name = f"value and Greeks of {len(singles)} options"
    yield measured(name, lambda: greeks(*market), 300, peers)


def _evaluation(state: State) -> Iterable[Row]:
    """From quotes: forwards, volatilities, Greeks, sums by case, and the stress."""
    market = _market(state)
    library, singles, nudge = Library(market), columns(market), _nudges()
    spot, vix = MARKET.spot, MARKET.vix

    def ours() -> None:
        instant = Instant(state, RULES.params)
        views = [instant.case(case, spot) for case in state.cases.values()]
        lots = list(state.lots.values())
        hedge = instant.hedge(holdings_of(lots), spot=spot, vix=vix)
        assert hedge is not None
        stress(
            [
                StressedCase(
                    legs=v.legs,
                    sigma=v.risk.sigma,
                    forward=v.forwards,
                    atm=instant.atm(case.series[0]) or 0.2,
                )
                for case, v in zip(state.cases.values(), views, strict=True)
                if v.risk is not None
            ],
            StressedHedge(
                legs=hedge.legs, sigma=hedge.risk.sigma, forward=hedge.forwards
            ),
            Conditions(spot=spot, vix=vix, rate=RULES.params.rate, capital=9e6),
            RULES.params.stress,
        )

    held = [leg.option for case in state.cases.values() for leg in case.legs]
    held += [lot.legs[0].instrument for lot in state.lots.values()]

    def loop() -> None:
        for instrument, option in zip(held, singles, strict=True):
            quote = state.quotes.get(instrument.con_id)
            assert quote is not None
            assert quote.mid is not None
            forward, strike, _, tau, rate, w = option
            sigma = _implied(quote.mid, forward, strike, tau, rate, w)
            for shock in (1.0, 0.97, 1.03, 0.94, 1.06, 0.9, 1.1):
                one(forward * shock, strike, sigma, tau, rate, w)

    def by_library() -> None:
        # The same without the volatilities, which would cost it more.
        for _ in range(7):
            library.value(nudge())

    peers = {
        "Python loop": measured("", loop, 10, {}).median,
        "QuantLib": measured("", by_library, 10, {}).median,
    }
    name = f"quotes to risk and stress, {CONDORS} condors and {CALLS} VIX calls"
    yield measured(name, ours, 60, peers)


def _stress() -> Iterable[Row]:
    draw = np.random.default_rng(1)
    strikes = draw.uniform(6200, 7800, LEGS)
    moves = np.exp(draw.normal(0, 0.02, (SCENARIOS, 1)))
    market = Market(
        6880.0 * moves,
        strikes,
        np.full(LEGS, 0.18) * draw.uniform(0.8, 1.4, (SCENARIOS, 1)),
        np.full(LEGS, 0.11),
        RULES.params.rate,
        strikes > 6880,
    )
    flat = market._replace(forward=6880.0, sigma=np.full(LEGS, 0.18))
    library, factors = Library(flat), moves[:, 0].tolist()
    sigmas = market.sigma[:, 0].tolist()
    singles = columns(flat)

    def loop() -> None:
        for factor, sigma in zip(factors, sigmas, strict=True):
            for forward, strike, _, tau, rate, w in singles:
                one(forward * factor, strike, sigma, tau, rate, w)

    def by_library() -> None:
        # The factor is taken back by the next one: levels stay where they are.
        before = 1.0
        for factor in factors:
            library.value(factor / before)
            before = factor

    peers = {
        "Python loop": measured("", loop, 3, {}).median,
        "QuantLib": measured("", by_library, 3, {}).median,
    }
    name = f"stress of {LEGS} legs by {SCENARIOS} scenarios, with Greeks"
    yield measured(name, lambda: greeks(*market), 30, peers)


def _decisions() -> Iterable[Row]:
    """One step of the engine with every case due, by the number of legs."""
    first = 0.0
    for legs in LADDER:
        condors = max(round(legs / 4), 1)
        state = large_book(condors, condors)
        begun = step(state, fresh_quotes(state), RULES).state
        # The market's streams are not limited here.
        begun = _seen(begun, fresh_quotes(state))
        turn = Turn(begun, RULES, begun.at or fresh_quotes(state).at)
        turn.put(watched=state.watched)
        event = fresh_quotes(state, 340.0)
        begun = turn.state

        def work(begun: State = begun, event: Any = event) -> object:
            return step(begun, event, RULES)

        row = measured(f"decision, {4 * condors} legs", work, 15, {})
        first = first or row.median / (4 * condors)
        linear = first * 4 * condors
        yield row._replace(beside={"linear from the first": linear})
    yield _search()


def _search() -> Row:
    """Every candidate of one condor's roll, the whole book stressed with each."""
    state = large_book(CONDORS, CALLS)
    seen = _seen(state, fresh_quotes(state))
    case = next(iter(seen.cases.values()))
    at = seen.at or fresh_quotes(state).at + timedelta(0)

    def work() -> object:
        turn = Turn(seen, RULES, at)
        reading = evaluate(turn, case)
        assert isinstance(reading, Reading)
        return best_roll(turn, case, reading)

    target = sum(isinstance(o, Option) and o.symbol == "SPX" for o in seen.watched)
    return measured(f"search for a roll among {target} SPX options", work, 15, {})
