"""The panel for people: each signal with its bound, its age, its source, its verdict.

Derived from a state when somebody asks; nothing is decided by a row.
"""

from collections.abc import Iterator

from alvh_trader.domain.freshness import Verdict
from alvh_trader.domain.instrument import Right
from alvh_trader.engine.breadth import BREADTH_AGE_MAX, measured
from alvh_trader.engine.evaluation import regime_of
from alvh_trader.engine.row import Origin, of_bars, of_index, of_vx, row, word
from alvh_trader.engine.rows_of_files import companies, published, tags
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.turn import Turn
from alvh_trader.pricing.vix import TENOR, beta_vx
from alvh_trader.signals import edr
from alvh_trader.signals.beta import LEAST, SPOT_HIGH, SPOT_LOW, VX_LEAST
from alvh_trader.signals.breadth import AVERAGE, verdict
from alvh_trader.signals.macd import LEAST_BARS, Macd
from alvh_trader.signals.panel import Signal
from alvh_trader.strategy.phase import Phase


def rows(state: State, rules: Rules) -> tuple[Signal, ...]:
    """Return every row, in the order in which the method asks for them.

    None before anything has happened.
    """
    if state.at is None:
        return ()
    turn = Turn(state, rules, state.at)
    return (
        *_ratios(turn),
        *_cases(turn),
        *_momentum(turn),
        *_breadth(turn),
        *companies(turn),
        *_layers(turn),
        *_volatility(turn),
        *_betas(turn),
        *published(turn),
        *tags(turn),
    )


def _ratios(turn: Turn) -> Iterator[Signal]:
    """E1 over the book, and the readings that are of the market alone (§2.2)."""
    levels, signals = turn.rules.params.edr.levels, turn.state.signals
    open_ = [c for c in turn.state.cases.values() if c.phase is not Phase.CLOSED]
    known = [(c.edr, c.condor.quantity) for c in open_ if c.edr is not None]
    last = max((c.evaluated for c in open_ if c.evaluated), default=None)
    highest, mean = edr.of_book(known)
    bound = f"{levels.arm:.2f}, {levels.breach:.2f}, {levels.red:.2f}"
    worth = Verdict.FRESH if len(known) == len(open_) else Verdict.MISSING
    origin = Origin("legs and VIX", last, worth)
    says = f"{len(known)} of {len(open_)} cases"
    yield row("EDR of the book, highest", highest, "%", bound, origin, says)
    yield row("EDR of the book, mean", mean, "%", bound, origin, says)
    origin, vix = of_index(turn, "VIX")
    short_origin, short = of_index(turn, "VIX9D")
    year = day = biased = mixed = None
    if vix is not None:
        year, day = edr.daily_range(vix), edr.daily_range(vix, edr.TRADING_DAYS)
        biased = edr.daily_range_biased(vix)
    if short is not None and signals.hv20 is not None:
        params = turn.rules.params.signals
        mixed = edr.blend(
            short,
            signals.hv20,
            weight=params.blend_weight,
            regime=params.blend_regime,
            basis=turn.rules.params.edr.day_basis,
        )
    yield row("EDR E2, range of 365 days", year, "%", bound, origin, "told")
    yield row("EDR E3, range of 252 days", day, "%", bound, origin, "told")
    yield row("EDR E4, E3 with a bias", biased, "%", bound, origin, "told")
    yield row("EDR E5, VIX9D and HV20", mixed, "%", bound, short_origin, "told")


def _cases(turn: Turn) -> Iterator[Signal]:
    """Each case's ratio, and two other readings of it (§2.2)."""
    levels, band = turn.rules.params.edr.levels, turn.rules.params.bands.normal
    for case in turn.state.cases.values():
        if case.phase is Phase.CLOSED or case.evaluated is None:
            continue
        name, told = case.case_id, case.telemetry
        worth = Verdict.FRESH if case.edr is not None else Verdict.MISSING
        origin = Origin("legs and VIX", case.evaluated, worth)
        level = case.tracker.level.name.lower()
        risk = drift = None
        if told is not None:
            risk, drift = told.delta_risk, told.drift
        yield row(f"EDR {name}", case.edr, "%", f"{levels.breach:.2f}", origin, level)
        bound = f"<= {band.delta:g}, band N"
        yield row(f"EDR E7 {name}, delta risk", risk, "%", bound, origin, "told")
        yield row(f"EDR E8 {name}, delta drift", drift, "", "1", origin, "told")


def _momentum(turn: Turn) -> Iterator[Signal]:
    """RSI and the three MACDs (§3.4, §5.5)."""
    signals, params = turn.state.signals, turn.rules.params.momentum
    spx, vix, vx = of_bars(turn, "SPX"), of_bars(turn, "VIX"), of_vx(turn)
    says = "neutral"
    if signals.rsi is not None and signals.rsi < params.rsi_low:
        says = "low"
    elif signals.rsi is not None and signals.rsi > params.rsi_high:
        says = "high"
    bound = f"{params.rsi_low:g}, {params.rsi_high:g}"
    yield row("RSI of SPX", signals.rsi, "", bound, spx, says)
    for name, found, origin in (
        ("MACD histogram of SPX", signals.macd_spx, spx),
        ("MACD histogram of VIX", signals.macd_vix, vix),
        ("MACD histogram of weekly VX", signals.macd_vx, vx),
    ):
        value = None if found is None else found.histogram
        yield row(name, value, "pts", "0", origin, _way(found))


def _way(found: Macd | None) -> str:
    if found is None:
        return f"unknown, {LEAST_BARS} bars needed"
    if found.is_rising:
        return "rising"
    return "falling" if found.is_falling else "turning"


def _breadth(turn: Turn) -> Iterator[Signal]:
    """The advance-decline line, and what step 4 would say (§9)."""
    state, limits = turn.state, turn.rules.params.breadth
    worth, at = Verdict.MISSING, None
    if state.breadth is not None:
        at = state.breadth.at
        is_fresh = turn.at - at <= BREADTH_AGE_MAX
        worth = Verdict.FRESH if is_fresh else Verdict.STALE
    origin = Origin("AD-NYSE", at, worth)
    line, ratio = measured(turn)
    above = slope = None
    if line is not None:
        above, slope = line.value - line.average, line.slope
    says = f"{len(state.net_advances)} sessions, {AVERAGE} needed"
    yield row("A/D line over its mean", above, "issues", "0", origin, says)
    yield row("A/D line, ten-day slope", slope, "a day", "0", origin, says)
    bound = f"-{limits.ratio:g}, {limits.ratio:g}"
    yield row("net advances over issues", ratio, "", bound, origin, "told")
    flow = state.signals.cash_flow
    for side, wanted in ((Right.PUT, "BROAD_STRESS"), (Right.CALL, "BROAD_STRENGTH")):
        said = verdict(line, ratio, side, flow, limits).value
        yield word(f"step 4, {side.name.lower()} side", said, wanted, origin)


def _layers(turn: Turn) -> Iterator[Signal]:
    """The flags of layer 2 and of "VIX about 18" (§4.2, §7.7, §10)."""
    signals, params = turn.state.signals, turn.rules.params.signals
    spx, (seen, _) = of_bars(turn, "SPX"), of_index(turn, "VIX")
    parts = _flag(signals.diverges)
    yield word("SPX and breadth part", parts, params.divergence.value, spx)
    bound = f"divergence, or RSI < {params.layer2.rsi:g}"
    yield word("layer 2", _flag(signals.layer2), bound, spx)
    window = params.window
    bound = f"{window.enter_low:g} to {window.enter_high:g}"
    says = "about 18" if signals.is_near_18 else "not about 18"
    yield row("VIX, five-minute median", signals.vix, "pts", bound, seen, says)
    regime = regime_of(turn.state)
    yield word("regime of VIX", None if regime is None else regime.name, "", seen)


def _flag(flag: bool | None) -> str | None:  # noqa: FBT001 - the value to be shown
    return None if flag is None else "yes" if flag else "no"


def _volatility(turn: Turn) -> Iterator[Signal]:
    """Realised volatility, the curve of VX, and what VIX and VVIX are held against."""
    signals, vx = turn.state.signals, of_vx(turn)
    yield row("HV20 of SPX", signals.hv20, "pts", "any", of_bars(turn, "SPX"), "told")
    mean, now = signals.vix_mean, signals.vix
    says = "unknown"
    if mean is not None and now is not None:
        says = "VIX is below" if now < mean else "VIX is not below"
    yield row("VIX, five-day mean", mean, "pts", "VIX", of_bars(turn, "VIX"), says)
    origin = of_bars(turn, "VVIX")
    says = "VVIX above it: dear calls"
    yield row("VVIX, 60-day median", signals.vvix_median, "pts", "VVIX", origin, says)
    origin, bars = of_bars(turn, "VIX3M"), turn.state.bars.get("VIX3M", ())
    is_known = now is not None and origin.worth is Verdict.FRESH
    term = now / bars[-1].close if now is not None and is_known else None
    yield row("VIX over VIX3M", term, "", "1", origin, "told")
    yield row("VX at 30 days", signals.vx30, "pts", "any", vx, "told")
    yield row("VX contango, F2 / F1 - 1", signals.contango, "", "0", vx, "told")


def _betas(turn: Turn) -> Iterator[Signal]:
    """The slopes of the volatility complex, refitted or by default (§4.5, §7.5)."""
    signals, default = turn.state.signals, turn.rules.params.beta_spot
    origin, vol = of_bars(turn, "VIX"), signals.beta_vol
    lost = Origin("default", origin.as_of, Verdict.MISSING)
    says = f"factor {vol.factor:.4f}"
    if vol.r2 is not None:
        says += f", R2 {vol.r2:.2f}{' (loose)' if vol.is_loose else ''}"
    found = (
        lost
        if vol.r2 is None
        else Origin(f"{vol.source}, SPX", origin.as_of, origin.worth)
    )
    name, bound = "beta of the volatility complex", f"{LEAST} returns"
    yield row(name, vol.value, "", bound, found, says)
    fit, scale = signals.beta_spot, signals.beta_vx_scale
    value, found = (default, lost) if fit is None else (fit, origin)
    says = "default" if fit is None else "refitted"
    yield row("beta_spot", value, "", f"{SPOT_LOW:g} to {SPOT_HIGH:g}", found, says)
    factor, found = (1.0, lost) if scale is None else (scale, of_vx(turn))
    says = f"formula x {factor:.3f}"
    value = factor * float(beta_vx(TENOR))
    bound = f"{VX_LEAST} changes"
    yield row("beta_VX at 30 days", value, "", bound, found, says)
