"""Everything the order gateway looks at, as one value."""

from datetime import date, datetime

from msgspec import Struct

from alvh_trader.capital.liquidity import Light
from alvh_trader.domain.connection import Connection
from alvh_trader.domain.market import Quote
from alvh_trader.domain.order import Order
from alvh_trader.risk.arm import Arm, Identity
from alvh_trader.risk.freeze import Freeze
from alvh_trader.risk.proposal import Consent
from alvh_trader.signals.regime import Regime


class HedgeProof(Struct, frozen=True, kw_only=True):
    """What shows that a case's hedge is really held.

    `filled` counts executions, `held` the account's positions; both in contracts of
    the case's allocation. `greeks_in_band` was judged at `judged`.
    """

    needed: int
    filled: int
    held: int
    exec_ids: tuple[str, ...]
    sessions_left: int
    greeks_in_band: bool
    judged: datetime | None
    greeks: str


class SaleProof(Struct, frozen=True, kw_only=True):
    """What shows that a hedge may be sold, in units of the order.

    `booked` and `held` are what the ledger and the account's positions have of it,
    less what other sales may still take. `kept` is what would be left of the case's
    hedge, and `needed` what must be (n_min; 0 where the case needs none now).
    """

    booked: int
    held: int
    kept: int
    needed: int


class CloseProof(Struct, frozen=True, kw_only=True):
    """What may be closed of a case, as a person asked: signed contracts by number.

    `owned` are those of the case, by the executions that made it; `booked` those of the
    ledger. What the account's positions show is in `Circumstances.held`.
    """

    owned: dict[int, int]
    booked: dict[int, int]


class EntryProof(Struct, frozen=True, kw_only=True):
    """What a new condor would be opened into.

    `may_open` says whether the operator wants condors opened, `capital` is that of
    both engines in USD. `is_extreme`: the EDR of some case is; `is_overdrawn`: a breach
    of the two-sigma rule is in force; `light` is that of the outside capital's
    liquidity.
    """

    may_open: bool
    capital: float
    cases_held: int
    regime: Regime | None
    is_extreme: bool
    is_overdrawn: bool
    light: Light


class LiveProof(Struct, frozen=True, kw_only=True):
    """What shows that an order may leave in live.

    `identity` is what runs now, `arm` what a person armed. `is_proven`: an order of
    this build has filled in live. `declined` is when a person last declined an order
    for the same case and purpose; `is_proposal` says that nothing is sent yet.
    """

    identity: Identity
    arm: Arm | None
    is_proven: bool
    declined: datetime | None = None
    is_proposal: bool = False
    consent: Consent | None = None


class Circumstances(Struct, frozen=True, kw_only=True):
    """Everything the gate looks at, as it is at `at`."""

    at: datetime
    today: date | None
    """The session of `at`, or the last one before it."""

    may_trade: bool
    freeze: Freeze
    is_naked: bool
    connection: Connection
    hours_wrong: str
    """How the broker's hours contradict our calendar today; "" where they agree."""

    is_market_open: bool
    is_data_fresh: bool
    reconciled: datetime | None
    net_liquidation: float
    available_funds: float
    cushion: float
    hedge_spent_today: float
    hedge_spent_this_month: float
    risk_notional: float | None = None
    """Defined risk of the case's legs in USD; None where there is no case."""

    hedge_cost: float = 0.0
    """USD that the case's hedges of the order's layer have cost, this order's not."""

    future_stop: float = 0.0
    """Points that a VIX future may lose before it is sold."""

    sent: tuple[datetime, ...] = ()
    """When orders and new limits were sent in the last day, oldest first."""

    orders_today: int
    """Orders for the same case and purpose, attempts included, this one not."""

    units_today: int
    """Units of all orders of today, this one not."""

    fills_lately: int
    """Orders for the same case and purpose that filled lately, this one not."""

    rolls_lately: int
    is_at_work: bool = False
    """Whether the order is at work already and only its limit is new."""

    filled: int = 0
    """Units of this order that have filled."""

    twins: tuple[str, ...] = ()
    """Orders sent lately that this one repeats without naming them."""

    refused: tuple[str, ...] = ()
    """Orders of today like this one that the broker refused for margin or risk, and
    nothing in the account has changed since."""

    doubtful: tuple[str, ...] = ()
    working: tuple[Order, ...] = ()
    held: dict[int, int] = {}
    """Signed contracts of the account, by number."""

    gross: dict[tuple[str, date], int] = {}
    """Contracts held or in other orders, unsigned, by class and last trading day."""

    quotes: dict[int, Quote] = {}
    hedge: HedgeProof | None = None
    sale: SaleProof | None = None
    close: CloseProof | None = None
    """None where no person asked for the case of the order to be closed."""
    margin_change: float | None = None
    margin_asked: datetime | None = None
    """When the what-if was answered."""

    drawdown: float | None = None
    entry: EntryProof | None = None
    live: LiveProof | None = None
    """None on paper."""

    off_parity: tuple[str, ...] = ()
    discrepancies: tuple[str, ...] = ()
    """What cannot be explained, and forbids this order (portfolio.discrepancy)."""
    """The series of the order and its case's hedge that break parity, and how."""
