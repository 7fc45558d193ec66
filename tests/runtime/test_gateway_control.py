"""What an operator tells a running gateway, over its socket as it is."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError, ControlError
from alvh_trader.gateway.floor import QUIET_INTERVAL
from alvh_trader.gateway.server import Gateway
from alvh_trader.runtime.gateway_control import controlled, tell
from alvh_trader.sim.exchange import Exchange
from alvh_trader.wire.account_reply import CurrentTime, Error
from alvh_trader.wire.order_reply import OpenOrder
from tests.gateway.peer import errors, market, only, order, vix_call
from tests.gateway.raw import Stage

Told = Callable[..., Awaitable[str]]


def conversation(path: Path, scene: Callable[[Stage, Told], Awaitable[None]]) -> None:
    """Let a scene play against a gateway that listens to an operator at `path`."""

    async def told(*words: str, client: int | None = None) -> str:
        verb, argument = words[0], " ".join(words[1:])
        return await asyncio.to_thread(tell, path, verb, argument, client)

    async def main() -> None:
        gateway = Gateway(Exchange(market(), 1))
        port = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(gateway.run(on_listening=port.set_result))
            stage = Stage(gateway, await port)
            async with controlled(gateway, path):
                await scene(stage, told)
            await stage.close()
            gateway.stop()
            await serving

    asyncio.run(main())


def test_a_fault_begins_and_ends_at_a_word(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        line = await stage.client()
        assert await told("fault", "clock_skew=60") == "clock_skew has begun"
        (answer,) = only(CurrentTime, await line.pulse())
        assert answer.seconds - stage.exchange.now.timestamp() == 60
        assert await told("end", "clock_skew") == "clock_skew is over"
        (answer,) = only(CurrentTime, await line.pulse())
        assert answer.seconds == stage.exchange.now.timestamp()

    conversation(tmp_path / "ctl", scene)


def test_a_fault_is_planned_and_limited_to_a_client(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        one, two = await stage.client(1), await stage.client(2)
        said = await told("fault", "farm_idle@+30", client=2)
        assert said == "farm_idle will begin at 2018-01-22 09:30:30 EST"
        assert not only(Error, await one.pulse(3))
        assert [code for _, code in errors(await two.ask())] == [2108, 2119]

    conversation(tmp_path / "ctl", scene)


def test_what_a_fault_says_leaves_at_once(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        line = await stage.client()
        await told("fault", "1100")
        assert errors(await line.silence()) == [(-1, 1100)]

    conversation(tmp_path / "ctl", scene)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("fault", "plague"), "no fault 'plague'"),
        (("fault", "dup_exec=many"), "'many' is no number"),
        (("fault", "unanswered=prayers"), "'prayers' is none of"),
        (("end", "drop"), "no fault 'drop' is on"),
        (("speed", "never"), "speed 'never'"),
        (("clock", "noon"), "not NAME|no time"),
    ],
)
def test_what_cannot_be_done_is_said(
    words: tuple[str, ...], problem: str, tmp_path: Path
) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        with pytest.raises(ControlError, match=problem):
            await told(*words)
        assert stage.gateway.floor.faults is None

    conversation(tmp_path / "ctl", scene)


def test_the_clock_runs_forward_at_a_word(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        assert await told("clock") == "2018-01-22 09:30:00 EST"
        assert await told("clock", "+600") == "2018-01-22 09:40:00 EST"
        assert await told("clock", "11:00") == "2018-01-22 11:00:00 EST"
        assert await told("clock", "2018-01-24T10:00") == "2018-01-24 10:00:00 EST"

    conversation(tmp_path / "ctl", scene)


def test_the_speed_changes_at_a_word(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        line = await stage.client()
        await line.pulse()
        before = stage.exchange.now
        assert await told("speed", "3600") == "speed 3600"
        await line.silence(0.5)
        assert stage.exchange.now > before
        assert await told("speed", "max") == "speed max"
        before = stage.exchange.now
        await line.pulse()
        assert stage.exchange.now - before == QUIET_INTERVAL

    conversation(tmp_path / "ctl", scene)


def test_a_snapshot_has_clients_orders_and_faults(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        line = await stage.client(4)
        con_id = vix_call(stage.exchange).con_id
        assert only(OpenOrder, await line.ask(order(con_id, 1, "0.01")))
        await told("fault", "slow=5+60", client=4)
        shown = json.loads(await told("snapshot"))
        assert shown["clients"] == {"4": {"version": 176, "streams": 0}}
        assert [(it["client"], it["limit"]) for it in shown["orders"]] == [(4, "0.01")]
        assert len(shown["positions"]) == 4
        (fault,) = shown["faults"]
        assert (fault["name"], fault["value"], fault["client"]) == ("slow", "5", 4)

    conversation(tmp_path / "ctl", scene)


def test_quit_ends_the_gateway(tmp_path: Path) -> None:
    async def scene(stage: Stage, told: Told) -> None:
        line = await stage.client()
        assert await told("quit") == "the gateway ends"
        assert await line.until_closed() == []

    conversation(tmp_path / "ctl", scene)


def test_only_its_user_may_open_it_and_it_goes_with_the_gateway(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ctl"

    async def scene(stage: Stage, told: Told) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    conversation(path, scene)
    assert not path.exists()
    with pytest.raises(ControlError, match="no gateway answers at"):
        tell(path, "snapshot")


def test_a_second_gateway_does_not_take_the_place_of_a_live_one(tmp_path: Path) -> None:
    path = tmp_path / "ctl"

    async def scene(stage: Stage, told: Told) -> None:
        with pytest.raises(ConfigError, match="another gateway"):
            async with controlled(stage.gateway, path):
                pass
        assert await told("clock")

    conversation(path, scene)


def test_what_a_dead_gateway_left_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "ctl"
    path.touch()

    async def scene(stage: Stage, told: Told) -> None:
        assert await told("clock")

    conversation(path, scene)
