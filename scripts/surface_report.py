"""Say how far the fitted market is from the real one: tables and plots."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from surface_data import Chain, Slice
from surface_day import hours
from surface_fit import fit_curve
from surface_plot import Chart

from alvh_trader.pricing import black76
from alvh_trader.sim import surface, terms
from alvh_trader.sim.parameters import Parameters, SmileParameters

Floats = NDArray[np.float64]

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "market-model.md"
PLOTS = DOCS / "market-model"
BEGIN, END = "<!-- fit-surface begins -->\n", "<!-- fit-surface ends -->\n"

TENORS = ((7, 20), (21, 44), (45, 90))
SIDES = {"puts 1-2": (-2, -1), "within 1": (-1, 1), "calls 1-2": (1, 2)}
DEVIATIONS = (1.5, 1.75, 2.0)
WING = 50.0
MONTHS = (1, 2, 3, 4, 6)


@dataclass(frozen=True)
class Study:
    """What was fitted, to what; `fits` have not seen the chain they are named by."""

    chains: tuple[Chain, ...]
    fits: dict[str, SmileParameters]
    fitted: Parameters
    indexes: pd.DataFrame
    settled: pd.DataFrame
    vix_options: pd.DataFrame
    vix_state: surface.State
    data: Path


def report(study: Study) -> None:
    """Print the errors, put them into the document and draw them."""
    PLOTS.mkdir(exist_ok=True)
    parts = [
        by_chain(study),
        by_side(study),
        condors(study),
        curve(study),
        vix_options(study),
        hours(study.data, study.fitted),
    ]
    text = "\n".join(parts)
    print(text)
    old = PAGE.read_text()
    head, tail = old.split(BEGIN)[0], old.split(END)[1]
    PAGE.write_text(head + BEGIN + text + END + tail)


def table(head: str, rows: list[list[str]]) -> str:
    """Return a table in Markdown; the first column is text."""
    names = head.split("|")
    lines = ["| " + " | ".join(names) + " |", "|---|" + "--:|" * (len(names) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(r) + " |" for r in rows), ""])


def middle(values: object, digits: int = 2) -> str:
    """Return the median as text, - where there is nothing."""
    array = np.asarray(values, dtype=float)
    return f"{np.median(array):.{digits}f}" if array.size else "-"


# ---------------------------------------------------------------- SPX options ---


def errors(chain: Chain, fit: SmileParameters) -> pd.DataFrame:
    """Return the IV error of each live quote within 2 SD, 7 to 90 days off."""
    parts = []
    for s in chain.slices:
        if not 7 <= s.dte <= 90:
            continue
        z = s.k / (s.at_the_money * np.sqrt(s.tau))
        model = surface.spx_volatility(chain.state, np.full_like(z, s.tau), s.k, fit)
        parts.append(
            pd.DataFrame({"z": z, "dte": s.dte, "error": 100 * (model - s.iv)})
        )
    found = pd.concat(parts)
    return found[found.z.abs() <= 2]


def modelled(chain: Chain, study: Study) -> Chain:
    """Return the chain with all indexes but VIX modelled from VIX alone."""
    before = study.indexes.vix.loc[: chain.name].iloc[:-1]
    fast, slow = (
        float(before.ewm(span=span, adjust=False).mean().iloc[-1])
        for span in (terms.FAST, terms.SLOW)
    )
    vix = np.array([chain.state.vix])
    made = {
        name: float(terms.index_of(study.fitted.terms[name], vix, fast, slow)[0])
        for name in surface.STATED
    }
    return replace(chain, state=replace(chain.state, **made))


def by_chain(study: Study) -> str:
    """Tell the errors of each chain, seen, not seen, and from VIX alone."""
    rows, numbers = [], []
    for chain in study.chains:
        unseen = errors(chain, study.fits[chain.name]).error.abs()
        seen = errors(chain, study.fitted.spx).error.abs()
        alone = errors(modelled(chain, study), study.fits[chain.name]).error.abs()
        row = [
            seen.median(),
            unseen.median(),
            unseen.quantile(0.9),
            alone.median(),
        ]
        numbers.append(row)
        cells = [f"{v:.2f}" for v in row]
        vix = f"{chain.state.vix:.1f}"
        rows.append([chain.name, vix, str(len(unseen)), *cells])
    means = np.array(numbers).mean(axis=0)
    rows.append(["mean of dates", "", "", *(f"{v:.2f}" for v in means)])
    head = "chain|VIX|quotes|seen|left out|left out, 90 %|left out, VIX only"
    return table(head, rows)


def by_side(study: Study) -> str:
    """Tell the errors of unseen chains by moneyness and tenor, and draw them."""
    found = pd.concat(
        errors(chain, study.fits[chain.name]).assign(chain=chain.name)
        for chain in study.chains
    )
    rows = []
    chart = Chart(
        "SPX options on days that the fit has not seen: IV error",
        "standard deviations from the forward",
        "vol points (quartiles shaded)",
        (-2, 2),
        (-3, 3),
    )
    centres = np.arange(-1.875, 2, 0.25)
    for least, most in TENORS:
        part = found[found.dte.between(least, most)]
        cells = []
        for low, high in SIDES.values():
            side = part[(part.z >= low) & (part.z < high)].error
            cells.append(f"{middle(side.abs())} ({middle(side)})")
        rows.append([f"{least}-{most} days", *cells])
        bins = [part[(part.z - c).abs() <= 0.125].error for c in centres]
        quartiles = [b.quantile([0.25, 0.5, 0.75]).to_list() for b in bins]
        chart.line(f"{least}-{most} days", list(centres), quartiles)
    chart.save(PLOTS / "spx-iv-error.svg", (-2, -1, 0, 1, 2), (-3, -2, -1, 0, 1, 2, 3))
    return table("tenor|" + "|".join(SIDES), rows)


# -------------------------------------------------------------------- condors ---


def condors_of(chain: Chain) -> Iterator[tuple[float, Slice, Floats]]:
    """Yield (SD, expiry, strikes of the legs) of condors 45 to 60 days off."""
    for s in chain.slices:
        if not 45 <= s.dte <= 60 or chain.name == "2023-02-15":
            continue
        puts = s.strike[~s.is_call]
        calls = s.strike[s.is_call]
        shorts = (
            puts[np.isin(puts - WING, puts)],
            calls[np.isin(calls + WING, calls)],
        )
        for deviations in DEVIATIONS:
            reach = deviations * s.forward * s.at_the_money * np.sqrt(s.tau)
            wanted = (s.forward - reach, s.forward + reach)
            if any(not side.size for side in shorts):
                continue
            put, call = (
                float(side[np.argmin(np.abs(side - at))])
                for side, at in zip(shorts, wanted, strict=True)
            )
            if max(abs(put - wanted[0]), abs(call - wanted[1])) <= 30:
                legs = np.array([put - WING, put, call, call + WING])
                yield deviations, s, legs


def condors(study: Study) -> str:
    """Tell how far the credits of unseen chains are from mids, and draw them."""
    found = []
    for chain in study.chains:
        fit = study.fits[chain.name]
        for deviations, s, legs in condors_of(chain):
            tau, k = np.full(4, s.tau), np.log(legs / s.forward)
            iv = surface.spx_volatility(chain.state, tau, k, fit)
            is_call = np.array([False, False, True, True])
            model = black76.price(s.forward, legs, iv, tau, s.rate, is_call)
            real = np.array(
                [
                    float(s.price[(s.strike == leg) & (s.is_call == call)][0])
                    for leg, call in zip(legs, is_call, strict=True)
                ]
            )
            sold = np.array([-1.0, 1.0, 1.0, -1.0])
            credit = float(sold @ real)
            found.append((chain.name, deviations, credit, sold @ model / credit - 1))
    made = pd.DataFrame(found, columns=["chain", "sd", "credit", "error"])
    rows = []
    for name, part in made.groupby("chain"):
        cells = [
            middle(100 * part[part.sd == d].error.to_numpy(), 0) for d in DEVIATIONS
        ]
        rows.append([str(name), str(len(part)), middle(part.credit), *cells])
    size = made.assign(error=made.error.abs())
    totals = [middle(100 * size[size.sd == d].error, 0) for d in DEVIATIONS]
    rows.append(["median size of all", str(len(made)), middle(made.credit), *totals])
    chart = Chart(
        "Credit of 50-point SPX condors, 45-60 days, on unseen days",
        "credit of the market, points",
        "error, %",
        (0, 12),
        (-60, 60),
    )
    for d in DEVIATIONS:
        part = made[made.sd == d]
        chart.dots(f"{d} SD", part.credit.to_list(), (100 * part.error).to_list())
    chart.save(PLOTS / "condor-credit-error.svg", range(0, 13, 2), range(-60, 61, 20))
    head = "chain|condors|credit|1.5 SD, %|1.75 SD, %|2 SD, %"
    return table(head, rows)


# --------------------------------------------------------------- VIX products ---


def curve(study: Study) -> str:
    """Tell how far futures are from settlements, each half fitted to the other."""
    settled = study.settled
    parts = []
    late = settled.trade_date >= "2019-07-01"
    for half in (late, ~late):
        fit = fit_curve(settled[~half])
        parts.append(with_errors(settled[half], fit))
    found = pd.concat(parts)
    found["month"] = found.groupby("trade_date").expiry.rank().astype(int)
    rows = []
    for month in MONTHS:
        size = found[found.month == month].error.abs() * 100
        near = 100 * (size <= 2.5).mean()
        bound = 100 * (found[found.month == month].over_forward > 0).mean()
        rows.append(
            [
                f"M{month}",
                str(len(size)),
                f"{size.median():.2f}",
                f"{size.quantile(0.9):.1f}",
                f"{near:.0f}",
                f"{bound:.0f}",
            ]
        )
    chart = Chart(
        "VX futures, each half of 2013-2026 by a fit to the other: error",
        "days to expiry",
        "% of the settlement (quartiles shaded)",
        (0, 210),
        (-8, 8),
    )
    centres = np.arange(10, 201, 10)
    days = 365 * found.tau
    bins = [100 * found.error[(days - c).abs() <= 5] for c in centres]
    quartiles = [b.quantile([0.25, 0.5, 0.75]).to_list() for b in bins]
    chart.line("all", list(centres), quartiles)
    chart.save(PLOTS / "vx-error.svg", range(0, 211, 30), range(-8, 9, 4))
    head = (
        "future|settlements|median, %|90 %, %|within 2.5 %, % of days|"
        "above the forward variance, % of days"
    )
    return table(head, rows)


def with_errors(settled: pd.DataFrame, fit: object) -> pd.DataFrame:
    """Return settlements with the model's relative error, and that to forwards."""
    errors_, over = [], []
    for row in settled.itertuples():
        state = surface.State(
            at=0.0,
            spx=1.0,
            rate=0.0,
            carry=0.0,
            market_time=EVEN,
            curve_tenors=np.empty(0),
            curve_shift=np.empty(0),
            vix=row.vix,
            skew=130.0,
            **{n: getattr(row, n) for n in ("vix9d", "vix3m", "vix6m", "vvix")},
        )
        tau = np.array([row.tau, row.tau + 30 / 365])
        price = float(surface.vix_forward(state, tau[:1], fit)[0])
        total, _ = surface.index_variance(state, tau)
        forward = 100 * float(np.sqrt((total[1] - total[0]) * 365 / 30))
        errors_.append(price / row.settle - 1)
        over.append(price / forward - 1)
    return settled.assign(error=errors_, over_forward=over)


def vix_options(study: Study) -> str:
    """Tell how far the VIX smile is from its one surface, and from VVIX."""
    found = study.vix_options
    tau = found.t_years.to_numpy()
    model = surface.vix_volatility(
        study.vix_state, tau, found.k.to_numpy(), study.fitted.vix
    )
    found = found.assign(error=100 * (model - found.iv), days=365 * tau)
    rows = []
    chart = Chart(
        "VIX options, 2023-02-15 (fitted to this day): IV error",
        "ln(strike / future)",
        "vol points",
        (-0.6, 1.6),
        (-15, 15),
    )
    for least, most in ((5, 20), (21, 60), (61, 200)):
        part = found[found.days.between(least, most)]
        near = part.k.abs() < 0.25
        cells = [middle(part[m].error.abs(), 1) for m in (near, ~near)]
        name = f"{least}-{most} days"
        rows.append([name, str(len(part)), middle(100 * part.iv, 0), *cells])
        chart.dots(name, part.k.to_list(), part.error.to_list())
    chart.save(PLOTS / "vix-iv-error.svg", (-0.5, 0, 0.5, 1, 1.5), range(-15, 16, 5))
    own = [f"{own_vvix(study, vvix):.0f}" for vvix in (75, 95, 130, 180)]
    text = (
        "\nThe index that the model's own VIX options make at a VVIX of 75, 95, 130 "
        f"and 180: {', '.join(own)}.\n"
    )
    head = "VIX options|quotes|median IV|within 25 % of the future|beyond"
    return table(head, rows) + text


def own_vvix(study: Study, vvix: float) -> float:
    """Return the 30-day volatility that the model's VIX options replicate."""
    state = replace(study.vix_state, vvix=vvix)
    k = np.linspace(-1.2, 2.5, 400)
    tau = np.full_like(k, 30 / 365)
    iv = surface.vix_volatility(state, tau, k, study.fitted.vix)
    value = black76.price(1.0, np.exp(k), iv, tau, 0.0, k >= 0)
    total = float(np.trapezoid(2 * value / np.exp(2 * k), np.exp(k)))
    return 100 * float(np.sqrt(total * 365 / 30))


def even() -> surface.MarketTime:
    """Return a market time in which every day counts the same."""
    days = np.array([0.0, 1000.0])
    return surface.MarketTime(at=days * surface.SECONDS_A_DAY, run=days)


EVEN = even()
