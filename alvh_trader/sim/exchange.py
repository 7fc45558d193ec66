"""The simulated exchange: one market, one account, one tape, and no clock of its own.

A run is a pure function of (scenario, seed, requests). Time stands still until
`advance` moves it; nothing is acknowledged late, but nothing fills inside `submit`:
an acknowledgement always precedes a fill.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from alvh_trader.domain.calendar import OPENS, OPTIONS_LATER, Calendar
from alvh_trader.sim import listings, rules
from alvh_trader.sim.bars import DAY, WEEK, History
from alvh_trader.sim.board import Board
from alvh_trader.sim.book import Book
from alvh_trader.sim.cents import rounded
from alvh_trader.sim.ledger import Ledger, commission
from alvh_trader.sim.listings import Listings, Wanted
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
    Refusal,
    Report,
    SimOrder,
    Top,
)
from alvh_trader.sim.path import STEP, Tape, session_length
from alvh_trader.sim.scenario import Scenario
from alvh_trader.sim.start import condor

_HOURS_DAYS = 7
_MEMORY = 90
"""Sessions whose closes decide which strikes are listed."""

_NO_ORDER = SimOrder(
    perm_id=0,
    client_id=0,
    order_id=0,
    account="",
    symbol="",
    sec_type="",
    action="",
    quantity=0,
    order_type="",
    limit=None,
    tif="",
    order_ref="",
    legs=(),
)


class Exchange:
    """A facade over tape, listings, quotes, book and account."""

    now: datetime
    """UTC; starts at the opening bell (09:30 New York) of the first session."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._market = Market(scenario, seed)
        self._history = History(self._market)
        self._board = Board(self._market)
        self._ledger = Ledger(scenario.account, scenario.cash)
        self._book = Book(seed, self._board, self._ledger)
        self._number = 0
        self._is_open = True
        self._board.open_session(0, self._listed(0))
        self._open_position()
        self.now = _utc(self._tape.opens_at)

    # ---------------------------------------------------------------- time ---

    @property
    def ended(self) -> bool:
        """Whether the options close of the last session has passed."""
        return not self._is_open and self._number + 1 == self._market.sessions

    @property
    def is_open(self) -> bool:
        """Whether index options trade now (09:30-16:15, half days until 13:15)."""
        return self._is_open

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
        node). The options close is always an instant of its own; after it comes the
        next session's open, and None after the last close.
        """
        if self.ended:
            return None
        if not self._is_open:
            return _utc(self._opens_at(self._number + 1))
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
            elif (
                not self._is_open
                and not self.ended
                and self._opens_at(self._number + 1) <= until
            ):
                reports += self._open()
            else:
                break
        self.now = to
        if self._is_open:
            self._board.turn(self._tape.node(until), is_open=True)
            reports += self._book.match(until)
        return tuple(reports)

    # ----------------------------------------------------------- reference ---

    def listing(self, con_id: int) -> Listing | None:
        """Return what is listed today under `con_id`, None if nothing is."""
        return self._board.listed.by_id(con_id)

    def find(
        self,
        *,
        symbol: str = "",
        sec_type: str = "",
        month_or_day: str = "",
        strike: float = 0.0,
        right: str = "",
        trading_class: str = "",
        multiplier: str = "",
        local_symbol: str = "",
    ) -> tuple[Listing, ...]:
        """Return all listings that match every filter given (empty means any).

        `month_or_day` is `YYYYMM` or `YYYYMMDD` and matches the last trading day, as
        the broker's lastTradeDateOrContractMonth does (a future's month is that of
        its expiry, which is the same).
        """
        wanted = Wanted(
            symbol=symbol,
            sec_type=sec_type,
            month_or_day=month_or_day,
            strike=strike,
            right=right,
            trading_class=trading_class,
            multiplier=multiplier,
            local_symbol=local_symbol,
        )
        return self._board.listed.find(wanted)

    def option_parameters(self, symbol: str) -> tuple[OptionClass, ...]:
        """Return each exchange and class of options on `symbol`."""
        return self._board.listed.option_classes(symbol)

    def market_rule(self, rule_id: int) -> tuple[tuple[Decimal, Decimal], ...]:
        """Return the (low edge, increment) rows of a rule; empty if unknown."""
        return listings.market_rule(rule_id)

    def hours(self, listing: Listing) -> tuple[str, str]:
        """Return trading and liquid hours as contract details give them.

        `20180205:0930-20180205:1615;20180210:CLOSED;...` in New York time (the time
        zone id is `US/Eastern`), for today and six days after.
        """
        calendar, today = self._scenario.calendar, self._tape.day
        days = [today + timedelta(days=ahead) for ahead in range(_HOURS_DAYS)]
        trading = ";".join(_hours(calendar, day, OPTIONS_LATER) for day in days)
        if listing.sec_type != "IND":
            return trading, trading
        return trading, ";".join(_hours(calendar, day, timedelta()) for day in days)

    # --------------------------------------------------------- market data ---

    def tops(self, con_ids: Sequence[int]) -> list[Top]:
        """Return the tops of book, in the order asked; an unknown id has no prices."""
        return self._board.tops(con_ids)

    def greeks(self, con_ids: Sequence[int]) -> list[OptionGreeks | None]:
        """Return model greeks, None for what is no option or has no model value."""
        return self._board.greeks(con_ids)

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
    ) -> tuple[BarRow, ...]:
        """Return bars of `size` of the last `sessions` sessions up to `end` (now).

        Sizes from 5 seconds to 1 hour are cut from the tape, 1 day and 1 week come
        from history; the session in progress is there up to now. Empty where there
        is no history (options, AD-NYSE).
        """
        listing = self.listing(con_id)
        if listing is None or sessions < 1:
            return ()
        number, node = self._place(end)
        if size >= WEEK:
            return self._history.weekly(listing, number, node, sessions)
        if size >= DAY:
            return self._history.daily(listing, number, node, sessions)
        return self._history.intraday(listing, number, node, sessions, size)

    # -------------------------------------------------------------- orders ---

    def submit(self, order: SimOrder) -> tuple[Report, ...]:
        """Take a new order: Accepted (with its perm id), or Refusal. Never a fill.

        `perm_id` 0 lets the exchange choose; status and filled are ignored.
        """
        order = self._book.named(order)
        refusal = rules.refused(order, self.listing) or self._unaffordable(order)
        if refusal is not None:
            return (refusal,)
        return self._book.add(order, self.now.timestamp(), is_open=self._is_open)

    def modify(self, order: SimOrder) -> tuple[Report, ...]:
        """Change quantity, limit or type of the open order with `order.perm_id`."""
        held = self._book.resting(order.perm_id)
        if held is None:
            return (self._book.refuse_absent(order, modify=True),)
        refusal = self._unchangeable(held, order)
        if refusal is not None:
            return (refusal,)
        return self._book.change(order, self.now.timestamp())

    def cancel(self, perm_id: int) -> tuple[Report, ...]:
        """Take an open order off the book: Ended, or Refusal 10147 / 10148."""
        if self._book.resting(perm_id) is None:
            nothing = replace(_NO_ORDER, perm_id=perm_id)
            return (self._book.refuse_absent(nothing, modify=False),)
        return self._book.cancel(perm_id, "")

    def preview(self, order: SimOrder) -> MarginPreview | Refusal:
        """Say what the order, filled whole at its limit, would do to the account."""
        refusal = rules.refused(order, self.listing)
        if refusal is not None:
            return refusal
        trades = self._trades(order)
        ledger, marks, levels = self._ledger, self._marks(), self._levels()
        init, maint = ledger.requirement(levels)
        init_after, maint_after = ledger.requirement(levels, trades)
        fees = sum((commission(o, q) for o, q in trades), Decimal(0))
        equity = ledger.equity(marks)
        return MarginPreview(
            init_before=init,
            init_after=init_after,
            maint_before=maint,
            maint_after=maint_after,
            equity_before=equity,
            equity_after=equity - self._premium(order) - fees,
            commission=fees,
        )

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

    def account(self) -> AccountValues:
        """Return the account as of now, marked to the middle of the market."""
        return self._ledger.values(self._marks(), self._levels())

    # ------------------------------------------------------------------- day ---

    @property
    def _tape(self) -> Tape:
        return self._board.session.tape

    def _opens_at(self, number: int) -> int:
        day = self._market.day(number).day
        return session_length(self._scenario.calendar, day)[0]

    def _listed(self, number: int) -> Listings:
        closes = [
            self._market.day(number - back).spx.close for back in range(1, _MEMORY)
        ]
        day = self._market.day(number).day
        return Listings(self._scenario.calendar, day, min(closes), max(closes))

    def _open_position(self) -> None:
        legs = condor(self._market, self._board, self._board.listed)
        for leg in legs:
            fee = commission(leg.listing, leg.quantity)
            self._ledger.book(leg.listing, leg.quantity, leg.price, fee)
        self._ledger.begin_day({leg.listing.con_id: leg.price for leg in legs})

    def _close(self) -> tuple[Report, ...]:
        """End the session: the last match, expiries at the close, DAY orders."""
        tape = self._tape
        self._board.turn(tape.nodes - 1, is_open=False)
        self._is_open = False
        expired = self._settle(tape.day, at_open=False)
        return self._book.drop(expired) + self._book.lapse()

    def _open(self) -> tuple[Report, ...]:
        """Begin the next session: settle what settles at its open."""
        marks = self._marks()
        self._number += 1
        self._is_open = True
        self._board.open_session(self._number, self._listed(self._number))
        self._book.begin_day()
        self._ledger.begin_day(marks)
        return self._book.drop(self._settle(self._tape.day, at_open=True))

    def _settle(self, day: date, *, at_open: bool) -> set[int]:
        """Pay out holdings that settle now; return the ids of what expired."""
        spx, vix = float(self._tape.spx[0]), float(self._tape.vix[0])
        if not at_open:
            spx = float(self._tape.spx[-1])
        settled = set()
        for held in self._ledger.positions:
            listing = held.listing
            is_pm = listing.sec_type == "OPT" and listing.expiry == listing.last_trade
            if listing.expiry != day or is_pm == at_open or not held.quantity:
                continue
            level = vix if listing.symbol != "SPX" else spx
            price = rounded(_final(listing, level))
            self._ledger.book(listing, -held.quantity, price, Decimal(0))
            settled.add(listing.con_id)
        resting = {leg.con_id for o in self._book.open for leg in o.legs}
        return settled | {c for c in resting if self._is_over(c, day, at_open)}

    def _is_over(self, con_id: int, day: date, at_open: bool) -> bool:
        listing = self.listing(con_id)
        if listing is None:
            return True
        return not at_open and listing.last_trade == day

    def _place(self, end: datetime | None) -> tuple[int, int]:
        """Return the (session, node) that is newest at `end`, never after now."""
        at = min(end or self.now, self.now).timestamp()
        number = self._number
        while self._opens_at(number) > at:
            number -= 1
        if number < 0:
            return number, 0
        tape = self._market.session(number).tape
        return number, tape.node(at)

    # --------------------------------------------------------------- account ---

    def _marks(self) -> dict[int, Decimal]:
        return self._board.marks([held.listing for held in self._ledger.positions])

    def _levels(self) -> dict[str, float]:
        state = self._board.state
        return {"SPX": state.spx, "VIX": state.vix, "VXM": state.vix}

    def _trades(self, order: SimOrder) -> list[tuple[Listing, int]]:
        """Return what the rest of the order would trade, by leg."""
        sign = 1 if order.action == "BUY" else -1
        trades = []
        for leg, listing in rules.leg_listings(order, self.listing):
            side = -sign if order.sec_type == "BAG" and leg.action == "SELL" else sign
            trades.append((listing, side * leg.ratio * order.remaining))
        return trades

    def _premium(self, order: SimOrder) -> Decimal:
        """Return the cash that the order, filled whole, pays (negative: gets)."""
        (first, _), *_rest = self._trades(order)
        if first.sec_type == "FUT":
            return Decimal(0)
        price = order.limit
        if order.order_type == "MKT" or price is None:
            top = self._board.combo(order.legs)
            price = (top.ask if order.action == "BUY" else top.bid) or Decimal(0)
        sign = 1 if order.action == "BUY" else -1
        return sign * price * first.multiplier * order.remaining

    def _unaffordable(self, order: SimOrder) -> Refusal | None:
        """Return a refusal if the order would need funds that are not there."""
        after = self.preview(order)
        if isinstance(after, Refusal) or after.equity_after >= after.init_after:
            return None
        spends = after.equity_after < after.equity_before
        if after.init_after <= after.init_before and not spends:
            # What frees margin and brings cash is never refused for lack of it.
            return None
        return rules.short_of_funds(order, after.equity_after, after.init_after)

    def _unchangeable(self, held: SimOrder, order: SimOrder) -> Refusal | None:
        if (held.legs, held.action) != (order.legs, order.action):
            text = "Order being modified does not match original order."
            return Refusal(order=held, code=105, text=text)
        changed = replace(order, filled=held.filled)
        if changed.remaining <= 0:
            text = "Order rejected - reason:no quantity is left to be filled"
            return Refusal(order=held, code=201, text=text)
        return rules.refused(changed, self.listing) or self._unaffordable(changed)


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _final(listing: Listing, level: float) -> float:
    """Return the settlement value of one unit in points."""
    if listing.sec_type == "FUT":
        return level
    sign = 1.0 if listing.right == "C" else -1.0
    return max(0.0, sign * (level - listing.strike))


def _hours(calendar: Calendar, day: date, later: timedelta) -> str:
    if not calendar.is_session(day):
        return f"{day:%Y%m%d}:CLOSED"
    close = datetime.combine(day, calendar.close_of(day)) + later
    return f"{day:%Y%m%d}:{OPENS:%H%M}-{close:%Y%m%d:%H%M}"
