"""One look at a case: what the quotes of this instant say of it.

`evaluate` is a pure reading; what follows from it is decided in the modules of the
phases. A number that cannot be had is None, never a guess (alvh.md §2.6).
"""

from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from alvh_trader.domain.order import Layer
from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.proof import (
    SPOT_AGE_MAX,
    VIX_AGE_MAX,
    lasting_lots,
    lasts,
    lots_of,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Kind
from alvh_trader.portfolio.greeks import (
    CaseRisk,
    Exposure,
    Legs,
)
from alvh_trader.pricing.black76 import Floats
from alvh_trader.pricing.chain import PricedChain
from alvh_trader.signals.edr import Edr, by_mode, daily_range, delta_ratio
from alvh_trader.signals.regime import Regime, regime
from alvh_trader.strategy import bands
from alvh_trader.strategy.bands import Tier
from alvh_trader.strategy.params import EdrParams
from alvh_trader.strategy.snapshot import Snapshot

CALMING = timedelta(minutes=5)
"""Over how long the ratio of a case near its expiry is calmed (alvh.md §2.5)."""


class Reading(Struct, frozen=True, kw_only=True, eq=False):
    """What one look found.

    `forward` is that of the legs that expire first, `forwards` are those of all legs.
    `ratio` is what the look gave, per cent; `edr` may be calmed.
    """

    at: datetime
    spot: float
    vix: float
    forward: float
    legs: Legs
    forwards: Floats
    risk: CaseRisk
    ratio: float
    edr: Edr


def evaluate(turn: Turn, case: Case) -> Reading | str:
    """Return what the market says of the case, or what is missing."""
    if not case.legs:
        return "its condor is bought back"
    spot, vix = spot_of(turn.state), vix_of(turn.state)
    if spot is None:
        return "SPX is stale or missing"
    if vix is None and (atm := atm_of(turn, case)) is not None:
        # The last resort before not knowing (alvh.md §2.6).
        vix = 100.0 * atm / turn.rules.params.atm_over_vix
    if vix is None:
        return "VIX is stale or missing"
    rules = turn.rules.params
    seen = turn.instant.case(case, spot)
    if seen.risk is None or seen.risk.guessed > 1:
        return "option quotes of the legs are stale or missing"
    found = _edr(vix, seen.risk, rules.edr)
    if rules.edr.exempt and case.condor.kind is Kind.IRON_FLY:
        found = replace(found, value=0.0)
    return Reading(
        at=turn.at,
        spot=spot,
        vix=vix,
        forward=turn.instant.forward(case.series[0], spot),
        legs=seen.legs,
        forwards=seen.forwards,
        risk=seen.risk,
        ratio=found.value,
        edr=_calmed(turn, case, found),
    )


def _edr(vix: float, risk: CaseRisk, rules: EdrParams) -> Edr:
    """Return the number that is held against the levels (alvh.md §2.2)."""
    basis = rules.day_basis
    ratio = delta_ratio(
        vix, risk.delta_put, risk.delta_call, basis=basis, reference=rules.delta_ref
    )
    value = by_mode(rules.mode, ratio.value, daily_range(vix, basis))
    return Edr(value, ratio.tested, ratio.delta)


def is_near_expiry(turn: Turn, case: Case) -> bool:
    """Return whether the case settles today or tomorrow."""
    day = turn.state.day
    return day is not None and (case.condor.expiry - day).days <= 1


def _calmed(turn: Turn, case: Case, found: Edr) -> Edr:
    """Return the ratio, on its last two days as the median of five minutes (§2.5).

    Gamma makes a delta near its expiry jump with every tick.
    """
    if not is_near_expiry(turn, case):
        return found
    since = turn.at - CALMING
    recent = sorted([v for at, v in case.ratios if at > since] + [found.value])
    return replace(found, value=recent[len(recent) // 2])


def atm_of(turn: Turn, case: Case) -> float | None:
    """Return the volatility at the forward of the case's first expiry, if quoted."""
    return turn.instant.atm(case.series[0])


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
    return None if state.at is None else state.index_level(symbol, state.at, age_max)


def series_chain(
    turn: Turn, trading_class: str, last_trade: date, spot: float | None
) -> PricedChain | None:
    """Return the watched part of an option series, priced; None without a forward."""
    if turn.state.day is None:
        return None
    return turn.instant.priced((trading_class, last_trade), spot)


def hedge_exposure(turn: Turn, case: Case, reading: Reading) -> Exposure | None:
    """Return what the case's hedge is worth and does; None where it is not quoted."""
    lots, market = lasting_lots(turn, case), {"spot": reading.spot, "vix": reading.vix}
    found = turn.instant.exposure(lots, **market) if lots else Exposure()
    for lot in _longer(turn, case):
        one = turn.instant.exposure([lot], **market)
        if found is None or one is None:
            return None
        found += _counted(turn, lot, one)
    return found


def _longer(turn: Turn, case: Case) -> list[HedgeLot]:
    """Return the lots of the second layer that do not expire too soon."""
    return [
        lot
        for lot in lots_of(turn.state, case.case_id)
        if lot.layer is Layer.L2 and lasts(turn, lot)
    ]


def _counted(turn: Turn, lot: HedgeLot, full: Exposure) -> Exposure:
    """Return what of a second-layer lot counts for its case (alvh.md §4.2).

    Its vega while it settles within 60 days, and always what it loses a day; its delta
    and gamma protect, and are not relied on.
    """
    assert turn.state.day is not None
    days = (lot.main.expiry - turn.state.day).days
    veq = full.veq if days <= turn.rules.params.layer2.counted_dte else 0.0
    return Exposure(theta=full.theta, veq=veq)


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
