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

    hedge_spend_per_month_max: float = 0.015
    """The same for a calendar month."""

    hedge_share_per_case_max: float = 0.03
    """Premium held for a case over its defined risk, for each layer of the hedge."""

    rolls_per_day_max: int = 6
    hedges_per_day_max: int = 8
    """Orders of that purpose for one case and day, attempts included."""

    entries_per_day_max: int = 1
    """Orders that open a condor in a day, attempts included."""

    units_per_day_max: int = 200
    """Units of all orders of a day together, attempts included."""

    orders_per_second_max: int = 1
    orders_per_minute_max: int = 10
    orders_per_hour_max: int = 60
    orders_per_day_max: int = 100
    """Orders and new limits of all cases; cancellations are counted apart."""

    open_orders_max: int = 4
    duplicate_window: timedelta = timedelta(minutes=10)
    """How long an order forbids the same order again, unless that names it."""

    repeats_max: int = 3
    repeats_window: timedelta = timedelta(minutes=30)
    """So many filled orders of one case and purpose stop the next within this."""

    rolls_per_case_max: int = 2
    rolls_sessions: int = 10
    """`rolls_per_case_max` holds within this many sessions."""

    combo_collar: float = 0.30
    """How far a combo's limit may lie from the middle of its legs, in points."""

    combo_collar_ticks: int = 2
    """How many ticks above the ask of its legs together a combo may be bid."""

    hedge_collar_ticks: int = 1
    """How many ticks above the ask a hedge may be bid."""

    hedge_collar_share: float = 0.15
    """How much a hedge may give up from the middle, as a share of it."""

    margin_cushion_min: float = 0.10
    """Available funds as a fraction of net liquidation."""

    margin_use_max: float = 0.5
    """Fraction of the available funds that one roll or new condor may take."""

    funds_after_min: float = 0.20
    """Available funds after the order, as a fraction of net liquidation."""

    margin_age_max: timedelta = timedelta(seconds=60)
    order_loss_max: float = 0.12
    """What a roll opens may lose at worst, as a fraction of net liquidation."""

    order_loss_usd_max: float = 250_000.0
    contracts_per_strike_max: int = 100
    contracts_per_expiry_max: int = 400
    """Contracts bought and sold, held and at work, of one class and last day."""

    cases_max: int = 5
    case_loss_max: float = 0.06
    """What a new condor may lose at worst, as a fraction of deployed capital."""

    case_loss_strict: float = 0.02
    strict: bool = False
    """Whether `case_loss_strict` holds instead."""

    case_margin_max: float = 0.10
    """Initial margin of a new condor, as a fraction of net liquidation."""

    day_loss_reduce: float = 0.02
    """Loss of a day over net liquidation from which on no new risk is taken."""

    day_loss_halt: float = 0.04
    """The same from which on everything stops."""

    peak_loss_reduce: float = 0.05
    """Loss since the peak from which on no new risk is taken."""

    starts_max: int = 3
    starts_window: timedelta = timedelta(minutes=10)
    """So many starts within this, none of which ended in good order, send nothing."""

    check_in: bool = False
    """Whether new risk needs a person's sign of life on that day; in live always."""

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
