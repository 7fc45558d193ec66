"""Deliver every alert at least once, whatever happens in between.

What is owed to whom stands in the journal (written with the alert, struck out when a
channel took it). A crash, a lost network or a dead server delays an alert and may
repeat it; only a delivery ends it.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tenacity import AsyncRetrying, retry_if_result, wait_exponential

from alvh_trader.alerts.channels import Channel
from alvh_trader.alerts.render import render
from alvh_trader.alerts.throttle import Letter, Throttle
from alvh_trader.engine.command import RaiseAlert, Severity

BACK_OFF_MAX = 60.0
"""Seconds between two attempts, at most. A critical alert does not wait for it."""

RELEASE_EVERY = 1.0
"""Seconds between two looks at what the throttle holds."""

_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Deliveries(Protocol):
    """The durable list of what is owed; `journal.deliveries` keeps it."""

    def owed(self, after: int = 0) -> list[tuple[int, datetime, RaiseAlert, list[str]]]:
        """Return number, time, alert and owed channels of each alert behind `after`."""
        ...

    def delivered(self, seqs: Sequence[int], channel: str) -> None:
        """Note durably that `channel` took a message which stands for all `seqs`."""
        ...

    def failed(self, seqs: Sequence[int], channel: str, error: str) -> None:
        """Note an attempt that failed, and why."""
        ...


class Outbox:
    """Implements `ports.Notifier`; `run` is one of the daemon's tasks."""

    def __init__(
        self,
        deliveries: Deliveries,
        channels: Sequence[Channel],
        now: Callable[[], datetime],
        *,
        window: timedelta,
    ) -> None:
        self._deliveries = deliveries
        self._throttle = Throttle(window)
        self._lanes = {channel.name: _Lane(channel) for channel in channels}
        self._owed: dict[int, list[str]] = {}
        self._now = now
        self._seen = 0

    def notify(self, alert: RaiseAlert, at: datetime) -> None:
        """Take in every alert that was journaled since the last call.

        The alert itself is among them; what is not in the journal is not delivered.
        """
        del alert, at
        self._take_in()

    async def run(self) -> None:
        """Deliver what is owed, also by earlier processes, until cancelled.

        Raises:
            JournalError: A delivery cannot be noted (in an exception group).
        """
        self._take_in()
        async with asyncio.TaskGroup() as tasks:
            for lane in self._lanes.values():
                tasks.create_task(self._serve(lane))
            if self._lanes:
                tasks.create_task(self._release())

    async def drain(self, seconds: float) -> bool:
        """Give what is on its way, or held, a last chance; return whether all went.

        Call it while `run` still runs. What does not go stays owed.
        """
        self._take_in()
        for letter in self._throttle.flush():
            self._post(letter)
        try:
            async with asyncio.timeout(seconds):
                for lane in self._lanes.values():
                    await lane.idle.wait()
        except TimeoutError:
            return False
        return True

    def _take_in(self) -> None:
        if not self._lanes:
            return
        for seq, at, alert, channels in self._deliveries.owed(self._seen):
            self._seen = seq
            self._owed[seq] = channels
            letter = Letter(seqs=(seq,), at=at, alert=alert)
            if self._throttle.admit(letter):
                self._post(letter)

    def _post(self, letter: Letter) -> None:
        """Put `letter` into the lane of each channel that is owed any part of it."""
        owed = set().union(*(self._owed.pop(seq, ()) for seq in letter.seqs))
        for name in sorted(owed & self._lanes.keys()):
            self._lanes[name].push(letter)

    async def _release(self) -> None:
        while True:
            await asyncio.sleep(RELEASE_EVERY)
            for letter in self._throttle.release(self._now()):
                self._post(letter)

    async def _serve(self, lane: "_Lane") -> None:
        """Deliver the most urgent letter of `lane`, again and again."""
        attempts = AsyncRetrying(
            retry=retry_if_result(lambda reason: reason is not None),
            wait=wait_exponential(multiplier=1, max=BACK_OFF_MAX),
            sleep=lane.back_off,
        )
        while True:
            await lane.filled.wait()
            # The retrying is of the channel, not of a letter: each attempt takes
            # whatever is the most urgent by then.
            await attempts(self._deliver, lane)

    async def _deliver(self, lane: "_Lane") -> str | None:
        letter = lane.pop()
        try:
            message = render(letter.alert, letter.at, letter.repeats)
            reason = await lane.channel.send(message)
        except BaseException:
            lane.push(letter)
            raise
        if reason is None:
            self._deliveries.delivered(letter.seqs, lane.channel.name)
        else:
            self._deliveries.failed(letter.seqs, lane.channel.name, reason)
            lane.push(letter, is_new=False)
        lane.settle()
        return reason


class _Lane:
    """What one channel has still to deliver, the most urgent and oldest first."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.filled = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self._urgent = asyncio.Event()
        self._heap: list[tuple[int, int, Letter]] = []

    def push(self, letter: Letter, *, is_new: bool = True) -> None:
        """Add `letter`; a new critical one ends a pause between attempts."""
        rank = _RANK[letter.alert.severity]
        heapq.heappush(self._heap, (rank, letter.seqs[-1], letter))
        self.filled.set()
        self.idle.clear()
        if is_new and letter.alert.severity is Severity.CRITICAL:
            self._urgent.set()

    def pop(self) -> Letter:
        """Take the most urgent letter out. It is not idle before `settle`."""
        letter = heapq.heappop(self._heap)[2]
        if letter.alert.severity is Severity.CRITICAL:
            self._urgent.clear()
        return letter

    def settle(self) -> None:
        """Say what is left, after an attempt."""
        if not self._heap:
            self.filled.clear()
            self.idle.set()

    async def back_off(self, seconds: float) -> None:
        """Pause between two attempts, but not longer than until one is urgent."""
        try:
            async with asyncio.timeout(seconds):
                await self._urgent.wait()
        except TimeoutError:
            return
