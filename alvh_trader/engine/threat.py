"""MONITOR, ARMED, CONFIRM and BE_CHECK: is the condor threatened, and really so?

Steps 1 and 2 of the method (alvh.md §3.1): momentum must agree, and a volatility
spike must bring the break-even near. The red level skips both, and so does a reason
that is no threat: a calendar or a person needs no confirmation by the market.
"""

from datetime import timedelta

from alvh_trader.domain.instrument import Right
from alvh_trader.engine.case import Case
from alvh_trader.engine.evaluation import Reading, atm_of
from alvh_trader.engine.reasons import is_over, pressing, take_up
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.case import Kind
from alvh_trader.portfolio.greeks import legs_of_case
from alvh_trader.signals.edr import Mode
from alvh_trader.signals.levels import Level
from alvh_trader.signals.macd import alignment, close_that_confirms, macd
from alvh_trader.signals.rsi import rsi
from alvh_trader.strategy.breakeven import Expansion, Market, expansion, gate
from alvh_trader.strategy.finding import Finding, upward
from alvh_trader.strategy.phase import Phase, Trigger
from alvh_trader.strategy.reason import CONFIRMED, Reason

UNALIGNED_MAX = timedelta(minutes=30)
"""A breach that momentum does not confirm for so long buys the floor (§3.2)."""

GATE_AGAIN = timedelta(minutes=5)
CHECK_MAX = timedelta(seconds=60)


def edr_finding(turn: Turn, reading: Reading, level: float) -> Finding:
    """Return the ratio held against a level."""
    value, mend = reading.edr.value, ""
    side = reading.edr.tested.name.lower()
    text = f"{value:.4f} % ({side} delta {reading.edr.delta:.4f}, VIX {reading.vix})"
    if 0 < value < level:
        # Whatever the mode, the ratio is proportional to VIX; to delta only as E1.
        mend = f"VIX {upward(reading.vix * level / value, 2)} at this delta"
        if turn.rules.params.edr.mode is Mode.DELTA_RATIO:
            delta = upward(reading.edr.delta * level / value, 4)
            mend += f", or short delta {delta} at this VIX"
    return Finding("EDR", text, f">= {level:.2f} %", value >= level, mend)


def look_monitor(turn: Turn, case: Case, reading: Reading) -> None:
    """Nothing threatens the condor, until its ratio arms or its risk demands a roll."""
    levels = turn.rules.params.edr.levels
    if turn.rules.params.edr.exempt and case.condor.kind is Kind.IRON_FLY:
        found = Finding("kind", case.condor.kind, "short strikes apart", False)
        turn.stand(case, "an iron butterfly has no EDR: a person decides", (found,))
        return
    if case.tracker.level >= Level.ARMED:
        found = edr_finding(turn, reading, levels.arm)
        turn.move(case, Trigger.ARM, (found,), reason=Reason.APPROACH)
        return
    if _may_try_again(turn, case) and _take_up(turn, case, reading):
        return
    found = edr_finding(turn, reading, levels.arm)
    turn.stand(case, "EDR below the approach", (found,))


def _take_up(turn: Turn, case: Case, reading: Reading) -> bool:
    """Begin the sequence for a reason apart from the ratio, if there is one."""
    found = pressing(turn, case, reading)
    if found is None:
        return False
    turn.move(case, Trigger.ROLL_REASON, found[1:], **take_up(turn, case, found[0]))
    return True


def _may_try_again(turn: Turn, case: Case) -> bool:
    return case.gate_failed is None or turn.at - case.gate_failed >= GATE_AGAIN


def look_armed(turn: Turn, case: Case, reading: Reading) -> None:
    """EDR approaches: wait for the breach, or for momentum to agree already."""
    levels = turn.rules.params.edr.levels
    level = case.tracker.level
    if level is Level.CLEAR:
        found = edr_finding(turn, reading, levels.clear)
        turn.move(case, Trigger.CLEAR, (found,), reason=None)
        return
    if not _may_try_again(turn, case):
        turn.stand(case, "the break-even gate failed less than 5 min ago")
        return
    if level >= Level.BREACHED:
        found = edr_finding(turn, reading, levels.breach)
        turn.move(case, Trigger.BREACH, (found,), reason=Reason.EDR_BREACH)
        return
    if _take_up(turn, case, reading):
        return
    aligned, findings = momentum(turn, reading)
    if aligned:
        turn.move(case, Trigger.ALIGNED, findings, reason=Reason.APPROACH)
        return
    breach = edr_finding(turn, reading, levels.breach)
    turn.stand(case, "approach without momentum", (breach, *findings))


def momentum(turn: Turn, reading: Reading) -> tuple[bool, tuple[Finding, ...]]:
    """Return whether MACD agrees with the tested side, today's bar included (§3.4)."""
    asked = turn.rules.params.momentum
    found = {
        symbol: macd(
            closes,
            fast=asked.macd_fast,
            slow=asked.macd_slow,
            signal=asked.macd_signal,
        )
        for symbol, price in (("VIX", reading.vix), ("SPX", reading.spot))
        if (closes := live_closes(turn, symbol, price)) is not None
    }
    vix, spx = found.get("VIX"), found.get("SPX")
    result = alignment(vix, spx, reading.edr.tested)
    down, up = ("> 0 or rising", "< 0 or falling")
    if reading.edr.tested is Right.CALL:
        up = down
    return result.holds, (
        Finding(
            "MACD histogram of VIX",
            "unknown" if vix is None else f"{vix.histogram:+.4f}",
            "any" if result.vix is None and vix is not None else down,
            result.vix is True or reading.edr.tested is Right.CALL,
            ""
            if result.vix is not False
            else _close_wanted(turn, "VIX", reading.vix, is_up=True),
        ),
        Finding(
            "MACD histogram of SPX",
            "unknown" if spx is None else f"{spx.histogram:+.4f}",
            up,
            result.spx is True,
            ""
            if result.spx is not False
            else _close_wanted(
                turn, "SPX", reading.spot, is_up=reading.edr.tested is Right.CALL
            ),
        ),
    )


def _close_wanted(turn: Turn, symbol: str, price: float, *, is_up: bool) -> str:
    """Return at which price of an index its momentum would agree."""
    closes, asked = live_closes(turn, symbol, price), turn.rules.params.momentum
    goal = close_that_confirms(
        closes or [],
        is_up=is_up,
        fast=asked.macd_fast,
        slow=asked.macd_slow,
        signal=asked.macd_signal,
    )
    way = "above" if is_up else "below"
    return "" if goal is None else f"{symbol} {way} {goal:.2f} today"


def live_closes(turn: Turn, symbol: str, price: float) -> list[float] | None:
    """Return daily closes with the live price as today's; None where there are none."""
    bars = turn.state.bars.get(symbol)
    if not bars:
        return None
    return [bar.close for bar in bars] + [price]


def look_confirm(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 1: momentum agrees, or the red level makes waiting too dear."""
    levels = turn.rules.params.edr.levels
    level = case.tracker.level
    if is_over(turn, case, reading):
        found = edr_finding(turn, reading, levels.clear)
        turn.move(case, Trigger.CLEAR, (found,), reason=None)
        return
    if case.reason not in CONFIRMED:
        turn.move(case, Trigger.ROLL_REASON, (_unconfirmed(case),), floor_only=False)
        return
    if level >= Level.RED:
        found = edr_finding(turn, reading, levels.red)
        turn.move(case, Trigger.RED, (found,), floor_only=False)
        return
    aligned, findings = momentum(turn, reading)
    if aligned:
        turn.move(case, Trigger.ALIGNED, findings, floor_only=False)
        return
    waited = turn.at - case.since
    if waited >= UNALIGNED_MAX:
        minutes = f"{waited.total_seconds() / 60:.0f} min"
        found = Finding("unaligned for", minutes, ">= 30 min: floor only", True)
        turn.move(case, Trigger.UNALIGNED_TIMEOUT, (*findings, found), floor_only=True)
        return
    turn.stand(case, "breach without momentum", findings)


def _unconfirmed(case: Case) -> Finding:
    return Finding("reason", str(case.reason), "no threat to be confirmed", True)


def look_be_check(turn: Turn, case: Case, reading: Reading) -> None:
    """Step 2: would a volatility spike bring the break-even near?"""
    params = turn.rules.params
    if case.reason not in CONFIRMED:
        turn.move(case, Trigger.ROLL_REASON, (_unconfirmed(case),))
        return
    if case.tracker.level >= Level.RED:
        found = edr_finding(turn, reading, params.edr.levels.red)
        turn.move(case, Trigger.RED, (found, _strength(turn, reading)))
        return
    result = break_evens(turn, case, reading)
    if result is None:
        if turn.at - case.since >= CHECK_MAX:
            found = Finding("break-evens", "unknown for 60 s", "known", False)
            turn.move(case, Trigger.TIMEOUT, (found,), gate_failed=turn.at)
        else:
            turn.stand(case, "break-evens are unknown")
        return
    ways = gate(result, reading.edr.value, params.edr.levels.red, params.break_even)
    now = Finding("SD to break-even now", f"{result.be_sd_now:.4f}", "any", True)
    told = (now, *ways, _strength(turn, reading))
    if any(way.holds for way in ways):
        turn.move(case, Trigger.GATE_PASSED, told)
    else:
        turn.move(case, Trigger.GATE_FAILED, told, gate_failed=turn.at)


def break_evens(turn: Turn, case: Case, reading: Reading) -> Expansion | None:
    """Return the numbers of step 2; None where one cannot be had (§5.5)."""
    state, params = turn.state, turn.rules.params
    atm = atm_of(turn, case)
    if atm is None or state.day is None or not case.is_whole():
        return None
    market = Market(
        spot=reading.spot,
        vix=reading.vix,
        forward=reading.forward,
        rate=params.rate,
        atm=atm,
        sigma=reading.risk.sigma,
    )
    legs = legs_of_case(case.condor, state.day)
    return expansion(
        case.condor,
        legs,
        market,
        reading.edr.tested,
        params.break_even,
        sds=params.condor.sds,
    )


def _strength(turn: Turn, reading: Reading) -> Finding:
    # RSI never blocks a hedge; it says how urgent it is (§5.5).
    closes = live_closes(turn, "SPX", reading.spot)
    asked = turn.rules.params.momentum
    value = rsi(closes, asked.rsi_period) if closes else None
    is_put = reading.edr.tested is Right.PUT
    bound = f"< {asked.rsi_low:g} strong" if is_put else f"> {asked.rsi_high:g} strong"
    return Finding("RSI", "unknown" if value is None else f"{value:.1f}", bound, True)


LOOKS = {
    Phase.MONITOR: look_monitor,
    Phase.ARMED: look_armed,
    Phase.CONFIRM: look_confirm,
    Phase.BE_CHECK: look_be_check,
}
