"""Questions in flight: rows are collected until the answer's own End marker."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from alvh_trader.broker.pace import Pace
from alvh_trader.errors import BrokerError, NotConnectedError

FIRST_REQUEST_ID = 1_500_000_000
"""Errors name orders and requests by the same number, so the two must not meet."""

LATEST = 120.0
"""Seconds after which a late answer counts as lost (reliability.md F44)."""

Key = int | str


class Inquiries:
    """Asks one question at a time of each kind, and matches the answers.

    Some questions carry a request id. Those that do not (open orders, positions) are
    answered in the order they were asked: an answer that comes after we stopped
    waiting is *owed*, and is thrown away when it comes instead of passing for the
    answer to a newer question. One that is owed for `LATEST` will not come any more;
    without an end to the debt one lost End marker would spoil every later answer.
    """

    def __init__(
        self, pace: Pace, take_id: Callable[[], int], *, timeout: float
    ) -> None:
        self._pace = pace
        self._take_id = take_id
        self._timeout = timeout
        self._rows: dict[Key, list[Any]] = {}
        self._done: dict[Key, asyncio.Future[None]] = {}
        self._means_none: dict[Key, int] = {}
        self._owed: Counter[Key] = Counter()
        self._owed_since: dict[Key, float] = {}

    async def ask(
        self, what: str, send: Callable[[int], None], *, means_none: int = 0
    ) -> list[Any]:
        """Send a question with a request id; return the rows of its answer.

        The error code `means_none` is an answer too: there are no rows.

        Raises:
            BrokerError: No End marker came in time, an error came instead, or the
                session ended.
        """
        request_id = self._take_id()
        self._means_none[request_id] = means_none
        try:
            return await self._answer(request_id, what, lambda: send(request_id))
        finally:
            del self._means_none[request_id]

    async def ask_kind(self, kind: str, send: Callable[[], None]) -> list[Any]:
        """Send a question that has no id; return the rows of its answer.

        Raises:
            BrokerError: As for `ask`.
        """
        return await self._answer(kind, kind, send)

    def waits_for(self, key: Key) -> bool:
        """Return whether the answer to `key` is still coming."""
        return key in self._done

    def add(self, key: Key, row: object) -> None:
        """Take one row of an answer; rows nobody asked for are dropped."""
        if key in self._rows and not self._owed[key]:
            self._rows[key].append(row)

    def end(self, key: Key) -> None:
        """The answer is complete."""
        if self._owed[key]:
            self._owed[key] -= 1
            return
        done = self._done.get(key)
        if done is not None and not done.done():
            done.set_result(None)

    def fail(self, key: Key, code: int, text: str) -> None:
        """An error came instead of the answer."""
        done = self._done.get(key)
        if done is None or done.done():
            return
        if code and code == self._means_none.get(key):
            done.set_result(None)
        else:
            done.set_exception(BrokerError(f"error {code}: {text}"))

    def fail_all(self, reason: str) -> None:
        """The session ended: no answer will come."""
        for done in self._done.values():
            if not done.done():
                done.set_exception(NotConnectedError(reason))

    async def _answer(self, key: Key, what: str, send: Callable[[], None]) -> list[Any]:
        assert key not in self._done, f"asked twice at once: {what}"
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._pace.reserve(loop.time()))
        if loop.time() - self._owed_since.get(key, loop.time()) >= LATEST:
            del self._owed[key], self._owed_since[key]
        self._rows[key] = []
        done = self._done[key] = loop.create_future()
        try:
            send()
            async with asyncio.timeout(self._timeout):
                await done
            self._owed_since.pop(key, None)
        except TimeoutError:
            if isinstance(key, str):
                self._owed[key] += 1
                self._owed_since.setdefault(key, loop.time())
            raise BrokerError(
                f"{what}: no complete answer within {self._timeout:g} s"
            ) from None
        except ConnectionError as error:
            raise NotConnectedError(f"{what}: {error}") from error
        finally:
            rows = self._rows.pop(key)
            del self._done[key]
        return rows
