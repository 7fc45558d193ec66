"""Whatever people, processes and markets do, live sends what was armed and allowed."""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.engine.command import Command, PlaceOrder, RepriceOrder
from alvh_trader.engine.event import Event, OperatorApproved, OperatorRejected
from alvh_trader.engine.proposals import pending
from alvh_trader.engine.step import Step
from tests.playbook import World

Program = tuple[str, str]
"""Build and configuration."""


class Notary(World):
    """A world that notes by itself who allowed what, and judges what leaves by it."""

    def __init__(self) -> None:
        super().__init__(mode="live")
        self.shown: list[str] = []
        self.yes: dict[str, datetime] = {}
        self.no: set[str] = set()
        self.used: dict[str, str] = {}
        self.armed: tuple[Program, datetime] | None = None

    @property
    def program(self) -> Program:
        return self.build, self.config

    def tell(self, *events: Event) -> Step:
        outcome = Step(self.state)
        for event in events:
            if isinstance(event, OperatorApproved):
                self.yes.setdefault(event.digest, event.at)
            if isinstance(event, OperatorRejected):
                self.no.add(event.digest)
            outcome = super().tell(event)
            for command in outcome.commands:
                self._judge(command, event)
            seen = (t.proposal for t in pending(self.state))
            self.shown += [
                p.digest for p in seen if p is not None and p.digest not in self.shown
            ]
        return outcome

    def _judge(self, command: Command, event: Event) -> None:
        if not isinstance(command, PlaceOrder | RepriceOrder):
            return
        assert self.is_armed(), "an order of what nobody armed"
        order, consent = command.approved.order, command.approved.consent
        assert consent is not None, "an order that nobody allowed"
        if isinstance(command, RepriceOrder):
            assert self.used[consent.digest] == order.ref
            assert order.limit in consent.proposal.limits
            return
        assert isinstance(event, OperatorApproved), "sent without a word"
        assert event.digest == consent.digest
        assert consent.digest in self.shown
        assert consent.digest not in self.used, "one yes, two orders"
        assert consent.digest not in self.no, "a person said no"
        assert event.at - consent.proposal.asked <= timedelta(seconds=120)
        assert order == consent.proposal.order
        self.used[consent.digest] = order.ref

    def is_armed(self) -> bool:
        if self.armed is None:
            return False
        program, at = self.armed
        is_today = new_york_date(at) == new_york_date(self.now)
        is_young = self.now - at < timedelta(hours=12)
        return program == self.program and is_today and is_young


class AnyLive(RuleBasedStateMachine):
    """What may happen in live."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Notary()
        self.world.start()
        self.is_up = True
        self.armed(12)
        while not self.world.shown:
            self.world.tick()

    @rule(seconds=st.sampled_from([1, 10, 30, 130]), times=st.integers(1, 6))
    def time_passes(self, seconds: int, times: int) -> None:
        for _ in range(times):
            self.world.tick(seconds)

    @rule(hours=st.sampled_from([1, 12]))
    def armed(self, hours: int) -> None:
        self.world.arm(timedelta(hours=hours))
        if self.is_up:
            self.world.armed = (self.world.program, self.world.now)

    @rule()
    def disarmed(self) -> None:
        self.world.armed = None
        self.world.disarm()
        self.world.answer()

    @precondition(lambda self: self.world.shown)
    @rule(data=st.data())
    def somebody_says_yes(self, data: st.DataObject) -> None:
        shown = self.world.shown
        digest = (
            shown[-1] if data.draw(st.booleans()) else data.draw(st.sampled_from(shown))
        )
        said = OperatorApproved(at=self.world.now, digest=digest, by="ann")
        self.world.tell(said)
        if data.draw(st.booleans()):
            self.world.tell(said)
        self.world.answer()

    @precondition(lambda self: self.world.shown)
    @rule()
    def somebody_says_no(self) -> None:
        digest = self.world.shown[-1]
        self.world.tell(OperatorRejected(at=self.world.now, digest=digest, by="bob"))

    @rule(build=st.sampled_from(["b1", "b1", "b2"]), config=st.sampled_from(["c", "d"]))
    def the_process_dies(self, build: str, config: str) -> None:
        self.world.build, self.world.config = build, config
        if self.world.armed is not None and self.world.armed[0] != self.world.program:
            # What one start has ended, a later one does not bring back.
            self.world.armed = None
        self.world.restart()
        self.is_up = True

    @precondition(lambda self: self.is_up)
    @rule()
    def the_session_ends(self) -> None:
        self.world.disconnect()
        self.is_up = False

    @precondition(lambda self: not self.is_up)
    @rule()
    def a_session_comes_up(self) -> None:
        self.world.connect()
        self.is_up = True

    @rule(fills=st.booleans())
    def the_market_fills_or_not(self, fills: bool) -> None:
        self.world.fills = fills

    @invariant()
    def nobody_trades_for_nobody(self) -> None:
        sent = {order.ref for order in self.world.broker.received}
        assert sent <= set(self.world.used.values())


AnyLive.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None
)


TestAnyLive = AnyLive.TestCase
pytestmark = pytest.mark.covers("P02", "P27", "V5", "V9", "F126")
