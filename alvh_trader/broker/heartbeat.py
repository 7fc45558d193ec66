"""Ask the gateway for its time, and notice when it does not answer.

A connection whose other end has vanished looks alive to everybody who does not ask
(reliability.md I03, F22, F23).
"""

import asyncio
from collections.abc import Callable

from alvh_trader.broker.line import Line
from alvh_trader.errors import BrokerError, NotConnectedError

MISSES_MAX = 2
"""An answer that is missing so often in a row means that nobody is there."""


class Heartbeat:
    """One question at a time.

    With `repeats` it is asked again after each `timeout` in which nobody answered; a
    simulated gateway must be asked once only, for each question moves its time.
    """

    def __init__(
        self, timeout: float, *, repeats: bool, on_missed: Callable[[], None]
    ) -> None:
        self._timeout = timeout
        self._repeats = repeats
        self._on_missed = on_missed
        self._answer: asyncio.Future[None] | None = None
        self.is_late = False

    async def beat(self, line: Line) -> None:
        """Return when the gateway has answered.

        Raises:
            BrokerError: It did not, or the session ended.
        """
        answer = self._answer = asyncio.get_running_loop().create_future()
        try:
            for misses in range(1, MISSES_MAX + 1):
                if misses == 1 or self._repeats:
                    line.client.reqCurrentTime()
                if await self._comes(answer):
                    return
                self.is_late = True
                if misses < MISSES_MAX:
                    self._on_missed()
        except ConnectionError as error:
            raise NotConnectedError(f"{line.place}: {error}") from error
        finally:
            # Whoever ends the session later need not tell a question given up.
            answer.cancel()
        waited = MISSES_MAX * self._timeout
        raise BrokerError(f"{line.place}: no answer within {waited:g} s")

    async def _comes(self, answer: "asyncio.Future[None]") -> bool:
        done, _ = await asyncio.wait({answer}, timeout=self._timeout)
        if done:
            answer.result()
        return bool(done)

    def answered(self) -> None:
        """The gateway told its time."""
        self.is_late = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)

    def end(self, reason: str) -> None:
        """The session is gone: nobody answers any more."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NotConnectedError(reason))
