"""What each case has returned so far, and is expected to return (alvh.md §7.4)."""

import math

import numpy as np

from alvh_trader.capital.cashbook import Kind, rate_of_return
from alvh_trader.capital.returns import (
    expected_irr,
    expected_payout,
    real_world_volatility,
)
from alvh_trader.engine.capital import Return
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import Reading, atm_of, evaluate
from alvh_trader.engine.proof import lots_of
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.greeks import Exposure
from alvh_trader.strategy.phase import Phase

PROVISIONAL = "provisional: a commission is not reported"


class Book:
    """The open cases as they are now, each with its reading and its hedge.

    A case that cannot be read is in `blind`, with what is missing. `loose` are hedges
    of the book as a whole; None where they are not quoted.
    """

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.read: dict[str, tuple[Reading, Exposure]] = {}
        self.loose: Exposure | None = Exposure()
        self.blind: dict[str, str] = {}
        for case in turn.state.cases.values():
            if case.phase is Phase.CLOSED:
                continue
            reading = evaluate(turn, case)
            if isinstance(reading, str):
                self.blind[case.case_id] = reading
                continue
            hedge = self._hedge(case.case_id, reading)
            if hedge is None:
                self.blind[case.case_id] = "the hedge is not quoted"
                continue
            self.read[case.case_id] = reading, hedge
            self.loose = self._hedge("", reading)

    def _hedge(self, case: str, reading: Reading) -> Exposure | None:
        lots = lots_of(self.turn.state, case)
        return self.turn.instant.exposure(lots, spot=reading.spot, vix=reading.vix)

    @property
    def delta(self) -> float | None:
        """USD per SPX point of everything; None where something cannot be read."""
        if self.blind or self.loose is None:
            return None
        each = [r.risk.exposure.delta + h.delta for r, h in self.read.values()]
        return sum(each) + self.loose.delta

    def returns(self) -> tuple[Return, ...]:
        """Return every case that is open or has flows."""
        cash, cases = self.turn.state.cash, self.turn.state.cases
        names = dict.fromkeys([*cash.cases, *self.read, *self.blind])
        return tuple(self._return(name, cases.get(name)) for name in names)

    def so_far(self) -> float | None:
        """Return the book's return so far, open cases at their marks."""
        state = self.turn.state
        if self.blind or self.loose is None or not state.cash.flows:
            return None
        flows = [f for f in state.cash.flows if f.case not in state.cash.unsettled]
        worth = self._worth(*self.read) + self.loose.value
        return rate_of_return(flows, state.day, worth)

    def _worth(self, *names: str) -> float:
        margins = self.turn.state.cash.margins
        return sum(
            margins.get(name, 0.0) + reading.risk.exposure.value + hedge.value
            for name, (reading, hedge) in self.read.items()
            if name in names
        )

    def _return(self, name: str, case: Case | None) -> Return:
        state = self.turn.state
        is_open = name in self.read or name in self.blind
        flows, so_far, note = state.cash.of(name), None, self.blind.get(name, "")
        if name in state.cash.unsettled:
            note = "expired at a value that is not reported"
        elif name in self.read:
            so_far = rate_of_return(flows, state.day, self._worth(name))
        elif name not in self.blind and name not in state.cash.margins:
            so_far = rate_of_return(flows)
        expected = None
        if case is not None and name in self.read:
            expected = self._expected(case, self.read[name][0])
        if so_far is None and not note:
            note = "its flows have no one rate of return yet"
        if name in state.cash.missing.values():
            note = "; ".join(filter(None, (note, PROVISIONAL)))
        capital = max(-sum(f.usd for f in flows if f.kind is Kind.MARGIN), 0.0)
        return Return(
            case=name,
            is_open=is_open,
            so_far=so_far,
            expected=expected,
            capital=capital,
            note=note,
        )

    def _expected(self, case: Case, reading: Reading) -> float | None:
        """Return what holding the case from now to its expiry is expected to return.

        Its premium is what it would cost to close now; its hedge is lost in full.
        """
        turn, atm = self.turn, atm_of(self.turn, case)
        if atm is None or not case.is_whole():
            return None
        params, legs = turn.rules.params, reading.legs
        tau = float(legs.tau.min())
        realised = turn.state.signals.hv20
        payout = expected_payout(
            legs.strike,
            legs.is_call,
            legs.quantity * legs.multiplier,
            mean=reading.spot * math.exp((params.rate - params.dividend) * tau),
            sigma=real_world_volatility(
                atm, None if realised is None else realised / 100.0
            ),
            tau=tau,
        )
        condor = case.condor
        hedge = sum(lot.cost for lot in lots_of(turn.state, case.case_id))
        costs = params.roll.commission * condor.quantity * condor.multiplier
        profit = payout - reading.risk.exposure.value - hedge - costs
        return expected_irr(profit, condor.risk_notional, float(np.min(legs.dte)))


def expected_of(returns: tuple[Return, ...]) -> float | None:
    """Return the expected return of what is open, weighted by what it ties up.

    None where one is not known, or nothing is open.
    """
    held = [(r.expected, r.capital) for r in returns if r.is_open]
    total = sum(capital for _, capital in held)
    if total <= 0 or any(rate is None for rate, _ in held):
        return None
    return sum((rate or 0.0) * capital for rate, capital in held) / total
