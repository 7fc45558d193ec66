"""The limits as the operator set them: tighten freely, loosen with a reason."""

from datetime import timedelta

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Upper and lower bounds of what may be sent (alvh.md §8.2, reliability.md A1).

    Where the two documents differ the stricter number is the default
    (docs/decisions/0006).
    """

    combos_per_order_max: int = 10
    hedge_contracts_per_order_max: int = 20
    hedge_spend_per_day_max: float = 0.005
    """Fraction of net liquidation."""

    hedge_share_per_case_max: float = 0.03
    """Premium held for a case over its defined risk, for each layer of the hedge."""

    rolls_per_day_max: int = 6
    hedges_per_day_max: int = 8
    """Orders of that purpose for one case and day, attempts included."""

    entries_per_day_max: int = 1
    """Orders that open a condor in a day, attempts included."""

    orders_per_minute_max: int = 10
    rolls_per_case_max: int = 2
    rolls_sessions: int = 10
    """`rolls_per_case_max` holds within this many sessions."""

    combo_collar: float = 0.30
    """How far a combo's limit may lie from the middle of its legs, in points."""

    hedge_collar_ticks: int = 1
    """How many ticks above the ask a hedge may be bid."""

    margin_cushion_min: float = 0.10
    """Available funds as a fraction of net liquidation."""

    margin_use_max: float = 0.5
    """Fraction of the available funds that one roll or new condor may take."""

    cases_max: int = 5
    case_loss_max: float = 0.06
    """What a new condor may lose at worst, as a fraction of deployed capital."""

    case_loss_strict: float = 0.02
    strict: bool = False
    """Whether `case_loss_strict` holds instead."""

    case_margin_max: float = 0.10
    """Initial margin of a new condor, as a fraction of net liquidation."""

    quote_age_max: timedelta = timedelta(seconds=30)
    reconciled_age_max: timedelta = timedelta(seconds=60)
    greeks_age_max: timedelta = timedelta(seconds=30)
    permit_ttl: timedelta = timedelta(seconds=60)
    arm_lasts: timedelta = timedelta(hours=12)
    """How long live stays armed; never beyond the close of a session."""

    consent_ttl: timedelta = timedelta(seconds=120)
    """How long an order waits for a person in live."""

    decline_pause: timedelta = timedelta(minutes=30)
    """How long what a person declined is not proposed again."""

    drawdown_max: float = 0.06
    """The two-sigma rule (alvh.md §8.1), as a fraction of deployed capital."""
