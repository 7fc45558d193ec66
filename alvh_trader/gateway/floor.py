"""What all sessions share: the exchange, who is connected, and whose order is whose.

Reports of the exchange go to the client that sent the order, whoever caused them; the
floor also keeps what the exchange forgets: when orders ended, how often they were
changed, and the next order number of every client.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from alvh_trader.gateway import order_reply, trade_reply
from alvh_trader.gateway.api_settings import DEFAULT_SETTINGS, ApiSettings
from alvh_trader.gateway.audience import Audience
from alvh_trader.gateway.audit import WriteLine, audit_line
from alvh_trader.gateway.last_known import LastKnown
from alvh_trader.gateway.order_reply import Ending
from alvh_trader.gateway.pacing import HistoryPace
from alvh_trader.gateway.roles import Client, Faults
from alvh_trader.gateway.view import Moved, View
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.model import (
    Accepted,
    Corrected,
    Ended,
    Holding,
    HoldingValue,
    Listing,
    Prices,
    Refusal,
    Report,
    Restated,
    SimOrder,
    Status,
    Traded,
)
from alvh_trader.sim.tampering import Tampering
from alvh_trader.wire.account_reply import Error

LATE_INTERVAL = timedelta(minutes=5)
"""The longest step of simulated time after the index has closed and nothing rests."""

QUIET_INTERVAL = timedelta(seconds=60)
"""The same in a session, as long as nobody wants anything of the market."""

ALERT_INTERVAL = timedelta(seconds=20)
ALERT_FOR = timedelta(seconds=60)
"""For so long after a question steps are smaller: who asks has something in mind."""

BUSY_INTERVAL = timedelta(seconds=10)
BUSY_FOR = timedelta(minutes=10)
"""For so long after the last order or fill they are the smallest."""

ACCOUNT_EVERY = timedelta(minutes=3)
"""How often streams of account values are refreshed without a trade."""

CANCELLED_TEXT = "Order Canceled - reason:"
NOT_CANCELLABLE = frozenset({161, 10147, 10148})


class Floor:
    """The shared part of the gateway. It reads no clock and does no I/O."""

    def __init__(
        self,
        exchange: Exchange,
        write_audit: WriteLine | None = None,
        settings: ApiSettings = DEFAULT_SETTINGS,
    ) -> None:
        self.exchange = exchange
        self.settings = settings
        self.accounts = exchange.accounts
        self.clients: dict[int, Client] = {}
        self.audience = Audience(self.clients, self._master)
        self.endings: dict[int, Ending] = {}
        self.is_lockstep = False
        self.is_over = False
        self.has_stepped = False
        self._foreseen: Prices | None = None
        self.faults: Faults | None = None
        self.is_silent = False
        self.is_cut_off = False
        self.clock: Callable[[], datetime] = lambda: exchange.now
        self._reachable = exchange
        self.history_pace = HistoryPace()
        self.wall: Callable[[], float] | None = None
        """The wall's seconds, by which limits of rate are kept; none in lockstep."""
        self._write_audit: WriteLine | None = None
        self._next_ids: dict[int, int] = {}
        self._changes: dict[int, int] = {}
        self._listings: dict[int, Listing] = {}
        self._busy_until: datetime | None = None
        self._asked_at: datetime | None = None
        for at, report in exchange.past:
            # Whoever saw it happen has audited it.
            self.use_id(report.order.client_id, report.order.order_id)
            self._note(report, at)
        self._write_audit = write_audit
        self._is_account_stale = False
        self._account_due = exchange.now + ACCOUNT_EVERY
        self._holdings = self._holding_values()

    # ---------------------------------------------------------------- time ---

    def interval(self) -> timedelta:
        """Return how far the next step of simulated time may reach."""
        busy = self._busy_until
        if (busy is not None and self.exchange.now <= busy) or (
            self.exchange.open_orders()
        ):
            return BUSY_INTERVAL
        if not self.exchange.has_index:
            return LATE_INTERVAL
        asked = self._asked_at
        is_alert = asked is not None and self.exchange.now < asked + ALERT_FOR
        return ALERT_INTERVAL if is_alert else QUIET_INTERVAL

    def hear(self) -> None:
        """Note that a client wants something of the market."""
        self._asked_at = self.exchange.now

    def next_instant(self, at_most: timedelta = LATE_INTERVAL) -> datetime | None:
        """Return when the next step leads to, None at the end of the scenario."""
        return self.exchange.next_instant(min(self.interval(), at_most))

    def advance(self, to: datetime) -> None:
        """Move simulated time to `to` and tell clients what happened to orders."""
        was_open = self.exchange.is_open
        reports = self.exchange.advance(to)
        if self.exchange.is_open != was_open or reports:
            # At the bell options settle without a report.
            self._is_account_stale = True
        if self.faults is not None:
            self.faults.advance()
        self.route(reports)

    def publish(self) -> None:
        """Queue what changed in every stream of every client."""
        clients = tuple(self.clients.values())
        wanted = {con_id for client in clients for con_id in client.wanted()}
        moved = self._moved() if self._is_account_stale else ()
        is_due = self._is_account_stale or self.exchange.now >= self._account_due
        view = self.view(wanted, moved=moved, is_account_due=is_due)
        for client in clients:
            client.publish(view)
        self._is_account_stale = False
        if is_due:
            self._account_due = self.exchange.now + ACCOUNT_EVERY

    def view(
        self,
        con_ids: Iterable[int] = (),
        *,
        moved: tuple[Moved, ...] = (),
        is_account_due: bool = False,
    ) -> View:
        """Return what clients are shown of this instant; arguments as of `View`."""
        view = View(
            self.exchange,
            con_ids,
            moved=moved,
            is_account_due=is_account_due,
            # A fault may have changed what was looked up ahead.
            foreseen=self._foreseen if self.faults is None else None,
        )
        return view if self.faults is None else self.faults.view(view)

    def cut_off(self, *, is_cut: bool) -> None:
        """Lose the link to the exchange (see `LastKnown`), or find it again."""
        if is_cut == self.is_cut_off:
            return
        self.is_cut_off, self._is_account_stale = is_cut, True
        known = LastKnown(self._reachable) if is_cut else self._reachable
        self.exchange = cast(Exchange, known)

    @property
    def tampering(self) -> Tampering:
        """What can happen to orders without a market: it happens on the exchange."""
        return self._reachable.tampering

    def pulse(self) -> None:
        """Take a client's question for the time: in lockstep, move time one step."""
        if not self.is_lockstep:
            return
        to = self.next_instant()
        if to is None:
            self.is_over = True
            return
        self.advance(to)
        self.publish()
        self.has_stepped = True

    def prepare(self) -> None:
        """Write the next step's ticks while the client thinks (lockstep)."""
        self.has_stepped = False
        clients = tuple(self.clients.values())
        wanted = sorted({con_id for client in clients for con_id in client.wanted()})
        prices = self.exchange.foresee(self.interval(), wanted) if wanted else None
        self._foreseen = prices
        if prices is not None:
            for client in clients:
                client.plan(prices)

    # ------------------------------------------------------------- clients ---

    def next_id(self, client_id: int) -> int:
        """Return the lowest order number that the client may use next."""
        return self._next_ids.get(client_id, 1)

    def use_id(self, client_id: int, order_id: int) -> None:
        """Note that the client used an order number."""
        self._next_ids[client_id] = max(self.next_id(client_id), order_id + 1)

    def roll_back_ids(self, client_id: int, by: int | None = None) -> None:
        """Forget the last `by` order numbers that a client used, all of them if None.

        A gateway that restarts does that [LEAN #242].
        """
        lower = 1 if by is None else self.next_id(client_id) - by
        self._next_ids[client_id] = max(lower, 1)

    def _master(self) -> Client | None:
        """Return the client that hears of the orders of all others, if it is there."""
        number = self.settings.master_client_id
        return None if number is None else self.clients.get(number)

    def lines_in_use(self) -> int:
        """Return how many market data lines all clients use together."""
        return sum(client.line_count() for client in self.clients.values())

    def single_ticks_in_use(self) -> int:
        """Return how many streams of single ticks all clients have together."""
        return sum(client.single_tick_count() for client in self.clients.values())

    @property
    def account_id(self) -> str:
        """The account of a request that names none; empty where there are several."""
        return self.accounts[0] if len(self.accounts) == 1 else ""

    def listing(self, con_id: int) -> Listing | None:
        """Return a listing, also one that is not listed any more but once was seen."""
        known = self._listings.get(con_id)
        if known is None:
            known = self.exchange.listing(con_id)
            if known is not None:
                self._listings[con_id] = known
        return known

    # -------------------------------------------------------------- orders ---

    def submit(self, order: SimOrder) -> None:
        """Hand a new order to the exchange, and say if it comes too early or late."""
        reports = self.exchange.submit(order)
        self.route(reports)
        owner, opens_at = self.audience.owner(order), self.exchange.opens_at
        accepted = [it.order for it in reports if isinstance(it, Accepted)]
        if owner is None or opens_at is None:
            return
        for it in (self.audience.own(row, owner) for row in accepted):
            # The broker acknowledges, warns, and acknowledges again [cap].
            text = order_reply.held_text(it, opens_at, self.listing)
            owner.send(Error(it.order_id, 399, text))
            self._send_order(owner, it)

    def modify(self, order: SimOrder) -> None:
        """Hand the new terms of an open order to the exchange."""
        twin = None if self.faults is None else self.faults.modifies(order)
        if twin is not None:
            self.submit(twin)
            return
        self.route(self.exchange.modify(order))

    def cancel(self, perm_id: int, asked_by: Client | None = None) -> None:
        """Cancel an order; a client that did not send it is told, too."""
        self.route(self.exchange.cancel(perm_id), asked_by)

    def refuse(self, order: SimOrder, code: int, text: str) -> None:
        """Turn down an order that never reached the book."""
        self.route((Refusal(order=order, code=code, text=text),))

    def changes(self, perm_id: int) -> int:
        """Return how often an order was modified."""
        return self._changes.get(perm_id, 0)

    def route(self, reports: Iterable[Report], asked_by: Client | None = None) -> None:
        """Audit each report and tell those whom it concerns."""
        for report in reports:
            self._note(report, self.exchange.now)
            if self.is_cut_off:
                # Nobody hears of it; who asks once the link is back, is told.
                continue
            for client, seen in self.audience.of(report, asked_by):
                self._tell(client, seen)

    def _note(self, report: Report, at: datetime) -> None:
        order = report.order
        if isinstance(report, Refusal) and report.code in NOT_CANCELLABLE:
            return
        self._busy_until = at + BUSY_FOR
        if isinstance(report, Restated):
            return
        if self._write_audit is not None:
            self._write_audit(audit_line(report, at, self.listing))
        match report:
            case Accepted(modified=True):
                self._changes[order.perm_id] = self.changes(order.perm_id) + 1
            case Traded():
                self._is_account_stale = True
                if order.status is Status.FILLED:
                    self.endings[order.perm_id] = Ending(at)
            case Corrected():
                self._is_account_stale = True
            case Ended(reason=reason):
                self.endings[order.perm_id] = Ending(at, reason)
            case _:
                pass

    def _tell(self, client: Client, report: Report) -> None:
        order = report.order
        match report:
            case Accepted() | Restated():
                self._send_order(client, order)
            case Traded():
                changes, times = self.changes(order.perm_id), client.times
                for message in trade_reply.traded(
                    report, self.listing, times, changes=changes
                ):
                    client.send(message)
            case Corrected():
                for message in trade_reply.corrected(
                    report, self.listing, client.times
                ):
                    client.send(message)
            case Ended(reason=reason):
                client.send(order_reply.order_status(order))
                text = f"{CANCELLED_TEXT}{reason}"
                client.send(Error(order.order_id, 202, text))
            case Refusal(code=code, text=text):
                if order.status is Status.INACTIVE:
                    self._send_order(client, order)
                client.send(Error(order.order_id, code, text))

    def _send_order(self, client: Client, order: SimOrder) -> None:
        changes = self.changes(order.perm_id)
        client.send(
            order_reply.open_order(order, self.listing, client.times, changes=changes)
        )
        client.send(order_reply.order_status(order))

    # ------------------------------------------------------------- account ---

    def _holding_values(self) -> dict[tuple[str, int], HoldingValue]:
        """Return every holding by account and contract id."""
        found = {
            (name, it.holding.con_id): it
            for name in self.accounts
            for it in self.exchange.account(name).holdings
        }
        for _, con_id in found:
            # Seen once, a series can be named after it is gone.
            self.listing(con_id)
        return found

    def _moved(self) -> tuple[Moved, ...]:
        """Return the holdings that are not as they were when last looked at."""
        before, now = self._holdings, self._holding_values()
        self._holdings = now
        moved: list[Moved] = []
        for key in sorted({*before, *now}):
            value = now.get(key) or _gone(before[key])
            known = before.get(key)
            if known is not None and known.holding == value.holding:
                continue
            account, con_id = key
            listing = self.listing(con_id)
            if listing is not None:
                moved.append(Moved(account, listing, value))
        return tuple(moved)


def _gone(value: HoldingValue) -> HoldingValue:
    nothing = Decimal(0)
    return HoldingValue(
        holding=Holding(con_id=value.holding.con_id, quantity=0, average_cost=nothing),
        price=value.price,
        value=nothing,
        unrealized=nothing,
        realized=value.realized,
        daily=value.daily,
    )
