"""One connection after the other to the gateway: open, listen, pulse, close.

A session is announced (`BrokerConnected`) only when the gateway is the one expected:
protocol version, exactly one account, and the right kind of it. From then on its end,
whoever caused it, is announced too. Nothing that the library calls "synchronised" is
relied on: see `reconcile`.
"""

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import structlog

from alvh_trader.broker import translate
from alvh_trader.broker.clock import BrokerClock
from alvh_trader.broker.dispatch import ORDER_PATH, Dispatch
from alvh_trader.broker.faults import DATA_LOST, Fault, fault_of
from alvh_trader.broker.feed import Feed
from alvh_trader.broker.inquiry import FIRST_REQUEST_ID, Inquiries
from alvh_trader.broker.library import Contract, Order, OrderState
from alvh_trader.broker.line import Line
from alvh_trader.broker.options import BrokerOptions, the_account
from alvh_trader.broker.orders import OrderDesk
from alvh_trader.broker.pace import Pace
from alvh_trader.broker.questions import Desk, Questions
from alvh_trader.broker.reconcile import (
    COMPLETED_ORDERS,
    OPEN_ORDERS,
    POSITIONS,
    Reconciler,
)
from alvh_trader.broker.reference import Reference
from alvh_trader.broker.tracker import Tracker
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    LinkChanged,
    MarketUpdated,
    ReportFailed,
)
from alvh_trader.errors import BrokerError, NotConnectedError
from alvh_trader.ports import Clock, Put

_SKEW_MAX = timedelta(seconds=2)

_log = structlog.get_logger(__name__)


class Session:
    """What `Observer` and `Trader` share; only with `may_order` has it a desk."""

    def __init__(
        self,
        options: BrokerOptions,
        put: Put,
        clock: Clock,
        *,
        may_order: bool,
        is_killed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_killed = is_killed
        self._options = options
        self._put = put
        self._clock = clock
        self._pace = Pace(options.request_rate)
        ids = itertools.count(FIRST_REQUEST_ID)
        self._take_id = ids.__next__
        self.feed = Feed(
            self._pace,
            self._take_id,
            refresh=options.refresh,
            delayed=options.allow_delayed,
        )
        self.questions = Questions(put, clock)
        self.desk = (
            OrderDesk(options, put, clock, self._obstacle) if may_order else None
        )
        self._line: Line | None = None
        self._forget()

    def _forget(self) -> None:
        self._inquiries = Inquiries(
            self._pace, self._take_id, timeout=self._options.request_timeout
        )
        self._tracker = Tracker(self._put, self._clock, self._options.client_id)
        self._pulse: asyncio.Future[None] | None = None
        self._is_announced = False
        self._skew = timedelta(0)
        self._is_reconciled = False
        self._link_is_up = True
        self._crash: Exception | None = None

    # --------------------------------------------------------------- opening ---

    async def connect(self) -> None:
        """Open a session and announce it; an old one is closed first.

        Raises:
            BrokerError: See `ports.Observer.connect`.
        """
        await self.close()
        self._forget()
        line = self._line = self._new_line()
        reference = Reference(self._inquiries)
        try:
            await line.open()
            self._tracker.account = the_account(self._options, self._accounts)
            await self._ask_time(line)
            indexes = await reference.indexes(line.client)
        except BaseException as error:
            await self._drop("the session could not be opened")
            if self._crash is not None and isinstance(error, BrokerError):
                # What went wrong first, not the broken socket that followed.
                raise self._crash from None
            raise
        self._is_announced = True
        self._start(line, reference)
        self._put(
            BrokerConnected(
                at=self._clock.now(),
                account_id=self._tracker.account,
                server_version=line.client.serverVersion(),
                indexes=indexes,
                next_order_id=self.desk.told_id if self.desk else 0,
            )
        )
        self.feed.start(line.client)
        if not self._link_is_up:
            # The gateway answered from memory; its link was down all the time.
            self.feed.on_link(is_up=False)
            self._put(LinkChanged(at=self._clock.now(), is_up=False))

    def _new_line(self) -> Line:
        line = Line(
            self._options,
            self._wrapper(),
            may_order=self.desk is not None,
            on_lost=self._on_lost,
            on_crash=self._on_crash,
        )
        line.client.decoder = Dispatch(
            line.client.decoder,
            {
                "1": self.feed.on_price,
                "2": self.feed.on_size,
                "45": self.feed.on_generic,
            },
            now=self._clock.now,
            on_unreadable=self._on_unreadable,
        )
        return line

    def _start(self, line: Line, reference: Reference) -> None:
        if self.desk is not None:
            self.desk.start(line.client, self._tracker)
        self.questions.start(
            Desk(
                line.client,
                reference,
                Reconciler(
                    line.client,
                    self._inquiries,
                    self._tracker,
                    reference,
                    self._clock,
                ),
                self._on_reported,
            )
        )

    # ---------------------------------------------------------------- living ---

    async def pulse(self) -> None:
        """Ask the time; the answer's handler puts the `MarketUpdated`.

        Raises:
            BrokerError: See `ports.Observer.pulse`.
        """
        if self._crash is not None:
            raise self._crash
        line = self._line
        if line is None or not self._is_announced:
            raise NotConnectedError("no session with the broker is up")
        await self._ask_time(line)

    async def _ask_time(self, line: Line) -> None:
        future = self._pulse = asyncio.get_running_loop().create_future()
        try:
            line.client.reqCurrentTime()
            async with asyncio.timeout(self._options.pulse_timeout):
                await future
        except TimeoutError:
            raise BrokerError(
                f"{line.place}: no answer within {self._options.pulse_timeout:g} s"
            ) from None
        except ConnectionError as error:
            raise NotConnectedError(f"{line.place}: {error}") from error

    async def close(self) -> None:
        """End the session; orders at the broker stay as they are."""
        await self._drop("closed by us")

    async def _drop(self, reason: str) -> None:
        line = self._line
        self._end(reason)
        if line is not None:
            await line.close()

    def _end(self, reason: str) -> None:
        if self._line is None:
            return
        self._line = None
        self.feed.stop()
        self.questions.stop()
        if self.desk is not None:
            self.desk.stop()
        self._inquiries.fail_all(reason)
        if self._pulse is not None and not self._pulse.done():
            self._pulse.set_exception(NotConnectedError(reason))
        if self._is_announced:
            self._is_announced = False
            _log.warning("session.ended", reason=reason)
            self._put(BrokerDisconnected(at=self._clock.now(), reason=reason))

    def _obstacle(self) -> str | None:
        line = self._line
        if line is None or not self._is_announced:
            return "not connected"
        if not self._link_is_up:
            return "the broker's own link is down"
        if not self._is_reconciled:
            return "not reconciled since the session or its link came up"
        if abs(self._skew) > _SKEW_MAX:
            seconds = self._skew.total_seconds()
            return f"our clock is {seconds:+.1f} s off the broker's"
        if self._is_killed():
            return "the kill file is there"
        return line.congestion()

    def _on_reported(self) -> None:
        self._is_reconciled = self._link_is_up

    # --------------------------------------------------------------- hearing ---

    def _wrapper(self) -> SimpleNamespace:
        """Return what the library's client and decoder call, by the names they use."""
        inquiries, tracker = self._inquiries, self._tracker
        self._accounts: tuple[str, ...] = ()
        return SimpleNamespace(
            # For times without a zone; those of executions always get one before.
            ib=SimpleNamespace(TimezoneTWS="UTC"),
            defaultTimezone=UTC,
            managedAccounts=self._on_accounts,
            nextValidId=self._on_next_valid_id,
            currentTime=self._on_time,
            error=self._on_error,
            openOrder=self._on_open_order,
            openOrderEnd=lambda: inquiries.end(OPEN_ORDERS),
            orderStatus=tracker.on_order_status,
            completedOrder=lambda contract, order, state: inquiries.add(
                COMPLETED_ORDERS, tracker.completed(contract, order, state)
            ),
            completedOrdersEnd=lambda: inquiries.end(COMPLETED_ORDERS),
            execDetails=self._on_execution,
            execDetailsEnd=inquiries.end,
            commissionReport=tracker.on_commission,
            position=lambda account, contract, size, cost: inquiries.add(
                POSITIONS, (account, contract, translate.count(size), cost)
            ),
            positionEnd=lambda: inquiries.end(POSITIONS),
            accountSummary=lambda request_id, account, tag, value, _currency: (
                inquiries.add(request_id, (account, tag, value))
            ),
            accountSummaryEnd=inquiries.end,
            contractDetails=inquiries.add,
            contractDetailsEnd=inquiries.end,
            historicalData=inquiries.add,
            historicalDataEnd=lambda request_id, _start, _end: inquiries.end(
                request_id
            ),
            securityDefinitionOptionParameter=self._on_series,
            securityDefinitionOptionParameterEnd=inquiries.end,
            marketDataType=self.feed.on_data_type,
        )

    def _on_lost(self, line: Line) -> None:
        if line is self._line:
            self._end(line.reason or "the gateway closed the connection")

    def _on_accounts(self, text: str) -> None:
        self._accounts = tuple(account for account in text.split(",") if account)

    def _on_next_valid_id(self, order_id: int) -> None:
        if self.desk is not None:
            self.desk.on_next_valid_id(order_id)

    def _on_time(self, seconds: int) -> None:
        told = datetime.fromtimestamp(seconds, UTC)
        if isinstance(self._clock, BrokerClock):
            self._clock.tell(told)
        else:
            self._skew = self._clock.now() - told
            if abs(self._skew) > _SKEW_MAX:
                _log.warning("clock.skew", broker=told, ours=self._clock.now())
        if self._is_announced:
            # Put here, not by whoever waits, so that what was on the wire before
            # this answer is in the inbox before it, and what came after, after it.
            at = self._clock.now()
            quotes, breadth = self.feed.collect(at)
            self._put(MarketUpdated(at=at, quotes=quotes, breadth=breadth))
        if self._pulse is not None and not self._pulse.done():
            self._pulse.set_result(None)

    def _on_open_order(
        self, order_id: int, contract: Contract, order: Order, state: OrderState
    ) -> None:
        if order.whatIf:
            if self.desk is not None:
                self.desk.on_preview(order_id, state)
            return
        handle = self._tracker.on_open_order(contract, order, state)
        self._inquiries.add(OPEN_ORDERS, handle)

    def _on_execution(self, request_id: int, contract: Contract, row: Any) -> None:
        # The library emits no event for fills of orders placed by another session,
        # nor for those replayed after a reconnect; the message itself always comes.
        collect = None
        if self._inquiries.waits_for(request_id):
            collect = lambda fill: self._inquiries.add(request_id, fill)  # noqa: E731
        self._tracker.on_execution(contract, row, collect)

    def _on_series(
        self,
        request_id: int,
        exchange: str,
        _con_id: int,
        trading_class: str,
        multiplier: str,
        expirations: list[str],
        _strikes: list[float],
    ) -> None:
        row = (exchange, trading_class, multiplier, expirations)
        self._inquiries.add(request_id, row)

    def _on_error(self, request_id: int, code: int, text: str, *_: object) -> None:
        fault = fault_of(code)
        match fault:
            case Fault.LINK_DOWN | Fault.LINK_UP:
                self._on_link(code, is_up=fault is Fault.LINK_UP)
            case Fault.FARM_DOWN | Fault.FARM_UP:
                self.feed.on_farm(text, is_up=fault is Fault.FARM_UP)
            case _ if self._inquiries.waits_for(request_id):
                if fault is not Fault.NOTICE:
                    self._inquiries.fail(request_id, code, text)
            case _ if self.feed.on_error(request_id, fault, code, text):
                pass
            case _ if self.desk and self.desk.on_error(request_id, fault, code, text):
                pass
            case _:
                self._on_session_error(request_id, fault, code, text)

    def _on_session_error(
        self, request_id: int, fault: Fault, code: int, text: str
    ) -> None:
        _log.info("broker.error", id=request_id, code=code, text=text)
        line = self._line
        if line is None or fault is Fault.NOTICE:
            return
        if fault is Fault.SESSION or not self._is_announced:
            line.refuse(f"error {code}: {text}")

    def _on_link(self, code: int, *, is_up: bool) -> None:
        was_up, self._link_is_up = self._link_is_up, is_up
        data_lost = code == DATA_LOST
        self._is_reconciled = False
        if not self._is_announced or (was_up == is_up and not data_lost):
            return
        self.feed.on_link(is_up=is_up)
        if data_lost:
            self.feed.restart()
        self._put(LinkChanged(at=self._clock.now(), is_up=is_up, data_lost=data_lost))

    def _on_unreadable(self, message: str, error: Exception) -> None:
        _log.error("message.unreadable", message=message, error=repr(error))
        if message in ORDER_PATH and self._is_announced:
            reason = f"message {message} could not be read: {error!r}"
            self._is_reconciled = False
            self._inquiries.fail_all(reason)
            self._put(ReportFailed(at=self._clock.now(), reason=reason))

    def _on_crash(self, error: Exception) -> None:
        # A fault of our own, or of the clock: stop, and let the next pulse say so.
        self._crash = error
        if self._line is not None:
            self._line.reason = str(error) or repr(error)
            self._line.abort()
