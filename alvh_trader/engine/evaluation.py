"""One look at a case: what the quotes of this instant say of it.

`evaluate` is a pure reading; what follows from it is decided in the modules of the
phases. A number that cannot be had is None, never a guess (alvh.md §2.6).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from msgspec import Struct

from alvh_trader.domain.instrument import Future, Option
from alvh_trader.domain.market import Quote
from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.proof import SPOT_AGE_MAX, VIX_AGE_MAX, lasting_lots
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.greeks import (
    CaseRisk,
    Exposure,
    HedgeLegs,
    HedgeRisk,
    Legs,
    case_risk,
    hedge_legs_of,
    hedge_risk,
    legs_of,
)
from alvh_trader.pricing.black76 import Floats, years
from alvh_trader.pricing.chain import Chain, PricedChain, chain_of, priced
from alvh_trader.pricing.forward import carry_forward
from alvh_trader.signals.edr import Edr, by_mode, daily_range, delta_ratio
from alvh_trader.signals.regime import Regime, regime
from alvh_trader.strategy import bands
from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.params import EdrParams
from alvh_trader.strategy.snapshot import Snapshot

QUOTE_AGE_MAX = timedelta(seconds=60)
"""How old an option quote may be (alvh.md §2.6, §13.3)."""


class Reading(Struct, frozen=True, kw_only=True, eq=False):
    """What one look found.

    `forward` is that of the legs that expire first, `forwards` are those of all legs.
    """

    at: datetime
    spot: float
    vix: float
    forward: float
    legs: Legs
    forwards: Floats
    risk: CaseRisk
    edr: Edr


def evaluate(turn: Turn, case: Case) -> Reading | str:
    """Return what the market says of the case, or what is missing."""
    spot, vix = spot_of(turn.state), vix_of(turn.state)
    if spot is None:
        return "SPX is stale or missing"
    if vix is None and (atm := atm_of(turn, case)) is not None:
        # The last resort before not knowing (alvh.md §2.6).
        vix = 100.0 * atm / turn.rules.params.atm_over_vix
    if vix is None:
        return "VIX is stale or missing"
    assert turn.state.day is not None
    today, rules = turn.state.day, turn.rules.params
    series = {s: _forward(turn, *s, spot=spot) for s in case.series}
    holdings = [(leg.option, leg.quantity) for leg in case.legs]
    legs = legs_of(holdings, today)
    forwards = np.array([series[o.trading_class, o.last_trade] for o, _ in holdings])
    mids = mids_of(turn.state, legs.con_ids)
    risk = case_risk(legs, mids, spot, forwards, rules.rate)
    if risk is None or risk.guessed > 1:
        return "option quotes of the legs are stale or missing"
    return Reading(
        at=turn.at,
        spot=spot,
        vix=vix,
        forward=series[case.series[0]],
        legs=legs,
        forwards=forwards,
        risk=risk,
        edr=_edr(vix, risk, rules.edr),
    )


def _edr(vix: float, risk: CaseRisk, rules: EdrParams) -> Edr:
    """Return the number that is held against the levels (alvh.md §2.2)."""
    basis = rules.day_basis
    ratio = delta_ratio(
        vix, risk.delta_put, risk.delta_call, basis=basis, reference=rules.delta_ref
    )
    value = by_mode(rules.mode, ratio.value, daily_range(vix, basis))
    return Edr(value, ratio.tested, ratio.delta)


def _forward(turn: Turn, trading_class: str, last_trade: date, spot: float) -> float:
    """Return the forward of a series, from parity or else from the carry."""
    chain = watched_chain(turn, trading_class, last_trade)
    if chain is not None and np.isfinite(parity := chain.forward()):
        return parity
    assert turn.state.day is not None, "nothing is evaluated before a session"
    tau = years((last_trade - turn.state.day).days)
    rules = turn.rules.params
    return carry_forward(spot, tau, rules.rate, rules.dividend)


def atm_of(turn: Turn, case: Case) -> float | None:
    """Return the volatility at the forward of the case's first expiry, if quoted."""
    chain = series_chain(turn, *case.series[0], spot=spot_of(turn.state))
    atm = np.nan if chain is None else chain.atm()
    return None if np.isnan(atm) else float(atm)


def tier_of(turn: Turn, reading: Reading) -> Tier:
    """Return which bands apply to the case now."""
    red = turn.rules.params.edr.levels.red
    return bands.tier_of(reading.edr.tested, reading.edr.value, red)


def spot_of(state: State) -> float | None:
    """Return SPX if it is fresh enough to decide by."""
    return _fresh(state, "SPX", SPOT_AGE_MAX)


def vix_of(state: State) -> float | None:
    """Return VIX, or where it is stale VIX9D in its place (alvh.md §2.6)."""
    vix = _fresh(state, "VIX", VIX_AGE_MAX)
    return vix if vix is not None else _fresh(state, "VIX9D", VIX_AGE_MAX)


def regime_of(state: State) -> Regime | None:
    """Return the regime of VIX, one worse than the last known while VIX is missing."""
    return state.regime if vix_of(state) is not None else regime(None, state.regime)


def _fresh(state: State, symbol: str, age_max: timedelta) -> float | None:
    quote = state.index_quote(symbol)
    if quote is None or state.at is None or state.at - quote.at > age_max:
        return None
    return quote.last


def mids_of(state: State, con_ids: Sequence[int]) -> Floats:
    """Return the middle of each fresh two-sided quote, NaN for the others."""
    return np.array([_mid(state, state.quotes.get(c)) for c in con_ids])


def _mid(state: State, quote: Quote | None) -> float:
    if quote is None or state.at is None or state.at - quote.at > QUOTE_AGE_MAX:
        return np.nan
    return np.nan if quote.mid is None else quote.mid


def watched_chain(turn: Turn, trading_class: str, last_trade: date) -> Chain | None:
    """Return the watched part of an option series; None where none is watched."""
    state = turn.state
    watched = [
        o
        for o in state.watched
        if isinstance(o, Option)
        and o.last_trade == last_trade
        and o.trading_class == trading_class
    ]
    if not watched or state.day is None:
        return None
    return chain_of(
        watched,
        state.quotes,
        state.day,
        turn.rules.params.rate,
        not_before=turn.at - QUOTE_AGE_MAX,
    )


def series_chain(
    turn: Turn, trading_class: str, last_trade: date, spot: float | None
) -> PricedChain | None:
    """Return the watched part of an option series, priced; None without a forward."""
    chain = watched_chain(turn, trading_class, last_trade)
    return None if chain is None else priced(chain, spot=spot)


def hedge_exposure(turn: Turn, case: Case, reading: Reading) -> Exposure | None:
    """Return what the case's hedge is worth and does; None where it is not quoted."""
    lots = lasting_lots(turn, case)
    if not lots:
        return Exposure()
    found = hedge_risk_of(turn, holdings_of(lots), spot=reading.spot, vix=reading.vix)
    return None if found is None else found.risk.exposure


def holdings_of(lots: Sequence[HedgeLot]) -> list[tuple[Option | Future, int]]:
    """Return the signed instruments of hedge lots."""
    return [(leg.instrument, leg.ratio * lot.units) for lot in lots for leg in lot.legs]


class HedgeView(Struct, frozen=True, kw_only=True, eq=False):
    """VIX holdings as arrays, the forward of each leg, and what the quotes imply."""

    legs: HedgeLegs
    forwards: Floats
    risk: HedgeRisk


def hedge_risk_of(
    turn: Turn,
    holdings: Sequence[tuple[Option | Future, int]],
    *,
    spot: float,
    vix: float,
) -> HedgeView | None:
    """Return what signed VIX holdings amount to; None where one is not quoted."""
    if not holdings or turn.state.day is None:
        return None
    found = [vix_forward(turn, instrument) for instrument, _ in holdings]
    forwards = np.array([np.nan if f is None else f for f in found])
    if np.isnan(forwards).any():
        return None
    legs = hedge_legs_of(holdings, turn.state.day)
    risk = hedge_risk(
        legs,
        mids_of(turn.state, legs.con_ids),
        forwards,
        turn.rules.params.rate,
        spot=spot,
        vix=vix,
        beta_spot=turn.rules.params.beta_spot,
    )
    return None if risk is None else HedgeView(legs=legs, forwards=forwards, risk=risk)


def vix_forward(turn: Turn, instrument: Option | Future) -> float | None:
    """Return the forward of a VIX instrument's settlement, by parity of its series."""
    if isinstance(instrument, Future):
        quote = turn.state.quotes.get(instrument.con_id)
        return None if quote is None else quote.mid
    chain = watched_chain(turn, instrument.trading_class, instrument.last_trade)
    forward = np.nan if chain is None else chain.forward()
    return None if np.isnan(forward) else forward


def snapshot(turn: Turn, case: Case, reading: Reading) -> Snapshot | None:
    """Return case and hedge together, for the bands to judge."""
    hedge = hedge_exposure(turn, case, reading)
    if hedge is None:
        return None
    return Snapshot(
        at=turn.at,
        spot=reading.spot,
        vix=reading.vix,
        edr=reading.edr.value,
        tested=reading.edr.tested,
        risk_notional=case.condor.risk_notional,
        case=reading.risk.exposure,
        hedge=hedge,
    )
