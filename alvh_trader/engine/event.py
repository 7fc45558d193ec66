"""Facts the outside world reports to the engine.

Events are named in the past tense and carry their time. `at` is set by the shell
that saw the fact; it is the only time the engine knows. The list of events is the
engine's whole view of the world: nothing else can influence a decision.
"""

from datetime import date, datetime, timedelta
from typing import get_args

from msgspec import Struct

from alvh_trader.domain.calendar import Hours
from alvh_trader.domain.connection import Trouble
from alvh_trader.domain.inputs import Inputs
from alvh_trader.domain.instrument import Future, Index, Option
from alvh_trader.domain.market import Bar, Breadth, Quote
from alvh_trader.domain.order import Fill, OrderReport
from alvh_trader.domain.position import Account, Position
from alvh_trader.risk.freeze import Freeze


class _Event(Struct, frozen=True, kw_only=True, tag=True):
    at: datetime

    def __post_init__(self) -> None:
        assert self.at.tzinfo is not None, "naive time"


class DaemonStarted(_Event, frozen=True, kw_only=True):
    """A process began (again). Whatever was under way must be reconciled.

    `build` is a digest of the program, `rules` of what it decides by; the journal
    keeps them (reliability.md T08). With `doubts` about what it starts from nothing
    is sent until a person releases it. `host` is the machine.
    """

    mode: str
    config_hash: str
    host: str = ""
    build: str = ""
    rules: str = ""
    doubts: tuple[str, ...] = ()


class DaemonStopped(_Event, frozen=True, kw_only=True):
    """A process ends because it was told to, and not by a mistake."""


class BrokerConnected(_Event, frozen=True, kw_only=True):
    """A session is up. Nothing may be sent until a `BrokerReported` follows.

    `next_order_id` is the number that the gateway would give the next order, 0 if it
    has not said so.
    """

    account_id: str
    server_version: int
    indexes: tuple[Index, ...]
    next_order_id: int = 0


class BrokerDisconnected(_Event, frozen=True, kw_only=True):
    """The session is gone, orders are in doubt; `code` is the broker's reason, or 0."""

    reason: str
    code: int = 0


class ConnectFailed(_Event, frozen=True, kw_only=True):
    """An attempt to open a session failed; it is repeated until one does not."""

    reason: str
    code: int = 0


class HeartbeatMissed(_Event, frozen=True, kw_only=True):
    """The gateway did not answer in time; once more and the session is dropped."""


class ClockCompared(_Event, frozen=True, kw_only=True):
    """Our clock began, or ceased, to be wrong (reliability.md P17).

    `ahead` is its distance from the broker's in seconds, `drift` what it gained on
    the computer's own counter within a minute.
    """

    ahead: float
    drift: float
    is_good: bool


class DataTroubled(_Event, frozen=True, kw_only=True):
    """What all data streams suffer from now; nothing means that they are well."""

    troubles: tuple[Trouble, ...]


class HoursListed(_Event, frozen=True, kw_only=True):
    """When the broker says that an index is calculated, in the days to come."""

    symbol: str
    hours: tuple[Hours, ...]


class LinkChanged(_Event, frozen=True, kw_only=True):
    """The socket is up but the broker's own link went down or came back (1100-1102).

    `data_lost` (1101) means subscriptions must be made again.
    """

    is_up: bool
    data_lost: bool = False


class BrokerReported(_Event, frozen=True, kw_only=True):
    """A complete reconciliation: every question was answered with its End marker.

    `fills` are all executions of the broker's day, leg by leg; `orders` are open
    orders of every client and `completed` today's finished ones.
    """

    account: Account
    positions: tuple[Position, ...]
    orders: tuple[OrderReport, ...]
    completed: tuple[OrderReport, ...]
    fills: tuple[Fill, ...]


class ReportFailed(_Event, frozen=True, kw_only=True):
    """A reconciliation did not complete; what we know is not confirmed."""

    reason: str


class MarketUpdated(_Event, frozen=True, kw_only=True):
    """Time has come to `at`, and these quotes changed since the last such event."""

    quotes: dict[int, Quote] = {}
    breadth: Breadth | None = None


class BarsReported(_Event, frozen=True, kw_only=True):
    """Completed daily bars of an index or a future, oldest first, without today's."""

    symbol: str
    bars: tuple[Bar, ...]
    future: Future | None = None


class ExpiriesListed(_Event, frozen=True, kw_only=True):
    """The (trading class, last trading day) pairs that options on `symbol` have."""

    symbol: str
    series: tuple[tuple[str, date], ...]


class OptionsListed(_Event, frozen=True, kw_only=True):
    """Every option of one series; none where the broker knows no such series."""

    symbol: str
    trading_class: str
    last_trade: date
    options: tuple[Option, ...]


class FuturesListed(_Event, frozen=True, kw_only=True):
    """The futures on `symbol` that trade now, and those asked for that have settled."""

    symbol: str
    futures: tuple[Future, ...]
    settled: tuple[Future, ...] = ()


class RequestFailed(_Event, frozen=True, kw_only=True):
    """A question (`ListOptions`, `RequestBars`, ...) got no usable answer."""

    request: str
    reason: str


class OrderUpdated(_Event, frozen=True, kw_only=True):
    """The broker said something of an order of ours."""

    report: OrderReport


class OrderRefused(_Event, frozen=True, kw_only=True):
    """The broker answered an order with an error code of the `rejected` class."""

    ref: str
    code: int
    text: str


class OrderNotSent(_Event, frozen=True, kw_only=True):
    """The last gate before the socket stopped an order: no byte left."""

    ref: str
    reason: str


class OrderDoubted(_Event, frozen=True, kw_only=True):
    """An answer that proves nothing (10147, 161, 103, ...): reconcile."""

    ref: str
    code: int
    text: str


class OrderFilled(_Event, frozen=True, kw_only=True):
    """One leg of an order traded."""

    fill: Fill


class CommissionReported(_Event, frozen=True, kw_only=True):
    """What a fill cost, in USD."""

    exec_id: str
    amount: float


class MarginPreviewed(_Event, frozen=True, kw_only=True):
    """The broker's answer to a what-if. None where it gave no finite number."""

    ref: str
    initial_margin_change: float | None
    initial_margin_after: float | None


class BreadthSeeded(_Event, frozen=True, kw_only=True):
    """Net advances of past sessions, oldest first, from the operator's file."""

    net_advances: tuple[int, ...]


class InputsRead(_Event, frozen=True, kw_only=True):
    """The operator's files were read (again); what they say replaces what they said.

    `mistakes` name what could not be used, with file, place and value; those parts are
    missing from `inputs`.
    """

    inputs: Inputs
    mistakes: tuple[str, ...] = ()


class ControlTripped(_Event, frozen=True, kw_only=True):
    """A control outside the engine found what may not be; `control` is its number."""

    control: str
    text: str


class StorageStrained(_Event, frozen=True, kw_only=True):
    """What the journal is kept on needs a person, though it still works."""

    reason: str


class OperatorHalted(_Event, frozen=True, kw_only=True):
    """The operator pressed stop; how far trading is frozen is up to him."""

    level: Freeze = Freeze.HALT


class OperatorCleared(_Event, frozen=True, kw_only=True):
    """The operator typed the phrase that lifts a freeze. `by` is the user's name."""

    by: str = ""


class OperatorReleased(_Event, frozen=True, kw_only=True):
    """The operator gives a case in MANUAL (or all of them, "") back."""

    case: str


class OperatorAdopted(_Event, frozen=True, kw_only=True):
    """The operator takes what the broker shows of a discrepancy ("": all) for true."""

    key: str


class OperatorAbandoned(_Event, frozen=True, kw_only=True):
    """The operator has made sure that an order in doubt never reached the broker."""

    ref: str


class OperatorAskedRoll(_Event, frozen=True, kw_only=True):
    """The operator wants a case rolled today; hedge and bands come first as ever."""

    case: str


class OperatorFlattened(_Event, frozen=True, kw_only=True):
    """The operator typed the phrase that closes a case (or all, ""), then its hedge."""

    case: str
    by: str = ""


class OperatorAcknowledged(_Event, frozen=True, kw_only=True):
    """The operator allows what a case asked about: `what` names the question."""

    case: str
    what: str


class OperatorCheckedIn(_Event, frozen=True, kw_only=True):
    """A person is there, and wants nothing."""


class OperatorArmed(_Event, frozen=True, kw_only=True):
    """The operator lets what runs now trade live, for `lasts` at most.

    `accepts` says that he has seen which numbers changed since he last did.
    """

    by: str
    lasts: timedelta
    accepts: bool = False


class OperatorDisarmed(_Event, frozen=True, kw_only=True):
    """The operator ends that."""

    by: str


class OperatorApproved(_Event, frozen=True, kw_only=True):
    """The operator allows the proposal with this digest, once."""

    digest: str
    by: str


class OperatorRejected(_Event, frozen=True, kw_only=True):
    """The operator does not want the order of the proposal with this digest."""

    digest: str
    by: str


Said = (
    OperatorHalted
    | OperatorCleared
    | OperatorReleased
    | OperatorAdopted
    | OperatorAbandoned
    | OperatorAskedRoll
    | OperatorFlattened
    | OperatorAcknowledged
    | OperatorCheckedIn
    | OperatorArmed
    | OperatorDisarmed
    | OperatorApproved
    | OperatorRejected
)
"""What a person says: durable before he hears that it was taken, a sign of life."""

SAID = get_args(Said)

Event = (
    DaemonStarted
    | DaemonStopped
    | BrokerConnected
    | BrokerDisconnected
    | ConnectFailed
    | HeartbeatMissed
    | ClockCompared
    | DataTroubled
    | HoursListed
    | LinkChanged
    | BrokerReported
    | ReportFailed
    | MarketUpdated
    | BarsReported
    | ExpiriesListed
    | OptionsListed
    | FuturesListed
    | RequestFailed
    | OrderUpdated
    | OrderRefused
    | OrderNotSent
    | OrderDoubted
    | OrderFilled
    | CommissionReported
    | MarginPreviewed
    | BreadthSeeded
    | InputsRead
    | ControlTripped
    | StorageStrained
    | Said
)
