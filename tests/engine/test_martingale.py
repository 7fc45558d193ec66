"""A second policy behind the same gate: it cannot roll what the method could not."""

from msgspec.structs import replace

from alvh_trader.domain.instrument import Right
from alvh_trader.domain.order import Order, Purpose
from alvh_trader.engine.state import Rules
from alvh_trader.strategy.phase import Phase
from alvh_trader.strategy.reason import Reason
from tests.playbook import RULES, World
from tests.strategy.worked import condor
from tests.worked_market import NEAR_EXPIRY, NEXT_EXPIRY

STRIKES = (6600.0, 6650.0, 7050.0, 7100.0)


def rules(*, is_on: bool = True, are_wide: bool = True) -> Rules:
    """Return rules with the plug-in, and bands wide enough for days before expiry."""
    params = RULES.params
    plugin = replace(params.plugins.temporal_theta_martingale, enabled=is_on)
    band = params.bands.normal
    if are_wide:
        band = replace(
            band, gamma=50.0, delta=50.0, offset_low=0.10, offset_after_roll=0.05
        )
    return replace(
        RULES,
        params=replace(
            params,
            plugins=replace(params.plugins, temporal_theta_martingale=plugin),
            bands=replace(params.bands, normal=band),
            stress=replace(params.stress, limit=10.0),
        ),
        limits=replace(RULES.limits, drawdown_max=0.10),
    )


def near(rules: Rules, *, fills: bool = True) -> World:
    """Return a world with a condor of five days, VIX above 16."""
    held = condor(strikes=STRIKES, expiry=NEAR_EXPIRY)
    return World(rules=rules, held=held, fills=fills).start()


def rolls(world: World) -> list[Order]:
    return world.placed(Purpose.ROLL)


def test_with_hedge_and_bands_it_moves_the_losing_side_alone() -> None:
    world = near(rules()).until(Phase.COOLDOWN)
    (order,) = rolls(world)
    assert {leg.instrument.right for leg in order.legs} == {Right.PUT}  # type: ignore[union-attr]
    assert world.placed(Purpose.HEDGE)
    assert world.path.index("STABILISE") < world.path.index("ROLL_WORKING")
    put, call = world.case.condor.put, world.case.condor.call
    assert put is not None
    assert call is not None
    assert (put.short.expiry, call.short.expiry) == (NEXT_EXPIRY, NEAR_EXPIRY)
    assert world.case.is_whole()
    assert Reason.THETA_SHORTEN in world.case.taken_up


def test_without_a_filled_hedge_it_sends_nothing() -> None:
    world = near(rules(), fills=False)
    world.run(3600)
    assert world.placed(Purpose.HEDGE)
    assert rolls(world) == []
    assert "ROLL_PLAN" not in world.path


def test_with_a_hedge_that_is_lost_again_it_sends_nothing() -> None:
    world = near(rules()).until(Phase.STABILISE)
    (call,) = {leg.instrument for leg in world.placed(Purpose.HEDGE)[0].legs}
    world.broker.hold(call, -world.broker.positions[call.con_id].quantity)
    world.fills = False
    world.run(1800)
    assert rolls(world) == []


def test_out_of_band_it_sends_nothing() -> None:
    """The bands of the method: days before expiry the gamma is far outside."""
    world = near(rules(are_wide=False))
    world.run(3600)
    assert world.placed(Purpose.HEDGE)
    assert any(
        f.what == "gamma of N_risk (tier N)" and not f.holds
        for d in world.decisions
        for f in d.findings
    )
    assert rolls(world) == []


def test_switched_off_it_is_no_reason() -> None:
    world = near(rules(is_on=False))
    world.run(900)
    assert not {Reason.THETA_SHORTEN, Reason.THETA_BACK} & set(world.case.taken_up)


def test_there_is_no_way_back_without_a_volume_weighted_price() -> None:
    world = near(rules())
    world.run(3600)
    assert Reason.THETA_BACK not in world.case.taken_up
