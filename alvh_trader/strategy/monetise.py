"""When a hedge is sold: profit, decay, renewal, and never into its settlement.

Source: alvh.md §4.7. Values in, a decision out; prices are VIX points for one unit.
"""

import math

from msgspec import Struct

from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.params import MonetiseParams

LAST_DAY, STOP, RENEWED = "LAST_DAY", "STOP", "RENEWED"
TP1, TP2, DECAY = "TP1", "TP2", "DECAY"
"""Why a hedge is sold."""


class Holding(Struct, frozen=True, kw_only=True):
    """A hedge lot: what is left of what was bought, what it cost, what it fetches.

    `cost`, `mark` and `bid` are for one unit; mark and bid are None where they are
    not quoted. `sessions_left` are trading days until the last trade. `taken` says
    down to how many units earlier decisions went, by their reason. `stop` is how far
    below its cost a future is sold; None for what can lose its premium and no more.
    """

    units: int
    acquired: int
    cost: float
    mark: float | None
    bid: float | None
    sessions_left: int
    stop: float | None = None
    taken: dict[str, int] = {}


class Climate(Struct, frozen=True, kw_only=True):
    """What surrounds a lot.

    `front` and `second` are the VIX futures of the next two months. `is_threatened`
    says that EDR is known and not below its clear level, `is_calm` that it is clear;
    `calm_sessions` for how many trading days. `is_renewed`: a hedge that lasts longer
    is held in this one's place. `is_last_hour`: it is the end of the lot's last
    trading day. `spare` are the units that the case can do without, None where it
    needs none.
    """

    vix: float | None = None
    front: float | None = None
    second: float | None = None
    is_threatened: bool = False
    is_calm: bool = False
    calm_sessions: int = 0
    is_renewed: bool = False
    is_last_hour: bool = False
    spare: int | None = None


class Selling(Struct, frozen=True, kw_only=True):
    """Sell `units`, so that `keep` would be left if nothing had to be spared."""

    why: str
    units: int
    keep: int
    findings: tuple[Finding, ...]


def decide(
    lot: Holding, climate: Climate, params: MonetiseParams
) -> tuple[Selling | None, tuple[Finding, ...]]:
    """Return what to sell of a lot, None for nothing, and what was compared.

    The end of the last day and a renewed hedge come first, then the second profit,
    the first, and the decay of what is not needed any more. A lot that is not quoted,
    or bid below the least, is not sold. Halves are of units: one unit has none.
    """
    told: list[Finding] = []
    for rule in (_last_day, _stop, _renewed, _second, _first, _decay):
        why, keep, findings = rule(lot, climate, params)
        if not all(f.holds for f in findings):
            told += [f for f in findings if not f.holds]
            continue
        keep = lot.taken.get(why, keep)
        wanted = max(lot.units - keep, 0)
        is_bound = climate.spare is not None and why in {TP1, TP2, DECAY}
        units = min(wanted, climate.spare or 0) if is_bound else wanted
        if units < 1:
            told.append(Finding(f"units to sell ({why})", f"{units}", ">= 1", False))
            continue
        bid = _bid(lot, params)
        if not bid.holds:
            return None, (*findings, bid)
        sized = Finding(f"units to sell ({why})", f"{units} of {lot.units}", "", True)
        found = (*findings, bid, sized)
        return Selling(why=why, units=units, keep=keep, findings=found), found
    return None, tuple(told)


Rule = tuple[str, int, tuple[Finding, ...]]


def runner(lot: Holding, params: MonetiseParams) -> int:
    """Return the units that stay to the end, of those ever bought."""
    return math.ceil(params.runner * lot.acquired)


def _last_day(_lot: Holding, climate: Climate, params: MonetiseParams) -> Rule:
    bound = f"the last {params.last_minutes} min of its last day"
    value = "yes" if climate.is_last_hour else "no"
    return (
        LAST_DAY,
        0,
        (Finding("about to settle", value, bound, climate.is_last_hour),),
    )


def _stop(lot: Holding, _climate: Climate, _params: MonetiseParams) -> Rule:
    name = "mark and stop"
    if lot.stop is None or lot.mark is None:
        return STOP, 0, (Finding(name, "none", "a future at its stop", False),)
    least = lot.cost - lot.stop
    value = f"{lot.mark:.2f}"
    return STOP, 0, (Finding(name, value, f"<= {least:.2f}", lot.mark <= least),)


def _renewed(lot: Holding, climate: Climate, params: MonetiseParams) -> Rule:
    left, most = lot.sessions_left, params.last_sessions
    threatened = "yes" if climate.is_threatened else "no"
    renewed = "yes" if climate.is_renewed else "no"
    return (
        RENEWED,
        0,
        (
            Finding(
                "sessions to the last trade", f"{left}", f"<= {most}", left <= most
            ),
            Finding("EDR not clear", threatened, "yes", climate.is_threatened),
            Finding("a longer hedge is held", renewed, "yes", climate.is_renewed),
        ),
    )


def _first(lot: Holding, _climate: Climate, params: MonetiseParams) -> Rule:
    return TP1, math.ceil(lot.acquired / 2), (_multiple(lot, params.take_first),)


def _second(lot: Holding, climate: Climate, params: MonetiseParams) -> Rule:
    multiple = _multiple(lot, params.take_second)
    spike = _spike(climate, params)
    took_first = TP1 in lot.taken or _multiple(lot, params.take_first).holds
    rest = math.ceil(lot.acquired / 2) if took_first else lot.acquired
    least = 0 if climate.is_calm else runner(lot, params)
    keep = max(math.ceil(rest / 2), least)
    # Either reason is enough: the one that holds is told, else both.
    holding = tuple(f for f in (multiple, spike) if f.holds)
    return TP2, keep, holding or (multiple, spike)


def _decay(lot: Holding, climate: Climate, params: MonetiseParams) -> Rule:
    calm, least = climate.calm_sessions, params.calm_sessions
    good = climate.is_calm and calm >= least
    found = Finding("sessions of clear EDR", f"{calm}", f">= {least}", good)
    return DECAY, runner(lot, params), (found,)


def _multiple(lot: Holding, least: float) -> Finding:
    bound = f">= {least:.1f}"
    # The price of a future is no stake that could be multiplied.
    if lot.mark is None or lot.cost <= 0 or lot.stop is not None:
        return Finding("mark over cost", "unknown", bound, False)
    multiple = lot.mark / lot.cost
    return Finding("mark over cost", f"{multiple:.3f}", bound, multiple >= least)


def _spike(climate: Climate, params: MonetiseParams) -> Finding:
    bound = f">= {params.take_vix:.0f}, front above second"
    vix, front, second = climate.vix, climate.front, climate.second
    if vix is None or front is None or second is None:
        return Finding("VIX and its curve", "unknown", bound, False)
    good = vix >= params.take_vix and front > second
    value = f"{vix:.2f}, {front:.2f} and {second:.2f}"
    return Finding("VIX and its curve", value, bound, good)


def _bid(lot: Holding, params: MonetiseParams) -> Finding:
    bound = f">= {params.bid_least:.2f}"
    if lot.bid is None:
        return Finding("bid", "none", bound, False)
    return Finding("bid", f"{lot.bid:.2f}", bound, lot.bid >= params.bid_least - 1e-9)
