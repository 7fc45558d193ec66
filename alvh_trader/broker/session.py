"""One connection after the other to the gateway: open, listen, pulse, close.

A session is announced (`BrokerConnected`) only when the gateway is the one expected:
protocol version, exactly one account, and the right kind of it. From then on its end,
whoever caused it, is announced too. Nothing that the library calls "synchronised" is
relied on: see `reconcile`.
"""

import asyncio
import itertools
from datetime import UTC, datetime
from types import SimpleNamespace

import structlog

from alvh_trader.broker.clock import BrokerClock, ClockWatch
from alvh_trader.broker.dispatch import ORDER_PATH, Dispatch
from alvh_trader.broker.faults import (
    DATA_LOST,
    RATE_EXCEEDED,
    READ_ONLY,
    Fault,
    fault_of,
)
from alvh_trader.broker.feed import Feed
from alvh_trader.broker.guard import Stops
from alvh_trader.broker.heartbeat import Heartbeat
from alvh_trader.broker.inquiry import FIRST_REQUEST_ID, Inquiries
from alvh_trader.broker.line import Line
from alvh_trader.broker.options import BrokerOptions, the_account
from alvh_trader.broker.orders import OrderDesk
from alvh_trader.broker.pace import Pace
from alvh_trader.broker.questions import Desk, Questions
from alvh_trader.broker.reconcile import Reconciler
from alvh_trader.broker.reference import Reference
from alvh_trader.broker.tracker import Tracker
from alvh_trader.broker.wrapper import wrapper
from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.connection import Trouble
from alvh_trader.domain.instrument import Future, Instrument, Option
from alvh_trader.engine.command import Reconnect
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    ClockCompared,
    DataTroubled,
    HeartbeatMissed,
    LinkChanged,
    MarketUpdated,
    ReportFailed,
    RequestFailed,
)
from alvh_trader.errors import BrokerError, NotConnectedError
from alvh_trader.ports import Clock, Put

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
        stops: Stops,
    ) -> None:
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
            on_unknown=self._on_unknown,
        )
        self.questions = Questions(put, clock)
        self.desk = (
            OrderDesk(options, put, clock, self._obstacle, stops) if may_order else None
        )
        self._line: Line | None = None
        self._forget()

    def _forget(self) -> None:
        self._inquiries = Inquiries(
            self._pace, self._take_id, timeout=self._options.request_timeout
        )
        self._tracker = Tracker(self._put, self._clock, self._options.client_id)
        self._heartbeat = Heartbeat(
            self._options.pulse_timeout,
            repeats=not isinstance(self._clock, BrokerClock),
            on_missed=self._on_missed,
        )
        self._asked = self._clock.now()
        self._watch = ClockWatch()
        self._clock_was_good = True
        self._troubles: tuple[Trouble, ...] = ()
        self._is_announced = False
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
            await self._beat(line)
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
                account_id=self._tracker.shown_account,
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
            check=None if self.desk is None else self.desk.check,
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
        await self._beat(line)

    async def _beat(self, line: Line) -> None:
        self._asked = self._clock.now()
        await self._heartbeat.beat(line)

    def reconnect(self, command: Reconnect) -> None:
        """Drop the line; whoever pulses next hears of it and opens another."""
        if self._line is not None:
            self._line.reason = command.reason
            self._line.abort()

    async def close(self) -> None:
        """End the session; orders at the broker stay as they are."""
        await self._drop("closed by us")

    async def _drop(self, reason: str) -> None:
        line = self._line
        self._end(reason, 0 if line is None else line.code)
        if line is not None:
            await line.close()

    def _end(self, reason: str, code: int) -> None:
        if self._line is None:
            return
        self._line = None
        self.feed.stop()
        self.questions.stop()
        if self.desk is not None:
            self.desk.stop()
        self._inquiries.fail_all(reason)
        self._heartbeat.end(reason)
        if self._is_announced:
            self._is_announced = False
            _log.warning("session.ended", reason=reason, code=code)
            gone = BrokerDisconnected(at=self._clock.now(), reason=reason, code=code)
            self._put(gone)

    def _obstacle(self) -> str | None:
        line = self._line
        if line is None or not self._is_announced:
            return "not connected"
        if not self._link_is_up:
            return "the broker's own link is down"
        if not self._is_reconciled:
            return "not reconciled since the session or its link came up"
        if self._heartbeat.is_late:
            return "the gateway is late to answer"
        if not self._watch.is_good:
            return f"our clock is {self._watch.complaint}"
        return line.congestion()

    def _on_reported(self) -> None:
        self._is_reconciled = self._link_is_up

    # --------------------------------------------------------------- hearing ---

    def _wrapper(self) -> SimpleNamespace:
        self._accounts: tuple[str, ...] = ()
        return wrapper(
            self._inquiries,
            self._tracker,
            self.desk,
            managedAccounts=self._on_accounts,
            nextValidId=self._on_next_valid_id,
            currentTime=self._on_time,
            error=self._on_error,
            marketDataType=self.feed.on_data_type,
        )

    def _on_lost(self, line: Line) -> None:
        if line is self._line:
            self._end(line.reason or "the gateway closed the connection", line.code)

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
            self._compare(told)
        if self._is_announced:
            # Put here, not by whoever waits, so that what was on the wire before
            # this answer is in the inbox before it, and what came after, after it.
            at = self._clock.now()
            quotes, breadth = self.feed.collect(at)
            self._tell_troubles(at)
            self._put(MarketUpdated(at=at, quotes=quotes, breadth=breadth))
        self._heartbeat.answered()

    def _on_missed(self) -> None:
        _log.warning("heartbeat.missed")
        if self._is_announced:
            self._put(HeartbeatMissed(at=self._clock.now()))

    def _compare(self, told: datetime) -> None:
        watch = self._watch
        counter = asyncio.get_running_loop().time()
        watch.compare(told, asked=self._asked, heard=self._clock.now(), counter=counter)
        if self._is_announced and watch.is_good != self._clock_was_good:
            self._clock_was_good = watch.is_good
            self._put(
                ClockCompared(
                    at=self._clock.now(),
                    ahead=watch.ahead,
                    drift=watch.drift,
                    is_good=watch.is_good,
                )
            )

    def _tell_troubles(self, at: datetime) -> None:
        if self.feed.troubles != self._troubles:
            self._troubles = self.feed.troubles
            self._put(DataTroubled(at=at, troubles=self._troubles))

    def _on_error(self, request_id: int, code: int, told: str, *_: object) -> None:
        text = self._tracker.hide_account(told)
        match fault := fault_of(code):
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
            # An accelerated gateway counts in seconds that are not ours: that we are
            # too fast for it says nothing against our own counting.
            is_ours = code != RATE_EXCEEDED or self._options.request_rate is not None
            line.refuse(f"error {code}: {text}", code if is_ours else 0)
        elif code == READ_ONLY:
            # It names no question, but is the answer to the one for open orders.
            self._inquiries.fail_all(f"error {code}: {text}")

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

    def _on_unknown(self, instrument: Instrument, text: str) -> None:
        now = self._clock.now()
        if not isinstance(instrument, Option | Future):
            what = f"{instrument.con_id}"
        elif instrument.last_trade < new_york_date(now):
            return  # It has ended, and nobody lists it any more.
        else:
            what = f"{instrument.trading_class} {instrument.con_id}"
        reason = f"the broker does not know {what}: {text}"
        self._put(RequestFailed(at=now, request="Watch", reason=reason))

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
