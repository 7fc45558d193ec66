"""What each number of the method and of the limits means, and how far it may go.

The defaults live with the code that uses them (`strategy.params`, `risk.limits`);
the bounds live here, in code, because no file may lift them: they are what separates
a bold setting from a typing error. A test fails for a number that is not listed.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """The meaning of a key, and the least and greatest value it may have."""

    text: str
    low: float | None = None
    high: float | None = None


RISK: dict[str, Entry] = {
    "combos_per_order_max": Entry("Condors or verticals in one order, at most.", 1, 50),
    "hedge_contracts_per_order_max": Entry(
        "VIX contracts in one order, at most.", 1, 50
    ),
    "hedge_spend_per_day_max": Entry(
        "Premium spent on hedges in one day, as a share of net liquidation.", 0, 0.05
    ),
    "hedge_spend_per_month_max": Entry(
        "Premium spent on hedges in a month, as a share of net liquidation.", 0, 0.1
    ),
    "units_per_day_max": Entry("Units of all orders of a day, at most.", 1, 2000),
    "orders_per_second_max": Entry("Orders sent in any second, at most.", 1, 5),
    "orders_per_hour_max": Entry("Orders sent in any hour, at most.", 1, 600),
    "orders_per_day_max": Entry("Orders sent in a day, at most.", 1, 1000),
    "open_orders_max": Entry("Orders at work at once, at most.", 1, 20),
    "duplicate_window": Entry("Seconds in which the same order is a twin.", 0, 3600),
    "repeats_max": Entry(
        "Filled orders of a case and purpose within `repeats_window`.", 1, 20
    ),
    "repeats_window": Entry("Seconds over which those are counted.", 0, 86_400),
    "combo_collar_ticks": Entry(
        "Ticks above the ask of its legs that a combo may bid.", 0, 10
    ),
    "hedge_collar_share": Entry(
        "What a hedge gives up from the middle over that, at most.", 0, 0.5
    ),
    "funds_after_min": Entry(
        "Available funds after an order over net liquidation, at least.", 0, 0.9
    ),
    "margin_age_max": Entry("Age of a what-if answer, seconds.", 1, 300),
    "order_loss_max": Entry(
        "Loss of what a roll opens, as a share of net liquidation.", 0.001, 0.25
    ),
    "order_loss_usd_max": Entry("The same in USD.", 100, 1_000_000),
    "contracts_per_strike_max": Entry("Contracts of one strike, at most.", 1, 1000),
    "contracts_per_expiry_max": Entry("Contracts of one expiry, at most.", 1, 5000),
    "rolls_per_day_max": Entry("Roll orders for one case a day, at most.", 0, 50),
    "hedges_per_day_max": Entry("Hedge orders for one case a day, at most.", 0, 50),
    "entries_per_day_max": Entry("Orders a day that open a condor, at most.", 0, 5),
    "cases_max": Entry("Condors held at once where one more is opened.", 1, 50),
    "case_loss_max": Entry(
        "Loss of a new condor at worst, as a share of deployed capital.", 0.001, 0.06
    ),
    "case_loss_strict": Entry("The same if `strict` is set.", 0.001, 0.06),
    "strict": Entry("Whether a new condor may lose only `case_loss_strict`."),
    "case_margin_max": Entry(
        "Margin of a new condor, as a share of net liquidation.", 0.001, 0.5
    ),
    "hedge_share_per_case_max": Entry(
        "Premium held for one condor over its defined risk, per layer.", 0, 1
    ),
    "orders_per_minute_max": Entry("Orders sent in any minute, at most.", 1, 20),
    "rolls_per_case_max": Entry("Rolls of one condor within `rolls_sessions`.", 0, 10),
    "rolls_sessions": Entry("Trading days over which rolls are counted.", 1, 252),
    "combo_collar": Entry(
        "Distance of a combo's limit from the middle of its legs, points.", 0, 2
    ),
    "hedge_collar_ticks": Entry("Ticks above the ask that a hedge may bid.", 0, 5),
    "margin_cushion_min": Entry(
        "Available funds over net liquidation, at least.", 0, 0.9
    ),
    "margin_use_max": Entry(
        "Share of the available funds one roll or new condor may take.", 0, 1
    ),
    "day_loss_reduce": Entry(
        "Loss of a day over net liquidation that ends new risk.", 0.001, 0.2
    ),
    "day_loss_halt": Entry(
        "Loss of a day over net liquidation that halts.", 0.001, 0.5
    ),
    "peak_loss_reduce": Entry(
        "Loss since the peak over net liquidation that ends new risk.", 0.001, 0.5
    ),
    "starts_max": Entry(
        "Starts within `starts_window` after crashes that send nothing.", 2, 1000
    ),
    "starts_window": Entry("Seconds over which starts are counted.", 1, 86_400),
    "check_in": Entry(
        "Whether new risk needs a person's sign of life each day; in live always."
    ),
    "quote_age_max": Entry("Age of a quote an order relies on, seconds.", 1, 300),
    "reconciled_age_max": Entry("Age of the last reconciliation, seconds.", 5, 600),
    "greeks_age_max": Entry("Age of the Greeks a roll relies on, seconds.", 1, 300),
    "permit_ttl": Entry("Life of a permit to roll, seconds.", 5, 300),
    "arm_lasts": Entry(
        "Life of an arming, seconds; the close of the session ends it, too.", 60, 43200
    ),
    "consent_ttl": Entry("Life of a proposal in live, seconds.", 10, 300),
    "decline_pause": Entry(
        "Seconds for which a declined order is not proposed again.", 0, 28800
    ),
    "drawdown_max": Entry(
        "Loss in a two-sigma move, as a share of deployed capital.", 0.005, 0.10
    ),
}

_EDR: dict[str, Entry] = {
    "edr.mode": Entry("Which reading of EDR is held against the levels."),
    "edr.day_basis": Entry("Days in a year of volatility: 365 or 252.", 252, 366),
    "edr.delta_ref": Entry("Delta of one option in the ratio.", 0.01, 0.5),
    "edr.ladder": Entry("Buy in quarters from 0.90 % on, one per 0.05."),
    "edr.exempt": Entry("Whether iron butterflies are left to a person, unread."),
    "edr.levels.arm": Entry("EDR at which a case is armed, per cent.", 0.1, 5),
    "edr.levels.breach": Entry("EDR at which it must be defended, per cent.", 0.1, 5),
    "edr.levels.red": Entry("EDR of the red tier, per cent.", 0.1, 10),
    "edr.levels.extreme": Entry("EDR of the extreme tier, per cent.", 0.1, 10),
    "edr.levels.clear": Entry("EDR below which a case calms down, per cent.", 0.1, 5),
    "edr.levels.red_leave": Entry("EDR below which red is left, per cent.", 0.1, 10),
    "edr.levels.extreme_leave": Entry(
        "EDR below which extreme is left, per cent.", 0.1, 10
    ),
    "edr.levels.arm_count": Entry("Evaluations in a row that arm.", 1, 50),
    "edr.levels.breach_count": Entry("Evaluations in a row that breach.", 1, 50),
    "edr.levels.clear_minutes": Entry("Minutes below `clear` that calm.", 0, 390),
    "edr.levels.red_minutes": Entry("Minutes below that leave red.", 0, 390),
    "edr.levels.extreme_minutes": Entry("Minutes below that leave extreme.", 0, 390),
    "edr.levels.gap_seconds": Entry(
        "Seconds between two evaluations that still count as in a row.", 1, 3600
    ),
    "edr.levels.jump": Entry("Change of EDR that needs an explanation.", 0.01, 5),
    "edr.levels.jump_move": Entry("Move of SPX that explains it, per cent.", 0, 10),
    "edr.levels.jump_vix": Entry("Move of VIX that explains it, points.", 0, 20),
    "edr.levels.patience": Entry(
        "Agreeing evaluations after which an unexplained jump is believed.", 1, 500
    ),
}


def _band(tier: str) -> dict[str, Entry]:
    return {
        f"bands.{tier}.delta": Entry("Delta, per cent of N_risk, at most.", 0, 50),
        f"bands.{tier}.gamma": Entry("Gamma, per cent of N_risk, at most.", 0, 50),
        f"bands.{tier}.offset_low": Entry("Share of the vega hedged, at least.", 0, 1),
        f"bands.{tier}.offset_high": Entry("Share of the vega hedged, at most.", 0, 3),
        f"bands.{tier}.offset_after_roll": Entry(
            "Share of the vega hedged after the roll, at least.", 0, 1
        ),
        f"bands.{tier}.may_rise": Entry("Whether delta may rise between snapshots."),
    }


_BANDS: dict[str, Entry] = {
    **_band("normal"),
    **_band("red"),
    **_band("call"),
    "bands.theta": Entry("Theta, USD a calendar day, at least.", -1e6, 1e6),
    "bands.snapshots": Entry("Snapshots in a row that must be in band.", 1, 50),
    "bands.span_seconds": Entry("Seconds those snapshots span, at least.", 0, 3600),
    "bands.rise_tolerance": Entry("Rise of delta that counts as none, share.", 0, 1),
    "break_even.vix_rise": Entry("Shock of VIX, share of VIX.", 0, 5),
    "break_even.vix_rise_least": Entry("Shock of VIX, points, at least.", 0, 50),
    "break_even.gate": Entry(
        "Standard deviations to the break-even below which to hedge.", 0, 10
    ),
    "break_even.horizon_days": Entry(
        "Calendar days ahead of the second break-even.", 0, 60
    ),
}

_HEDGE: dict[str, Entry] = {
    "hedge.instruments": Entry("What may be bought, the first choice first."),
    "hedge.notional_base": Entry("What the shares below are shares of."),
    "hedge.future_stop": Entry("Points below its price to sell a VIX future.", 0.5, 20),
    "hedge.share_low": Entry("Premium over N_risk, at least.", 0, 0.2),
    "hedge.share_high": Entry("Premium over N_risk, at most.", 0, 0.2),
    "hedge.share_single": Entry(
        "Premium over N_risk of a single contract, acknowledged.", 0, 0.2
    ),
    "hedge.drag_low": Entry("Hedge cost where the ramp begins, basis points.", 0, 1000),
    "hedge.drag_high": Entry("Hedge cost where the ramp ends, basis points.", 0, 1000),
    "hedge.annual_cost": Entry("Net hedge cost of a year over capital.", 0, 0.2),
    "hedge.dte_low": Entry("Days to settlement, at least.", 1, 365),
    "hedge.dte_high": Entry("Days to settlement, at most.", 1, 365),
    "hedge.dte_low_wide": Entry("The same, if nothing settles in between.", 1, 365),
    "hedge.dte_high_wide": Entry("The same, if nothing settles in between.", 1, 365),
    "hedge.sessions_left": Entry("Trading days until the last trade.", 0, 60),
    "hedge.delta": Entry("Delta of the call to buy, to the forward.", 0.01, 0.99),
    "hedge.delta_low": Entry("Delta of the call, at least.", 0.01, 0.99),
    "hedge.delta_high": Entry("Delta of the call, at most.", 0.01, 0.99),
    "hedge.spread_points": Entry("Bid-ask spread, VIX points, at most; or:", 0, 5),
    "hedge.spread_share": Entry("Bid-ask spread over the mid, at most.", 0, 1),
    "hedge.open_interest": Entry("Open interest, contracts, at least.", 0, 1_000_000),
    "hedge.wing": Entry("Points between the strikes of a call spread.", 0.5, 50),
    "hedge.spreads_above": Entry("VIX above which spreads come first.", 5, 200),
    "hedge.spreads_only_from": Entry("VIX from which only spreads are bought.", 5, 200),
    "hedge.contracts_high": Entry("Contracts in one plan, at most.", 1, 500),
}

_MONETISE: dict[str, Entry] = {
    "monetise.take_first": Entry("Mark over cost at which half is sold.", 1, 100),
    "monetise.take_second": Entry("Mark over cost at which more is sold.", 1, 100),
    "monetise.take_vix": Entry("VIX at which more is sold, in backwardation.", 5, 200),
    "monetise.runner": Entry("Share of a lot that is kept to its last day.", 0, 1),
    "monetise.calm_sessions": Entry("Sessions of clear EDR until it is sold.", 1, 60),
    "monetise.bid_least": Entry("Bid below which a hedge is left to expire.", 0.01, 1),
    "monetise.last_sessions": Entry("Trading days before the end to renew it.", 1, 10),
    "monetise.last_minutes": Entry(
        "Minutes before its last close to sell it.", 15, 390
    ),
    "monetise.recycle": Entry("Share of a taken profit for the second layer.", 0, 1),
    "monetise.redeploy": Entry("Share of other profit for the second layer.", 0, 1),
}

_LAYER2: dict[str, Entry] = {
    "layer2.enabled": Entry("Buy longer-dated calls on divergence or a weak RSI."),
    "layer2.adds_only": Entry("Buy on them only beside a first layer that is held."),
    "layer2.share": Entry("Premium over N_risk in a quarter, at most.", 0, 0.05),
    "layer2.tenors": Entry("Days after which the first monthly is taken.", 20, 365),
    "layer2.counted_dte": Entry("Days up to which its vega counts.", 1, 365),
    "layer2.bleed": Entry("Bleed of short over long time value for TTCP.", 1, 100),
    "layer2.contango": Entry("Contango of the first VX months for TTCP.", -0.5, 1),
    "layer2.press_vix_low": Entry("VIX from which TTCP may be.", 5, 100),
    "layer2.press_vix_high": Entry("VIX up to which TTCP may be.", 5, 100),
}

_LADDER: dict[str, Entry] = {
    "base_ladder.enabled": Entry("Keep a ladder of VIX calls for the whole book."),
    "base_ladder.tenors": Entry("Days to settlement of each rung.", 14, 400),
    "base_ladder.counts": Entry("Calls of each rung for ten condors.", 0, 50),
    "base_ladder.renewed_at": Entry("Days left at which it is renewed.", 5, 400),
    "base_ladder.delta": Entry("Delta of its calls, to the forward.", 0.01, 0.99),
    "base_ladder.vix_below": Entry("VIX below which a rung is filled.", 5, 100),
}

_CONDOR: dict[str, Entry] = {
    "condor.sds": Entry("Standard deviations to the short strikes.", 0.5, 5),
    "condor.dte_low": Entry("Days to settlement of a new condor, at least.", 1, 365),
    "condor.dte_high": Entry("Days to settlement of a new condor, at most.", 1, 365),
    "condor.dte_target": Entry("Days to settlement aimed at.", 1, 365),
    "condor.grid": Entry("Points between admissible short strikes.", 1, 500),
    "condor.sds_tried": Entry("Distances of a new condor, deviations.", 0.5, 5),
    "condor.width": Entry("Points of wing aimed at.", 5, 500),
    "condor.widths_tried": Entry("Wings of a new condor, points.", 5, 500),
    "condor.credit_share": Entry("Credit after costs over width, at least.", 0, 1),
    "condor.delta_high": Entry("Delta of each short option, at most.", 0.01, 0.5),
    "condor.edr_high": Entry("EDR of a new condor, per cent, at most.", 0.01, 5),
    "roll.sds": Entry("Distances tried, standard deviations.", 0.5, 5),
    "roll.dte_later": Entry("Days by which the new condor settles later.", 0, 365),
    "roll.width_steps": Entry("Widths tried: points added.", 0, 500),
    "roll.width_factors": Entry("Widths tried: multiples.", 1, 10),
    "roll.slippage": Entry("Slippage reckoned with, points a condor.", 0, 5),
    "roll.commission": Entry("Commission reckoned with, points a condor.", 0, 5),
    "roll.debit_share": Entry(
        "Debit that a person may allow, share of the first credit.", 0, 1
    ),
    "roll.choices": Entry("Candidates whose margin is asked for.", 1, 10),
    "roll.irr_over_wacc": Entry("Return above the cost of capital, points.", -50, 100),
    "roll.margin_share": Entry("Share of the available funds it may need.", 0, 1),
    "roll.leg_spread_points": Entry("Bid-ask of a leg, points, at most; or:", 0, 20),
    "roll.leg_spread_share": Entry("Bid-ask of a leg over its mid, at most.", 0, 1),
    "roll.risk_delta": Entry("Delta of a short that is a reason.", 0.01, 0.99),
    "roll.risk_loss": Entry("Loss over credit that is a reason.", 0.1, 20),
    "roll.risk_be_sd": Entry("Deviations to the break-even that are one.", 0, 5),
    "roll.risk_ease": Entry(
        "Share by which such a threshold is left to be over.", 0, 0.5
    ),
    "roll.fomc_days": Entry("Age of the FOMC file, days, at most.", 1, 90),
    "roll.fomc_move": Entry(
        "Move of the two-year yield that is a reason, basis points.", 1, 200
    ),
    "roll.fomc_gap": Entry(
        "Gap between dots and market that is one, basis points.", 1, 200
    ),
    "roll.at_dte_21": Entry("Whether few days left are a reason."),
    "roll.dte_aged": Entry("Days left that are few.", 1, 60),
    "roll.release_minutes": Entry(
        "Minutes around a scheduled release without a roll.", 0, 60
    ),
}

_MARTINGALE = "plugins.temporal_theta_martingale"

_REST: dict[str, Entry] = {
    f"{_MARTINGALE}.enabled": Entry("Whether the plug-in may move a losing side."),
    f"{_MARTINGALE}.edr": Entry("EDR above which it does, per cent.", 0.1, 5),
    f"{_MARTINGALE}.vix": Entry("VIX above which it does.", 5, 200),
    f"{_MARTINGALE}.dte_low": Entry("Days out, at least.", 0, 60),
    f"{_MARTINGALE}.dte_high": Entry("Days out, at most.", 0, 60),
    f"{_MARTINGALE}.back_low": Entry("Days out on the way back, at least.", 0, 60),
    f"{_MARTINGALE}.back_high": Entry("Days out on the way back, at most.", 0, 60),
    "entries.enabled": Entry("Whether condors are opened without a person."),
    "entries.quantity": Entry("Condors of one entry, at most.", 1, 50),
    "entries.blackout_sessions": Entry(
        "Trading days around FOMC and CPI without an entry; 0 needs no calendar.", 0, 10
    ),
    "stress.sigmas": Entry("Standard deviations of the stress move.", 0.5, 6),
    "stress.sessions": Entry("Horizons before expiry, trading days.", 0.1, 252),
    "stress.rise_share": Entry("VIX's answer to a rise over that to a fall.", 0, 2),
    "stress.vix_floor": Entry("VIX never falls below this in a stress.", 1, 50),
    "stress.limit": Entry("Loss in the stress, per cent of capital.", 0.5, 10),
    "stress.warn": Entry("Loss in the stress that warns, per cent.", 0.1, 10),
    "stress.clear_share": Entry(
        "Share of a bound of the stress below which its level is left.", 0.5, 1
    ),
    "momentum.macd_fast": Entry("Days of the fast average of MACD.", 2, 250),
    "momentum.macd_slow": Entry("Days of the slow average of MACD.", 2, 250),
    "momentum.macd_signal": Entry("Days of the signal line of MACD.", 1, 250),
    "momentum.rsi_period": Entry("Days of RSI.", 2, 250),
    "momentum.rsi_low": Entry("RSI below which momentum is down.", 1, 99),
    "momentum.rsi_high": Entry("RSI above which momentum is up.", 1, 99),
    "parity.points": Entry("Distance of SPX series from parity, points.", 0.01, 10),
    "parity.points_vix": Entry("The same of VIX series, points.", 0.01, 5),
    "parity.spread_share": Entry("The same over the half-spreads of a pair.", 0, 10),
    "parity.strikes": Entry("Strikes that must be quoted to measure it.", 3, 7),
    "parity.snapshots": Entry("Snapshots in a row that dislocate, or mend.", 1, 50),
    "parity.gap_seconds": Entry("Seconds between two of them, at least.", 1, 600),
    "parity.clear_share": Entry("Share of the bound below which it mends.", 0, 1),
    "parity.hold_minutes": Entry("Minutes that the last good quotes stand in.", 0, 60),
    "breadth.ratio": Entry("Net advances over issues that make a broad day.", 0, 1),
    "breadth.names": Entry("Share of issues that moved one way.", 0.5, 1),
    "breadth.index": Entry("Move of the index that makes a broad day.", 0, 0.2),
    "breadth.dispersion": Entry("Dispersion that speaks of rotation.", 0, 20),
    "capital.equity_premium": Entry("Equity risk premium, per cent a year.", 0, 20),
    "capital.floor": Entry("Cost of equity over the risk-free rate, least.", 0, 20),
    "capital.rate_missing": Entry("Risk-free rate where none is known.", 0, 20),
    "capital.apr_missing": Entry("Rate of a facility where none is known.", 0, 50),
    "capital.apr_max": Entry("Rate above which it is a slip, per cent.", 1, 100),
    "capital.peg": Entry("USD for a stablecoin that has its peg, least.", 0.9, 1),
    "capital.depeg_haircut": Entry("Share lost of one without its peg.", 0, 1),
    "capital.stablecoin_haircut": Entry("Share of stablecoins not counted.", 0, 1),
    "capital.advance_cut": Entry("Share a REIT line lends less in stress.", 0, 1),
    "capital.ltv_gap": Entry("Loan to value below liquidation, least.", 0, 0.5),
    "capital.due_days": Entry("Days within which debt counts as due.", 1, 365),
    "capital.quick_green": Entry("Quick ratio that allows increases.", 1, 10),
    "capital.quick_red": Entry("Quick ratio below which to pay down.", 0.5, 10),
    "capital.allocation": Entry("Outside capital aimed at, over equity.", 0, 1),
    "capital.leverage": Entry("Capital of both engines over equity, most.", 1, 3),
    "capital.shift_step": Entry("Share a time-shift adds, times f_beta.", 0, 1),
    "capital.strategy_cost": Entry("Cost of the strategy's equity, per cent.", 1, 50),
    "capital.retained": Entry("Share of its income that is reinvested.", 0, 1),
    "capital.growth_gap": Entry("Cost less growth, points, at least.", 0.1, 20),
    "capital.history_days": Entry("Days of flows before income counts.", 1, 365),
    "capital.top_ten_weight": Entry("Weight of ten companies that matters.", 0, 1),
    "capital.pe_percentile": Entry("Percentile of P/E that matters.", 0, 100),
    "capital.fine_tune": Entry("Share by which the index may lift a hedge.", 0, 1),
    "ack_minutes": Entry("Minutes that an acknowledgement lasts.", 1, 390),
    "beta_spot": Entry("Per cent VIX rises when SPX falls 1 per cent.", 0, 30),
    "atm_over_vix": Entry("At-the-money volatility over VIX, if unknown.", 0.3, 2),
}

_SIGNALS: dict[str, Entry] = {
    "signals.divergence": Entry("What counts as SPX and breadth parting."),
    "signals.layer2.rsi": Entry("RSI of SPX below which layer 2 is on.", 1, 99),
    "signals.layer2.rsi_leave": Entry("RSI above which layer 2 may go off.", 1, 99),
    "signals.refit": Entry("Whether beta_spot is refitted daily, where it can be."),
    "signals.blend_weight": Entry("Weight of VIX9D in the mixed range E5.", 0, 1),
    "signals.blend_regime": Entry("Factor of the mixed range E5.", 0.8, 2),
    "signals.window.enter_low": Entry("VIX from which it is about 18.", 5, 100),
    "signals.window.enter_high": Entry("VIX up to which it is about 18.", 5, 100),
    "signals.window.leave_low": Entry("VIX below which it no longer is.", 5, 100),
    "signals.window.leave_high": Entry("VIX above which it no longer is.", 5, 100),
}

STRATEGY: dict[str, Entry] = {
    **_EDR,
    **_BANDS,
    **_HEDGE,
    **_MONETISE,
    **_LAYER2,
    **_LADDER,
    **_CONDOR,
    **_SIGNALS,
    **_REST,
}
