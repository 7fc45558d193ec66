"""What the quotes of one instant say, of the whole book and each thing once.

Every case, hedge and option series that a step asks for is valued in a batch with all
others of its kind: the cost of a numpy call is that of some hundred options, so fifty
condors cost little more than one.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.instrument import Future, Instrument, Option
from alvh_trader.domain.market import Quote
from alvh_trader.engine.case import Case, HedgeLot, HeldLeg
from alvh_trader.engine.state import State, series_key
from alvh_trader.portfolio.greeks import (
    CaseRisk,
    Exposure,
    HedgeLegs,
    HedgeRisk,
    Legs,
    case_risks,
    hedge_exposures,
    hedge_legs_of,
    hedge_risk,
    legs_of,
)
from alvh_trader.pricing.black76 import Floats, years
from alvh_trader.pricing.chain import Chain, PricedChain, chain_of, priced
from alvh_trader.pricing.forward import carry_forward
from alvh_trader.strategy.params import Params
from alvh_trader.strategy.phase import Phase

QUOTE_AGE_MAX = timedelta(seconds=60)
"""How old an option quote may be (alvh.md §2.6, §13.3)."""

Series = tuple[str, date]
"""Trading class and last trading day."""


class CaseView(Struct, frozen=True, kw_only=True, eq=False):
    """The legs of a case as arrays, the forward of each, and what the quotes imply."""

    held: tuple[HeldLeg, ...]
    legs: Legs
    forwards: Floats
    risk: CaseRisk | None


class HedgeView(Struct, frozen=True, kw_only=True, eq=False):
    """VIX holdings as arrays, the forward of each leg, and what the quotes imply."""

    legs: HedgeLegs
    forwards: Floats
    risk: HedgeRisk


class Instant:
    """The market of one instant; everything is computed when it is first asked for."""

    def __init__(self, state: State, params: Params) -> None:
        assert state.at is not None, "an instant has a time"
        assert state.day is not None, "nothing is evaluated before a session"
        self._state = state
        self._params = params
        self._at: datetime = state.at
        self._today: date = state.day
        self._quotes = _with_held(state, params.parity.hold_minutes)
        self._watched = _by_series(state.watched)
        self._chains: dict[Series, Chain | None] = {}
        self._forwards: dict[Series, float] = {}
        self._priced: dict[tuple[Series, float | None], PricedChain | None] = {}
        self._atms: dict[Series, float | None] = {}
        self._cases: dict[str, CaseView] = {}
        self._lots_of: dict[str, list[HedgeLot]] | None = None
        self._allocated: Counter[int] | None = None
        self._lots: dict[tuple[float, float], dict[str, tuple[HedgeLot, Exposure]]] = {}

    def is_of(self, state: State) -> bool:
        """Return whether `state` still has the market this was made of."""
        mine = self._state
        return (
            state.quotes is mine.quotes
            and state.watched is mine.watched
            and state.held is mine.held
            and state.lots is mine.lots
            and state.at == mine.at
            and state.day == mine.day
            and state.signals.beta_spot == mine.signals.beta_spot
        )

    @property
    def beta_spot(self) -> float:
        """Per cent of VIX per per cent of SPX: the refit, else the default (§7.5)."""
        fitted, params = self._state.signals.beta_spot, self._params
        if fitted is None or not params.signals.refit:
            return params.beta_spot
        return fitted

    # -------------------------------------------------------------- series ---

    def mids(self, con_ids: Sequence[int]) -> Floats:
        """Return the middle of each fresh two-sided quote, NaN for the others."""
        return np.array([self._mid(self._quotes.get(c)) for c in con_ids], float)

    def _mid(self, quote: Quote | None) -> float | None:
        if quote is None or self._at - quote.at > QUOTE_AGE_MAX:
            return None
        return quote.mid

    @property
    def series(self) -> tuple[Series, ...]:
        """The option series of which something is watched."""
        return tuple(self._watched)

    def chain(self, series: Series) -> Chain | None:
        """Return the watched part of an option series; None where none is watched.

        Of a dislocated series these are its last good quotes.
        """
        if series not in self._chains:
            self._chains[series] = self._chain(series, self._quotes)
        return self._chains[series]

    def live_chain(self, series: Series) -> Chain | None:
        """Return the watched part of a series as it is quoted, dislocated or not."""
        if series_key(*series) not in self._state.held:
            return self.chain(series)
        return self._chain(series, self._state.quotes)

    def _chain(self, series: Series, quotes: Mapping[int, Quote]) -> Chain | None:
        watched = self._watched.get(series)
        if not watched:
            return None
        return chain_of(
            watched,
            quotes,
            self._today,
            self._params.rate,
            not_before=self._at - QUOTE_AGE_MAX,
        )

    def parity(self, series: Series) -> float:
        """Return the put-call-parity forward of a series; NaN where there is none."""
        if series not in self._forwards:
            chain = self.chain(series)
            self._forwards[series] = math.nan if chain is None else chain.forward()
        return self._forwards[series]

    def forward(self, series: Series, spot: float) -> float:
        """Return the forward of an SPX series, from parity or else from the carry."""
        parity = self.parity(series)
        if math.isfinite(parity):
            return parity
        tau = years((series[1] - self._today).days)
        return carry_forward(spot, tau, self._params.rate, self._params.dividend)

    def priced(self, series: Series, spot: float | None) -> PricedChain | None:
        """Return the watched part of a series, priced; None without a forward."""
        spot = None if spot is None else self._spot(series, spot)
        key = (series, spot)
        if key not in self._priced:
            chain = self.chain(series)
            self._priced[key] = (
                None
                if chain is None
                else priced(chain, forward=self.parity(series), spot=spot)
            )
        return self._priced[key]

    def atm(self, series: Series) -> float | None:
        """Return the volatility at the forward of a series, None if not quoted."""
        if series not in self._atms:
            chain = self.chain(series)
            atm = math.nan if chain is None else chain.atm(self.parity(series))
            self._atms[series] = None if math.isnan(atm) else atm
        return self._atms[series]

    def _spot(self, series: Series, spot: float) -> float:
        """Return the index that belongs to the quotes: of a held series, its own."""
        good = self._state.held.get(series_key(*series))
        return spot if good is None or good.spot is None else good.spot

    # --------------------------------------------------------------- cases ---

    def case(self, case: Case, spot: float) -> CaseView:
        """Return what the quotes say of a case; all open ones are valued together."""
        known = self._cases.get(case.case_id)
        if known is None or known.held is not case.legs:
            together = {case.case_id: case}
            if not self._cases:
                together |= {
                    name: other
                    for name, other in self._state.cases.items()
                    if other.phase is not Phase.CLOSED
                    and other.legs
                    and name != case.case_id
                }
            self._value(list(together.values()), spot)
        return self._cases[case.case_id]

    def _value(self, cases: Sequence[Case], spot: float) -> None:
        holdings = [(leg.option, leg.quantity) for case in cases for leg in case.legs]
        legs = legs_of(holdings, self._today)
        of_series = {s: self.forward(s, spot) for case in cases for s in case.series}
        forwards = np.array(
            [of_series[o.trading_class, o.last_trade] for o, _ in holdings]
        )
        spots: float | Floats = spot
        if self._state.held:
            spots = np.array(
                [self._spot((o.trading_class, o.last_trade), spot) for o, _ in holdings]
            )
        counts = [len(case.legs) for case in cases]
        mids = self.mids(legs.con_ids)
        risks = case_risks(legs, counts, mids, spots, forwards, self._params.rate)
        stop = 0
        for case, count, risk in zip(cases, counts, risks, strict=True):
            start, stop = stop, stop + count
            self._cases[case.case_id] = CaseView(
                held=case.legs,
                legs=legs.part(start, stop),
                forwards=forwards[start:stop],
                risk=risk,
            )

    # -------------------------------------------------------------- hedges ---

    def lots_of(self, case_id: str) -> Sequence[HedgeLot]:
        """Return the lots allocated to a case that can still be traded."""
        if self._lots_of is None:
            self._lots_of = defaultdict(list)
            for lot in self._state.lots.values():
                if lot.last_trade >= self._today:
                    self._lots_of[lot.case].append(lot)
        return self._lots_of.get(case_id, ())

    def allocated(self, con_id: int) -> int:
        """Return what all lots together have of a contract, signed."""
        if self._allocated is None:
            self._allocated = Counter()
            for lot in self._state.lots.values():
                for leg in lot.legs:
                    self._allocated[leg.instrument.con_id] += lot.units * leg.ratio
        return self._allocated[con_id]

    def vix_forward(self, instrument: Option | Future) -> float | None:
        """Return the forward of a VIX instrument's settlement, by parity if need be."""
        if isinstance(instrument, Future):
            return self._mid(self._quotes.get(instrument.con_id))
        forward = self.parity((instrument.trading_class, instrument.last_trade))
        return None if math.isnan(forward) else forward

    def hedge(
        self,
        holdings: Sequence[tuple[Option | Future, int]],
        *,
        spot: float,
        vix: float,
    ) -> HedgeView | None:
        """Return what signed VIX holdings amount to; None where one is not quoted."""
        if not holdings:
            return None
        found = [self.vix_forward(instrument) for instrument, _ in holdings]
        forwards = np.array(found, dtype=np.float64)
        if np.isnan(forwards).any():
            return None
        legs = hedge_legs_of(holdings, self._today)
        risk = hedge_risk(
            legs,
            self.mids(legs.con_ids),
            forwards,
            self._params.rate,
            spot=spot,
            vix=vix,
            beta_spot=self.beta_spot,
        )
        if risk is None:
            return None
        return HedgeView(legs=legs, forwards=forwards, risk=risk)

    def exposure(
        self, lots: Sequence[HedgeLot], *, spot: float, vix: float
    ) -> Exposure | None:
        """Return what hedge lots are worth and do; None where one is not quoted.

        All lots of the book are valued together. Where one of them is not quoted,
        those asked for are valued by themselves.
        """
        each = self._each_lot(spot, vix)
        if all(lot.ref in each and each[lot.ref][0] is lot for lot in lots):
            return sum((each[lot.ref][1] for lot in lots), start=Exposure())
        found = self.hedge(holdings_of(lots), spot=spot, vix=vix)
        return None if found is None else found.risk.exposure

    def _each_lot(
        self, spot: float, vix: float
    ) -> dict[str, tuple[HedgeLot, Exposure]]:
        """Return the exposure of every lot; of none where one is not quoted."""
        if (spot, vix) not in self._lots:
            lots = [
                x
                for x in self._state.lots.values()
                if x.last_trade >= self._today and x.units > 0
            ]
            found = self.hedge(holdings_of(lots), spot=spot, vix=vix)
            self._lots[spot, vix] = {}
            if found is not None:
                counts = [len(lot.legs) for lot in lots]
                exposures = hedge_exposures(found.risk, counts)
                self._lots[spot, vix] = {
                    lot.ref: (lot, exposure)
                    for lot, exposure in zip(lots, exposures, strict=True)
                }
        return self._lots[spot, vix]


@lru_cache(maxsize=8)
def _by_series(watched: tuple[Instrument, ...]) -> dict[Series, tuple[Option, ...]]:
    """Return the options among what is watched, by their series."""
    found: defaultdict[Series, list[Option]] = defaultdict(list)
    for each in watched:
        if isinstance(each, Option):
            found[each.trading_class, each.last_trade].append(each)
    return {series: tuple(options) for series, options in found.items()}


def _with_held(state: State, hold_minutes: float) -> Mapping[int, Quote]:
    """Return the quotes; of dislocated series the last good ones, or none if too old.

    Those of a series that never was good are missing.
    """
    if not state.held or state.at is None:
        return state.quotes
    found = dict(state.quotes)
    for each in state.watched:
        if isinstance(each, Option):
            key = series_key(each.trading_class, each.last_trade)
            if key in state.held:
                found.pop(each.con_id, None)
    for good in state.held.values():
        if good is not None and state.at - good.at <= timedelta(minutes=hold_minutes):
            found |= {k: replace(q, at=state.at) for k, q in good.quotes.items()}
    return found


def holdings_of(lots: Sequence[HedgeLot]) -> list[tuple[Option | Future, int]]:
    """Return the signed instruments of hedge lots."""
    return [(leg.instrument, leg.ratio * lot.units) for lot in lots for leg in lot.legs]
