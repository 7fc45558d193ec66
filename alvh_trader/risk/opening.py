"""The checks that only an order which opens a condor must pass (alvh.md §5.1, §8.2).

See `risk.conduct` for what a check is.
"""

from alvh_trader.capital.liquidity import Light
from alvh_trader.domain.instrument import Option
from alvh_trader.domain.order import Leg, Order
from alvh_trader.portfolio.case import CLASSES
from alvh_trader.risk.circumstances import Circumstances
from alvh_trader.risk.limits import Limits
from alvh_trader.signals.regime import Regime
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.regimes import allowance


def is_enabled(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The operator wants condors opened."""
    good = now.entry is not None and now.entry.may_open
    return Finding("entries", "on" if good else "off", "on", good)


def is_condor(order: Order, _now: Circumstances, _limits: Limits) -> Finding:
    """Each unit is one whole condor, every short inside its own wing.

    Then no number of units that fills leaves a naked short (INV-3).
    """
    good = _shape(order) is not None
    return Finding(
        "legs", f"{len(order.legs)}", "one covered condor of one series", good
    )


def nets_nothing(order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No leg would close a contract that is held for something else.

    A wing bought where another condor is short uncovers neither at once, but then
    the account holds neither, and both cases lack a leg.
    """
    against = [
        str(leg.instrument.con_id)
        for leg in order.legs
        if leg.ratio * now.held.get(leg.instrument.con_id, 0) < 0
    ]
    value = ", ".join(against) or "none"
    return Finding("legs held the other way", value, "none", not against)


def is_small_enough(order: Order, now: Circumstances, limits: Limits) -> Finding:
    """All of it may be lost without losing too much of the capital."""
    most = loss_share(limits) * (now.entry.capital if now.entry else 0.0)
    bound = f"<= {most:.0f} USD"
    width = _shape(order)
    if width is None:
        return Finding("loss at worst", "unknown", bound, False)
    unit = order.legs[0].instrument.multiplier * (width + float(order.limit))
    loss = order.quantity * unit
    return Finding("loss at worst", f"{loss:.0f} USD", bound, loss <= most)


def margin_is_small_enough(
    _order: Order, now: Circumstances, limits: Limits
) -> Finding:
    """It ties up no more margin than one case may."""
    most = limits.case_margin_max * now.net_liquidation
    bound = f"<= {most:.0f} USD"
    if now.margin_change is None:
        return Finding("margin of the case", "no answer", bound, False)
    value = f"{now.margin_change:.0f} USD"
    return Finding("margin of the case", value, bound, now.margin_change <= most)


def has_room(_order: Order, now: Circumstances, limits: Limits) -> Finding:
    """One more case may be held."""
    return room(now.entry.cases_held if now.entry else limits.cases_max, limits)


def regime_allows(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The regime of VIX lets condors be opened (alvh.md §10)."""
    return opens_in(now.entry.regime if now.entry else None)


def is_calm(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """No case is in the extreme tier (alvh.md §2.4)."""
    return calm(is_extreme=now.entry is None or now.entry.is_extreme)


def book_is_sound(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The book as it is keeps the two-sigma rule (alvh.md §8.1)."""
    return sound(is_overdrawn=now.entry is None or now.entry.is_overdrawn)


def pool_is_liquid(_order: Order, now: Circumstances, _limits: Limits) -> Finding:
    """The outside capital can pay what may be due (alvh.md §7.6)."""
    return liquid(Light.RED if now.entry is None else now.entry.light)


def loss_share(limits: Limits) -> float:
    """Return the share of the capital that a new condor may lose at worst."""
    return limits.case_loss_strict if limits.strict else limits.case_loss_max


def room(held: int, limits: Limits) -> Finding:
    """Return whether a case may join those that are held."""
    most = limits.cases_max
    return Finding("cases held", f"{held}", f"< {most}", held < most)


def opens_in(regime: Regime | None) -> Finding:
    """Return whether a regime lets condors be opened."""
    value = "unknown" if regime is None else regime.name
    good = allowance(regime).size > 0
    return Finding("VIX regime", value, "one that allows new condors", good)


def calm(*, is_extreme: bool) -> Finding:
    """Return whether no case is in the extreme tier."""
    return Finding("EDR extreme", "yes" if is_extreme else "no", "no", not is_extreme)


def sound(*, is_overdrawn: bool) -> Finding:
    """Return whether no breach of the two-sigma rule is in force."""
    value = "breached" if is_overdrawn else "kept"
    return Finding("two-sigma rule", value, "kept", not is_overdrawn)


def liquid(light: Light) -> Finding:
    """Return whether the liquidity of the outside capital is not red."""
    what = "liquidity of the outside capital"
    return Finding(what, light, "not red", light is not Light.RED)


def _shape(order: Order) -> float | None:
    """Return the width of the wider wing; None where it is no condor."""
    options = [
        leg.instrument for leg in order.legs if isinstance(leg.instrument, Option)
    ]
    series = {
        (o.symbol, o.trading_class, o.expiry, o.last_trade, o.multiplier)
        for o in options
    }
    is_ordinary = all(
        o.symbol == "SPX" and o.trading_class in CLASSES and o.multiplier == 100
        for o in options
    )
    if len(order.legs) != 4 or len(options) != 4 or len(series) != 1 or not is_ordinary:
        return None
    put, call = _vertical(order, is_call=False), _vertical(order, is_call=True)
    if put is None or call is None:
        return None
    is_apart = put[0] < call[0]
    is_outside = put[1] < put[0] and call[0] < call[1]
    return max(put[0] - put[1], call[1] - call[0]) if is_apart and is_outside else None


def _vertical(order: Order, *, is_call: bool) -> tuple[float, float] | None:
    """Return (short, long) strikes of one right; None where it is not one of each."""
    legs: dict[int, Leg] = {
        leg.ratio: leg
        for leg in order.legs
        if isinstance(leg.instrument, Option) and leg.instrument.is_call == is_call
    }
    if set(legs) != {1, -1}:
        return None
    short, long = legs[-1].instrument, legs[1].instrument
    assert isinstance(short, Option), "filtered above"
    assert isinstance(long, Option), "filtered above"
    return short.strike, long.strike
