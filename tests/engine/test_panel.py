"""The signals in the state: computed when due, missing where an input is."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from alvh_trader.domain.calendar import new_york_date
from alvh_trader.domain.freshness import Part, Verdict
from alvh_trader.domain.inputs import (
    Constituent,
    Constituents,
    FomcCalendar,
    FomcMeeting,
    MacroSeries,
    Tags,
)
from alvh_trader.domain.instrument import Future, Index
from alvh_trader.domain.market import Bar
from alvh_trader.engine import vx
from alvh_trader.engine.command import ListFutures, RequestBars, Watch
from alvh_trader.engine.event import (
    BarsReported,
    BrokerConnected,
    FuturesListed,
    InputsRead,
)
from alvh_trader.engine.rows import rows
from alvh_trader.engine.turn import Turn
from alvh_trader.signals.beta import VolBeta, VolSource
from alvh_trader.signals.layer2 import Layer2Limits
from alvh_trader.signals.panel import Signal, Signals
from alvh_trader.strategy.params import Params, SignalParams
from tests.playbook import RULES, START, World
from tests.signals.published import CPI, PPI, REER
from tests.worked_market import CALM, INDEXES, calendar

TODAY = new_york_date(START)
YESTERDAY = calendar().last_before(TODAY)
VVIX = Index(9, "VVIX")


def panel(world: World) -> dict[str, Signal]:
    return {row.name: row for row in rows(world.state, world.rules)}


def running(**changes: object) -> World:
    world = World(CALM, **changes).start()  # type: ignore[arg-type]
    world.run(30)
    return world


def read(world: World, **parts: object) -> Signals:
    """Let the operator's files say this, and look again."""
    inputs = replace(world.state.inputs, **parts)
    world.tell(InputsRead(at=world.now, inputs=inputs))
    world.tick()
    return world.state.signals


# ------------------------------------------------------------------- when it looks ---


def test_it_looks_once_a_minute() -> None:
    world = running()
    first = world.state.signals.at
    world.run(20)
    assert world.state.signals.at == first
    world.run(50)
    assert first is not None
    assert world.state.signals.at is not None
    assert timedelta(seconds=60) <= world.state.signals.at - first


def test_it_looks_at_once_when_an_input_changes() -> None:
    world = running()
    before = world.state.signals.at
    read(world, tags=Tags(as_of=TODAY))
    assert before is not None
    assert world.state.signals.at == world.now > before
    assert not world.state.signals.is_due


def test_the_signals_of_a_restart_are_those_of_before() -> None:
    world = running()
    before = world.state.signals
    world.restart()
    world.tick()
    after = world.state.signals
    assert (after.hv20, after.beta_spot) == (before.hv20, before.beta_spot)
    assert after.rsi == pytest.approx(before.rsi)


# ------------------------------------------------------------------ of daily bars ---


def test_what_daily_bars_give() -> None:
    signals = running().state.signals
    assert signals.rsi is not None
    assert signals.hv20 is not None
    assert signals.hv20 > 5
    assert signals.vix_mean is not None
    assert signals.macd_spx is not None
    assert signals.beta_vol.source is VolSource.VIX
    # The example's VIX does not answer its SPX: no slope is read from that.
    assert signals.beta_vol.is_loose
    assert signals.beta_spot is None
    assert signals.vx30 is signals.contango is signals.beta_vx_scale is None


def test_bars_that_miss_yesterday_are_no_bars() -> None:
    world = running()
    bars = world.state.bars["SPX"][:-1]
    world.tell(BarsReported(at=world.now, symbol="SPX", bars=bars))
    world.tick()
    signals = world.state.signals
    assert (signals.rsi, signals.hv20, signals.macd_spx) == (None, None, None)
    assert signals.beta_vol == VolBeta()
    assert panel(world)["RSI of SPX"].freshness is Verdict.STALE
    assert panel(world)["HV20 of SPX"].freshness is Verdict.STALE


@pytest.mark.parametrize("factor", [0.001, 0.01, 100.0])
def test_yesterdays_close_in_other_units_is_missing(factor: float) -> None:
    world = running()
    bars = world.state.bars["SPX"]
    odd = replace(bars[-1], close=bars[-1].close * factor)
    world.tell(BarsReported(at=world.now, symbol="SPX", bars=(*bars[:-1], odd)))
    world.tick()
    signals = world.state.signals
    assert (signals.rsi, signals.hv20, signals.macd_spx) == (None, None, None)
    assert signals.beta_vol == VolBeta()


def test_an_old_close_in_other_units_is_left_out() -> None:
    world = running()
    before = world.state.signals
    bars = list(world.state.bars["SPX"])
    bars[5] = replace(bars[5], close=bars[5].close * 100)
    world.tell(BarsReported(at=world.now, symbol="SPX", bars=tuple(bars)))
    world.tick()
    assert world.state.signals.hv20 == before.hv20
    assert world.state.signals.rsi == pytest.approx(before.rsi, abs=1.0)


def test_a_silent_spx_leaves_what_needs_todays_price_unknown() -> None:
    world = running()
    world.mute.add(INDEXES[0].con_id)
    world.run(90)
    signals = world.state.signals
    assert (signals.rsi, signals.macd_spx) == (None, None)
    assert signals.macd_vix is not None
    assert signals.hv20 is not None


def test_a_silent_vix_is_not_about_18() -> None:
    world = running()
    assert world.state.signals.is_near_18
    world.mute |= {i.con_id for i in INDEXES if i.symbol.startswith("VIX")}
    world.run(150)
    signals = world.state.signals
    assert (signals.is_near_18, signals.vix) == (False, None)


def answering_vix(world: World, slope: float) -> None:
    """Let the last sessions' VIX follow SPX's log returns by `slope`."""
    spx = world.state.bars["SPX"]
    bars = tuple(
        Bar(b.day, c, c, c, c)
        for b in spx
        if (c := 18.0 * (b.close / spx[0].close) ** slope)
    )
    world.tell(BarsReported(at=world.now, symbol="VIX", bars=bars))
    world.tick()


def test_a_refitted_slope_takes_the_defaults_place() -> None:
    world = running()
    default = Turn(world.state, world.rules, world.now).instant.beta_spot
    answering_vix(world, -4.2)
    assert world.state.signals.beta_spot == pytest.approx(4.2)
    fitted = Turn(world.state, world.rules, world.now).instant.beta_spot
    assert (default, fitted) == (Params().beta_spot, world.state.signals.beta_spot)
    fixed = replace(RULES, params=Params(signals=SignalParams(refit=False)))
    assert Turn(world.state, fixed, world.now).instant.beta_spot == default


# ----------------------------------------------------------------------- layer 2 ---


def test_a_low_rsi_raises_layer_2_and_it_stays_while_spx_recovers() -> None:
    world = running()
    assert world.state.signals.layer2 is False
    world.change(spot=6500.0)
    world.run(70)
    low = world.state.signals
    world.change(spot=7100.0)
    world.run(70)
    high = world.state.signals
    assert low.rsi is not None
    assert high.rsi is not None
    assert low.rsi < 45
    assert high.rsi > 48
    assert (low.layer2, high.layer2) == (True, True)
    assert panel(world)["layer 2"].says == "yes"


def test_two_calm_sessions_take_it_down() -> None:
    limits = Layer2Limits(rsi=2.0, rsi_leave=3.0)
    params = Params(signals=SignalParams(layer2=limits))
    world = World(CALM, rules=replace(RULES, params=params), line=(200,) * 52).start()
    world.state = replace(
        world.state, signals=replace(world.state.signals, was_layer2=True, is_due=True)
    )
    world.run(30)
    assert world.state.signals.is_calm
    assert world.state.signals.layer2 is False


def test_a_line_that_missed_yesterday_says_nothing_of_divergence() -> None:
    world = running()
    assert world.state.signals.diverges is False
    old = calendar().last(TODAY, 3)[0]
    world.state = replace(
        world.state, breadth_day=old, signals=replace(world.state.signals, is_due=True)
    )
    world.tick()
    assert world.state.signals.diverges is None


# ---------------------------------------------------------------- constant maturity ---


def contracts() -> tuple[Future, ...]:
    days = [date(2025, 2, 19) + timedelta(days=28) * n for n in range(20)]
    return tuple(Future(100 + n, "VIX", "VX", d, d, 1000) for n, d in enumerate(days))


def of_vx(future: Future, asked: RequestBars) -> BarsReported:
    """Return bars on a rising curve: a tenth of a point a week."""
    last = min(future.expiry, TODAY)
    days = calendar().last(last, asked.sessions)
    bars = [
        Bar(d, p, p, p, p)
        for d in days
        if (p := 16.0 + (future.expiry - d).days / 70.0 + d.day / 100.0)
    ]
    return BarsReported(at=START, symbol="VIX", bars=tuple(bars), future=asked.future)


def with_vx(world: World) -> World:
    """Answer every question for futures and their bars."""
    old, new = (
        tuple(f for f in contracts() if (f.expiry < TODAY) is is_old)
        for is_old in (True, False)
    )
    world.tell(FuturesListed(at=world.now, symbol="VIX", futures=new, settled=old))
    for command in list(world.commands):
        if isinstance(command, RequestBars) and command.future is not None:
            world.tell(of_vx(command.future, command))
    world.run(30)
    return world


def test_settled_contracts_are_asked_for_once() -> None:
    world = running()
    (first,) = [c for c in world.commands if isinstance(c, ListFutures)]
    assert first.since is not None
    with_vx(world)
    asked = [
        c.future for c in world.commands if isinstance(c, RequestBars) and c.future
    ]
    assert len(asked) == len(set(asked))
    assert any(f.expiry < TODAY for f in asked)
    assert len(world.state.vx30) <= vx.SESSIONS
    signals = world.state.signals
    assert signals.vx30 is not None
    assert signals.contango is not None
    assert signals.contango > 0
    assert signals.beta_vol.source is VolSource.VX


def test_the_next_day_only_the_last_bar_of_two_or_three_contracts_is_missing() -> None:
    world = with_vx(running())
    have = world.state.vx30
    world.commands.clear()
    world.now += timedelta(days=1)
    world.tick()
    world.tell(
        FuturesListed(
            at=world.now,
            symbol="VIX",
            futures=tuple(f for f in contracts() if f.expiry >= TODAY),
        )
    )
    asked = [c for c in world.commands if isinstance(c, RequestBars) and c.future]
    lacking = set(calendar().last(TODAY, 200)) - {day for day, _ in have}
    recent = [c for c in asked if c.future and c.future.expiry > TODAY]
    assert 2 <= len(recent) <= 3
    if not lacking:
        assert all(c.sessions == 1 for c in asked)


def test_a_series_that_misses_yesterday_is_not_used() -> None:
    world = with_vx(running())
    world.state = replace(
        world.state,
        vx30=world.state.vx30[:-1],
        bars={k: b for k, b in world.state.bars.items() if " " not in k},
        signals=replace(world.state.signals, is_due=True),
    )
    world.tick()
    signals = world.state.signals
    found = (signals.vx30, signals.beta_vx_scale, signals.macd_vx)
    assert found == (None, None, None)
    assert signals.beta_vol.source is VolSource.VIX
    assert panel(world)["VX at 30 days"].freshness is Verdict.STALE


def test_an_account_without_futures_data_is_asked_again_only_hourly() -> None:
    world = World(CALM)
    world.withheld.add(ListFutures)
    world.start().run(600)
    asked = sum(isinstance(c, ListFutures) for c in world.commands)
    assert asked == 1
    world.run(3600, every=60)
    assert sum(isinstance(c, ListFutures) for c in world.commands) == 2


def test_vvix_is_streamed_only_while_layer_2_is_on() -> None:
    world = World(CALM).start()
    world.tell(
        BrokerConnected(
            at=world.now,
            account_id="DU1",
            server_version=178,
            indexes=(*INDEXES, VVIX),
        )
    )
    world.answer()
    world.run(120)
    assert VVIX not in world.watched
    assert any(
        isinstance(c, RequestBars) and c.symbol == "VVIX" for c in world.commands
    )
    world.change(spot=6500.0)
    world.run(180)
    assert VVIX in world.watched
    assert [c for c in world.commands if isinstance(c, Watch)]


# ----------------------------------------------------------------- operator's files ---


def macro(name: Part, points: tuple[tuple[date, float], ...]) -> MacroSeries:
    return MacroSeries(id=name, points=points)


def meeting(at: datetime, score: int | None) -> FomcMeeting:
    return FomcMeeting(released=at, score=score)


def test_published_figures_scale_the_second_engine() -> None:
    world = running()
    series = {
        Part.CPI: macro(Part.CPI, CPI),
        Part.PPI: macro(Part.PPI, PPI),
        Part.REER: macro(Part.REER, REER),
    }
    fomc = FomcCalendar(
        meetings=(meeting(START - timedelta(days=20), -2),),
        as_of=TODAY - timedelta(days=3),
    )
    signals = read(world, macro=series, fomc=fomc)
    assert signals.spread is not None
    assert signals.exchange is not None
    assert signals.committee == -2
    assert signals.macro.committee == -1
    assert signals.macro.composite is not None
    assert panel(world)["CPI less PPI"].freshness is Verdict.FRESH


def test_old_files_are_missing_files() -> None:
    world = running()
    series = {Part.CPI: macro(Part.CPI, CPI[:-6]), Part.PPI: macro(Part.PPI, PPI)}
    fomc = FomcCalendar(
        meetings=(meeting(START - timedelta(days=60), 2),),
        as_of=TODAY - timedelta(days=46),
    )
    signals = read(world, macro=series, fomc=fomc)
    assert signals.spread is None
    assert signals.committee is None
    assert signals.macro.composite is None
    assert signals.macro.scale == 1.0
    assert panel(world)["CPI less PPI"].freshness is Verdict.STALE
    assert panel(world)["FOMC divergence"].freshness is Verdict.STALE


def companies(step: float) -> Constituents:
    days = calendar().last(TODAY, 6)
    members = tuple(
        Constituent(
            symbol=f"N{n}",
            shares=1e9,
            cash_flow=10.0,
            closes=tuple((d, 100.0 * (1 + step) ** i) for i, d in enumerate(days)),
        )
        for n in range(20)
    )
    return Constituents(members=members, as_of=TODAY)


def test_companies_speak_in_step_4() -> None:
    world = running()
    signals = read(world, constituents=companies(-0.01))
    assert signals.cash_flow is not None
    assert signals.cash_flow.fell == 1.0
    assert signals.price_over_cash_flow == pytest.approx(10.0 * 0.99**5)
    assert panel(world)["P/CF fell, companies"].says == "beside breadth"


def test_closes_that_do_not_reach_yesterday_leave_breadth_alone() -> None:
    world = running()
    given = companies(-0.01)
    late = tuple(replace(m, closes=m.closes[:-1]) for m in given.members)
    signals = read(world, constituents=replace(given, members=late))
    assert signals.cash_flow is None
    assert signals.price_over_cash_flow is not None


def test_tags_are_shown_and_do_nothing() -> None:
    world = running()
    read(world, tags=Tags(rate_differential=1.5, gdp_growth=2.1, as_of=TODAY))
    assert panel(world)["growth of GDP"].value == 2.1
    assert panel(world)["interest-rate differential"].value == 1.5


# --------------------------------------------------------------------------- rows ---


def test_before_anything_has_happened_there_is_no_row() -> None:
    assert rows(World().state, RULES) == ()


def test_no_input_at_all_gives_every_row_and_never_an_error() -> None:
    world = World()
    world.withheld |= {RequestBars, ListFutures}
    world.start()
    world.mute |= {i.con_id for i in INDEXES}
    world.run(130)
    found = panel(world)
    assert len(found) > 40
    for name in ("RSI of SPX", "HV20 of SPX", "VX at 30 days", "CPI less PPI"):
        assert found[name].value is None
        assert found[name].freshness is Verdict.MISSING
    assert found["layer 2"].says == "unknown"
    assert found["beta_spot"].value == Params().beta_spot
    assert found["beta_spot"].freshness is Verdict.MISSING


def test_every_row_says_where_it_comes_from() -> None:
    world = with_vx(running())
    read(world, constituents=companies(-0.01))
    for row in rows(world.state, world.rules):
        assert row.name
        assert row.source
        assert row.says
        assert row.as_of is None or row.as_of.tzinfo is not None
        assert row.as_of is None or row.as_of <= world.now


def test_the_ratio_of_each_case_and_of_the_book_are_told() -> None:
    world = running()
    found = panel(world)
    case = world.case
    assert found["EDR of the book, highest"].value == case.edr
    assert found["EDR of the book, mean"].value == pytest.approx(case.edr)
    assert found[f"EDR {case.case_id}"].says == "clear"
    assert found[f"EDR E8 {case.case_id}, delta drift"].value == pytest.approx(1.0)
    vix = world.market.vix
    assert found["EDR E3, range of 252 days"].value == pytest.approx(vix / 252**0.5)
