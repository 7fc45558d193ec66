"""Serve a scenario on the embedded paper gateway, as its own process."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.api_settings import PRESETS, ApiSettings, Precautions
from alvh_trader.gateway.fault_schedule import moment, read_file, read_words
from alvh_trader.gateway.pace import read_speed
from alvh_trader.gateway.server import Gateway, serve
from alvh_trader.inputs.tables import write_breadth_seed
from alvh_trader.runtime.gateway_control import controlled
from alvh_trader.runtime.gateway_state import StateFile
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.fills import PROFILES
from alvh_trader.sim.kept import KeptExchange
from alvh_trader.sim.scenario import (
    Scenario,
    breadth_history,
    part_of,
    scenario,
    shared_by,
)

HOST = "127.0.0.1"
"""The gateway has no password: nobody but this computer may reach it."""


class Serving(Struct, frozen=True, kw_only=True):
    """What to serve, where, how fast (`--speed`), and what to write of it.

    `fills` names one of `alvh_trader.sim.fills.PROFILES`.
    `accounts` stand instead of the scenario's own one, if there are any. `state` is
    the file in which the run is kept, and from which it goes on.
    """

    scenario: str
    seed: int
    port: int
    speed: str
    since: date | None = None
    until: date | None = None
    fills: str = "realistic"
    accounts: tuple[str, ...] = ()
    state: Path | None = None
    audit: Path | None = None
    history: Path | None = None
    breadth_seed: Path | None = None
    faults: tuple[str, ...] = ()
    """Each as `fault_schedule.read_words` reads it."""

    fault_file: Path | None = None
    control: Path | None = None
    """Where to listen for `alvh-trader gateway ctl`."""
    api_settings: Path | None = None
    read_only: bool = False
    precautions: bool = False
    preset_tif: str = ""
    forbidden: tuple[str, ...] = ()


def serve_scenario(
    asked: Serving,
    on_listening: Callable[[str, int], None],
    on_ended: Callable[[], None] | None = None,
) -> None:
    """Serve until the scenario has ended, or SIGTERM or SIGINT comes.

    Raises:
        ConfigError: No such scenario, a day that is not in it, a bad speed or
            account, a file that cannot be written or continued, or a port that is
            taken.
    """
    whole = scenario(asked.scenario, asked.history)
    chosen = part_of(whole, asked.since, asked.until)
    if asked.accounts:
        chosen = shared_by(chosen, asked.accounts)
    speed = read_speed(asked.speed)
    _prepare_files(chosen, asked)
    with ExitStack() as stack:
        exchange = _exchange(chosen, asked, stack)
        # What is loaded by now stays: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        asyncio.run(
            serve(
                exchange,
                host=HOST,
                port=asked.port,
                speed=speed,
                audit_path=asked.audit,
                settings=_settings(asked),
                alongside=partial(_directed, asked),
                on_listening=lambda bound: on_listening(HOST, bound),
                on_ended=on_ended,
            )
        )


def _exchange(chosen: Scenario, asked: Serving, stack: ExitStack) -> Exchange:
    if asked.state is None:
        return Exchange(chosen, asked.seed, PROFILES[asked.fills])
    file = stack.enter_context(StateFile(asked.state))
    return KeptExchange(
        chosen,
        asked.seed,
        asked.fills,
        lines=file.lines,
        write=file.write,
        settle=file.settle,
    )


@asynccontextmanager
async def _directed(asked: Serving, gateway: Gateway) -> AsyncIterator[None]:
    """Plan what shall go wrong, and listen to who may say more."""
    filed = () if asked.fault_file is None else read_file(asked.fault_file)
    for planned in (*map(read_words, asked.faults), *filed):
        gateway.injector.plan(planned, moment(planned, gateway.floor.exchange.now))
    if asked.control is None:
        yield
        return
    async with controlled(gateway, asked.control):
        yield


def _settings(asked: Serving) -> ApiSettings:
    """Return what a person would have set in a gateway's own windows.

    What was said on the command line counts, then the file.

    Raises:
        ConfigError: The preset is no time in force, or the file cannot be used.
    """
    if asked.preset_tif and asked.preset_tif not in PRESETS:
        words = f"--preset-tif {asked.preset_tif!r}: one of {', '.join(PRESETS)}"
        raise ConfigError(words)
    filed = _filed_settings(asked.api_settings)
    return msgspec.structs.replace(
        filed,
        is_read_only=asked.read_only or filed.is_read_only,
        preset_tif=asked.preset_tif or filed.preset_tif,
        precautions=Precautions() if asked.precautions else filed.precautions,
        forbidden=filed.forbidden | set(asked.forbidden),
    )


def _filed_settings(path: Path | None) -> ApiSettings:
    """Read a file of API settings; without one they are those of a new login.

    Raises:
        ConfigError: It cannot be read, or has a key or a value that it may not.
    """
    if path is None:
        return ApiSettings()
    try:
        return msgspec.toml.decode(path.read_bytes(), type=ApiSettings)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"API settings {path}: {error}") from None


def _prepare_files(chosen: Scenario, asked: Serving) -> None:
    try:
        if asked.breadth_seed is not None:
            rows = breadth_history(chosen, asked.seed)
            write_breadth_seed(asked.breadth_seed, rows)
        if asked.audit is not None:
            asked.audit.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        words = f"cannot write {error.filename}: {error.strerror}"
        raise ConfigError(words) from None
