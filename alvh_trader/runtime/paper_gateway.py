"""Serve a scenario on the embedded paper gateway, as its own process."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.server import serve
from alvh_trader.runtime.inputs import write_breadth_seed
from alvh_trader.sim.exchange import Exchange
from alvh_trader.sim.scenario import breadth_history, scenario

HOST = "127.0.0.1"
"""The gateway has no password: nobody but this computer may reach it."""


def serve_scenario(
    name: str,
    *,
    seed: int,
    port: int,
    speed: str,
    audit: Path | None,
    history: Path | None,
    breadth_seed: Path | None,
    on_listening: Callable[[str, int], None],
    on_ended: Callable[[], None] | None = None,
) -> None:
    """Serve until the scenario has ended, or SIGTERM or SIGINT comes.

    Raises:
        ConfigError: No such scenario, a bad speed, or a port that is taken.
    """
    chosen = scenario(name, history)
    if breadth_seed is not None:
        write_breadth_seed(breadth_seed, breadth_history(chosen, seed))
    if audit is not None:
        audit.parent.mkdir(parents=True, exist_ok=True)
    exchange = Exchange(chosen, seed)
    # What is loaded by now stays: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    asyncio.run(
        serve(
            exchange,
            host=HOST,
            port=port,
            speed=_speed(speed),
            audit_path=audit,
            on_listening=lambda bound: on_listening(HOST, bound),
            on_ended=on_ended,
        )
    )


def _speed(text: str) -> float | None:
    """Return simulated seconds a second; None is lockstep.

    Raises:
        ConfigError: It is neither `max` nor a positive number.
    """
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise ConfigError(
            f"--speed {text!r}: simulated seconds a second, up to 86400, or max"
        )
    return value
