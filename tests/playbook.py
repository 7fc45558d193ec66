"""A small honest world for the pure engine, so that a test reads as a conversation.

`World` keeps time, a market and a broker, tells the engine what happened and answers
what it asks, as a perfect broker would. A test withholds, delays, repeats or corrupts
any of it. After every event the engine's own invariants are checked, and that no
reference is ever used twice.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from alvh_trader.domain.calendar import (
    OPENS,
    Calendar,
    Hours,
    instant,
    new_york_date,
)
from alvh_trader.domain.instrument import Future, Instrument, Option
from alvh_trader.domain.order import Order, OrderReport, Purpose
from alvh_trader.engine import invariants
from alvh_trader.engine.case import Case
from alvh_trader.engine.command import (
    CancelOrder,
    Command,
    ListExpiries,
    ListHours,
    ListOptions,
    PlaceOrder,
    PreviewMargin,
    RaiseAlert,
    RepriceOrder,
    RequestBars,
    RequestReport,
    Severity,
    Watch,
)
from alvh_trader.engine.connection import CHANGED
from alvh_trader.engine.decision import Decision
from alvh_trader.engine.event import (
    BarsReported,
    BreadthSeeded,
    BrokerConnected,
    BrokerDisconnected,
    DaemonStarted,
    Event,
    ExpiriesListed,
    HoursListed,
    MarginPreviewed,
    MarketUpdated,
    OperatorAcknowledged,
    OperatorAdopted,
    OperatorApproved,
    OperatorArmed,
    OperatorDisarmed,
    OptionsListed,
    OrderDoubted,
    OrderFilled,
    OrderUpdated,
)
from alvh_trader.engine.proposals import pending
from alvh_trader.engine.state import Rules, State
from alvh_trader.engine.step import Step, step
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.risk.limits import Limits
from alvh_trader.risk.proposal import Proposal
from alvh_trader.runtime.loop import decode_state, encode_state
from alvh_trader.strategy.params import Params
from alvh_trader.strategy.phase import Phase
from tests.honest_broker import Broker
from tests.strategy.worked import condor
from tests.worked_market import (
    INDEXES,
    SERIES,
    STRESSED_LINE,
    Market,
    bars,
    breadth,
    calendar,
    listed,
    mid,
    quotes,
)

START = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
"""T2 of the example, 11:00 in New York."""

RULES = Rules(
    params=Params(),
    # Tests that restart again and again are about something else.
    limits=Limits(starts_max=1000),
    calendar=calendar(),
    may_trade=True,
    adopts=True,
)

QUESTIONS = (RequestReport, RequestBars, ListExpiries, ListOptions, PreviewMargin)


class World:
    """A conversation with the engine. `withheld` are kinds of questions left open.

    `fills` says whether orders fill as soon as they arrive; `mute` are instruments
    whose stream has stopped. With `consents` a person allows whatever is proposed.
    """

    def __init__(
        self,
        market: Market | None = None,
        *,
        rules: Rules = RULES,
        held: Condor | None = None,
        line: tuple[int, ...] = STRESSED_LINE,
        fills: bool = True,
        mode: str = "paper",
    ) -> None:
        self.market = Market() if market is None else market
        self.rules = rules
        self.line = line
        self.broker = Broker(condor() if held is None else held)
        self.fills = fills
        self.mode = mode
        self.build = "b1"
        self.config = "c0ffee"
        self.consents = False
        self.is_aligned = True
        self.more: tuple[tuple[str, date], ...] = ()
        self.margin_change: float | None = 5_000.0
        self.withheld: set[type[Command]] = set()
        self.mute: set[int] = set()
        self.now = START
        self.state = State()
        self.open: list[Command] = []
        self.watched: tuple[Instrument, ...] = ()
        self.commands: list[Command] = []
        self.decisions: list[Decision] = []
        self.events: list[Event] = []
        self._refs: set[str] = set()

    # ------------------------------------------------------- telling -----

    def tell(self, *events: Event) -> Step:
        """Tell the engine what happened, and note what it asks for."""
        outcome = Step(self.state)
        for event in events:
            self.events.append(event)
            outcome = step(self.state, event, self.rules)
            invariants.check(outcome.state, self.rules)
            self.state = outcome.state
            self.decisions += outcome.decisions
            self.commands += outcome.commands
            self.open += outcome.commands
            self._note(outcome.commands)
        return outcome

    def _note(self, commands: Iterable[Command]) -> None:
        for command in commands:
            match command:
                case Watch(instruments=instruments):
                    self.watched = instruments
                case PlaceOrder(approved=approved):
                    assert approved.order.ref not in self._refs, "a reference twice"
                    self._refs.add(approved.order.ref)
                case _:
                    pass

    def start(self) -> "World":
        """Start the daemon, connect, and answer what it asks."""
        self.tell(
            DaemonStarted(
                at=self.now,
                mode=self.mode,
                config_hash=self.config,
                host="lab",
                build=self.build,
            ),
            BreadthSeeded(at=self.now, net_advances=self.line),
        )
        return self.connect()

    def connect(self) -> "World":
        """Let a session with the broker come up."""
        self.tell(
            BrokerConnected(
                at=self.now, account_id="DU1", server_version=178, indexes=INDEXES
            )
        )
        self.answer()
        return self

    def disconnect(self) -> None:
        """Let the session go; open questions and commands go with it."""
        self.open.clear()
        self.tell(BrokerDisconnected(at=self.now, reason="socket closed"))

    def restart(self) -> None:
        """Kill the process; the next one has the state from the journal's codec."""
        self.open.clear()
        self.state = decode_state(encode_state(self.state))
        self.start()

    # --------------------------------------------------------- time -----

    def tick(self, seconds: float = 10) -> None:
        """Let time pass: quotes of everything watched, then answers."""
        self.now += timedelta(seconds=seconds)
        self.tell(self.look())
        self.answer()

    def look(self) -> MarketUpdated:
        """Return the market of this instant as one event."""
        seen = [i for i in self.watched if i.con_id not in self.mute]
        counts = (
            None if "AD-NYSE" in self.market.dark else breadth(self.market, self.now)
        )
        return MarketUpdated(
            at=self.now, quotes=quotes(self.market, seen, self.now), breadth=counts
        )

    def run(self, seconds: float, every: float = 10) -> None:
        """Let so much time pass."""
        for _ in range(round(seconds / every)):
            self.tick(every)

    def until(self, phase: Phase, within: float = 1800, every: float = 10) -> "World":
        """Let time pass until the case stands at `phase`."""
        waited = 0.0
        while not self.state.cases or self.case.phase is not phase:
            assert waited <= within, f"no {phase}, but {self.path}"
            self.tick(every)
            waited += every
        return self

    # ----------------------------------------------------- answering -----

    def answer(self, *kinds: type[Command]) -> None:
        """Answer what is open, and what the answers lead to.

        `kinds` are answered even where they are withheld.
        """
        kept: list[Command] = []
        while self.open:
            command = self.open.pop(0)
            if type(command) in self.withheld and type(command) not in kinds:
                kept.append(command)
            else:
                self.tell(*self.respond(command))
        self.open = kept

    def respond(self, command: Command) -> list[Event]:
        """Do what a perfect broker does, and return what it says of it."""
        match command:
            case PlaceOrder(approved=approved):
                ref, report = approved.order.ref, self.broker.accept(approved.order)
                return [
                    *self._said(ref, report),
                    *(self.trade(ref) if self.fills else ()),
                ]
            case RepriceOrder(approved=approved):
                ref = approved.order.ref
                return self._said(ref, self.broker.reprice(approved.order))
            case CancelOrder(ref=ref):
                return self._said(ref, self.broker.end(ref))
            case RaiseAlert(code="approval_wanted") if self.consents:
                waiting = (t.proposal for t in pending(self.state))
                return [self.consent(p) for p in waiting if p is not None]
            case _:
                return self._inform(command)

    def _inform(self, question: Command) -> list[Event]:
        at = self.now
        match question:
            case RequestReport():
                return [self.broker.reported(at)]
            case RequestBars(symbol=symbol):
                rows = bars(symbol, new_york_date(at), is_aligned=self.is_aligned)
                return [BarsReported(at=at, symbol=symbol, bars=rows)]
            case ListExpiries(symbol=symbol):
                series = (*SERIES[symbol], *(self.more if symbol == "VIX" else ()))
                return [ExpiriesListed(at=at, symbol=symbol, series=series)]
            case ListHours(symbol=symbol):
                return [HoursListed(at=at, symbol=symbol, hours=self.hours())]
            case ListOptions():
                return [self._options(question)]
            case PreviewMargin(order=order):
                return [self.preview(order.ref)]
            case _:
                return []

    def hours(self) -> tuple[Hours, ...]:
        """Return what a broker who agrees with the calendar tells of a week."""
        today = new_york_date(self.now)
        return tuple(
            hours_of(self.rules.calendar, today + timedelta(days=ahead))
            for ahead in range(7)
        )

    def preview(self, ref: str) -> MarginPreviewed:
        """Return the what-if's answer."""
        return MarginPreviewed(
            at=self.now,
            ref=ref,
            initial_margin_change=self.margin_change,
            initial_margin_after=None,
        )

    def _options(self, asked: ListOptions) -> OptionsListed:
        options = listed(asked.symbol, asked.trading_class, asked.last_trade)
        return OptionsListed(
            at=self.now,
            symbol=asked.symbol,
            trading_class=asked.trading_class,
            last_trade=asked.last_trade,
            options=options,
        )

    def _said(self, ref: str, report: OrderReport | None) -> list[Event]:
        if report is not None:
            return [OrderUpdated(at=self.now, report=report)]
        return [OrderDoubted(at=self.now, ref=ref, code=10147, text="not found")]

    def trade(self, ref: str, units: int | None = None) -> list[Event]:
        """Let units of an order trade at mid; return what is reported of it."""
        work = self.broker.working[ref]
        count = work.order.quantity - work.filled if units is None else units
        fills, report = self.broker.trade(ref, count, self.now, self._price)
        events: list[Event] = [OrderFilled(at=self.now, fill=f) for f in fills]
        if report is not None:
            events.append(OrderUpdated(at=self.now, report=report))
        return events

    def _price(self, option: Option | Future) -> Decimal:
        value = mid(self.market, option, new_york_date(self.now))
        return Decimal(str(round(value, 2)))

    def fill(self, ref: str, units: int | None = None) -> None:
        """Let an order trade and tell the engine of it."""
        self.tell(*self.trade(ref, units))

    def acknowledge(self, what: str | None = None) -> None:
        """Let a person allow what the case asks, or something else."""
        case = self.case
        asked = what or case.asks
        assert asked is not None, "the case asks nothing"
        self.tell(OperatorAcknowledged(at=self.now, case=case.case_id, what=asked))

    def arm(self, lasts: timedelta = timedelta(hours=12)) -> "World":
        """Let a person arm what runs."""
        self.tell(OperatorArmed(at=self.now, by="ann", lasts=lasts))
        return self

    def disarm(self) -> None:
        """Let a person end that."""
        self.tell(OperatorDisarmed(at=self.now, by="ann"))

    def consent(self, proposal: Proposal) -> OperatorApproved:
        """Return that a person allows a proposal."""
        return OperatorApproved(at=self.now, digest=proposal.digest, by="ann")

    def adopt(self, key: str = "") -> None:
        """Let a person take the broker's picture for true."""
        self.tell(OperatorAdopted(at=self.now, key=key))
        self.answer()

    @property
    def discrepancies(self) -> list[str]:
        """The names of what is open, adopted or not."""
        return [str(it.name) for it in self.state.discrepancies.values()]

    # -------------------------------------------------------- seeing -----

    @property
    def proposal(self) -> Proposal:
        """The one order that waits for a person."""
        (ticket,) = pending(self.state)
        assert ticket.proposal is not None
        return ticket.proposal

    @property
    def case(self) -> Case:
        """The one case there is."""
        (case,) = self.state.cases.values()
        return case

    @property
    def phase(self) -> Phase:
        """Where the case stands."""
        return self.case.phase

    def is_at(self, phase: Phase) -> bool:
        """Return whether the case stands there (and tell mypy nothing of it)."""
        return self.case.phase is phase

    @property
    def path(self) -> tuple[str, ...]:
        """Every phase the case has come to, in order."""
        return tuple(d.after for d in self.decisions if d.moved and d.case)

    def of_the_book(self) -> list[str]:
        """Return the triggers of decisions about no case, but for the way to it all."""
        of_none = [d.trigger for d in self.decisions if not d.case]
        return [trigger for trigger in of_none if trigger != CHANGED]

    def placed(self, purpose: Purpose) -> list[Order]:
        """Return the orders that left the engine for a purpose, oldest first."""
        return [
            c.approved.order
            for c in self.commands
            if isinstance(c, PlaceOrder) and c.approved.order.purpose is purpose
        ]

    def alerts(self, code: str) -> list[RaiseAlert]:
        """Return the alerts of one code."""
        return [
            c for c in self.commands if isinstance(c, RaiseAlert) and c.code == code
        ]

    def criticals(self) -> list[str]:
        """Return the codes of all critical alerts."""
        return [
            c.code
            for c in self.commands
            if isinstance(c, RaiseAlert) and c.severity is Severity.CRITICAL
        ]

    def change(self, **numbers: object) -> None:
        """Move the market."""
        self.market = replace(self.market, **numbers)


def hours_of(calendar: Calendar, day: date) -> Hours:
    """Return the hours of a day as the calendar has them."""
    if not calendar.is_session(day):
        return Hours(day, None, None)
    return Hours(day, instant(day, OPENS), instant(day, calendar.close_of(day)))


def fingerprint(state: State) -> str:
    """Return a hash of the state, of the order of its parts too."""
    return hashlib.sha256(encode_state(state)).hexdigest()
