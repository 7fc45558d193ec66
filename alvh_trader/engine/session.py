"""The session with the broker: up, down, and whether it agrees with our ledger.

Nothing is sent before a complete report agreed with the ledger. A report that does
not agree is asked for once more, because its parts are not atomic; if it still does
not, the touched cases go to RECONCILE and a person is told (reliability.md T02).
"""

from collections.abc import Iterable

from alvh_trader.domain.order import Fill, OrderReport, exec_base
from alvh_trader.engine import arming, cash, connection, discrepancies, losses, outage
from alvh_trader.engine.agreement import agrees, see_contracts, settle_expired
from alvh_trader.engine.answers import on_completed, on_shown, settle_doubts
from alvh_trader.engine.books import review_cases
from alvh_trader.engine.command import RequestReport, Severity
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    BrokerReported,
    DaemonStarted,
    LinkChanged,
    ReportFailed,
    StorageStrained,
)
from alvh_trader.engine.fills import book
from alvh_trader.engine.freezing import MEANINGS, freeze
from alvh_trader.engine.orders import (
    PREFIX,
    ask_report,
    number_of,
    on_lost_link,
)
from alvh_trader.engine.state import State
from alvh_trader.engine.tickets import find
from alvh_trader.engine.turn import Turn
from alvh_trader.portfolio.discrepancy import Name
from alvh_trader.risk.arm import Identity
from alvh_trader.risk.freeze import Freeze
from alvh_trader.strategy.phase import TRANSITIONS, Trigger

RATE_EXCEEDED = 100
"""The broker's code for more messages in a second than it takes."""

NUMBERS_OF_A_PROCESS = 10_000
"""Routing numbers that a process may use up unheard: the next one begins behind them.
An order that was lost on its way can still arrive, and must not meet its number."""


def first_order_id(state: State) -> int:
    """Return the lowest number that a process which starts now may give an order."""
    return max(state.free_order_id, state.last_order_id + 1)


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
        free_order_id=first_order_id(turn.state) + NUMBERS_OF_A_PROCESS,
    )
    connection.on_started(turn)
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
    _count_starts(turn)
    if event.doubts:
        freeze(turn, Freeze.SAFE, "; ".join(event.doubts))


def on_storage_strained(turn: Turn, event: StorageStrained) -> None:
    """Tell a person while there is still time."""
    turn.alert("storage", Severity.WARNING, "", f"the journal: {event.reason}")


def _count_starts(turn: Turn) -> None:
    """Freeze where processes die one after the other (reliability.md F11)."""
    limits = turn.rules.limits
    since = turn.at - limits.starts_window
    starts = (*(at for at in turn.state.starts if at > since), turn.at)
    turn.put(starts=starts)
    if len(starts) >= limits.starts_max:
        minutes = limits.starts_window.total_seconds() / 60
        freeze(turn, Freeze.SAFE, f"F11: {len(starts)} starts in {minutes:g} min")


def on_stopped(turn: Turn) -> None:
    """The process ended in good order: its start is not one of a crash."""
    turn.put(starts=())


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
    connection.on_connected(turn)
    arming.review(turn)
    if 0 < event.next_order_id <= turn.state.last_order_id:
        text = (
            f"the gateway counts orders from {event.next_order_id} again, we were at "
            f"{turn.state.last_order_id}: orders are known by their names and go on"
        )
        turn.alert("order_ids_reset", Severity.WARNING, "", text)
    turn.ask(RequestReport(reason="connected"))


def on_disconnected(turn: Turn, event: BrokerDisconnected) -> None:
    """The session is gone: permits are void, live orders in doubt."""
    if turn.state.is_connected:
        outage.tell_lost(turn, f"connection to the broker lost: {event.reason}")
    connection.on_disconnected(turn, event)
    if event.code == RATE_EXCEEDED:
        # What we allow ourselves is far below it: our own counting is wrong (F36).
        freeze(turn, Freeze.HALT, f"too many messages: {event.reason}")
    turn.put(is_connected=False, is_link_up=False, reconciled=None, watched=())
    on_lost_link(turn)
    _degrade_all(turn)


def on_link_changed(turn: Turn, event: LinkChanged) -> None:
    """The broker's own link went down, or came back and must be reconciled."""
    connection.on_link_changed(turn, event)
    if event.is_up:
        turn.put(is_link_up=True, asked={})
        if event.data_lost:
            turn.put(watched=(), quotes={})
        ask_report(turn, "the broker's link is back")
        return
    if turn.state.is_link_up:
        text = "the broker has lost its own link; nothing is sent until it is back"
        outage.tell_lost(turn, text)
    # What was seen before an outage is no price of after it (F25).
    turn.put(is_link_up=False, reconciled=None, quotes={})
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
    state, before = turn.state, turn.state.positions
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
    shown = _take_orders(turn, event)
    settle_doubts(turn, shown)
    _refuse_stale_journal(turn, shown)
    settle_expired(turn, before)
    see_contracts(turn)
    if not agrees(turn):
        return
    turn.put(reconciled=turn.at, break_since=None)
    cash.query_commissions(turn)
    _forget_old_fills(turn, event)
    connection.review(turn, is_open=turn.rules.calendar.is_open(turn.at))
    review_cases(turn)
    _halt_if_overdue(turn)
    if turn.rules.calendar.is_open(turn.at):
        losses.look(turn)


def _take_orders(turn: Turn, event: BrokerReported) -> frozenset[str]:
    """Take what the lists of orders say; return every reference of the report."""
    for report in event.orders:
        on_shown(turn, report)
    open_ids = {report.perm_id for report in event.orders}
    for report in event.completed:
        # Of an order that is in both lists, the one that may still trade is believed.
        if report.perm_id not in open_ids:
            on_completed(turn, report)
    discrepancies.see_foreign_orders(turn, event.orders)
    tickets = turn.state.tickets
    open_refs = _refs_of(turn, event.orders)
    discrepancies.heal(turn, Name.ENDED_YET_OPEN, open_refs)
    twins = {ref for ref, t in tickets.items() if t.is_live and t.is_twin}
    discrepancies.heal(turn, Name.TWIN_ORDER, twins)
    told = open_refs | _refs_of(turn, (*event.completed, *event.fills))
    return frozenset(told)


def _refs_of(turn: Turn, told: Iterable[OrderReport | Fill]) -> set[str]:
    """Return the names of what is told of, ours also where only the id tells."""
    found = ((x, find(turn.state, x.ref, x.perm_id)) for x in told)
    return {x.ref if ticket is None else ticket.order.ref for x, ticket in found}


def _halt_if_overdue(turn: Turn) -> None:
    """Stop everything for what must not last: a person adopts, and then clears."""
    it = discrepancies.overdue(turn)
    if it is None:
        return
    text = f"{it.key}, open since {it.since.isoformat()}: {it.text}"
    freeze(turn, Freeze.HALT, text)


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


def _forget_old_fills(turn: Turn, event: BrokerReported) -> None:
    # The report holds all executions of the broker's day; older ones cannot recur.
    today = {exec_base(f.exec_id) for f in event.fills}
    turn.put(fills={k: f for k, f in turn.state.fills.items() if k in today})
