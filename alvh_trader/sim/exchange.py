"""The simulated exchange: one market, its accounts, one tape, no clock of its own.

A run is a pure function of (scenario, seed, requests). Time stands still until
`advance` moves it; nothing is acknowledged late, but nothing fills inside `submit`:
an acknowledgement always precedes a fill.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Unpack

from alvh_trader.sim import hours, rules, ties
from alvh_trader.sim.accounts import Accounts
from alvh_trader.sim.bars import History
from alvh_trader.sim.board import Board
from alvh_trader.sim.book import Book
from alvh_trader.sim.fills import REALISTIC, FillModel
from alvh_trader.sim.hours import Span
from alvh_trader.sim.listings import Filters, Wanted
from alvh_trader.sim.market import Market
from alvh_trader.sim.model import (
    AccountValues,
    BarRow,
    Execution,
    Listing,
    MarginPreview,
    OptionClass,
    OptionGreeks,
    OrderLeg,
    Prices,
    Refusal,
    Report,
    Shown,
    SimOrder,
    Status,
    Top,
    unknown_order,
)
from alvh_trader.sim.past_quotes import Quoted
from alvh_trader.sim.path import STEP, Tape
from alvh_trader.sim.scenario import Scenario
from alvh_trader.sim.theory import Theory


class Exchange:
    """A facade over tape, listings, quotes, book and account."""

    now: datetime
    """UTC; starts at the opening bell (09:30 New York) of the first session."""

    past: tuple[tuple[datetime, Report], ...] = ()
    """What was reported, and when, before this exchange took over from another."""

    def __init__(
        self, scenario: Scenario, seed: int, fills: FillModel = REALISTIC
    ) -> None:
        self._scenario = scenario
        self._market = Market(scenario, seed)
        self._history = History(self._market)
        self._board = Board(self._market)
        self._accounts = Accounts(self._market, self._board)
        self._book = Book(seed, self._board, self._accounts.ledgers, fills)
        self._curb_ends: int | None = None
        self._number = 0
        self._is_open = True
        self.tampering = self._book.tampering
        self._board.open_session(0, self._market.listed(0))
        self._accounts.of(self.accounts[0]).open_position()
        self.now = _utc(self._tape.opens_at)

    # ---------------------------------------------------------------- time ---

    @property
    def ended(self) -> bool:
        """Whether the options close of the last session has passed."""
        return not self._is_open and self._number + 1 == self._market.sessions

    @property
    def has_index(self) -> bool:
        """Whether the index is being calculated: options trade 15 minutes longer."""
        tape = self._tape
        return self._is_open and tape.node(self.now.timestamp()) < tape.index_close

    @property
    def is_open(self) -> bool:
        """Whether the regular session is on (09:30-16:15, half days until 13:15)."""
        return self._is_open

    @property
    def is_trading(self) -> bool:
        """Whether index options trade now, in the regular session or out of it."""
        after = self._board.after
        is_on = after is not None and after.is_on(self.now.timestamp())
        return self._is_open or is_on

    @property
    def opens_at(self) -> datetime | None:
        """When the next regular session opens; None in one, and after the last."""
        if self._is_open or self.ended:
            return None
        return _utc(self._market.opens_at(self._number + 1))

    @property
    def session_number(self) -> int:
        """How many sessions have begun, from 1."""
        return self._number + 1

    @property
    def sessions(self) -> int:
        """How many sessions the scenario has."""
        return self._market.sessions

    @property
    def session_day(self) -> date:
        """The trading day that is on, or was the last to be on."""
        return self._tape.day

    def next_instant(self, interval: timedelta) -> datetime | None:
        """Return the next tape instant, at most `interval` later within the session.

        The tape has a node every 5 seconds (a shorter interval gives the next
        node). The options close is always an instant of its own; after it come those
        of the evening, if options trade then, and the next session's open; None after
        the last close.
        """
        if self.ended:
            return None
        if not self._is_open:
            return _utc(self._next_after_close(int(interval.total_seconds())))
        tape = self._tape
        nodes = max(int(interval.total_seconds()) // STEP, 1)
        node = tape.node(self.now.timestamp()) + nodes
        return _utc(min(tape.opens_at + STEP * node, tape.closes_at))

    def advance(self, to: datetime) -> tuple[Report, ...]:
        """Move time to `to` (UTC, not before `now`) and return what happened.

        In this order: what each open and close on the way brings (settlement, expiry
        of options, DAY orders lapsing at the close), then one round of matching at
        `to` if the market is open. Positions and cash change without a report when
        options settle: compare `account()`.
        """
        assert to >= self.now, "time runs forward only"
        until = to.timestamp()
        reports: list[Report] = []
        while True:
            if self._is_open and self._tape.closes_at <= until:
                reports += self._close()
            elif (opens := self.opens_at) is not None and opens.timestamp() <= until:
                reports += self._open()
            else:
                break
        self.now = to
        if not self._is_open and self._board.after is not None:
            reports += self._evening(until)
        if self._is_open:
            self._board.turn(self._tape.node(until), is_open=True)
            reports += self._book.match(until)
        return tuple(reports)

    def _evening(self, until: float) -> tuple[Report, ...]:
        """Let orders that may trade outside regular hours meet the market."""
        self._board.turn_evening(until)
        if self._curb_ends is not None and until >= self._curb_ends:
            self._curb_ends = None
            return self._book.lapse(until)
        return self._book.match(until, evening=True) if self._board.is_open else ()

    def _next_after_close(self, seconds: int) -> int:
        after, at = self._board.after, self.now.timestamp()
        coming = None if after is None else after.next_after(at, max(seconds, STEP))
        return self._market.opens_at(self._number + 1) if coming is None else coming

    def foresee(self, interval: timedelta, con_ids: Sequence[int]) -> Prices | None:
        """Return the prices of the next instant; None where the session ends first.

        Whoever steps by `interval` next gets the same, sooner.
        """
        to = self.next_instant(interval)
        if not self._is_open or to is None or to.timestamp() >= self._tape.closes_at:
            return None
        tops, greeks = self._board.foresee(self._tape.node(to.timestamp()), con_ids)
        return Prices(at=to, tops=tops, greeks=greeks)

    # ----------------------------------------------------------- reference ---

    def listing(self, con_id: int) -> Listing | None:
        """Return what is listed today under `con_id`, None if nothing is."""
        return self._board.listed.by_id(con_id)

    def settled(self, con_id: int) -> Listing | None:
        """Return the future of that id if it has settled: it has bars, no market."""
        return self._board.listed.settled_by_id(con_id)

    def find(self, **filters: Unpack[Filters]) -> tuple[Listing, ...]:
        """Return all listings that match every filter given."""
        return self._board.listed.find(Wanted(**filters))

    def option_parameters(self, symbol: str) -> tuple[OptionClass, ...]:
        """Return each exchange and class of options on `symbol`."""
        return self._board.listed.option_classes(symbol)

    def hours(self, listing: Listing, day: date) -> tuple[Span, ...]:
        """Return the sessions of a listing on a day, whether simulated or not."""
        return hours.sessions(listing, self._scenario.calendar, day)

    def trading_days(self, end: datetime, count: int) -> tuple[date, ...]:
        """Return up to `count` trading days that opened by `end`, oldest first."""
        return hours.trading_days(self._scenario.calendar, end, count)

    # --------------------------------------------------------- market data ---

    def tops(self, con_ids: Sequence[int]) -> list[Top]:
        """Return the tops of book, in the order asked; an unknown id has no prices."""
        return self._board.tops(con_ids)

    def greeks(self, con_ids: Sequence[int]) -> list[OptionGreeks | None]:
        """Return model greeks, None for what is no option or has no model value."""
        return self._board.greeks(con_ids)

    def theory(self, option: Listing) -> Theory:
        """Return what an option would be worth if the market were another."""
        return self._board.theory(option)

    def combo_top(self, legs: Sequence[OrderLeg]) -> Top:
        """Return the net bid and ask of buying the combo once; None if a leg lacks."""
        return self._board.combo(legs)

    def bars(
        self,
        con_id: int,
        size: timedelta,
        *,
        sessions: int,
        end: datetime | None = None,
        shown: Shown = Shown.TRADES,
    ) -> tuple[BarRow, ...]:
        """Return bars of `size` of the last `sessions` sessions up to `end` (now).

        Less than a day is cut from the tape, the rest comes from history, today is
        there up to now. There is nothing of AD-NYSE, and of options no days.
        """
        listing = self.listing(con_id) or self.settled(con_id)
        if listing is None or sessions < 1:
            return ()
        at = min(end or self.now, self.now).timestamp()
        return self._history.bars(listing, size, self._number, at, sessions, shown)

    def past_quotes(
        self, con_id: int, begin: datetime | None, end: datetime, most: int
    ) -> list[Quoted]:
        """Return the first quotes from `begin` on; without it the last up to `end`."""
        it, span = self.listing(con_id), (begin, min(end, self.now))
        return self._history.quotes.ticks(it, span, self._number, most) if it else []

    # -------------------------------------------------------------- orders ---

    def submit(self, order: SimOrder) -> tuple[Report, ...]:
        """Take a new order: Accepted (with its perm id), or Refusal. Never a fill.

        `perm_id` 0 lets the exchange choose; status and filled are ignored.
        """
        order = ties.attached(self._book.named(order))
        refusal = self._refused(order)
        if refusal is not None and refusal.code == rules.REJECTED:
            # The broker's own server turned it down: it has had a status [cap].
            return (replace(refusal, order=replace(order, status=Status.INACTIVE)),)
        if refusal is not None:
            return (refusal,)
        return self._book.add(order, self.now.timestamp(), is_open=self._works(order))

    def modify(self, order: SimOrder) -> tuple[Report, ...]:
        """Change the terms of the open order with `order.perm_id`."""
        held = self._book.resting(order.perm_id)
        if held is None:
            return (rules.not_changeable(order, self._book.ended(order.perm_id)),)
        if self._book.is_uneven(order.perm_id):
            # A leg is being worked [doc: combo orders].
            text = "Unable to modify this order as it is still being processed."
            return (Refusal(order=held, code=2102, text=text),)
        refusal = self._unchangeable(held, order)
        if refusal is not None:
            return (refusal,)
        return self._book.change(order, self.now.timestamp())

    def cancel(self, perm_id: int) -> tuple[Report, ...]:
        """Take an open order off the book: Ended, or Refusal 10147 / 161."""
        if self._book.resting(perm_id) is None:
            ended = self._book.ended(perm_id)
            return (rules.not_cancellable(unknown_order(perm_id), ended),)
        return self._book.cancel(perm_id, "")

    def is_resting(self, perm_id: int) -> bool:
        """Return whether an order is on the book."""
        return self._book.resting(perm_id) is not None

    def preview(self, order: SimOrder) -> MarginPreview | Refusal:
        """Say what the order, filled whole at its limit, would do to the account."""
        return self._accounts.of(order.account).preview(order)

    def open_orders(self) -> tuple[SimOrder, ...]:
        """Return the orders on the book, oldest first."""
        return self._book.open

    def completed_orders(self) -> tuple[SimOrder, ...]:
        """Return today's filled, cancelled and lapsed orders, oldest first."""
        return self._book.completed

    def executions(self) -> tuple[Execution, ...]:
        """Return today's trades, oldest first."""
        return self._book.executions

    # ------------------------------------------------------------- account ---

    @property
    def accounts(self) -> tuple[str, ...]:
        """The names of all accounts; an order's must be one of them."""
        return self._accounts.names

    def account(self, name: str = "") -> AccountValues:
        """Return an account (no name: the first) as of now, marked to mid-market."""
        return self._accounts.of(name or self.accounts[0]).values()

    # ------------------------------------------------------------------- day ---

    @property
    def _tape(self) -> Tape:
        return self._board.session.tape

    def _close(self) -> tuple[Report, ...]:
        """End the session: the last match, expiries at the close, DAY orders."""
        tape = self._tape
        at = float(tape.closes_at)
        self._board.turn(tape.nodes - 1, is_open=True)
        reports = self._book.auction(at, opens=False)
        self._board.turn(tape.nodes - 1, is_open=False)
        self._is_open = False
        self._accounts.settle(at_open=False)
        after = self._board.after
        self._curb_ends = after.curb_ends if after is not None else None
        lapsed = self._book.lapse(at, keeps_evening=self._curb_ends is not None)
        return reports + self._book.drop(self._over()) + lapsed

    def _open(self) -> tuple[Report, ...]:
        """Begin the next session: settle what settles at its open."""
        lapsed: tuple[Report, ...] = ()
        if self._curb_ends is not None:
            lapsed = self._book.lapse(self._curb_ends)
        self._curb_ends = None
        marks = self._accounts.marks()
        self._number += 1
        self._is_open = True
        self._board.open_session(self._number, self._market.listed(self._number))
        self._book.begin_day()
        self._accounts.begin_day(marks)
        self._accounts.settle(at_open=True)
        dropped = self._book.drop(self._over())
        opened = self._book.auction(float(self._tape.opens_at), opens=True)
        return lapsed + dropped + opened

    def _works(self, order: SimOrder) -> bool:
        """Return whether an order may trade as soon as it is there."""
        return self._is_open or (self.is_trading and order.handling.outside_hours)

    def _over(self) -> set[int]:
        """Return the legs of resting orders whose series trades no more."""
        today = self._tape.day
        over = set()
        for con_id in {leg.con_id for order in self._book.open for leg in order.legs}:
            listing = self.listing(con_id)
            if listing is None or (not self._is_open and listing.last_trade == today):
                over.add(con_id)
        return over

    def _unchangeable(self, held: SimOrder, order: SimOrder) -> Refusal | None:
        if (held.legs, held.action) != (order.legs, order.action):
            text = "Order being modified does not match original order."
            return Refusal(order=held, code=105, text=text)
        if not rules.may_become(held.order_type, order.order_type):
            text = "Order modify failed. Cannot change to the new order type."
            return Refusal(order=held, code=329, text=text)
        changed = replace(order, filled=held.filled)
        if changed.remaining <= 0:
            text = "Order rejected - reason:no quantity is left to be filled"
            return Refusal(order=held, code=201, text=text)
        return self._refused(changed)

    def _refused(self, order: SimOrder) -> Refusal | None:
        refusal = rules.refused(order, self.listing)
        if refusal is not None or self.is_resting(order.handling.parent):
            # A child closes what its parent opens: it asks for no funds of its own
            # (assumption).
            return refusal
        return self._accounts.of(order.account).unaffordable(order)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
