"""Who carries out what: orders at once, questions one after the other."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from alvh_trader.domain.order import Leg, Order, Purpose
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    ListExpiries,
    ListFutures,
    ListHours,
    ListOptions,
    PlaceOrder,
    PreviewMargin,
    RaiseAlert,
    Reconnect,
    RepriceOrder,
    RequestBars,
    RequestReport,
    Severity,
    Watch,
)
from alvh_trader.errors import InvariantError
from alvh_trader.risk.gate import Approved
from alvh_trader.runtime.dispatch import QUESTIONS_MAX, Dispatcher, Question
from tests.risk.test_gate import CALL

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
ORDER = Order(
    ref="ALVH-c-HEDGE-1",
    case="c",
    purpose=Purpose.HEDGE,
    legs=(Leg(CALL, 1),),
    quantity=7,
    limit=Decimal("1.42"),
)
APPROVED = Approved(order=ORDER)
ORDERS: list[Command] = [
    PlaceOrder(approved=APPROVED),
    RepriceOrder(approved=APPROVED),
    CancelOrder(ref=ORDER.ref),
]
QUESTIONS: list[Question] = [
    RequestReport(reason="connected"),
    RequestBars(symbol="SPX", sessions=120),
    ListExpiries(symbol="VIX"),
    ListOptions(symbol="VIX", trading_class="VIXW", last_trade=date(2026, 6, 2)),
    ListFutures(symbol="VIX"),
    ListHours(symbol="SPX"),
]


class Watcher:
    """A session that can only look; it answers when `answers` lets it."""

    def __init__(self) -> None:
        self.did: list[Command] = []
        self.asked: list[Command] = []
        self.answers = asyncio.Semaphore(1000)
        self.at_once = 0
        self.most_at_once = 0

    async def connect(self) -> None:
        """Nothing to connect to."""

    async def pulse(self) -> None:
        """No heart."""

    async def close(self) -> None:
        """Nothing to close."""

    def reconnect(self, command: Reconnect) -> None:
        self.did.append(command)

    def watch(self, command: Watch) -> None:
        self.did.append(command)

    async def ask(self, command: Command) -> None:
        self.asked.append(command)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        await self.answers.acquire()
        self.at_once -= 1


class Sender(Watcher):
    """A session that can send as well."""

    async def preview(self, command: PreviewMargin) -> None:
        await self.ask(command)

    def place(self, command: PlaceOrder) -> None:
        self.did.append(command)

    def reprice(self, command: RepriceOrder) -> None:
        self.did.append(command)

    def cancel(self, command: CancelOrder) -> None:
        self.did.append(command)


class Bell:
    """Whoever delivers alerts."""

    def __init__(self) -> None:
        self.rung: list[tuple[RaiseAlert, datetime]] = []

    def notify(self, alert: RaiseAlert, at: datetime) -> None:
        self.rung.append((alert, at))


def trading(session: Sender) -> Dispatcher:
    return Dispatcher(session, session, Bell(), lambda: AT)


async def answered(dispatcher: Dispatcher) -> None:
    """Let every question that was dispatched be answered."""
    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        job = tasks.create_task(dispatcher.answer_questions())
        await dispatcher.questions.join()
        job.cancel()


@pytest.mark.parametrize("command", ORDERS, ids=lambda c: type(c).__name__)
def test_without_a_trader_no_order_command_can_be_carried_out(
    command: Command,
) -> None:
    watcher, bell = Watcher(), Bell()
    dispatcher = Dispatcher(watcher, None, bell, lambda: AT)
    with pytest.raises(InvariantError, match="cannot send"):
        dispatcher.dispatch(command)
    assert watcher.did == []


@pytest.mark.parametrize("command", ORDERS, ids=lambda c: type(c).__name__)
def test_an_order_command_reaches_the_trader_at_once(command: Command) -> None:
    sender = Sender()
    trading(sender).dispatch(command)
    assert sender.did == [command]


def test_an_order_does_not_wait_behind_questions() -> None:
    async def run() -> None:
        sender = Sender()
        sender.answers = asyncio.Semaphore(0)
        dispatcher = trading(sender)
        for question in QUESTIONS:
            dispatcher.dispatch(question)
        async with asyncio.TaskGroup() as tasks:
            job = tasks.create_task(dispatcher.answer_questions())
            await asyncio.sleep(0.01)
            assert sender.asked == QUESTIONS[:1]
            dispatcher.dispatch(ORDERS[0])
            assert sender.did == [ORDERS[0]]
            job.cancel()

    asyncio.run(run())


def test_questions_are_answered_one_at_a_time_in_their_order() -> None:
    async def run() -> None:
        sender = Sender()
        dispatcher = trading(sender)
        asked: list[Question] = [*QUESTIONS, PreviewMargin(order=ORDER), *QUESTIONS]
        for question in asked:
            dispatcher.dispatch(question)
        await answered(dispatcher)
        assert sender.asked == asked
        assert sender.most_at_once == 1

    asyncio.run(run())


def test_a_watcher_previews_nothing_and_answers_the_rest() -> None:
    async def run() -> None:
        watcher = Watcher()
        dispatcher = Dispatcher(watcher, None, Bell(), lambda: AT)
        dispatcher.dispatch(PreviewMargin(order=ORDER))
        dispatcher.dispatch(QUESTIONS[0])
        await answered(dispatcher)
        assert watcher.asked == QUESTIONS[:1]

    asyncio.run(run())


def test_streams_and_alerts_go_where_they_belong() -> None:
    watcher, bell = Watcher(), Bell()
    dispatcher = Dispatcher(watcher, None, bell, lambda: AT)
    watch = Watch(instruments=(CALL,))
    alert = RaiseAlert(code="arm", severity=Severity.WARNING, case="c", text="EDR")
    dispatcher.dispatch(watch)
    dispatcher.dispatch(alert)
    assert watcher.did == [watch]
    assert bell.rung == [(alert, AT)]


def test_more_questions_than_a_day_can_have_are_a_mistake_of_ours() -> None:
    dispatcher = trading(Sender())
    for _ in range(QUESTIONS_MAX):
        dispatcher.dispatch(QUESTIONS[0])
    with pytest.raises(asyncio.QueueFull):
        dispatcher.dispatch(QUESTIONS[0])
