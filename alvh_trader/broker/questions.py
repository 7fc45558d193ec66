"""Answer the engine's questions, one after the other, each with an event."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from alvh_trader.broker.library import Wire
from alvh_trader.broker.reconcile import Reconciler
from alvh_trader.broker.reference import Reference
from alvh_trader.domain.calendar import new_york_date
from alvh_trader.engine.command import (
    ListExpiries,
    ListFutures,
    ListHours,
    ListOptions,
    RequestBars,
    RequestReport,
)
from alvh_trader.engine.event import (
    BarsReported,
    Event,
    ExpiriesListed,
    FuturesListed,
    HoursListed,
    OptionsListed,
    ReportFailed,
    RequestFailed,
)
from alvh_trader.errors import BrokerError
from alvh_trader.ports import Clock, Put

Question = (
    RequestReport | RequestBars | ListExpiries | ListOptions | ListFutures | ListHours
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering needs of the session that is up."""

    client: Wire
    reference: Reference
    reconciler: Reconciler
    on_reported: Callable[[], None]


class Questions:
    """A queue of one: equal questions at the same time would mix up their answers."""

    def __init__(self, put: Put, clock: Clock) -> None:
        self._put = put
        self._clock = clock
        self._turn = asyncio.Lock()
        self._desk: Desk | None = None

    def start(self, desk: Desk) -> None:
        """A session is up."""
        self._desk = desk

    def stop(self) -> None:
        """The session is gone."""
        self._desk = None

    async def answer(self, question: Question) -> None:
        """Put the question's event; a failure is an event too."""
        async with self._turn:
            desk = self._desk
            if desk is None:
                self._fail(question, "not connected")
                return
            try:
                event = await self._ask(desk, question)
            except BrokerError as error:
                self._fail(question, str(error))
                return
            if desk is not self._desk:
                self._fail(question, "the session ended meanwhile")
                return
            if isinstance(question, RequestReport):
                desk.on_reported()
            self._put(event)

    async def _ask(self, desk: Desk, question: Question) -> Event:
        client, reference, clock = desk.client, desk.reference, self._clock
        match question:
            case RequestReport():
                return await desk.reconciler.report()
            case RequestBars(symbol=symbol, sessions=sessions, future=future):
                today = new_york_date(clock.now())
                what = reference.index(symbol) if future is None else future
                bars = await reference.bars(client, what, sessions, today)
                return BarsReported(
                    at=clock.now(), symbol=symbol, bars=bars, future=future
                )
            case ListExpiries(symbol=symbol):
                series = await reference.expiries(client, symbol)
                return ExpiriesListed(at=clock.now(), symbol=symbol, series=series)
            case ListOptions(
                symbol=symbol, trading_class=trading_class, last_trade=last_trade
            ):
                options = await reference.options(
                    client, symbol, trading_class, last_trade
                )
                return OptionsListed(
                    at=clock.now(),
                    symbol=symbol,
                    trading_class=trading_class,
                    last_trade=last_trade,
                    options=options,
                )
            case ListFutures(symbol=symbol, since=since):
                found = await reference.futures(client, symbol, since)
                today = new_york_date(clock.now())
                return FuturesListed(
                    at=clock.now(),
                    symbol=symbol,
                    futures=tuple(f for f in found if f.last_trade >= today),
                    settled=tuple(f for f in found if f.last_trade < today),
                )

            case ListHours(symbol=symbol):
                hours = await reference.hours(client, symbol)
                return HoursListed(at=clock.now(), symbol=symbol, hours=hours)

    def _fail(self, question: Question, reason: str) -> None:
        name = type(question).__name__
        _log.warning("question.failed", question=name, reason=reason)
        at = self._clock.now()
        if isinstance(question, RequestReport):
            self._put(ReportFailed(at=at, reason=reason))
        else:
            self._put(RequestFailed(at=at, request=name, reason=reason))
