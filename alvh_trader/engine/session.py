"""The session with the broker: up, down, and whether it agrees with our ledger.

Nothing is sent before a complete report agreed with the ledger. A report that does
not agree is asked for once more, because its parts are not atomic; if it still does
not, the touched cases go to RECONCILE and a person is told (reliability.md T02).
"""

from datetime import timedelta

from alvh_trader.domain.instrument import Option
from alvh_trader.domain.position import Position
from alvh_trader.engine import arming
from alvh_trader.engine.books import review_cases
from alvh_trader.engine.command import RequestReport, Severity
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    BrokerReported,
    DaemonStarted,
    LinkChanged,
    ReportFailed,
)
from alvh_trader.engine.freezing import MEANINGS, freeze
from alvh_trader.engine.orders import (
    PREFIX,
    ask_report,
    book,
    number_of,
    on_lost_link,
    on_report,
    see,
    settle_doubts,
)
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import Evidence
from alvh_trader.execution.ticket import exec_base
from alvh_trader.risk.arm import Identity
from alvh_trader.risk.freeze import Freeze
from alvh_trader.strategy.phase import TRANSITIONS, Trigger

BREAK_CONFIRM = timedelta(seconds=5)
"""How long a disagreement may last before it is believed."""


def on_started(turn: Turn, event: DaemonStarted) -> None:
    """A new process knows nothing of the world but the journal."""
    turn.put(
        mode=event.mode,
        identity=Identity(
            mode=event.mode,
            host=event.host,
            config=event.config_hash,
            build=event.build,
        ),
        is_connected=False,
        is_link_up=False,
        quotes={},
        watched=(),
        asked={},
        reconciled=None,
        report_asked=None,
        margins={},
    )
    on_lost_link(turn)
    arming.review(turn)
    _degrade_all(turn)
    before = turn.state.freeze
    if before:
        text = (
            f"started with {before.name} ({turn.state.frozen_by}): "
            f"{MEANINGS[before]} until a person clears it"
        )
        code = "halted" if before >= Freeze.SAFE else "reduced"
        turn.alert(code, Severity.CRITICAL, "", text)
    if event.doubts:
        freeze(turn, Freeze.HALT, "; ".join(event.doubts))


def on_connected(turn: Turn, event: BrokerConnected) -> None:
    """A session is up; what the broker knows is asked for before anything else."""
    turn.put(
        is_connected=True,
        is_link_up=True,
        account_id=event.account_id,
        indexes={index.symbol: index for index in event.indexes},
        watched=(),
        asked={},
        report_asked=turn.at,
    )
    arming.review(turn)
    turn.ask(RequestReport(reason="connected"))


def on_disconnected(turn: Turn, event: BrokerDisconnected) -> None:
    """The session is gone: permits are void, live orders in doubt."""
    if turn.state.is_connected:
        text = f"connection to the broker lost: {event.reason}"
        turn.alert("link_lost", Severity.CRITICAL, "", text)
    turn.put(is_connected=False, is_link_up=False, reconciled=None, watched=())
    on_lost_link(turn)
    _degrade_all(turn)


def on_link_changed(turn: Turn, event: LinkChanged) -> None:
    """The broker's own link went down, or came back and must be reconciled."""
    if event.is_up:
        turn.put(is_link_up=True, asked={})
        if event.data_lost:
            turn.put(watched=(), quotes={})
        ask_report(turn, "the broker's link is back")
        return
    if turn.state.is_link_up:
        text = "the broker has lost its own link; nothing is sent until it is back"
        turn.alert("link_lost", Severity.CRITICAL, "", text)
    turn.put(is_link_up=False, reconciled=None)
    on_lost_link(turn)
    _degrade_all(turn)


def _degrade_all(turn: Turn) -> None:
    for case in tuple(turn.state.cases.values()):
        if (case.phase, Trigger.LOST) in TRANSITIONS:
            keep = case.resume if case.phase == "RECONCILE" else case.phase
            turn.move(case, Trigger.LOST, resume=keep, in_band_at=None)


def on_report_failed(turn: Turn, event: ReportFailed) -> None:
    """No agreement without an answer: what we knew is not confirmed any more."""
    turn.put(reconciled=None)
    text = f"reconciliation failed: {event.reason}"
    turn.alert("report_failed", Severity.WARNING, "", text)


def on_reported(turn: Turn, event: BrokerReported) -> None:
    """Compare the broker's truth with the ledger, then let the cases look at it."""
    state = turn.state
    is_first = state.account is None
    turn.put(account=event.account)
    if is_first:
        fills = {exec_base(f.exec_id): f for f in event.fills}
        ledger = {p.instrument.con_id: p.quantity for p in event.positions}
        turn.put(fills=fills, ledger=ledger)
    else:
        for fill in event.fills:
            book(turn, fill)
    turn.put(positions={p.instrument.con_id: p for p in event.positions})
    for report in (*event.orders, *event.completed):
        on_report(turn, report)
    for report in event.orders:
        _revive(turn, report.ref)
    reported = {r.ref for r in (*event.orders, *event.completed)}
    shown = frozenset(reported | {f.ref for f in event.fills})
    settle_doubts(turn, shown)
    _refuse_stale_journal(turn, shown)
    if _agrees(turn):
        turn.put(reconciled=turn.at, break_since=None)
        _forget_old_fills(turn, event)
        review_cases(turn)
    else:
        _believe_break(turn)


def _revive(turn: Turn, ref: str) -> None:
    # An order that the broker shows as open is no longer in doubt.
    ticket = turn.state.tickets.get(ref)
    if ticket is not None and ticket.is_in_doubt:
        see(turn, ticket, Evidence.SEEN)


def _refuse_stale_journal(turn: Turn, shown: frozenset[str]) -> None:
    """An order of ours that the journal has never seen means an old journal (F16)."""
    newest = max((number_of(ref) for ref in shown), default=0)
    strangers = sorted(
        ref
        for ref in shown
        if ref.startswith(PREFIX)
        and ref not in turn.state.tickets
        and number_of(ref) > turn.state.last_number
    )
    if strangers:
        turn.put(last_number=newest)
        text = f"the broker knows {strangers[0]}, this journal does not: it is too old"
        freeze(turn, Freeze.HALT, text)
        turn.alert("stale_journal", Severity.CRITICAL, "", text)


def _agrees(turn: Turn) -> bool:
    """Compare ledger and positions; what expired leaves both without a trade."""
    positions, ledger = turn.state.positions, dict(turn.state.ledger)
    for con_id in tuple(ledger):
        if con_id not in positions and _has_expired(turn, con_id):
            del ledger[con_id]
    turn.put(ledger=ledger)
    keys = positions.keys() | ledger.keys()
    return all(_quantity(positions.get(k)) == ledger.get(k, 0) for k in keys)


def _quantity(position: Position | None) -> int:
    return position.quantity if position else 0


def _has_expired(turn: Turn, con_id: int) -> bool:
    today = turn.state.day
    options = [
        leg.option for case in turn.state.cases.values() for leg in case.legs
    ] + [
        leg.instrument
        for lot in turn.state.lots.values()
        for leg in lot.legs
        if isinstance(leg.instrument, Option)
    ]
    return today is not None and any(
        o.con_id == con_id and o.last_trade <= today for o in options
    )


def _believe_break(turn: Turn) -> None:
    since = turn.state.break_since
    if since is None:
        turn.put(break_since=turn.at, reconciled=None)
        turn.ask(RequestReport(reason="positions and executions disagree"))
        return
    if turn.at - since < BREAK_CONFIRM:
        return
    positions, ledger = turn.state.positions, turn.state.ledger
    wrong = [
        f"{k}: {_quantity(positions.get(k))} held, {ledger.get(k, 0)} booked"
        for k in sorted(positions.keys() | ledger.keys())
        if _quantity(positions.get(k)) != ledger.get(k, 0)
    ]
    text = "positions changed without an execution of today: " + "; ".join(wrong)
    turn.alert("position_break", Severity.CRITICAL, "", text)
    turn.put(
        ledger={k: p.quantity for k, p in positions.items()},
        break_since=None,
        reconciled=turn.at,
    )
    for case in tuple(turn.state.cases.values()):
        if (case.phase, Trigger.EXTERNAL_CHANGE) in TRANSITIONS:
            turn.move(case, Trigger.EXTERNAL_CHANGE, resume=case.phase, in_band_at=None)
    review_cases(turn)


def _forget_old_fills(turn: Turn, event: BrokerReported) -> None:
    # The report holds all executions of the broker's day; older ones cannot recur.
    today = {exec_base(f.exec_id) for f in event.fills}
    turn.put(fills={k: f for k, f in turn.state.fills.items() if k in today})
