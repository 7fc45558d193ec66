"""Whatever an adversary makes of market, broker and process, the promise holds."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Fill, Order, Purpose, exec_base
from alvh_trader.engine import invariants
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    PreviewMargin,
    RepriceOrder,
)
from alvh_trader.engine.event import (
    BrokerConnected,
    BrokerDisconnected,
    BrokerReported,
    DaemonStarted,
    Event,
    LinkChanged,
    OperatorAcknowledged,
    OperatorAskedRoll,
    OperatorCleared,
    OperatorFlattened,
    OperatorHalted,
    OperatorReleased,
    OrderFilled,
    OrderRefused,
    ReportFailed,
)
from alvh_trader.engine.state import Rules
from alvh_trader.engine.step import Step, step
from alvh_trader.journal.codec import encode
from alvh_trader.runtime.loop import decode_state, encode_state
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World

LATE = timedelta(seconds=30)
"""A message is not longer under way than this while the session is up."""

DESTINATIONS = (
    Phase.MONITOR,
    Phase.HEDGE_PLAN,
    Phase.HEDGE_WORKING,
    Phase.STABILISE,
    Phase.ROLL_PLAN,
    Phase.ROLL_WORKING,
    Phase.VERIFY,
)


class Witness(World):
    """A world that remembers what the engine was told, and judges each order by it.

    It counts hedges from the messages alone, not from the engine's lots and proofs.
    """

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules=rules)
        self.executed: dict[str, Fill] = {}
        self.reported: dict[int, int] = {}
        self.hedges: dict[str, Order] = {}
        self.is_up = False
        self.is_halted = False

    def tell(self, *events: Event) -> Step:
        """Tell, and let every order that comes of it be judged."""
        outcome = Step(self.state)
        for event in events:
            self._remember(event)
            before = self.state
            outcome = super().tell(event)
            if isinstance(event, OperatorCleared):
                # Lifted only where the last report was clean: the engine says so.
                self.is_halted = self.state.is_halted
            again = step(before, event, self.rules)
            assert again == outcome, "the same event led elsewhere"
            for command in outcome.commands:
                encode(command)
                self._judge(command)
        return outcome

    def _remember(self, event: Event) -> None:
        match event:
            case OrderFilled(fill=fill):
                self._execute(fill)
            case BrokerReported(fills=fills, positions=positions):
                for fill in fills:
                    self._execute(fill)
                self.reported = {p.instrument.con_id: p.quantity for p in positions}
            case BrokerConnected():
                self.is_up = True
            case BrokerDisconnected() | DaemonStarted():
                self.is_up = False
            case LinkChanged(is_up=is_up):
                self.is_up = is_up
            case OperatorHalted():
                self.is_halted = True
            case _:
                pass

    def _execute(self, fill: Fill) -> None:
        known = self.executed.get(exec_base(fill.exec_id))
        if known is None or known.exec_id < fill.exec_id:
            self.executed[exec_base(fill.exec_id)] = fill

    def _judge(self, command: Command) -> None:
        if isinstance(command, PlaceOrder | RepriceOrder | CancelOrder):
            assert self.rules.may_trade, "an order while watching"
        if isinstance(command, PlaceOrder | RepriceOrder):
            assert self.is_up, "an order without a session"
            assert not self.is_halted, "an order after the halt"
            order = command.approved.order
            if order.purpose is Purpose.HEDGE:
                self.hedges[order.ref] = order
            if order.purpose is Purpose.ROLL:
                self._judge_roll(command)
            is_closing = self.state.cases[order.case].phase is Phase.CLOSING
            assert is_closing == (order.purpose is Purpose.CLOSE)
            if isinstance(command, PlaceOrder) and is_closing:
                self._judge_closing(order)

    def _judge_closing(self, order: Order) -> None:
        for leg in order.legs:
            held = self.reported.get(leg.instrument.con_id, 0)
            assert held * leg.ratio < 0, "it opens"
            assert order.quantity <= abs(held), "more than the account has"

    def _judge_roll(self, command: PlaceOrder | RepriceOrder) -> None:
        order, permit = command.approved.order, command.approved.permit
        assert permit is not None
        assert permit.order_ref == order.ref
        assert permit.issued == self.now < permit.expires
        needed = max(1, self.state.cases[order.case].needed)
        contracts = {
            leg.instrument.con_id
            for ref, hedge in self.hedges.items()
            for leg in hedge.legs
            if hedge.case == order.case and leg.ratio > 0
        }
        filled = sum(
            f.quantity for f in self.executed.values() if f.con_id in contracts
        )
        held = sum(self.reported.get(c, 0) for c in contracts)
        assert filled >= needed, f"{filled} executed, {needed} needed"
        assert held >= needed, f"{held} in the account, {needed} needed"
        live = [
            t.order.ref
            for t in self.state.tickets.values()
            if t.is_live and t.order.purpose is Purpose.ROLL
        ]
        assert live == [order.ref]


AFTERWARDS = st.sampled_from(["nothing", "messages", "a look", "a good while"])
"""What follows a blow at once; the search finds a way faster with fewer steps."""


class AnyHistory(RuleBasedStateMachine):
    """The adversary. Commands travel in order; events may overtake and repeat."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Witness(RULES)
        self.under_way: list[Event] = []

    @initialize(where=st.sampled_from(DESTINATIONS))
    def begin(self, where: Phase) -> None:
        self.world = Witness(RULES)
        self.world.start()
        # The what-if's answer for the roll is the last thing that is missing for it.
        is_on_the_brink = where is Phase.ROLL_PLAN
        self.world.withheld = {PreviewMargin} if is_on_the_brink else set()
        self.world.until(where)
        self.world.run(20 if is_on_the_brink else 0)
        self.world.withheld = set()
        self.world.fills = False

    # ------------------------------------------------------- messages -----

    def send(self) -> None:
        """Let every command reach the broker, in order."""
        while self.world.open:
            self.under_way += self.world.respond(self.world.open.pop(0))

    def deliver(self, event: Event) -> None:
        self.world.tell(replace(event, at=self.world.now))

    def deliver_all(self) -> None:
        events, self.under_way = self.under_way, []
        for event in events:
            self.deliver(event)

    @rule()
    def the_broker_receives(self) -> None:
        self.send()

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), is_repeated=st.booleans())
    def a_message_arrives(self, data: st.DataObject, is_repeated: bool) -> None:
        place = data.draw(st.integers(0, len(self.under_way) - 1))
        event = self.under_way[place]
        if not is_repeated:
            del self.under_way[place]
        self.deliver(event)

    @rule(is_reversed=st.booleans())
    def all_messages_arrive(self, is_reversed: bool) -> None:
        self.send()
        if is_reversed:
            self.under_way.reverse()
        self.deliver_all()

    def go_on(self, then: str) -> None:
        """Let a blow be followed by nothing, by its messages, or by good weather."""
        if then == "nothing":
            return
        self.send()
        self.deliver_all()
        if then == "a look":
            self.world.now += timedelta(seconds=10)
            self.world.tell(self.world.look())
        if then == "a good while":
            self.all_goes_well_for_a_while(12, fills=True)

    # ----------------------------------------------------------- time -----

    @rule(seconds=st.sampled_from([1, 5, 10, 10, 10, 20, 65, 130]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)
        if timedelta(seconds=seconds) > LATE:
            self.send()
            self.deliver_all()
        self.world.tell(self.world.look())

    @rule(looks=st.integers(1, 12), fills=st.booleans())
    def all_goes_well_for_a_while(self, looks: int, fills: bool) -> None:
        self.send()
        self.deliver_all()
        self.world.fills = fills
        for _ in range(looks):
            self.world.tick()
        self.world.fills = False

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        self.send()
        self.deliver_all()
        self.world.now += timedelta(days=days)
        self.world.broker.begin_day(new_york_date(self.world.now))
        self.world.tell(self.world.look())

    # --------------------------------------------------------- market -----

    @rule(
        spot=st.floats(6600, 7100),
        vix=st.floats(14, 38),
        net=st.integers(-1400, 1400),
        then=AFTERWARDS,
    )
    def the_market_moves(self, spot: float, vix: float, net: int, then: str) -> None:
        forward = 0.5 * vix + 10
        self.world.change(spot=spot, vix=vix, vix_forward=forward, net=net)
        self.go_on(then)

    @rule(
        sigma=st.sampled_from([1.15, 1.15, 0.7, 2.6]),
        shown=st.sampled_from([200.0, 0.0]),
        dark=st.sets(st.sampled_from(["SPX", "VIX", "AD-NYSE"]), max_size=1),
        mute=st.sets(st.sampled_from([1, 2, 3])),
        then=AFTERWARDS,
    )
    def the_data_go_bad(
        self, sigma: float, shown: float, dark: set[str], mute: set[int], then: str
    ) -> None:
        self.world.change(vix_sigma=sigma, shown=shown, dark=frozenset(dark))
        self.world.mute = mute
        self.go_on(then)

    @rule()
    def the_market_is_as_in_the_book(self) -> None:
        self.world.mute = set()
        self.world.market = Witness(RULES).market

    # --------------------------------------------------------- orders -----

    def working(self) -> list[str]:
        self.send()
        return sorted(self.world.broker.working)

    @rule(data=st.data(), then=AFTERWARDS)
    def an_order_fills(self, data: st.DataObject, then: str) -> None:
        for ref in self.working()[:1]:
            work = self.world.broker.working[ref]
            left = work.order.quantity - work.filled
            units = data.draw(st.integers(1, left))
            self.under_way += self.world.trade(ref, units)
        self.go_on(then)

    @rule()
    def the_broker_cancels(self) -> None:
        for ref in self.working()[:1]:
            self.under_way += self.world.respond(CancelOrder(ref=ref))

    @rule()
    def the_broker_rejects(self) -> None:
        for ref in self.working()[:1]:
            if not self.world.broker.working[ref].filled:
                del self.world.broker.working[ref]
                refused = OrderRefused(
                    at=self.world.now, ref=ref, code=201, text="rejected"
                )
                self.under_way.append(refused)

    @rule(
        data=st.data(), is_bust=st.booleans(), is_known=st.booleans(), then=AFTERWARDS
    )
    def an_execution_is_corrected(
        self, data: st.DataObject, is_bust: bool, is_known: bool, then: str
    ) -> None:
        fills = self.world.broker.fills
        vix = [f for f in fills if self.option(f).symbol == "VIX" and f.quantity]
        if not vix:
            return
        fill = data.draw(st.sampled_from(vix))
        number = int(fill.exec_id[-2:]) + 1
        quantity = 0 if is_bust else fill.quantity
        after = replace(
            fill, exec_id=f"{fill.exec_id[:-2]}{number:02d}", quantity=quantity
        )
        fills[fills.index(fill)] = after
        self.world.broker.hold(self.option(fill), quantity - fill.quantity)
        told = OrderFilled(at=self.world.now, fill=after)
        if is_known:
            self.deliver(told)
        else:
            self.under_way.append(told)
        self.go_on(then)

    def option(self, fill: Fill) -> Option:
        order = next(o for o in self.world.broker.received if o.ref == fill.ref)
        legs = [leg.instrument for leg in order.legs]
        found = next(i for i in legs if i.con_id == fill.con_id)
        assert isinstance(found, Option)
        return found

    @precondition(lambda self: self.world.broker.positions)
    @rule(data=st.data(), change=st.sampled_from([-7, -1, 1]), then=AFTERWARDS)
    def a_person_trades_elsewhere(
        self, data: st.DataObject, change: int, then: str
    ) -> None:
        broker = self.world.broker
        held = data.draw(st.sampled_from(sorted(broker.positions)))
        broker.hold(broker.positions[held].instrument, change)
        self.go_on(then)

    # -------------------------------------------- session and process -----

    def lose_messages(self, arrives: bool) -> None:
        if arrives:
            self.send()
        self.world.open.clear()
        self.under_way.clear()

    @rule(arrives=st.booleans(), then=AFTERWARDS)
    def the_link_is_lost_and_found(self, arrives: bool, then: str) -> None:
        self.lose_messages(arrives)
        self.world.disconnect()
        self.world.now += timedelta(seconds=1)
        self.world.tell(self.world.look())
        self.world.connect()
        self.go_on(then)

    @rule(arrives=st.booleans(), then=AFTERWARDS)
    def the_process_is_killed(self, arrives: bool, then: str) -> None:
        self.lose_messages(arrives)
        self.world.now += timedelta(seconds=3)
        self.world.restart()
        self.go_on(then)

    @rule(
        what=st.sampled_from(
            ["halt", "release", "acknowledge", "roll", "flatten", "link", "report"]
        )
    )
    def something_rare_happens(self, what: str) -> None:
        now = self.world.now
        match what:
            case "halt":
                self.world.tell(OperatorHalted(at=now))
            case "release":
                self.world.tell(OperatorCleared(at=now))
                self.world.tell(OperatorReleased(at=now, case=""))
            case "acknowledge":
                for case in tuple(self.world.state.cases):
                    asked = self.world.state.cases[case].asks or "BREADTH"
                    said = OperatorAcknowledged(at=now, case=case, what=asked)
                    self.world.tell(said)
            case "roll":
                for case in tuple(self.world.state.cases):
                    self.world.tell(OperatorAskedRoll(at=now, case=case))
            case "flatten":
                self.world.tell(OperatorFlattened(at=now, case=""))
            case "link":
                self.world.tell(LinkChanged(at=now, is_up=False))
                self.time_passes(5)
                up = LinkChanged(at=self.world.now, is_up=True, data_lost=True)
                self.world.tell(up)
            case _:
                self.world.tell(ReportFailed(at=now, reason="no End marker"))

    @rule()
    def a_report_lacks_what_has_ended(self) -> None:
        self.send()
        report = self.world.broker.reported(self.world.now)
        self.under_way.append(replace(report, completed=()))

    # ----------------------------------------------------- what holds -----

    @invariant()
    def the_state_survives_the_journal(self) -> None:
        state = self.world.state
        assert decode_state(encode_state(state)) == state

    @invariant()
    def what_the_engine_must_hold_holds(self) -> None:
        invariants.check(self.world.state, self.world.rules)

    @invariant()
    def the_exchange_has_one_roll_at_most(self) -> None:
        rolls = [
            w.order.ref
            for w in self.world.broker.working.values()
            if w.order.purpose is Purpose.ROLL
        ]
        assert len(rolls) <= 1

    @invariant()
    def no_order_filled_twice(self) -> None:
        for ticket in self.world.state.tickets.values():
            assert ticket.filled <= ticket.order.quantity


AnyHistory.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)
TestAnyHistory = AnyHistory.TestCase


@settings(max_examples=10, deadline=None)
@given(
    moves=st.lists(
        st.tuples(st.floats(6300, 7600), st.floats(12, 45), st.integers(10, 1800)),
        min_size=1,
        max_size=12,
    )
)
def test_watching_asks_for_no_order_whatever_the_market_does(
    moves: list[tuple[float, float, int]],
) -> None:
    world = Witness(replace(RULES, may_trade=False))
    world.start()
    for spot, vix, seconds in moves:
        world.change(spot=spot, vix=vix, vix_forward=0.5 * vix + 10)
        world.run(seconds, every=30)
    assert world.broker.received == []
