"""A case: one condor, where it stands, and everything remembered about it."""

from datetime import date, datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from alvh_trader.domain.instrument import Future, Option, Right
from alvh_trader.domain.order import Layer, Leg
from alvh_trader.portfolio.case import Case as Condor
from alvh_trader.portfolio.case import Vertical
from alvh_trader.signals.levels import EdrTracker, Level
from alvh_trader.strategy.hedge import HedgePlan
from alvh_trader.strategy.params import HedgeKind
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.reason import Reason
from alvh_trader.strategy.snapshot import Snapshot


class HeldLeg(Struct, frozen=True):
    """A signed number of contracts of one option that belong to a case."""

    option: Option
    quantity: int


class Ask(StrEnum):
    """A question that a case may have for a person (engine/consent.py)."""

    SINGLE_HEDGE = "SINGLE_HEDGE"
    BREADTH = "BREADTH"
    STRESS = "STRESS"
    CRISIS = "CRISIS"
    DEBIT = "DEBIT"


class Side(Struct, frozen=True, kw_only=True):
    """One half of a roll: close `old`, open `new`, unit for unit."""

    right: Right
    old: Vertical
    new: Vertical

    def legs(self) -> tuple[Leg, ...]:
        """Return the combo whose purchase moves one unit of the side.

        A leg that both verticals share is neither bought nor sold.
        """
        ratios: dict[Option, int] = {}
        for option, ratio in (
            (self.old.short, 1),
            (self.old.long, -1),
            (self.new.short, -1),
            (self.new.long, 1),
        ):
            ratios[option] = ratios.get(option, 0) + ratio
        return tuple(Leg(o, r) for o, r in ratios.items() if r)


class Roll(Struct, frozen=True, kw_only=True):
    """A chosen roll: the tested side first (alvh.md §6.6)."""

    sides: tuple[Side, ...]
    chosen: datetime
    quantity: int
    drawdown: float
    """The two-sigma drawdown with the rolled condor, a fraction of capital."""

    net: float
    """Points received for all sides at mid when it was chosen."""

    preview_ref: str = ""
    allowed: tuple[Ask, ...] = ()
    """What a person had allowed when its first order left."""

    @property
    def name(self) -> str:
        """What it leads to, e.g. `2026-07-17 6070/6125/7600/7655`."""
        options = [o for side in self.sides for o in (side.new.short, side.new.long)]
        strikes = "/".join(f"{k:g}" for k in sorted(o.strike for o in options))
        return f"{options[0].expiry} {strikes}"


class Sale(Struct, frozen=True, kw_only=True):
    """An order that sells of a lot: `keep` is down to how many units, and why."""

    ref: str
    why: str
    keep: int


class HedgeLot(Struct, frozen=True, kw_only=True):
    """Hedge units that belong to one case; no contract belongs to two.

    A lot of the book as a whole (the base ladder) has the case "".
    """

    ref: str
    case: str
    legs: tuple[Leg, ...]
    units: int
    """Held now."""

    cost: float
    """USD paid for the units held now."""

    exec_ids: tuple[str, ...]
    bought: datetime
    layer: Layer = Layer.L1X
    sold: int = 0
    sold_cost: float = 0.0
    """USD that had been paid for the units sold."""

    proceeds: float = 0.0
    """USD received for them."""

    sales: tuple[Sale, ...] = ()
    standing: str = ""
    """What was last decided about the lot; what is new is journaled."""

    refused: datetime | None = None
    """When the gate last refused to sell of it."""

    @property
    def acquired(self) -> int:
        """Units ever bought."""
        return self.units + self.sold

    @property
    def unit_cost(self) -> float:
        """USD paid for one unit."""
        return (self.cost + self.sold_cost) / self.acquired if self.acquired else 0.0

    @property
    def realised(self) -> float:
        """Profit in USD of what was sold."""
        return self.proceeds - self.sold_cost

    @property
    def last_trade(self) -> date:
        """The last day on which the lot can be sold; its legs are of one series."""
        return self.main.last_trade

    @property
    def main(self) -> Option | Future:
        """The long instrument of the lot."""
        return self.legs[0].instrument


class Telemetry(Struct, frozen=True, kw_only=True):
    """Other readings of EDR at the last look (alvh.md §2.2, E7 and E8).

    `at_entry` are the deltas (put, call) of the options in `shorts` when they were
    first seen. `delta_risk` is per cent of N_risk, the hedge left out; `drift` is the
    tested delta over that at entry.
    """

    shorts: tuple[int, ...]
    at_entry: tuple[float | None, float | None]
    delta_risk: float
    drift: float | None


class Case(Struct, frozen=True, kw_only=True):
    """One condor and its history. `phase` says where it stands, `since` from when.

    `condor` is the shape that was adopted or last rolled to; `legs` are the contracts
    as fills and positions say, which differ from the shape while a roll is half done.
    """

    case_id: str
    condor: Condor
    legs: tuple[HeldLeg, ...]
    opened: datetime
    """When it was opened; where that is not known, when it was first seen."""

    is_age_known: bool = False
    """Whether its executions were seen; a condor of unknown age is an old one."""

    opened_by: str = ""
    """The order of ours that opened it, or "" where somebody else did."""

    phase: Phase = Phase.RECONCILE
    since: datetime
    fresh_since: datetime | None = None
    resume: Phase = Phase.MONITOR
    reason: Reason | None = None
    """Why it is on its way; None while nothing is the matter."""

    taken_up: dict[Reason, datetime] = {}
    """When each reason was last taken up."""

    requested: datetime | None = None
    """When a person last asked for a roll."""

    tracker: EdrTracker = EdrTracker()
    evaluated: datetime | None = None
    edr: float | None = None
    """The newest reading, per cent, believed or not; None while it is unknown."""

    telemetry: Telemetry | None = None
    ratios: tuple[tuple[datetime, float], ...] = ()
    """Near expiry: what was read in the last five minutes, per cent."""

    told: Level = Level.CLEAR
    """The level the operator was last alerted to."""

    loss_told: bool = False
    """Whether the operator knows that the loss is at the level of an alert."""

    standing: str = ""
    """The reason last given for standing still; a new one is journaled."""

    floor_only: bool = False
    needed: int = 0
    """n_min of the hedge that the case must hold before any roll."""

    plan: HedgePlan | None = None
    kinds_refused: tuple[HedgeKind, ...] = ()
    """Instruments that the broker rejected in this round of hedging."""

    hedging_since: datetime | None = None
    top_ups: int = 0
    snapshots: tuple[Snapshot, ...] = ()
    in_band_at: datetime | None = None
    breadth_at: datetime | None = None
    gate_failed: datetime | None = None
    retested: datetime | None = None
    roll: Roll | None = None
    unhedged_told: bool = False
    split_told: date | None = None
    """The day on which the operator was told that it stays split overnight."""

    rolled_sides: int = 0
    rolled: tuple[datetime, ...] = ()
    calm_days: int = 0
    """Sessions in a row in which EDR was known and clear, `calm_day` the newest."""

    calm_day: date | None = None
    passed_over: tuple[str, ...] = ()
    """Candidates of this plan that the broker's what-if did not let pass."""

    asks: Ask | None = None
    """What it waits for a person to allow."""

    allowed: dict[Ask, datetime] = {}
    """What a person has allowed, and when; used up by the roll it lets out."""

    renewed: datetime | None = None
    """When it was last tried to replace an expiring hedge."""

    flatten: datetime | None = None
    """When a person asked for all of it to be closed; None when that is over."""

    layer2_day: date | None = None
    """When layer 2 was last bought for it, or tried to be."""

    layer2_quarter: date | None = None
    layer2_spent: float = 0.0
    """USD spent on layer 2 in the quarter that began then."""

    @property
    def series(self) -> tuple[tuple[str, date], ...]:
        """The (trading class, last trading day) pairs among the legs."""
        pairs = {(x.option.trading_class, x.option.last_trade) for x in self.legs}
        return tuple(sorted(pairs))

    def is_whole(self) -> bool:
        """Return whether the legs are exactly those of the shape."""
        return {x.option: x.quantity for x in self.legs} == {
            p.instrument: p.quantity for p in self.condor.positions()
        }


def legs_of_shape(condor: Condor) -> tuple[HeldLeg, ...]:
    """Return the legs of a condor as a case holds them."""
    return tuple(
        HeldLeg(p.instrument, p.quantity)
        for p in condor.positions()
        if isinstance(p.instrument, Option)
    )


def with_side(condor: Condor, vertical: Vertical) -> Condor:
    """Return the condor with one side exchanged; it stays the same case."""
    if vertical.right is Right.PUT:
        return msgspec.structs.replace(condor, put=vertical)
    return msgspec.structs.replace(condor, call=vertical)
