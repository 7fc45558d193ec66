"""Apply one event to the state.

`step` is the whole engine: a pure function, so a journal of events replays to the
same commands and decisions on any machine, on any day.
"""

from typing import assert_never

from msgspec import Struct

from alvh_trader.engine import (
    answers,
    arming,
    cash,
    connection,
    fills,
    freezing,
    market,
    operator,
    outage,
    panel,
    proposals,
    session,
    vx,
)
from alvh_trader.engine.command import Command
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import (
    SAID,
    BarsReported,
    BreadthSeeded,
    BrokerConnected,
    BrokerDisconnected,
    BrokerReported,
    ClockCompared,
    CommissionReported,
    ConnectFailed,
    ControlTripped,
    DaemonStarted,
    DaemonStopped,
    DataTroubled,
    Event,
    ExpiriesListed,
    FuturesListed,
    HeartbeatMissed,
    HoursListed,
    InputsRead,
    LinkChanged,
    MarginPreviewed,
    MarketUpdated,
    OperatorApproved,
    OperatorArmed,
    OperatorCheckedIn,
    OperatorCleared,
    OperatorDisarmed,
    OperatorHalted,
    OperatorRejected,
    OptionsListed,
    OrderDoubted,
    OrderFilled,
    OrderNotSent,
    OrderRefused,
    OrderUpdated,
    ReportFailed,
    RequestFailed,
    Said,
    StorageStrained,
)
from alvh_trader.engine.state import Margin, Rules, State
from alvh_trader.engine.turn import Turn
from alvh_trader.engine.wants import settle_wants

Answer = (
    BarsReported
    | ExpiriesListed
    | OptionsListed
    | FuturesListed
    | HoursListed
    | RequestFailed
    | MarginPreviewed
    | BreadthSeeded
    | InputsRead
)
"""What was asked for, or is read from a file: it is remembered, and that is all."""


OfTheWay = (
    DaemonStarted
    | DaemonStopped
    | BrokerConnected
    | BrokerDisconnected
    | ConnectFailed
    | HeartbeatMissed
    | ClockCompared
    | DataTroubled
    | LinkChanged
    | BrokerReported
    | ReportFailed
)
"""What the state of the way to the market follows from, beside the time."""

OfOrders = (
    OrderUpdated
    | OrderRefused
    | OrderNotSent
    | OrderDoubted
    | OrderFilled
    | CommissionReported
)
OfTheShell = ControlTripped | StorageStrained


class Step(Struct, frozen=True):
    """The state after one event, what is to be done about it, and why."""

    state: State
    commands: tuple[Command, ...] = ()
    decisions: tuple[Decision, ...] = ()


def step(state: State, event: Event, rules: Rules) -> Step:
    """Return what follows from `event`."""
    turn = Turn(state, rules, event.at)
    turn.put(at=event.at)
    if isinstance(event, SAID):
        turn.put(spoken=event.at)
    if isinstance(event, MarketUpdated):
        market.on_updated(turn, event)
    elif isinstance(event, OfTheWay):
        _follow(turn, event)
    elif isinstance(event, Answer):
        _learn(turn, event)
    else:
        _handle(turn, event)
    is_quiet = isinstance(event, MarketUpdated) and not turn.decisions
    settle_wants(turn, is_quiet=is_quiet)
    return Step(turn.state, tuple(turn.commands), tuple(turn.decisions))


def _follow(turn: Turn, event: OfTheWay) -> None:
    match event:
        case DaemonStarted():
            session.on_started(turn, event)
        case DaemonStopped():
            session.on_stopped(turn)
        case BrokerConnected():
            session.on_connected(turn, event)
        case BrokerDisconnected():
            session.on_disconnected(turn, event)
        case LinkChanged():
            session.on_link_changed(turn, event)
        case ConnectFailed():
            connection.on_connect_failed(turn, event)
        case HeartbeatMissed():
            connection.on_heartbeat_missed(turn)
        case ClockCompared():
            connection.on_clock_compared(turn, event)
        case DataTroubled():
            connection.on_data_troubled(turn, event)
        case BrokerReported():
            session.on_reported(turn, event)
        case ReportFailed():
            session.on_report_failed(turn, event)
    is_open = turn.rules.calendar.is_open(turn.at)
    connection.review(turn, is_open=is_open)
    outage.look(turn, is_open=is_open)


def _handle(turn: Turn, event: OfOrders | OfTheShell | Said) -> None:
    match event:
        case OrderUpdated():
            answers.on_report(turn, event.report)
        case OrderRefused():
            answers.on_refused(turn, event)
        case OrderNotSent():
            answers.on_not_sent(turn, event)
        case OrderDoubted():
            answers.on_doubted(turn, event)
        case OrderFilled():
            fills.book(turn, event.fill)
        case CommissionReported():
            cash.on_commission(turn, event)
        case ControlTripped():
            freezing.hear(turn, event)
        case StorageStrained():
            session.on_storage_strained(turn, event)
        case _:
            _obey(turn, event)


def _obey(turn: Turn, event: Said) -> None:
    match event:
        case OperatorHalted() | OperatorCleared():
            freezing.hear(turn, event)
        case OperatorCheckedIn():
            pass  # A sign of life, like everything that is said.
        case OperatorArmed():
            arming.on_armed(turn, event)
        case OperatorDisarmed():
            arming.on_disarmed(turn, event)
        case OperatorApproved():
            proposals.on_approved(turn, event)
        case OperatorRejected():
            proposals.on_rejected(turn, event)
        case _:
            operator.hear(turn, event)


def _learn(turn: Turn, answer: Answer) -> None:
    match answer:
        case BarsReported():
            future = answer.future
            key = answer.symbol if future is None else vx.key_of(future)
            turn.put(bars={**turn.state.bars, key: answer.bars})
            panel.expect(turn)
        case ExpiriesListed():
            turn.put(series={**turn.state.series, answer.symbol: answer.series})
        case OptionsListed():
            market.on_options(turn, answer)
        case FuturesListed():
            turn.put(
                futures={**turn.state.futures, answer.symbol: answer.futures},
                settled={**turn.state.settled, answer.symbol: answer.settled},
            )
        case RequestFailed():
            market.on_request_failed(turn, answer)
        case MarginPreviewed():
            margin = Margin(answer.at, answer.initial_margin_change)
            turn.put(margins={**turn.state.margins, answer.ref: margin})
        case BreadthSeeded():
            market.on_breadth_seeded(turn, answer)
        case HoursListed():
            connection.on_hours(turn, answer)
        case InputsRead():
            operator.on_inputs_read(turn, answer)
            panel.expect(turn)
        case _:
            assert_never(answer)
