"""Every number of the method that an operator may change, with its default.

The defaults are those of alvh.md §13.4; each comment names unit and section.
"""

from enum import StrEnum

from msgspec import Struct

from alvh_trader.capital.params import CapitalParams
from alvh_trader.pricing.vix import BETA_SPOT
from alvh_trader.signals.breadth import Divergence
from alvh_trader.signals.breadth import Limits as BreadthLimits
from alvh_trader.signals.edr import DAYS, REFERENCE_DELTA, Mode
from alvh_trader.signals.layer2 import Layer2Limits
from alvh_trader.signals.levels import Thresholds
from alvh_trader.signals.parity import ParityParams
from alvh_trader.signals.vix18 import Window18


class HedgeKind(StrEnum):
    """What is bought as a hedge (§4.1)."""

    VIX_CALL = "VIX_CALL"
    VIX_CALL_SPREAD = "VIX_CALL_SPREAD"
    VXM_FUT = "VXM_FUT"
    VX_FUT = "VX_FUT"


class NotionalBase(StrEnum):
    """What one to two per cent are of (§4.4)."""

    DEFINED_RISK = "defined_risk"
    ENGINE_NLV = "engine_nlv"
    DEPLOYED_CAPITAL = "deployed_capital"


class EdrParams(Struct, frozen=True, kw_only=True):
    """Which ratio is held against which levels (§2)."""

    mode: Mode = Mode.DELTA_RATIO
    day_basis: float = DAYS  # Days a year, 365 or 252; decision 2.
    delta_ref: float = REFERENCE_DELTA  # Delta of one option; §2.2.
    exempt: bool = True  # Iron butterflies have no ratio; §2.5.
    levels: Thresholds = Thresholds()  # Per cent; §2.4.
    ladder: bool = False  # A quarter of the hedge at 0.90 %, and one per 0.05; §2.4.


class Band(Struct, frozen=True, kw_only=True):
    """What stabilised Greeks are in one tier (§3.6)."""

    delta: float  # Per cent of N_risk, at most (E7).
    gamma: float  # Per cent of N_risk, at most.
    offset_low: float  # Share of VIX-equivalent vega, at least (rho).
    offset_high: float = 1.10  # Likewise, at most.
    offset_after_roll: float  # Likewise, at least, with the candidate (rho_post).
    may_rise: bool = True  # Whether delta may rise from snapshot to snapshot.


class BandParams(Struct, frozen=True, kw_only=True):
    """The bands of the three tiers, and how stability is shown (§3.2, §3.6)."""

    normal: Band = Band(delta=2.5, gamma=1.0, offset_low=0.40, offset_after_roll=0.30)
    red: Band = Band(
        delta=5.0, gamma=2.0, offset_low=0.25, offset_after_roll=0.20, may_rise=False
    )
    call: Band = Band(
        delta=10.0, gamma=2.0, offset_low=0.15, offset_after_roll=0.15, may_rise=False
    )
    theta: float = 0.0  # USD per calendar day, at least.
    snapshots: int = 3  # Consecutive, in band.
    span_seconds: float = 60.0  # They span at least this.
    rise_tolerance: float = 0.05  # A rise below this share of the first is none.


class BreakEvenParams(Struct, frozen=True, kw_only=True):
    """The shock of step 2, and its gate (§5.5)."""

    vix_rise: float = 0.25  # Share of VIX.
    vix_rise_least: float = 3.0  # VIX points.
    gate: float = 1.25  # Standard deviations to the break-even, at most.
    horizon_days: float = 7.0  # Calendar days ahead, of the second model break-even.


class HedgeParams(Struct, frozen=True, kw_only=True):
    """Which VIX calls, and how many (§4.4 to §4.6)."""

    instruments: tuple[HedgeKind, ...] = (  # In the order of preference; §4.1.
        HedgeKind.VIX_CALL,
        HedgeKind.VIX_CALL_SPREAD,
    )
    notional_base: NotionalBase = NotionalBase.DEFINED_RISK
    future_stop: float = 3.0  # VIX points below its price at which a future is sold.
    share_low: float = 0.01  # Premium over N_risk.
    share_high: float = 0.02  # Premium over N_risk; a hard cap.
    share_single: float = 0.03  # Premium of a single contract, with acknowledgement.
    drag_low: float = 5.0  # Basis points of deployed capital; the ramp's start.
    drag_high: float = 25.0  # The ramp's end, where only share_low is spent.
    annual_cost: float = 0.02  # Net hedge cost of 365 days over capital, at most.
    dte_low: int = 7  # Calendar days to settlement.
    dte_high: int = 14
    dte_low_wide: int = 5  # Where nothing settles in the window above.
    dte_high_wide: int = 18
    sessions_left: int = 4  # Trading days until the last trade, at least.
    delta: float = 0.45  # To the forward.
    delta_low: float = 0.15
    delta_high: float = 0.55
    spread_points: float = 0.10  # Bid-ask, VIX points; the larger of both bounds.
    spread_share: float = 0.15  # Bid-ask over mid.
    open_interest: int = 500  # Contracts; or displayed size for the whole order.
    wing: float = 5.0  # VIX points between the strikes of a call spread.
    spreads_above: float = 25.0  # VIX; spreads come first.
    spreads_only_from: float = 28.0  # VIX; §4.7.
    contracts_high: int = 50  # Contracts in one order; §8.2.


class MonetiseParams(Struct, frozen=True, kw_only=True):
    """When a hedge is sold, and what becomes of the profit (§4.7, §7.7)."""

    take_first: float = 2.5  # Mark over cost at which half is sold (TP1).
    take_second: float = 4.0  # Mark over cost at which half of the rest is (TP2).
    take_vix: float = 35.0  # VIX at which TP2 is taken too, in backwardation.
    runner: float = 0.25  # Share of a lot that stays until it is about to expire.
    calm_sessions: int = 5  # Sessions of clear EDR after which a hedge decays no more.
    bid_least: float = 0.05  # VIX points; what fetches less is left to expire.
    last_sessions: int = 2  # Trading days to the last trade within which it is renewed.
    last_minutes: int = 30  # Before the close of its last day, a hedge is sold.
    recycle: float = 0.60  # Share of a taken profit set aside for the second layer.
    redeploy: float = 0.25  # Share of any other realised profit set aside for it.


class Layer2Params(Struct, frozen=True, kw_only=True):
    """The longer-dated layer of the hedge, and redeployment into it (§4.2, §7.7)."""

    enabled: bool = True
    adds_only: bool = True  # On its flag only beside a first layer that is held.
    share: float = 0.01  # Premium over N_risk in a quarter, at most.
    tenors: tuple[float, ...] = (30.0,)  # Days; the first monthly within 30 after each.
    counted_dte: int = 60  # Days to settlement up to which its vega counts.
    bleed: float = 2.0  # Short-dated time value bleeds so many times as fast; TTCP.
    contango: float = 0.05  # F2 / F1 - 1, at least; TTCP.
    press_vix_low: float = 15.0  # VIX; TTCP.
    press_vix_high: float = 22.0


class BaseLadderParams(Struct, frozen=True, kw_only=True):
    """The optional ladder of VIX calls below everything (§4.3)."""

    enabled: bool = False
    tenors: tuple[float, ...] = (30.0, 110.0, 220.0)  # Days to settlement.
    counts: tuple[float, ...] = (4.0, 4.0, 2.0)  # Calls for ten condors.
    renewed_at: tuple[float, ...] = (21.0, 60.0, 150.0)  # Days left.
    delta: float = 0.50  # To the forward.
    vix_below: float = 15.0  # VIX below which a rung is filled.


class CondorParams(Struct, frozen=True, kw_only=True):
    """What a condor looks like (§5.1)."""

    sds: float = 1.75  # Standard deviations from spot to the short strikes.
    dte_low: int = 45
    dte_high: int = 60
    dte_target: int = 52
    grid: float = 25.0  # Points between admissible short strikes, if listed.
    sds_tried: tuple[float, ...] = (1.5, 1.75, 2.0)  # Distances of a new condor.
    width: float = 50.0  # Points of wing aimed at.
    widths_tried: tuple[float, ...] = (25.0, 50.0, 55.0, 60.0, 75.0, 100.0)
    credit_share: float = 0.04  # Credit after costs over width, at least.
    delta_high: float = 0.18  # Of each short option.
    edr_high: float = 0.80  # Per cent, of a new condor.


class RollParams(Struct, frozen=True, kw_only=True):
    """Which rolls are looked at, and what they must pass (§6)."""

    sds: tuple[float, ...] = (1.5, 1.75, 2.0)
    dte_later: int = 7  # The new condor settles more than this many days later.
    width_steps: tuple[float, ...] = (0.0, 5.0, 10.0)  # Points added to the width.
    width_factors: tuple[float, ...] = (1.5, 2.0)
    slippage: float = 0.20  # Points per condor.
    commission: float = 0.12  # Points per condor.
    debit_share: float = 0.10  # Of the first credit; only if a person allows it.
    choices: int = 3  # Candidates whose margin is asked for, one after the other.
    irr_over_wacc: float = 3.0  # Percentage points.
    margin_share: float = 0.5  # Of the available funds.
    leg_spread_points: float = 0.30  # Bid-ask, points; the larger of both bounds.
    leg_spread_share: float = 0.20  # Bid-ask over mid.
    risk_delta: float = 0.30  # Short delta that is a reason to roll; §6.1.
    risk_loss: float = 2.0  # Loss over credit that is one.
    risk_be_sd: float = 0.75  # Standard deviations to the break-even, below.
    risk_ease: float = 0.10  # Share by which a threshold must be left to be over.
    fomc_days: int = 45  # Age of the FOMC file, at most; §6.4, §13.3.
    fomc_move: float = 15.0  # Basis points of the two-year yield around a release.
    fomc_gap: float = 25.0  # Basis points between dots and market.
    at_dte_21: bool = False  # Whether age alone is a reason.
    dte_aged: int = 21  # Calendar days left at which it is one.
    release_minutes: float = 5.0  # No roll so near a scheduled release; §6.6.


class EntryParams(Struct, frozen=True, kw_only=True):
    """Whether condors are opened without a person, and how many (§5.1, §8.2)."""

    enabled: bool = False
    quantity: int = 10  # Condors of one entry, at most.
    blackout_sessions: int = 1  # Around FOMC and CPI; 0 asks for no calendar.


class MartingaleParams(Struct, frozen=True, kw_only=True):
    """When the Temporal Theta Martingale would move a losing side, and where (§6.5)."""

    enabled: bool = False
    edr: float = 0.94  # Per cent, above; below to go back.
    vix: float = 16.0  # Points, above.
    dte_low: int = 1  # Calendar days.
    dte_high: int = 7
    back_low: int = 0
    back_high: int = 2


class PluginParams(Struct, frozen=True, kw_only=True):
    """Policies that are no part of the method; all are off."""

    temporal_theta_martingale: MartingaleParams = MartingaleParams()


class StressParams(Struct, frozen=True, kw_only=True):
    """The 2-sigma test and its limit (§8.1)."""

    sigmas: float = 2.0
    sessions: tuple[float, ...] = (1.0, 5.0)  # Horizons before expiry.
    rise_share: float = 0.5  # VIX's answer to a rise, over that to a fall.
    vix_floor: float = 10.0
    limit: float = 6.0  # Per cent of deployed capital.
    warn: float = 5.0
    clear_share: float = 0.9  # Of either bound, below which its level is left.


class MomentumParams(Struct, frozen=True, kw_only=True):
    """The indicators of steps 1 and 2 (§3.4, §5.5)."""

    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    rsi_period: int = 14
    rsi_low: float = 45.0
    rsi_high: float = 55.0


class SignalParams(Struct, frozen=True, kw_only=True):
    """The flags of layer 2 and of capital (§4.2, §7.7, §9)."""

    divergence: Divergence = Divergence.NEAR_HIGH  # Which form; §9.
    layer2: Layer2Limits = Layer2Limits()  # RSI points.
    window: Window18 = Window18()  # VIX points; "about 18".
    refit: bool = True  # Whether beta_spot follows the last 60 sessions; §7.5.
    blend_weight: float = 0.65  # Of VIX9D in E5; HV20 has the rest; §2.2.
    blend_regime: float = 1.0  # Factor of E5, within 0.8 and 2.


class Params(Struct, frozen=True, kw_only=True):
    """All of them."""

    edr: EdrParams = EdrParams()
    bands: BandParams = BandParams()
    break_even: BreakEvenParams = BreakEvenParams()
    hedge: HedgeParams = HedgeParams()
    monetise: MonetiseParams = MonetiseParams()
    layer2: Layer2Params = Layer2Params()
    base_ladder: BaseLadderParams = BaseLadderParams()
    condor: CondorParams = CondorParams()
    roll: RollParams = RollParams()
    plugins: PluginParams = PluginParams()
    entries: EntryParams = EntryParams()
    stress: StressParams = StressParams()
    momentum: MomentumParams = MomentumParams()
    breadth: BreadthLimits = BreadthLimits()
    parity: ParityParams = ParityParams()
    signals: SignalParams = SignalParams()
    capital: CapitalParams = CapitalParams()
    ack_minutes: float = 15.0  # How long a person's acknowledgement lasts.
    rate: float = 0.0375  # Continuous, a year; §5.4.
    dividend: float = 0.012  # Continuous, a year; where parity gives no forward.
    beta_spot: float = BETA_SPOT  # Per cent of VIX per per cent of SPX; §7.5.
    atm_over_vix: float = 1 / 1.196  # ATM volatility over VIX where unknown; §2.6.
