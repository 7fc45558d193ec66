"""The signals of the market, kept up to date: once a minute, and when an input changes.

What is of completed sessions is computed only when bars, breadth or the operator's
files changed; the rest is a few averages. Nobody waits for it, and nothing here asks
for anything: `engine.wants` does.
"""

from datetime import date, timedelta

from msgspec.structs import replace

from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.freshness import Part, age_of, known
from alvh_trader.engine import vx
from alvh_trader.engine.evaluation import spot_of, vix_of
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.signals import beta, macro, pcf
from alvh_trader.signals.beta import SPX, VOLATILITY
from alvh_trader.signals.breadth import is_divergence
from alvh_trader.signals.constant_maturity import contango
from alvh_trader.signals.layer2 import is_calm, layer2
from alvh_trader.signals.macd import Macd, macd
from alvh_trader.signals.panel import Signals
from alvh_trader.signals.rsi import rsi
from alvh_trader.signals.series import Series, last_of_weeks
from alvh_trader.signals.vix18 import is_near_18
from alvh_trader.signals.volatility import hv20
from alvh_trader.strategy.params import Params

EVERY = timedelta(minutes=1)

VIX_SESSIONS = 5
"""Sessions of VIX's mean (alvh.md §7.7)."""

VVIX = (30.0, 400.0)
"""Levels that VVIX is believed to have."""

VVIX_SESSIONS = 60
"""Sessions of VVIX's median (alvh.md §7.7)."""


def look(turn: Turn) -> None:
    """Bring the signals up to date where they are due."""
    known = turn.state.signals
    if turn.state.day is None:
        return
    if not known.is_due and known.at is not None and turn.at - known.at < EVERY:
        return
    if known.is_due:
        known = _published(turn, turn.state.day, _completed(turn, turn.state.day))
    turn.put(signals=_live(turn, known))


def expect(turn: Turn) -> None:
    """An input of completed sessions has changed: the next look computes them anew."""
    if not turn.state.signals.is_due:
        turn.put(signals=replace(turn.state.signals, is_due=True))


def closes_of(
    state: State, symbol: str, calendar: Calendar
) -> tuple[tuple[date, float], ...]:
    """Return (day, close) of completed sessions; none where yesterday's is missing.

    A close that the index cannot have is a slip of units, and missing.
    """
    low, high = SPX if symbol == "SPX" else VVIX if symbol == "VVIX" else VOLATILITY
    bars = state.bars.get(symbol, ())
    closes = tuple((b.day, b.close) for b in bars if low <= b.close <= high)
    if state.day is None or not closes:
        return ()
    return closes if closes[-1][0] == calendar.last_before(state.day) else ()


def line_of_sessions(state: State, calendar: Calendar) -> tuple[int, ...]:
    """Return net advances up to yesterday's; none where the line missed yesterday.

    Before the first close that is recorded, the operator's file is taken at its word.
    """
    if state.day is None or state.breadth_day == state.day:
        # Today's close is in the line already, and not in any daily bar yet.
        return state.net_advances[:-1] if state.day else ()
    before = calendar.last_before(state.day)
    is_whole = state.breadth_day is None or state.breadth_day == before
    return state.net_advances if is_whole else ()


def _completed(turn: Turn, today: date) -> Signals:
    """Return the signals with those of completed sessions computed anew."""
    state, params, calendar = turn.state, turn.rules.params, turn.rules.calendar
    yesterday = calendar.last_before(today)
    spx, vix, vvix = (closes_of(state, s, calendar) for s in ("SPX", "VIX", "VVIX"))
    closes = [close for _, close in spx]
    net = line_of_sessions(state, calendar)
    turn.put(vx30=vx.extended(state))
    series = turn.state.vx30
    vx30 = series if series and series[-1][0] == yesterday else ()
    return replace(
        state.signals,
        is_due=False,
        hv20=hv20(closes),
        vix_mean=_mean([close for _, close in vix], VIX_SESSIONS),
        vvix_median=_median([close for _, close in vvix], VVIX_SESSIONS),
        diverges=is_divergence(closes, net, params.signals.divergence),
        is_calm=is_calm(closes, net, params.signals.layer2, params.momentum.rsi_period),
        macd_vx=_macd(last_of_weeks(dict(vx30), today), params),
        vx30=vx30[-1][1] if vx30 else None,
        contango=contango(*vx.first_two(state, yesterday)) if yesterday else None,
        beta_vol=beta.vol_beta(vx30, vix, spx),
        beta_spot=beta.spot_beta(vix, spx),
        beta_vx_scale=beta.vx_scale(vx30, vix),
    )


def _published(turn: Turn, today: date, known: Signals) -> Signals:
    """Return the signals with those of the operator's files read anew.

    What is stale is missing: it would scale what adds risk.
    """
    inputs = turn.state.inputs
    names = inputs.constituents if _is_fresh(turn, Part.CONSTITUENTS) else None
    fomc = inputs.fomc if _is_fresh(turn, Part.FOMC) else None
    cpi, ppi, reer = (_points(turn, part) for part in (Part.CPI, Part.PPI, Part.REER))
    spread = macro.inflation_spread(cpi, ppi)
    exchange = macro.exchange_rate(reer)
    committee = macro.divergence_score(fomc, turn.at)
    yesterday = turn.rules.calendar.last_before(today)
    return replace(
        known,
        cash_flow=pcf.flow_of(names, yesterday) if names and yesterday else None,
        price_over_cash_flow=pcf.price_over_cash_flow(names) if names else None,
        spread=spread,
        exchange=exchange,
        committee=committee,
        macro=macro.Macro(
            spread=macro.of_spread(spread),
            exchange=macro.of_exchange(exchange),
            weekly=macro.of_weekly(known.macd_vx),
            committee=macro.of_committee(committee),
        ),
    )


def _is_fresh(turn: Turn, part: Part) -> bool:
    return age_of(turn.state.inputs, part, turn.at).is_fresh


def _points(turn: Turn, part: Part) -> Series:
    series = turn.state.inputs.macro.get(part)
    return known(series, turn.at) if series and _is_fresh(turn, part) else ()


def _live(turn: Turn, known: Signals) -> Signals:
    """Return the signals with those that today's prices move computed anew."""
    state, params = turn.state, turn.rules.params
    spot, vix = spot_of(state), vix_of(state)
    spx = _with_live(turn, "SPX", spot)
    strength = rsi(spx, params.momentum.rsi_period)
    flag = layer2(
        before=known.was_layer2,
        strength=strength,
        diverges=known.diverges,
        calm=known.is_calm,
        limits=params.signals.layer2,
    )
    recent = [value for _, value in state.vix_recent]
    median = None if vix is None else sorted(recent)[len(recent) // 2]
    near = is_near_18(median, before=known.is_near_18, window=params.signals.window)
    return replace(
        known,
        at=turn.at,
        rsi=strength,
        macd_spx=_macd(spx, params),
        macd_vix=_macd(_with_live(turn, "VIX", vix), params),
        layer2=flag,
        was_layer2=known.was_layer2 if flag is None else flag,
        vix=median,
        is_near_18=near,
    )


def _with_live(turn: Turn, symbol: str, price: float | None) -> list[float]:
    closes = [c for _, c in closes_of(turn.state, symbol, turn.rules.calendar)]
    return [*closes, price] if closes and price is not None else []


def _macd(closes: list[float], params: Params) -> Macd | None:
    asked = params.momentum
    return macd(
        closes, fast=asked.macd_fast, slow=asked.macd_slow, signal=asked.macd_signal
    )


def _mean(closes: list[float], sessions: int) -> float | None:
    return sum(closes[-sessions:]) / sessions if len(closes) >= sessions else None


def _median(closes: list[float], sessions: int) -> float | None:
    last = sorted(closes[-sessions:])
    return last[sessions // 2] if len(last) == sessions else None
