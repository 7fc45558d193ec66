"""Time and market: take in quotes, keep the day's books, and look at every case."""

from datetime import timedelta

from msgspec.structs import replace

from alvh_trader.domain.calendar import instant, new_york_date
from alvh_trader.engine import (
    arming,
    breadth,
    choosing,
    closing,
    connection,
    drawdown,
    entries,
    harvest,
    hedging,
    holding,
    ladder,
    layers,
    outage,
    panel,
    parity,
    recovery,
    renewal,
    rolling,
    second_engine,
    stability,
    telemetry,
    threat,
    verifying,
)
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import Reading, evaluate, vix_of
from alvh_trader.engine.event import (
    BreadthSeeded,
    MarketUpdated,
    OptionsListed,
    RequestFailed,
)
from alvh_trader.engine.orders import (
    BREAK_CONFIRM,
    ask_report,
    cancel_rolls,
    work_tickets,
)
from alvh_trader.engine.reasons import tell_loss
from alvh_trader.engine.sent import is_attended
from alvh_trader.engine.state import series_key
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import is_live
from alvh_trader.pricing.vix import expected_move
from alvh_trader.signals.breadth import is_plausible
from alvh_trader.signals.levels import Level, Observation, advance
from alvh_trader.signals.regime import regime
from alvh_trader.strategy.phase import TRANSITIONS, Phase, Trigger

CADENCE = timedelta(seconds=20)
CADENCE_ARMED = timedelta(seconds=10)
"""How often a case is looked at (alvh.md §3.2); never oftener than the market moves."""

BLIND_MAX = timedelta(seconds=120)
"""An unknown EDR for longer than this in regular hours degrades the case (§2.6)."""

REPORT_BUSY = timedelta(seconds=30)
"""How often executions and positions are pulled while something is under way."""

BUSY = frozenset(
    {
        Phase.HEDGE_PLAN,
        Phase.ROLL_PLAN,
        Phase.VERIFY,
        Phase.RECONCILE,
        Phase.CLOSING,
    }
)

NET_ADVANCES_KEPT = 260
REGIME_WINDOW = timedelta(minutes=5)


def on_updated(turn: Turn, event: MarketUpdated) -> None:
    """Let time pass to the event's, with the quotes that changed."""
    if event.quotes:
        turn.put(quotes={**turn.state.quotes, **event.quotes})
    if event.breadth is not None and is_plausible(event.breadth):
        turn.put(breadth=event.breadth)
    _keep_day(turn)
    _keep_regime(turn)
    panel.look(turn)
    arming.look(turn)
    if not turn.state.is_connected:
        return
    is_open = turn.rules.calendar.is_open(turn.at)
    if turn.state.link.is_late:
        connection.note(turn, is_late=False)
    connection.review(turn, is_open=is_open)
    outage.look(turn, is_open=is_open)
    _ask_for_reports(turn)
    if is_open and (turn.state.entry.is_under_way or _has_due(turn)):
        parity.look(turn)
    work_tickets(turn)
    closing.look(turn)
    if is_open:
        for case_id in tuple(turn.state.cases):
            _look_at(turn, turn.state.cases[case_id])
        drawdown.look(turn)
        entries.look(turn)
        renewal.look(turn)
        harvest.look(turn)
        second_engine.look(turn)
        layers.look(turn)
        ladder.look(turn)


def _keep_day(turn: Turn) -> None:
    today = new_york_date(turn.at)
    _record_breadth(turn)
    if today == turn.state.day or not turn.rules.calendar.is_session(today):
        return
    done = [
        ref
        for ref, ticket in turn.state.tickets.items()
        if not is_live(ticket.status) and new_york_date(ticket.opened) < today
    ]
    lots = harvest.settled(turn, today)
    before = turn.state.day
    is_new_month = before is not None and before.month != today.month
    turn.put(
        day=today,
        sessions=turn.state.sessions + 1,
        hedge_spent=0.0,
        hedge_spent_month=0.0 if is_new_month else turn.state.hedge_spent_month,
        bars={},
        series={},
        futures={},
        settled={},
        options={},
        asked={},
        margins={},
        signals=replace(turn.state.signals, is_due=True),
        tickets={k: t for k, t in turn.state.tickets.items() if k not in set(done)},
        lots=lots,
    )
    if not is_attended(turn):
        text = "nobody has checked in today: no new risk (alvh-trader checkin)"
        turn.alert("checkin_due", Severity.WARNING, "", text)


def _keep_regime(turn: Turn) -> None:
    """Follow the regime of VIX by its five-minute median (alvh.md §10)."""
    vix = vix_of(turn.state)
    if vix is None:
        return
    since = turn.at - REGIME_WINDOW
    recent = (*(x for x in turn.state.vix_recent if x[0] > since), (turn.at, vix))
    median = sorted(v for _, v in recent)[len(recent) // 2]
    turn.put(vix_recent=recent, regime=regime(median, turn.state.regime))


def _record_breadth(turn: Turn) -> None:
    """At the close, the day's net advances join the advance-decline line."""
    breadth, day = turn.state.breadth, turn.state.day
    if breadth is None or day is None or turn.state.breadth_day == day:
        return
    close = instant(day, turn.rules.calendar.close_of(day))
    if turn.at >= close and new_york_date(breadth.at) == day:
        net = breadth.advances - breadth.declines
        kept = (*turn.state.net_advances, net)[-NET_ADVANCES_KEPT:]
        turn.put(net_advances=kept, breadth_day=day)


def on_breadth_seeded(turn: Turn, event: BreadthSeeded) -> None:
    """Start the advance-decline line from the operator's file, once."""
    if not turn.state.net_advances:
        turn.put(net_advances=event.net_advances[-NET_ADVANCES_KEPT:])
        panel.expect(turn)


def on_options(turn: Turn, event: OptionsListed) -> None:
    """Remember the options of one series."""
    key = series_key(event.trading_class, event.last_trade)
    ordered = tuple(sorted(event.options, key=lambda o: (o.strike, o.right)))
    turn.put(options={**turn.state.options, key: ordered})


def on_request_failed(turn: Turn, event: RequestFailed) -> None:
    """A question went unanswered: it will be asked again, and a person is told."""
    text = f"{event.request} failed: {event.reason}"
    turn.alert("request_failed", Severity.WARNING, "", text)


def _ask_for_reports(turn: Turn) -> None:
    busy = any(t.is_live for t in turn.state.tickets.values()) or any(
        c.phase in BUSY for c in turn.state.cases.values()
    )
    if turn.state.break_since is not None:
        ask_report(turn, "the books disagree", BREAK_CONFIRM)
    elif busy:
        ask_report(turn, "orders or cases under way", REPORT_BUSY)
    elif turn.rules.calendar.is_open(turn.at):
        ask_report(turn, "on the timer", turn.rules.reconcile_every)


def _has_due(turn: Turn) -> bool:
    return any(_is_due(turn, case) for case in turn.state.cases.values())


def _is_due(turn: Turn, case: Case) -> bool:
    if case.phase in {Phase.CLOSED, Phase.CLOSING, Phase.MANUAL}:
        return False
    pause = CADENCE if case.phase is Phase.MONITOR else CADENCE_ARMED
    return case.evaluated is None or turn.at - case.evaluated >= pause


def _look_at(turn: Turn, case: Case) -> None:
    if not _is_due(turn, case):
        return
    reading = evaluate(turn, case)
    if isinstance(reading, str):
        _blind(turn, case, reading)
        return
    spot, vix = reading.spot, reading.vix
    seen = Observation(turn.at, reading.edr.value, spot, vix, expected_move(spot, vix))
    tracker = advance(case.tracker, seen, turn.rules.params.edr.levels)
    case = turn.change(case, tracker=tracker, edr=reading.edr.value, evaluated=turn.at)
    case = telemetry.note(turn, case, reading)
    _tell_breach(turn, case, reading)
    tell_loss(turn, turn.state.cases[case.case_id], reading)
    _act(turn, case, reading)


def _blind(turn: Turn, case: Case, why: str) -> None:
    """An unknown ratio: nothing is started, and after a while everything stops."""
    unknown = Observation(turn.at, None, 0.0, 0.0, 0.0)
    tracker = advance(case.tracker, unknown, turn.rules.params.edr.levels)
    case = turn.change(case, tracker=tracker, edr=None, evaluated=turn.at)
    if tracker.missing_for(turn.at) <= BLIND_MAX:
        return
    if (case.phase, Trigger.LOST) in TRANSITIONS:
        keep = case.resume if case.phase is Phase.RECONCILE else case.phase
        turn.move(case, Trigger.LOST, resume=keep, in_band_at=None)
        cancel_rolls(turn, case.case_id)
        text = f"EDR unknown for {BLIND_MAX.total_seconds():.0f} s: {why}"
        turn.alert("blind", Severity.CRITICAL, case.case_id, text)


def _tell_breach(turn: Turn, case: Case, reading: Reading) -> None:
    levels = turn.rules.params.edr.levels
    before, now = case.told, case.tracker.level
    if now is Level.CLEAR and before is not Level.CLEAR:
        turn.change(case, told=now)
    # An episode lasts until EDR is clear again: what flickers is told once.
    if now <= before:
        return
    turn.change(case, told=now)
    value = f"EDR {reading.edr.value:.4f} %, {reading.edr.tested.name.lower()} side"
    if now >= 2:
        text = f"{value}: at or above {levels.breach:.2f} %"
        turn.alert("breach", Severity.CRITICAL, case.case_id, text)
    else:
        text = f"{value}: at or above {levels.arm:.2f} %"
        turn.alert("arm", Severity.WARNING, case.case_id, text)


def _act(turn: Turn, case: Case, reading: Reading) -> None:
    """Let each phase look at the case, until one of them stays where it is."""
    for _ in range(len(Phase)):
        case = turn.state.cases[case.case_id]
        look = LOOKS.get(case.phase)
        if look is None:
            return
        look(turn, case, reading)
        if turn.phase_of(case.case_id) is case.phase:
            return


LOOKS = {
    **threat.LOOKS,
    **hedging.LOOKS,
    **stability.LOOKS,
    **holding.LOOKS,
    **breadth.LOOKS,
    **choosing.LOOKS,
    **rolling.LOOKS,
    **verifying.LOOKS,
    **recovery.LOOKS,
}
"""What each phase does when it is looked at."""
