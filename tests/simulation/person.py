"""A person beside a live daemon: arms it, and looks at what waits for a word."""

import asyncio
from collections.abc import Collection, Iterator
from itertools import count
from typing import Protocol

import numpy as np

from alvh_trader.engine.case import Ask
from alvh_trader.runtime.control import PHRASE
from alvh_trader.runtime.flatten_control import PHRASE as CLOSING
from alvh_trader.runtime.request import Answer, Request, Verb

LOOKS_EVERY = 30.0
"""Seconds between two looks at what waits; an order waits two minutes."""

ARMS_EVERY = 30
"""Looks after which he arms again, whatever has disarmed it."""


BY = "simulation"
"""Who says it."""

CASE = "c"
"""What the name of every case begins with: of the only one it is enough."""


def requests(verb: str, sent: Collection[str]) -> Iterator[Request]:
    """Yield what a word is for the daemon; `sent` are the names of all orders so far.

    Of what he cannot know he tries all: the daemon takes what is so, and no other.
    """
    match Verb(verb):
        case Verb.CLEAR:
            yield Request(verb=Verb.CLEAR, phrase=PHRASE, by=BY)
        case Verb.RELEASE:
            yield Request(verb=Verb.RELEASE, case="all")
        case Verb.FLATTEN:
            yield Request(verb=Verb.FLATTEN, case="all", phrase=CLOSING, by=BY)
        case Verb.ADOPT:
            yield Request(verb=Verb.ADOPT, name="all")
        case Verb.ABANDON:
            for ref in sent:
                yield Request(verb=Verb.ABANDON, name=ref)
        case Verb.ACK:
            for what in Ask:
                yield Request(verb=Verb.ACK, case=CASE, what=what)
        case Verb.ROLL:
            yield Request(verb=Verb.ROLL, case=CASE)
        case simple:
            yield Request(verb=simple)


class Daemon(Protocol):
    """What a person sees of the world."""

    account: str

    async def ask(self, said: Request) -> Answer: ...
    def tell(self, text: str) -> None: ...
    def violation(self, row: str, text: str) -> None: ...


class Person:
    """Allows most orders, declines some, leaves some; says yes twice now and then."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.rng = np.random.default_rng(17)
        self.allowed: set[str] = set()
        """The names of all orders that were ever allowed."""

    async def attend(self) -> None:
        """Arm and answer for ever."""
        armed = -ARMS_EVERY
        for look in count():
            if look - armed >= ARMS_EVERY and await self._arm():
                armed = look
            for it in (await self._daemon.ask(Request(verb=Verb.APPROVALS))).waiting:
                await self._answer(it.name)
            await asyncio.sleep(LOOKS_EVERY)

    async def _arm(self) -> bool:
        account = self._daemon.account
        said = Request(verb=Verb.ARM, account=account, accepts=True, by=BY)
        answer = await self._daemon.ask(said)
        if answer.taken:
            self._daemon.tell(f"person arms: {answer.text}")
        return answer.taken

    async def _answer(self, name: str) -> None:
        mood = self.rng.random()
        if mood < 0.1:
            return
        verb = Verb.REJECT if mood < 0.2 else Verb.APPROVE
        if verb is Verb.APPROVE:
            self.allowed.add(name)
        said = Request(verb=verb, name=name, by=BY)
        answer = await self._daemon.ask(said)
        self._daemon.tell(f"person {verb} {name}: {answer.text}")
        if verb is Verb.APPROVE and answer.taken and mood > 0.8:
            again = await self._daemon.ask(said)
            if again.taken:
                self._daemon.violation("V9", f"{name} was allowed twice")
