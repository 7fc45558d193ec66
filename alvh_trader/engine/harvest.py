"""Selling hedges: profit, decay, renewal, and never into the settlement (alvh.md §4.7).

What is decided is in `strategy.monetise`; here the state is read for it, and the sale
goes through the gate like every order. A condor that is closed leaves its hedge
behind: nothing threatens it any more, so its hedge decays and is sold.
"""

import math
from datetime import date, timedelta

import msgspec

from alvh_trader.domain.calendar import instant
from alvh_trader.domain.instrument import Future
from alvh_trader.domain.money import combo_ticks, option_ticks
from alvh_trader.domain.order import Layer, Leg, Order, Purpose
from alvh_trader.engine.case import Case, HedgeLot, Sale
from alvh_trader.engine.command import Severity
from alvh_trader.engine.evaluation import (
    evaluate,
    snapshot,
    tier_of,
    vix_of,
)
from alvh_trader.engine.identity import order_max
from alvh_trader.engine.instant import QUOTE_AGE_MAX
from alvh_trader.engine.lots import FIRST, at_work
from alvh_trader.engine.orders import ask_report, live_of, new_ref, submit
from alvh_trader.engine.proof import hedge_proof, is_hedged, lasts
from alvh_trader.engine.state import State
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.walk import HEDGE_RUNG, hedge_ladder
from alvh_trader.signals.levels import Level
from alvh_trader.strategy.bands import band_of
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.monetise import LAST_DAY, Climate, Holding, Selling, decide
from alvh_trader.strategy.phase import Phase

EVERY = timedelta(seconds=20)
"""How often it is asked whether a hedge should be sold."""

SALE_MAX = timedelta(seconds=180)
"""How long one sale works: as long as a hedge order (alvh.md §3.2)."""

REFUSED_PAUSE = timedelta(minutes=5)
"""How long a sale that the gate refused waits: what it lacked is not there at once."""

FLATTEN = "FLATTEN"
"""Why the hedge of a case is sold that a person had closed."""

AT_EASE = frozenset({Phase.MONITOR, Phase.CLOSED})
"""Phases in which a case needs no hedge now."""

UNDISTURBED = AT_EASE | {
    Phase.RECONCILE,
    Phase.DEGRADED,
    Phase.MANUAL,
    Phase.COOLDOWN,
}
"""Phases that do not end a calm: a lost link is no threat."""

BUSY = frozenset(
    {
        Phase.RECONCILE,
        Phase.DEGRADED,
        Phase.HEDGE_PLAN,
        Phase.HEDGE_WORKING,
        Phase.STABILISE,
        Phase.BREADTH,
        Phase.ROLL_PLAN,
        Phase.ROLL_WORKING,
        Phase.VERIFY,
    }
)
"""Phases in which a smaller hedge would upset what is under way."""


def look(turn: Turn) -> None:
    """Count the calm days of every case, and sell of each lot what is due."""
    reviewed = turn.state.hedges_reviewed
    if turn.state.day is None or (reviewed is not None and turn.at - reviewed < EVERY):
        return
    turn.put(hedges_reviewed=turn.at)
    for case in tuple(turn.state.cases.values()):
        _count_calm(turn, case)
    for ref in tuple(turn.state.lots):
        lot = turn.state.lots[ref]
        if lot.units > 0 and lot.last_trade >= turn.state.day:
            _look_at(turn, lot)


def settled(turn: Turn, today: date) -> dict[str, HedgeLot]:
    """Return the lots of a new day: without those sold and those settled.

    What expired was bid below the least on its last day, or could not be sold: it is
    booked at nothing. What it did fetch shows in the account, not in the ledger of
    hedge costs, which so errs on the dear side.
    """
    kept: dict[str, HedgeLot] = {}
    for ref, lot in turn.state.lots.items():
        # A lot that waits for its settlement is still in the ledger.
        waits = any(leg.instrument.con_id in turn.state.ledger for leg in lot.legs)
        if lot.units > 0 and (lot.last_trade >= today or waits):
            kept[ref] = lot
        elif lot.units > 0:
            lost = Finding("booked", f"{lot.units} at 0, {-lot.cost:.2f} USD", "", True)
            _note(turn, lot, "hedge settled", (lost,))
    return kept


def _count_calm(turn: Turn, case: Case) -> None:
    """Count the sessions in which EDR was known and clear, and nothing under way.

    Any other look ends them.
    """
    today = turn.state.day
    if case.phase is Phase.CLOSED:
        return
    if case.tracker.level is not Level.CLEAR or case.phase not in UNDISTURBED:
        if case.calm_days:
            turn.change(case, calm_days=0)
    elif case.edr is not None and case.calm_day != today:
        turn.change(case, calm_days=case.calm_days + 1, calm_day=today)


def _look_at(turn: Turn, lot: HedgeLot) -> None:
    case = turn.state.cases.get(lot.case)
    if case is not None and case.phase in {Phase.MANUAL, Phase.CLOSING}:
        if _is_last_hour(turn, lot):
            text = f"{lot.units} of the hedge {lot.ref} are about to settle"
            _tell(turn, lot, "a person must sell it", text)
        return
    if at_work(turn.state, lot) or _is_crossed(turn, lot):
        return
    if case is not None and case.flatten is not None and case.phase is Phase.CLOSED:
        _flatten(turn, lot)
        return
    holding, params = _holding(turn, lot), turn.rules.params.monetise
    # What the case can do without is dear to know, and only ever makes a sale smaller.
    climate = _climate(turn, lot, case)
    selling, findings = decide(holding, climate, params)
    if selling is not None and case is not None:
        climate = _spared(turn, lot, case, climate)
        selling, findings = decide(holding, climate, params)
    if selling is not None:
        sell(turn, lot, selling)
    elif climate.is_last_hour and lot.standing != "left to expire":
        _note(turn, lot, "left to expire", findings)


def _flatten(turn: Turn, lot: HedgeLot) -> None:
    """Sell all of a lot, as a person asked, one lot of the case after the other."""
    if not live_of(turn.state, lot.case):
        asked = Finding("the condor", "closed, as a person asked", "closed", True)
        sell(
            turn, lot, Selling(why=FLATTEN, units=lot.units, keep=0, findings=(asked,))
        )


def _is_crossed(turn: Turn, lot: HedgeLot) -> bool:
    """Return whether the same contract is being bought: nobody trades with himself."""
    con_id = lot.main.con_id
    return any(
        t.is_live and leg.instrument.con_id == con_id and leg.ratio > 0
        for t in turn.state.tickets.values()
        for leg in t.order.legs
    )


def _holding(turn: Turn, lot: HedgeLot) -> Holding:
    assert turn.state.day is not None
    market = net_market(turn.state, lot.legs)
    return Holding(
        units=lot.units,
        acquired=lot.acquired,
        cost=lot.unit_cost / lot.main.multiplier,
        # The ladder is renewed by its days; it takes no profit.
        mark=None if market is None or lot.layer is Layer.BASE else sum(market) / 2,
        bid=None if market is None else market[0],
        sessions_left=turn.rules.calendar.sessions_until(
            turn.state.day, lot.last_trade
        ),
        stop=turn.rules.params.hedge.future_stop
        if isinstance(lot.main, Future)
        else None,
        taken={sale.why: sale.keep for sale in lot.sales},
    )


def net_market(state: State, legs: tuple[Leg, ...]) -> tuple[float, float] | None:
    """Return bid and ask of one unit; None where a leg is not freshly quoted."""
    low = high = 0.0
    for leg in legs:
        quote = state.quotes.get(leg.instrument.con_id)
        if quote is None or state.at is None or state.at - quote.at > QUOTE_AGE_MAX:
            return None
        if quote.mid is None or quote.ask is None:
            return None
        bid = quote.bid or 0.0
        low += leg.ratio * (bid if leg.ratio > 0 else quote.ask)
        high += leg.ratio * (quote.ask if leg.ratio > 0 else bid)
    return low, high


def _climate(turn: Turn, lot: HedgeLot, case: Case | None) -> Climate:
    """Return what surrounds a lot, as if its case could do without all of it."""
    front, second = vix_curve(turn.state)
    around = Climate(
        vix=vix_of(turn.state),
        front=front,
        second=second,
        is_last_hour=_is_last_hour(turn, lot),
    )
    if case is None:
        return around
    clear = turn.rules.params.edr.levels.clear
    return msgspec.structs.replace(
        around,
        is_threatened=case.edr is not None
        and case.edr >= clear
        and case.phase is not Phase.CLOSED,
        is_calm=_is_calm(case) and not _is_wanted(turn, lot),
        calm_sessions=_calm_sessions(turn, case),
        is_renewed=True,
    )


def _spared(turn: Turn, lot: HedgeLot, case: Case, climate: Climate) -> Climate:
    """Return the climate with what the case can really do without."""
    is_busy = case.phase in BUSY
    return msgspec.structs.replace(
        climate,
        is_renewed=not is_busy and is_hedged(turn, case),
        spare=0 if is_busy else _spare(turn, lot, case),
    )


def _is_calm(case: Case) -> bool:
    is_clear = case.edr is not None and case.tracker.level is Level.CLEAR
    return is_clear or case.phase is Phase.CLOSED


def _is_wanted(turn: Turn, lot: HedgeLot) -> bool:
    """Return whether the second layer is still called for, as far as that is known."""
    return lot.layer is Layer.L2 and turn.state.signals.layer2 is not False


def _calm_sessions(turn: Turn, case: Case) -> int:
    """Return for how many whole sessions nothing has threatened the case."""
    if case.phase is Phase.CLOSED and turn.state.day is not None:
        calendar = turn.rules.calendar
        return calendar.sessions_until(case.since.date(), turn.state.day)
    return max(case.calm_days - 1, 0)


def _spare(turn: Turn, lot: HedgeLot, case: Case) -> int | None:
    """Return how many units the case can do without; None where it needs none.

    What is left must be n_min, and must offset what the bands ask for: else it would
    be sold and bought again. Where that cannot be told, nothing can be spared.
    """
    if case.phase in AT_EASE or not lasts(turn, lot):
        return None
    surplus = lot.units
    if lot.layer in FIRST:
        proof = hedge_proof(turn, case)
        surplus = min(proof.filled, proof.held) - proof.needed
    # What the bands ask for need not be priced where nothing is over n_min.
    reading = evaluate(turn, case) if surplus > 0 else "nothing to spare"
    if isinstance(reading, str):
        return 0
    seen = snapshot(turn, case, reading)
    all_of_it = turn.instant.exposure((lot,), spot=reading.spot, vix=reading.vix)
    if seen is None or all_of_it is None or all_of_it.veq <= 0:
        return 0
    low = band_of(tier_of(turn, reading), turn.rules.params.bands).offset_low
    slack = seen.hedge.veq - low * abs(seen.case.veq)
    return max(min(math.floor(slack * lot.units / all_of_it.veq), surplus), 0)


def _is_last_hour(turn: Turn, lot: HedgeLot) -> bool:
    day = turn.state.day
    if day is None or lot.last_trade != day:
        return False
    close = instant(day, turn.rules.calendar.close_of(day))
    before = timedelta(minutes=turn.rules.params.monetise.last_minutes)
    return turn.at >= close - before


def vix_curve(state: State) -> tuple[float | None, float | None]:
    """Return the middles of the first two monthly VIX futures, None where unknown."""
    months = sorted(
        (f for f in state.futures.get("VIX", ()) if f.trading_class == "VX"),
        key=lambda f: f.expiry,
    )
    found = []
    for future in months[:2]:
        quote = state.quotes.get(future.con_id)
        is_fresh = quote and state.at and state.at - quote.at <= QUOTE_AGE_MAX
        found.append(quote.mid if quote and is_fresh else None)
    return (found[0], found[1]) if len(found) == 2 else (None, None)


def sell(turn: Turn, lot: HedgeLot, selling: Selling) -> bool:
    """Offer what is due, from the middle down to the bid; return whether it left."""
    if lot.refused is not None and turn.at - lot.refused < REFUSED_PAUSE:
        return False
    reconciled, limits = turn.state.reconciled, turn.rules.limits
    if turn.rules.may_trade and (
        reconciled is None or turn.at - reconciled >= limits.reconciled_age_max
    ):
        ask_report(turn, "a hedge is about to be sold", timedelta(seconds=5))
        return False
    market = net_market(turn.state, lot.legs)
    if market is None:
        return False
    single = len(lot.legs) == 1
    grid = option_ticks(lot.main.trading_class) if single else combo_ticks("VIX")
    rungs = hedge_ladder(-market[1], -market[0], grid)
    ref = new_ref(turn, lot.case, Purpose.HEDGE_SELL)
    order = Order(
        ref=ref,
        case=lot.case,
        purpose=Purpose.HEDGE_SELL,
        legs=tuple(Leg(leg.instrument, -leg.ratio) for leg in lot.legs),
        quantity=order_max(
            turn, min(selling.units, limits.hedge_contracts_per_order_max)
        ),
        limit=rungs[0],
    )
    sale = Sale(ref=ref, why=selling.why, keep=selling.keep)
    _save(turn, msgspec.structs.replace(lot, sales=(*lot.sales, sale)))
    refused = submit(turn, order, (rungs, HEDGE_RUNG, SALE_MAX))
    if refused is None:
        sold = turn.state.lots[lot.ref]
        _note(turn, sold, f"hedge sold: {selling.why}", selling.findings)
        return True
    _save(turn, msgspec.structs.replace(lot, refused=turn.at))
    ask_report(turn, "the sale of a hedge was refused", timedelta(seconds=5))
    why = f"the gate refuses to sell the hedge: {selling.why}"
    _tell(turn, lot, why, refused.reasons, refused.findings)
    return False


def _save(turn: Turn, lot: HedgeLot) -> None:
    turn.put(lots={**turn.state.lots, lot.ref: lot})


def _tell(
    turn: Turn, lot: HedgeLot, why: str, text: str, findings: tuple[Finding, ...] = ()
) -> None:
    if lot.standing != why:
        is_last = why.endswith(LAST_DAY) or _is_last_hour(turn, lot)
        severity = Severity.CRITICAL if is_last else Severity.WARNING
        turn.alert("hedge_unsold", severity, lot.case, text)
        _note(turn, lot, why, findings)


def _note(turn: Turn, lot: HedgeLot, why: str, findings: tuple[Finding, ...]) -> None:
    """Write down what was decided about a lot; its case stands where it stood."""
    layer = Finding("lot", f"{lot.ref}, {lot.units} units", lot.layer, True)
    turn.note(lot.case, why, (layer, *findings))
    if lot.ref in turn.state.lots:
        current = turn.state.lots[lot.ref]
        _save(turn, msgspec.structs.replace(current, standing=why))
