"""Every check of the gate, in the order in which an order meets them.

A row names the control (reliability.md §A1; a section of the method for what only the
method asks), the reason code of a refusal, the check, what orders it is for, and the
limits it goes by. docs/controls.md is written from this table.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from alvh_trader.domain.order import Order, Purpose
from alvh_trader.risk import (
    closing,
    conduct,
    hedged,
    live,
    opening,
    price,
    sale,
    size,
    way,
)
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.strategy.finding import Finding

Check = Callable[[Order, Circumstances, Limits], Finding]


class Control(NamedTuple):
    """One row: `keys` are names of limits, `of` the purposes it is for."""

    number: str
    code: str
    check: Check
    of: frozenset[Purpose]
    keys: tuple[str, ...] = ()


KNOWN = frozenset(
    {Purpose.HEDGE, Purpose.HEDGE_SELL, Purpose.ROLL, Purpose.OPEN, Purpose.CLOSE}
)
"""A purpose that is not here cannot be sent: whoever wants it writes its checks."""

HEDGE, SELL = frozenset({Purpose.HEDGE}), frozenset({Purpose.HEDGE_SELL})
ROLL, OPEN = frozenset({Purpose.ROLL}), frozenset({Purpose.OPEN})
CLOSE = frozenset({Purpose.CLOSE})

CONTROLS: tuple[Control, ...] = (
    Control("P01", "KILL_SWITCH", conduct.kill_switch, KNOWN, ("check_in",)),
    Control("P01", "NEW_RISK", size.risks_no_more, ROLL),
    Control("T13", "CLOSING", closing.nothing_else, KNOWN),
    Control("P02", "MODE", conduct.mode, KNOWN),
    Control("P02", "NOT_ARMED", live.is_armed, KNOWN, ("arm_lasts",)),
    Control("§5.1", "ENTRIES_OFF", opening.is_enabled, OPEN),
    Control("P05", "INSTRUMENT", size.instruments, KNOWN),
    Control("P06", "NOT_CONNECTED", way.is_connected, KNOWN),
    Control(
        "P06", "NOT_RECONCILED", conduct.reconciled, KNOWN, ("reconciled_age_max",)
    ),
    Control("P07", "IN_DOUBT", conduct.no_doubt, KNOWN),
    Control("I13", "DISCREPANCY", conduct.explained, KNOWN),
    Control("P08", "DUPLICATE", conduct.no_duplicate, KNOWN),
    Control("P08", "TWIN", conduct.no_twin, KNOWN, ("duplicate_window",)),
    # What takes risk away is offered again as often as it is asked for.
    Control("P08", "REFUSED", conduct.not_refused, HEDGE | ROLL | OPEN),
    Control("P09", "MORE_THAN_HELD", size.closes_what_is_held, ROLL),
    Control("P09", "MORE_THAN_HELD", closing.takes_away, CLOSE),
    Control("P09", "NOT_BOOKED", sale.sells_a_hedge, SELL),
    Control("P09", "NOT_HELD", sale.sells_what_is_held, SELL),
    Control(
        "P10",
        "TOO_MANY",
        size.hedge_size,
        HEDGE | SELL,
        ("hedge_contracts_per_order_max",),
    ),
    Control(
        "P10",
        "TOO_MANY",
        size.combo_size,
        ROLL | OPEN | CLOSE,
        ("combos_per_order_max",),
    ),
    Control("T08", "FIRST_ORDER", live.is_small_at_first, KNOWN),
    Control(
        "P11",
        "LOSS",
        opening.is_small_enough,
        OPEN,
        ("case_loss_max", "case_loss_strict", "strict"),
    ),
    Control(
        "P11", "LOSS", size.roll_loss, ROLL, ("order_loss_max", "order_loss_usd_max")
    ),
    Control("P12", "PREMIUM", size.hedge_share, HEDGE, ("hedge_share_per_case_max",)),
    Control("P12", "PREMIUM", size.hedge_budget, HEDGE, ("hedge_spend_per_day_max",)),
    Control("P12", "PREMIUM", size.hedge_month, HEDGE, ("hedge_spend_per_month_max",)),
    Control(
        "P13",
        "PRICE_COLLAR",
        price.hedge_collar,
        HEDGE | SELL,
        ("hedge_collar_ticks",),
    ),
    Control(
        "P13",
        "PRICE_COLLAR",
        price.hedge_middle,
        HEDGE | SELL,
        ("hedge_collar_share",),
    ),
    Control(
        "P13",
        "PRICE_COLLAR",
        price.combo_collar,
        ROLL | OPEN | CLOSE,
        ("combo_collar", "combo_collar_ticks"),
    ),
    Control("P14", "SIGN", price.signed, HEDGE | SELL | OPEN | CLOSE),
    Control("P14", "DIRECTION", hedged.is_long_vix, HEDGE),
    Control("P14", "DIRECTION", hedged.moves_a_vertical, ROLL),
    Control("P14", "DIRECTION", opening.is_condor, OPEN),
    Control("P14", "DIRECTION", closing.closes_verticals, CLOSE),
    Control("P15", "TICK", price.on_the_grid, KNOWN),
    Control("P16", "STALE_QUOTE", price.quotes, KNOWN, ("quote_age_max",)),
    Control("P16", "STALE_INDEX", price.fresh, ROLL | OPEN),
    Control("P16", "PARITY", price.parity, ROLL | OPEN),
    Control("P18", "HOURS", way.hours_agree, KNOWN),
    Control("P18", "SESSION", conduct.session, KNOWN),
    Control("P18", "LAST_DAY", conduct.legs_trade, KNOWN),
    Control(
        "P19", "CUSHION", size.cushion, HEDGE | ROLL | OPEN, ("margin_cushion_min",)
    ),
    Control("P19", "MARGIN", size.margin, ROLL | OPEN, ("margin_use_max",)),
    Control(
        "P19", "MARGIN", opening.margin_is_small_enough, OPEN, ("case_margin_max",)
    ),
    Control(
        "P19", "MARGIN_AGE", size.margin_is_young, ROLL | OPEN, ("margin_age_max",)
    ),
    Control("P19", "FUNDS_AFTER", size.funds_after, ROLL | OPEN, ("funds_after_min",)),
    # What is closed covers nothing but its own short: it may go whatever else is held.
    Control("P21", "NAKED", size.covered, KNOWN - CLOSE),
    Control("P21", "NETS", opening.nets_nothing, OPEN),
    Control("P21", "STRIKE", size.positions, KNOWN, ("contracts_per_strike_max",)),
    Control(
        "P21", "EXPIRY", size.expiry_is_small, KNOWN, ("contracts_per_expiry_max",)
    ),
    Control("P21", "CASES", opening.has_room, OPEN, ("cases_max",)),
    Control("P21", "TWO_SIGMA", size.two_sigma, ROLL | OPEN, ("drawdown_max",)),
    Control("P21", "TWO_SIGMA", opening.book_is_sound, OPEN),
    Control("P22", "OPEN_ORDERS", conduct.open_orders, KNOWN, ("open_orders_max",)),
    Control("P22", "ROLL_AT_WORK", conduct.nothing_is_rolled, OPEN),
    Control(
        "P23",
        "RATE",
        conduct.rate,
        KNOWN,
        (
            "orders_per_second_max",
            "orders_per_minute_max",
            "orders_per_hour_max",
            "orders_per_day_max",
        ),
    ),
    Control(
        "P24",
        "PER_DAY",
        conduct.per_day,
        KNOWN,
        ("rolls_per_day_max", "hedges_per_day_max", "entries_per_day_max"),
    ),
    Control("P24", "UNITS", conduct.contracts_per_day, KNOWN, ("units_per_day_max",)),
    Control(
        "P24",
        "ROLLS",
        conduct.rolls_lately,
        ROLL,
        ("rolls_per_case_max", "rolls_sessions"),
    ),
    Control(
        "P25", "REPEATED", conduct.repeats, KNOWN, ("repeats_max", "repeats_window")
    ),
    Control("P26", "UNHEDGED", hedged.is_filled, ROLL, ("permit_ttl",)),
    Control("P26", "HEDGE_ENDS", hedged.lasts, ROLL),
    Control("P26", "GREEKS", hedged.in_band, ROLL, ("greeks_age_max",)),
    Control("P26", "LEAST_HEDGE", sale.keeps_the_minimum, SELL),
    Control("P27", "DECLINED", live.is_not_declined, KNOWN, ("decline_pause",)),
    Control("P27", "NO_CONSENT", live.has_consent, KNOWN, ("consent_ttl",)),
    Control("§10", "REGIME", opening.regime_allows, OPEN),
    Control("§2.4", "EXTREME", opening.is_calm, OPEN),
    Control("§7.6", "LIQUIDITY", opening.pool_is_liquid, OPEN),
)

BY_PURPOSE: Mapping[Purpose, tuple[Control, ...]] = MappingProxyType(
    {
        purpose: tuple(control for control in CONTROLS if purpose in control.of)
        for purpose in Purpose
        if purpose in KNOWN
    }
)

PACE = "P23"
"""What a refusal is that time alone mends."""
