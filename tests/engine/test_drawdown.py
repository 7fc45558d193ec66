"""The 2-sigma test of the whole book, as the engine keeps it."""

from msgspec.structs import replace

from alvh_trader.engine.command import Severity
from alvh_trader.risk.stress import Level
from tests.honest_broker import ACCOUNT
from tests.playbook import World
from tests.strategy.worked import condor
from tests.worked_market import CALM


def test_the_book_is_tested_when_the_market_opens_and_every_five_minutes() -> None:
    world = World(CALM).start()
    world.run(60)
    first = world.state.book_test
    assert first is not None
    assert first.stress is not None
    assert [s.horizon for s in first.stress.scenarios[::2]] == ["1 d", "5 d", "expiry"]
    world.run(240)
    assert world.state.book_test == first
    world.run(60)
    second = world.state.book_test
    assert second is not None
    assert 300 <= (second.at - first.at).total_seconds() <= 310


def test_what_cannot_be_valued_is_unknown_and_looked_at_again_soon() -> None:
    world = World(CALM).start()
    world.run(60)
    known = world.state.book_test
    assert known is not None
    world.mute = {leg.option.con_id for leg in world.case.legs}
    world.run(400)
    blind = world.state.book_test
    assert blind is not None
    assert blind.stress is None
    assert blind.level is known.level
    assert world.case.case_id in blind.missing
    world.mute = set()
    world.run(40)
    again = world.state.book_test
    assert again is not None
    assert again.stress is not None


def test_a_breach_is_told_once_with_what_would_mend_it() -> None:
    world = World(CALM, held=condor(20)).start()
    world.run(1200)
    (alert,) = world.alerts("drawdown")
    assert alert.severity is Severity.CRITICAL
    assert alert.case == ""
    test = world.state.book_test
    assert test is not None
    assert test.stress is not None
    assert test.level is Level.BREACH
    assert test.stress.drawdown > 6
    (asked,) = test.reductions
    assert asked.held == 20
    assert 0 < asked.units < 20
    assert test.left is not None
    assert test.left <= 6
    assert f"{asked.units} of 20" in alert.text
    assert not world.alerts("drawdown_near")
    assert world.of_the_book() == ["DRAWDOWN"]


def test_a_warning_comes_before_the_breach() -> None:
    world = World(CALM, held=condor(10)).start()
    world.run(60)
    (alert,) = world.alerts("drawdown_near")
    assert alert.severity is Severity.WARNING
    test = world.state.book_test
    assert test is not None
    assert test.level is Level.WARN
    assert not test.reductions


def test_an_episode_ends_only_when_the_book_is_calm() -> None:
    world = World(CALM, held=condor(20)).start()
    world.run(60)
    assert len(world.alerts("drawdown")) == 1
    for money, count in ((3_000_000.0, 1), (750_000.0, 2)):
        world.broker.account = replace(ACCOUNT, net_liquidation=money)
        world.run(1300)
        assert len(world.alerts("drawdown")) == count


def test_a_level_that_was_reached_is_left_at_nine_tenths_of_its_bound() -> None:
    world = World(CALM, held=condor(10)).start()
    world.run(60)
    test = world.state.book_test
    assert test is not None
    assert test.stress is not None
    lost = test.stress.drawdown * ACCOUNT.net_liquidation / 100
    for percent, level in (
        (5.1, Level.WARN),
        (4.9, Level.WARN),
        (4.4, Level.CALM),
        (4.9, Level.CALM),
    ):
        money = 100 * lost / percent
        world.broker.account = replace(ACCOUNT, net_liquidation=money)
        world.run(1300)
        test = world.state.book_test
        assert test is not None
        assert test.level is level, percent


def test_a_restart_keeps_the_test() -> None:
    world = World(CALM).start()
    world.run(60)
    before = world.state.book_test
    world.restart()
    assert world.state.book_test == before
