"""Start, supervise and stop the tasks of the daemon; talk to systemd.

One TaskGroup owns everything: a task that dies takes the daemon down, the service
manager starts it again, and recovery is the ordinary start. Stopping is the same
path as a crash, plus good manners: nothing is cancelled at the broker.
"""

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    RetryError,
    retry_if_exception_type,
    stop_after_delay,
    stop_never,
    wait_exponential_jitter,
    wait_fixed,
)

from alvh_trader.engine.event import (
    ConnectFailed,
    ControlTripped,
    DaemonStopped,
    Event,
)
from alvh_trader.errors import AlvhError, BrokerError, WrongAccountError
from alvh_trader.ports import Observer
from alvh_trader.runtime.dispatch import Dispatcher
from alvh_trader.runtime.loop import Loop
from alvh_trader.runtime.systemd import Systemd

log = structlog.get_logger()

PULSE_EVERY = 1.0
"""Seconds between two heartbeats when the broker's time is the wall's time."""

INBOX_MAX = 10_000
"""Events waiting for the loop. More means that it hangs: better to fall over."""

IDLE_PULSE = 0.02
"""Seconds to wait when a broker clock has not moved, instead of spinning."""

MOVED = timedelta(seconds=5)
"""A broker clock that goes on by less is not in lockstep with us."""

WATCHDOG_EVERY = 5.0
"""Seconds between two looks at whether the decision loop does its work."""

RETRY_SECONDS_MAX = 20.0
"""The longest pause between two attempts to connect: a gateway that is back is found
and agreed with within half a minute (reliability.md D3)."""


Job = Callable[[], Coroutine[Any, Any, None]]


class Pulse(Struct, frozen=True, kw_only=True):
    """How time is kept: by the wall, or by a gateway whose time is simulated.

    With a broker clock, no gateway means that the simulation is over: the daemon
    stops after `gives_up_after` seconds without one, instead of retrying for ever, and
    does not begin without one. By the wall it `waits` for one at the start, too.
    """

    is_brokers: bool
    gives_up_after: float = 5.0
    waits: bool = True


class Daemon:
    """A connected, deciding, supervised process."""

    def __init__(
        self,
        observer: Observer,
        dispatcher: Dispatcher,
        loop: Loop,
        inbox: "asyncio.Queue[Event]",
        now: Callable[[], datetime],
        pulse: Pulse,
        background: tuple[Job, ...] = (),
        farewell: Job | None = None,
    ) -> None:
        self._observer = observer
        self._dispatcher = dispatcher
        self._loop = loop
        self._inbox = inbox
        self._now = now
        self._pulse = pulse
        self._background = background
        self._last_words = farewell
        self._systemd = Systemd()
        self._stop = asyncio.Event()
        self._decided = False

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT, or the end of a simulation.

        Raises:
            BrokerError: The gateway was not there when we started, and is not waited
                for.
            JournalError: The journal failed; nothing was sent after that.
            InvariantError: We are wrong, and stopped.
        """
        running = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            running.add_signal_handler(number, self._stop.set)
        running.set_exception_handler(self._trap)
        # What is loaded by now stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        try:
            async with asyncio.TaskGroup() as tasks:
                jobs = [
                    tasks.create_task(job())
                    for job in (
                        self._decide,
                        self._feed_watchdog,
                        self._dispatcher.answer_questions,
                        *self._background,
                    )
                ]
                session = tasks.create_task(self._session())
                stop = tasks.create_task(self._stop.wait())
                await asyncio.wait({session, stop}, return_when="FIRST_COMPLETED")
                await self._farewell()
                self._loop.process(DaemonStopped(at=self._now()))
                for job in (session, stop, *jobs):
                    job.cancel()
        except* AlvhError as group:
            # Whoever started us wants the error with its exit code, not its group.
            raise _first_of(group) from None
        finally:
            self._systemd.notify("STOPPING=1")
            await self._observer.close()
            self._loop.flush()

    def _trap(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Freeze on an error that nobody caught: what else is wrong is not known."""
        error = context.get("exception")
        text = f"{context.get('message', 'an error')}: {error!r}"
        log.error("daemon.uncaught", error=text)
        self._inbox.put_nowait(ControlTripped(at=self._now(), control="I11", text=text))

    async def _farewell(self) -> None:
        if self._last_words is not None:
            await self._last_words()

    async def _decide(self) -> None:
        while True:
            event = await self._inbox.get()
            try:
                self._loop.process(event)
            finally:
                self._inbox.task_done()
            self._decided = True

    async def _feed_watchdog(self) -> None:
        """Tell systemd that decisions are being made, whether or not there is a link.

        A gateway that is away is no reason to restart us; a decision loop that leaves
        its inbox lying is.
        """
        while True:
            await asyncio.sleep(WATCHDOG_EVERY)
            if self._inbox.empty() or self._decided:
                self._systemd.watchdog()
            self._decided = False

    async def _session(self) -> None:
        """Connect, keep the heart beating, and connect again, until told to stop."""
        await self._inbox.join()
        # Decisions are made, and a person can be heard: that is all a manager starts.
        self._systemd.notify("READY=1")
        await self._begin()
        while True:
            reason = await self._beat()
            log.warning("session.lost", reason=reason)
            await self._observer.close()
            await self._settle()
            if not await self._reconnect():
                return

    async def _begin(self) -> None:
        """Open the first session.

        Raises:
            BrokerError: There is none, and nobody wants to wait for it.
        """
        if self._pulse.waits and not self._pulse.is_brokers:
            await self._reconnect()
            return
        try:
            await self._connect()
        except BrokerError:
            # What was found there is written down, and owed to the operator. We end in
            # good order: a start that finds no gateway is none of a crash loop.
            await self._inbox.join()
            self._loop.process(DaemonStopped(at=self._now()))
            raise

    async def _connect(self) -> None:
        """Connect; another account than the one expected freezes trading (P03)."""
        try:
            await self._observer.connect()
        except WrongAccountError as error:
            found = ControlTripped(at=self._now(), control="P03", text=str(error))
            self._inbox.put_nowait(found)
            raise

    async def _beat(self) -> str:
        """Pulse until the session is gone; return why it is."""
        while True:
            before = self._now()
            try:
                await self._observer.pulse()
            except BrokerError as error:
                return str(error)
            await self._settle()
            if not self._pulse.is_brokers:
                await asyncio.sleep(PULSE_EVERY)
            elif self._now() - before < MOVED:
                await asyncio.sleep(IDLE_PULSE)

    async def _settle(self) -> None:
        """Wait until every event is decided and every question answered."""
        while True:
            await self._inbox.join()
            await self._dispatcher.questions.join()
            if self._inbox.empty():
                return

    async def _reconnect(self) -> bool:
        """Return whether a session is up again; False only where a simulation ended."""
        is_brokers = self._pulse.is_brokers
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(BrokerError),
            wait=wait_fixed(0.5)
            if is_brokers
            else wait_exponential_jitter(initial=1, max=RETRY_SECONDS_MAX, jitter=1),
            stop=stop_after_delay(self._pulse.gives_up_after)
            if is_brokers
            else stop_never,
            before_sleep=self._note_failure,
        )
        try:
            await attempts(self._connect)
        except RetryError:
            log.info("session.over")
            return False
        return True

    def _note_failure(self, attempts: RetryCallState) -> None:
        error = attempts.outcome.exception() if attempts.outcome else None
        log.warning("session.retry", attempt=attempts.attempt_number, reason=str(error))
        # The end of a simulation is no outage.
        if isinstance(error, BrokerError) and not self._pulse.is_brokers:
            failed = ConnectFailed(at=self._now(), reason=str(error), code=error.code)
            self._inbox.put_nowait(failed)


def _first_of(group: BaseExceptionGroup[AlvhError]) -> AlvhError:
    """Return the first error in a group, whose members may be groups again."""
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first
