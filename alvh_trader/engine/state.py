"""Everything the engine knows, in one immutable value."""

from datetime import date, datetime, timedelta

from msgspec import Struct

from alvh_trader.capital.cashbook import CashBook
from alvh_trader.domain.calendar import Calendar
from alvh_trader.domain.inputs import Inputs
from alvh_trader.domain.instrument import Future, Index, Instrument, Option
from alvh_trader.domain.market import Bar, Breadth, Quote
from alvh_trader.domain.order import Fill
from alvh_trader.domain.position import Account, Position
from alvh_trader.engine.capital import CapitalView
from alvh_trader.engine.case import Case, HedgeLot
from alvh_trader.engine.link import Link
from alvh_trader.execution.ticket import Ticket
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.discrepancy import Discrepancy
from alvh_trader.risk.arm import Arm, Identity
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.limits import Limits
from alvh_trader.risk.stress import BookTest
from alvh_trader.signals.panel import Signals
from alvh_trader.signals.parity import Good, Guard
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.params import Params


class Rules(Struct, frozen=True, kw_only=True):
    """What does not change while the engine runs.

    `may_trade` is False in watch mode: every order is refused by the gate (and the
    adapter of that mode has no way to send one). `adopts` lets condors that were
    opened by hand be hedged and rolled; without it they are only watched.
    """

    params: Params
    limits: Limits
    calendar: Calendar
    may_trade: bool
    adopts: bool
    reconcile_every: timedelta = timedelta(seconds=60)
    """How often executions and positions are pulled when nothing is under way."""


class Terms(Struct, frozen=True, kw_only=True):
    """The numbers that decide: those of the method, and the limits."""

    params: Params
    limits: Limits


class Margin(Struct, frozen=True, array_like=True):
    """A what-if answer: the change of the initial margin in USD, None if unknown."""

    at: datetime
    change: float | None


class Entry(Struct, frozen=True, kw_only=True):
    """The condor that is about to be opened, if any; and why none is.

    `seeks` says that nothing but the market hinders: the quotes of a series are
    watched. `drawdown` is that of the book with the condor, a fraction of capital;
    `ref` the order that would open it, or does.
    """

    looked: datetime | None = None
    standing: str = ""
    seeks: bool = False
    condor: Condor | None = None
    drawdown: float | None = None
    ref: str = ""
    asked: datetime | None = None
    """When the what-if of that order was asked for."""

    @property
    def is_under_way(self) -> bool:
        """Whether a condor is sought, chosen or being opened."""
        return self.seeks or self.condor is not None


class Longer(Struct, frozen=True, kw_only=True):
    """What layer 2 remembers: when it was looked at, and told to be off, and prices.

    `unknown` counts looks in a row without a flag; `sigmas` are (day, volatility) of
    the call it would buy, one a session.
    """

    reviewed: datetime | None = None
    unknown: int = 0
    told: date | None = None
    sigmas: tuple[tuple[date, float], ...] = ()


class Worth(Struct, frozen=True, array_like=True):
    """What the account was worth in USD: when the day began, at most, and last."""

    began: float = 0.0
    peak: float = 0.0
    last: float = 0.0


class Losses(Struct, frozen=True, kw_only=True):
    """What losses are measured from: by the broker's figure, and by our own marks.

    Peaks are since a person last cleared a freeze. `level` is what the newest report
    alone would freeze to.
    """

    day: date | None = None
    told: Worth = Worth()
    own: Worth = Worth()
    level: Freeze = Freeze.NONE


class State(Struct, frozen=True, kw_only=True):
    """What does."""

    at: datetime | None = None
    mode: str = ""
    identity: Identity = Identity()
    """What runs; the account is that of the session with the broker."""

    arm: Arm | None = None
    """What a person armed, in live."""

    accepted: Terms | None = None
    """The numbers under which a person last armed live; open cases stand on them."""

    proven: str = ""
    """The newest build of which an order has filled in live."""

    sessions: int = 0
    freeze: Freeze = Freeze.NONE
    frozen_by: str = ""
    """What froze trading first as far as it is frozen now, in words."""

    losses: Losses = Losses()
    starts: tuple[datetime, ...] = ()
    """When processes began of which the one before did not end in good order."""

    is_naked: bool = False
    oddities: tuple[str, ...] = ()
    """What is held that is no case, in words: each is told once."""

    is_connected: bool = False
    is_link_up: bool = False
    link: Link = Link()
    account_id: str = ""
    indexes: dict[str, Index] = {}
    account: Account | None = None
    positions: dict[int, Position] = {}
    ledger: dict[int, int] = {}
    """Signed contracts that the last clean report plus all fills since amount to."""

    reconciled: datetime | None = None
    report_asked: datetime | None = None
    break_since: datetime | None = None
    discrepancies: dict[str, Discrepancy] = {}
    """What the broker shows that cannot be explained, until it heals or is adopted."""

    quotes: dict[int, Quote] = {}
    vix_recent: tuple[tuple[datetime, float], ...] = ()
    regime: Regime | None = None
    breadth: Breadth | None = None
    net_advances: tuple[int, ...] = ()
    day: date | None = None
    breadth_day: date | None = None
    bars: dict[str, tuple[Bar, ...]] = {}
    series: dict[str, tuple[tuple[str, date], ...]] = {}
    futures: dict[str, tuple[Future, ...]] = {}
    settled: dict[str, tuple[Future, ...]] = {}
    """Futures whose past prices are wanted; they cannot be traded any more."""

    vx30: tuple[tuple[date, float], ...] = ()
    """(day, close) of VX at a constant maturity of 30 days, oldest first."""

    options: dict[str, tuple[Option, ...]] = {}
    asked: dict[str, datetime] = {}
    wants_reviewed: datetime | None = None
    watched: tuple[Instrument, ...] = ()
    tickets: dict[str, Ticket] = {}
    lots: dict[str, HedgeLot] = {}
    cases: dict[str, Case] = {}
    last_number: int = 0
    last_order_id: int = 0
    """The highest routing number the broker has shown for an order of ours."""

    free_order_id: int = 1
    """No process before the one that starts next has sent this number or a higher."""

    sent: tuple[datetime, ...] = ()
    """When orders and new limits were sent, of the last day."""

    spoken: datetime | None = None
    """When a person last told the engine anything."""

    hedge_spent: float = 0.0
    """USD of hedge premium filled on `day`."""

    hedge_spent_month: float = 0.0
    """The same in the month of `day`."""

    hedge_flows: tuple[tuple[date, float], ...] = ()
    """USD that hedges brought in (cost: negative) by day, of one year."""

    l2_fund: float = 0.0
    """USD of realised profit that is set aside for the second layer (alvh.md §7.7)."""

    longer: Longer = Longer()
    ladder_looked: datetime | None = None
    """When an order of the base ladder was last tried."""

    hedges_reviewed: datetime | None = None
    """When it was last asked whether a hedge should be sold."""

    margins: dict[str, Margin] = {}
    """What-if answers by the reference of the order that was asked about."""

    entry: Entry = Entry()
    inputs: Inputs = Inputs()
    """What the operator's files say."""

    cash: CashBook = CashBook()
    capital: CapitalView | None = None
    """The second engine as last measured; None before its first look."""

    signals: Signals = Signals()
    """What `engine.panel` last made of the market."""

    book_test: BookTest | None = None
    """The newest 2-sigma test of the whole book (alvh.md §8.1)."""

    parity: dict[str, Guard] = {}
    """The parity guard of each watched option series (alvh.md §8.4)."""

    held: dict[str, Good | None] = {}
    """The series in doubt, and what stands in for their quotes; None is nothing."""

    fills: dict[str, Fill] = {}
    """The executions of today that are in the ledger, by what corrections share."""

    @property
    def is_halted(self) -> bool:
        """Whether no order may leave at all."""
        return self.freeze >= Freeze.SAFE

    def index_quote(self, symbol: str) -> Quote | None:
        """Return the newest quote of an index, or None where there is none."""
        index = self.indexes.get(symbol)
        return None if index is None else self.quotes.get(index.con_id)

    def index_level(
        self, symbol: str, at: datetime, age_max: timedelta
    ) -> float | None:
        """Return an index as it was last seen, or None if that is too long before."""
        quote = self.index_quote(symbol)
        return None if quote is None or at - quote.at > age_max else quote.last


def series_key(trading_class: str, last_trade: date) -> str:
    """Return the name of one option series, e.g. `SPXW 2018-03-16`."""
    return f"{trading_class} {last_trade.isoformat()}"
