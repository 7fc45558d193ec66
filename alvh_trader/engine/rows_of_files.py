"""The rows of the panel that come from the operator's files: macro signals and tags."""

from collections.abc import Iterator

from alvh_trader.domain.freshness import Part, Verdict
from alvh_trader.engine.row import Origin, of_file, of_vx, row
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.panel import Signal


def companies(turn: Turn) -> Iterator[Signal]:
    """Price over cash flow of the largest companies (§9.4)."""
    signals, limits = turn.state.signals, turn.rules.params.breadth
    origin = of_file(turn, Part.CONSTITUENTS)
    ratio, flow = signals.price_over_cash_flow, signals.cash_flow
    fell = index = spread = None
    if flow is not None:
        fell, index, spread = flow.fell, flow.index, flow.dispersion
    says = "breadth decides alone" if flow is None else "beside breadth"
    yield row("P/CF of the index", ratio, "", "any", origin, "told")
    yield row("P/CF fell, companies", fell, "", f">= {limits.names:g}", origin, says)
    yield row("P/CF over five days", index, "", f"<= -{limits.index:g}", origin, says)
    bound = f">= {limits.dispersion:g} is rotation"
    yield row("P/CF dispersion", spread, "", bound, origin, says)


def published(turn: Turn) -> Iterator[Signal]:
    """The macro signals with the opinion of each, their mean, and the scale (§9)."""
    signals, macro = turn.state.signals, turn.state.signals.macro
    origin, says = of_file(turn, Part.CPI), _opinion(macro.spread)
    spread, rate = signals.spread, signals.exchange
    value = z = change = slope = curve = None
    if spread is not None:
        value, z, change = spread.value, spread.z, spread.change
    if rate is not None:
        slope, curve = rate.slope, rate.curvature
    yield row("CPI less PPI", value, "pp", "any", origin, says)
    yield row("CPI less PPI, z", z, "", "-1, 1", origin, says)
    yield row("CPI less PPI, 3 months", change, "pp", "-0.5, 0", origin, says)
    origin, says = of_file(turn, Part.REER), _opinion(macro.exchange)
    yield row("REER slope", slope, "%", "3 months 1 %, 3 %", origin, says)
    yield row("REER curvature", curve, "%", "any", origin, says)
    origin, says = of_file(turn, Part.FOMC), _opinion(macro.committee)
    yield row("FOMC divergence", signals.committee, "", "-2 to 2", origin, says)
    weekly = None if signals.macd_vx is None else signals.macd_vx.histogram
    says = _opinion(macro.weekly)
    yield row("weekly VX", weekly, "pts", "0", of_vx(turn), says)
    origin = Origin("the four above", signals.at, Verdict.FRESH)
    says = f"scale {macro.scale:.3f} by {len(macro.opinions)} of 4"
    yield row("macro composite", macro.composite, "", ">= 0 adds", origin, says)


def tags(turn: Turn) -> Iterator[Signal]:
    """What names the cycle in a backtest; nothing is decided by it (§9.8)."""
    given, origin = turn.state.inputs.tags, of_file(turn, Part.TAGS)
    rate = None if given is None else given.rate_differential
    growth = None if given is None else given.gdp_growth
    yield row("interest-rate differential", rate, "%", "any", origin, "a tag")
    yield row("growth of GDP", growth, "%", "any", origin, "a tag")


def _opinion(opinion: int | None) -> str:
    return "weight 0" if opinion is None else f"opinion {opinion:+d}"
