"""What the second engine is found to be at one instant, as the state keeps it."""

from datetime import datetime

from msgspec import Struct

from alvh_trader.capital.cost import Cost
from alvh_trader.capital.facilities import Funding
from alvh_trader.capital.liquidity import Liquidity
from alvh_trader.domain.inputs import Facilities
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.allocation import Advice, Allocation


class Line(Struct, frozen=True, kw_only=True):
    """One facility: USD, its rate in per cent, and why nothing can be drawn of it."""

    id: str
    type: str
    limit: float
    drawn: float
    available: float
    available_in_stress: float
    rate: float | None
    hindrance: str


class Return(Struct, frozen=True, kw_only=True):
    """What a case has returned and is expected to return, per cent a year.

    `so_far` is by its flows; for one that is open, as if it were closed at its marks.
    `expected` is of holding what is open to its expiry. None is not known, and `note`
    says why.
    """

    case: str
    is_open: bool
    so_far: float | None
    expected: float | None
    capital: float
    note: str = ""


class CapitalView(Struct, frozen=True, kw_only=True):
    """The second engine at `at`; amounts are USD, None is not known.

    `delta` is that of the whole book, per SPX point. `so_far` and `expected` are the
    book's returns, `over_wacc` points above the cost of capital. `value` is that of
    the strategy's stream of `income`. The last fields are remembered: what the
    facilities last said, what was drawn while VIX was below 25 and when the newest
    divergence of the committee came out, and what was told of it all.
    """

    at: datetime
    funding: Funding
    regime: Regime | None
    lines: tuple[Line, ...]
    risk_free: float | None
    delta: float | None
    cost: Cost | None
    liquidity: Liquidity | None
    returns: tuple[Return, ...]
    measured: datetime
    """When the returns were found; `flows` of the cash book were in them."""

    flows: int
    so_far: float | None
    expected: float | None
    over_wacc: float | None
    allocation: Allocation
    sweep_due: float
    income: float | None
    value: float | None
    index_factor: float
    facilities: Facilities | None
    is_stated: bool
    calm_drawn: float
    meeting: datetime | None
    meeting_drawn: float
    told: tuple[Advice, float] = (Advice.HOLD, 0.0)
    told_due: float = 0.0
