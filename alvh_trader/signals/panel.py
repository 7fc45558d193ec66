"""The signals of the market as one value, and as rows for people.

`Signals` is what decides; a `Signal` says of one of them what it is, of when, and from
where. A number that is not known is None: whoever needs it takes the branch that
alvh.md §1.1 names for it.
"""

from datetime import datetime

from msgspec import Struct

from alvh_trader.domain.freshness import Verdict
from alvh_trader.signals.beta import VolBeta
from alvh_trader.signals.breadth import CashFlow
from alvh_trader.signals.macd import Macd
from alvh_trader.signals.macro import Exchange, Macro, Spread


class Signals(Struct, frozen=True, kw_only=True):
    """What the market's numbers amount to at `at`, the newest look.

    Those after `is_due` are of completed sessions; they are computed anew only when
    one of their inputs changes, which `is_due` says.
    """

    at: datetime | None = None
    rsi: float | None = None
    """Of SPX, today's price included, 0 to 100."""

    macd_spx: Macd | None = None
    macd_vix: Macd | None = None
    layer2: bool | None = None
    """Whether the second layer is called for; None where that cannot be known."""

    was_layer2: bool = False
    """The newest flag that was known."""

    vix: float | None = None
    """Its five-minute median, points; None while it is stale."""

    is_near_18: bool = False
    """Whether capital may be added as far as VIX goes (alvh.md §7.7)."""

    is_due: bool = True
    macd_vx: Macd | None = None
    """Of weekly 30-day VX, weeks that are over."""

    hv20: float | None = None
    """Realised volatility of SPX, points."""

    vix_mean: float | None = None
    """VIX's mean close of five sessions, points."""

    vvix_median: float | None = None
    """VVIX's median close of 60 sessions, points."""

    vx30: float | None = None
    """The newest close of 30-day VX, points."""

    contango: float | None = None
    """F2 / F1 - 1 of the first two VX months at their newest close, a fraction."""

    diverges: bool | None = None
    """Whether SPX held near its high while breadth did not."""

    is_calm: bool = False
    """Whether the last two sessions take the flag of layer 2 down."""

    beta_vol: VolBeta = VolBeta()
    beta_spot: float | None = None
    """Per cent of VIX per per cent of SPX as refitted; None: the default holds."""

    beta_vx_scale: float | None = None
    """By what the refit multiplies 1 / (1 + d / 30); None: the formula holds."""

    cash_flow: CashFlow | None = None
    price_over_cash_flow: float | None = None
    spread: Spread | None = None
    exchange: Exchange | None = None
    committee: int | None = None
    """The operator's divergence score, -2 to +2."""

    macro: Macro = Macro()


class Signal(Struct, frozen=True, kw_only=True):
    """One row of the panel.

    `value` is in `unit`s, None where it is not known; `bound` says what it is compared
    with, `as_of` of when its newest input is, `says` what follows.
    """

    name: str
    value: float | None
    unit: str
    bound: str
    as_of: datetime | None
    source: str
    freshness: Verdict
    says: str
