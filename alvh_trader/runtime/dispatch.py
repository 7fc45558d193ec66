"""Send each command to the adapter that carries it out.

Orders go to the socket at once. Questions queue behind each other and are answered
one at a time: identical requests at the same time hang in ib_insync, and an order
never waits behind a question (reliability.md F39, performance.md).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

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
    Watch,
)
from alvh_trader.errors import InvariantError
from alvh_trader.ports import Notifier, Observer, Trader

Question = (
    RequestReport
    | RequestBars
    | ListExpiries
    | ListOptions
    | ListFutures
    | ListHours
    | PreviewMargin
)

QUESTIONS_MAX = 256
"""More questions than this at once is a mistake of ours, not a busy day."""


class Dispatcher:
    """Carries out commands. Without a `trader` nothing can be sent (watch mode)."""

    def __init__(
        self,
        observer: Observer,
        trader: Trader | None,
        notifier: Notifier,
        now: Callable[[], datetime],
    ) -> None:
        self._observer = observer
        self._trader = trader
        self._notifier = notifier
        self._now = now
        self.questions: asyncio.Queue[Question] = asyncio.Queue(QUESTIONS_MAX)

    def dispatch(self, command: Command) -> None:
        """Start carrying out `command`; its outcome comes back as an event."""
        match command:
            case Watch():
                self._observer.watch(command)
            case Reconnect():
                self._observer.reconnect(command)
            case RaiseAlert():
                self._notifier.notify(command, self._now())
            case PlaceOrder() | RepriceOrder() | CancelOrder():
                self._send(command)
            case (
                RequestReport()
                | RequestBars()
                | ListExpiries()
                | ListOptions()
                | ListFutures()
                | ListHours()
                | PreviewMargin()
            ):
                self.questions.put_nowait(command)
            case _:
                assert_never(command)

    def _send(self, command: PlaceOrder | RepriceOrder | CancelOrder) -> None:
        if self._trader is None:
            raise InvariantError("an order in a mode that cannot send one")
        match command:
            case PlaceOrder():
                self._trader.place(command)
            case RepriceOrder():
                self._trader.reprice(command)
            case CancelOrder():
                self._trader.cancel(command)

    async def answer_questions(self) -> None:
        """Answer one question after the other, for ever."""
        while True:
            question = await self.questions.get()
            try:
                if isinstance(question, PreviewMargin):
                    if self._trader is not None:
                        await self._trader.preview(question)
                else:
                    await self._observer.ask(question)
            finally:
                self.questions.task_done()
