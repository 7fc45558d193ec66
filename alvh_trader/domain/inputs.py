"""What the operator tells us that no market does: facilities, macro series, calendars.

Every part says of when it is. A part that was not given is None or empty, and whoever
needs it takes its "missing" branch (alvh.md §1.1); nothing here is ever guessed.
"""

from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct


class FacilityType(StrEnum):
    """Who lends (alvh.md §7.2)."""

    STABLECOIN_VAULT = "stablecoin_vault"
    DAO_POOL = "dao_pool"
    REIT_LINE = "reit_line"
    BANK_LINE = "bank_line"
    OTHER = "other"


class Collateral(Struct, frozen=True, kw_only=True):
    """What secures a facility: USD of one asset, and the share of it not counted."""

    asset: str
    usd: float
    haircut: float


class MultiSig(Struct, frozen=True, kw_only=True):
    """How many of how many must sign before a facility can be drawn.

    `signers` are the people who can sign today; fewer than `m` make it unavailable.
    """

    m: int
    n: int
    signers: int


class Facility(Struct, frozen=True, kw_only=True):
    """A source of capital outside the brokerage account (alvh.md §7.2).

    Amounts are USD, rates per cent a year, loan-to-value fractions.
    """

    id: str
    type: FacilityType
    limit: float
    drawn: float
    credited: float = 0.0
    """The part of what is drawn that has arrived in the brokerage account."""

    apr: float | None = None
    apr_type: str = "variable"
    mev_gas: float = 0.0
    """Addition for transaction costs on a chain, per cent a year."""

    tax: float = 0.0
    """Share of the interest that is deductible from tax."""

    collateral: tuple[Collateral, ...] = ()
    ltv_now: float | None = None
    ltv_liquidation: float | None = None
    recourse: bool = True
    callable_days: int | None = None
    """Days of notice after which the lender may call it; None where it cannot be."""

    maturity: date | None = None
    peg: float = 1.0
    """What one unit of its stablecoin fetches in USD."""

    multisig: MultiSig | None = None
    as_of: datetime
    signature: str = ""


class Treasury(Struct, frozen=True, kw_only=True):
    """What is liquid outside the account, in USD; it enters the quick ratio (§7.6)."""

    cash: float = 0.0
    bills: float = 0.0
    stablecoins: float = 0.0
    as_of: datetime


class Facilities(Struct, frozen=True, kw_only=True):
    """The whole facilities file."""

    facilities: tuple[Facility, ...] = ()
    treasury: Treasury | None = None
    margin_debit_rate: float | None = None
    """What the broker charges for a margin debit, per cent a year."""

    sweep_share: float = 1.0
    """Share of the credit of facility-funded condors that is owed to the vault."""

    own: float = 0.0
    """The operator's own USD at work outside the account, collateral included."""

    swept: float = 0.0
    """USD that have been swept to the vault so far."""


class MacroSeries(Struct, frozen=True, kw_only=True):
    """A published series: (reference day, value) oldest first, as its source says it.

    `fetched` is when we had it; a monthly figure's reference day is its month's first.
    """

    id: str
    points: tuple[tuple[date, float], ...]
    fetched: datetime | None = None


class FomcMeeting(Struct, frozen=True, kw_only=True):
    """One meeting, and what the operator reads from it (alvh.md §6.4, §9.7).

    `score` runs from -2 (markets and committee diverge against us) to +2; None until
    it is known. `two_year_move` is in basis points within an hour of the release,
    `dot_gap` the median dot less the market's, in basis points.
    """

    released: datetime
    minutes: date | None = None
    score: int | None = None
    divergence: bool = False
    two_year_move: float | None = None
    dot_gap: float | None = None


class FomcCalendar(Struct, frozen=True, kw_only=True):
    """The meetings of the operator's file, oldest first, and of when it is."""

    meetings: tuple[FomcMeeting, ...]
    as_of: date
    releases: tuple[datetime, ...] = ()
    """Other scheduled releases (CPI, employment) around which nothing is rolled."""


class Constituent(Struct, frozen=True, kw_only=True):
    """One company of the index: what P/CF needs of it (alvh.md §9.4).

    `cash_flow` is the operating cash flow of twelve months per share, `shares` are
    outstanding. `closes` are (day, USD) oldest first, at least six of them.
    """

    symbol: str
    shares: float
    cash_flow: float
    closes: tuple[tuple[date, float], ...] = ()


class Constituents(Struct, frozen=True, kw_only=True):
    """The largest companies of the index."""

    members: tuple[Constituent, ...]
    as_of: date


class IndexFundamentals(Struct, frozen=True, kw_only=True):
    """What the index fine-tune needs (alvh.md §7.8); amounts in index points a year."""

    top_ten_weight: float
    """Share of the ten largest companies, a fraction."""

    pe_percentile: float
    """Where price over earnings stands in its history, 0 to 100."""

    dividends: float
    """Of the next twelve months."""

    growth: float
    """Of dividends, per cent a year."""

    as_of: date


class Tags(Struct, frozen=True, kw_only=True):
    """Words for backtests: interest-rate differential and growth (alvh.md §9.8)."""

    rate_differential: float | None = None
    gdp_growth: float | None = None
    as_of: date


class Inputs(Struct, frozen=True, kw_only=True):
    """Everything the operator's files say, as last read."""

    facilities: Facilities | None = None
    macro: dict[str, MacroSeries] = {}
    fomc: FomcCalendar | None = None
    constituents: Constituents | None = None
    index: IndexFundamentals | None = None
    tags: Tags | None = None
