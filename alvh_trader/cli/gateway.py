"""The paper gateway on the command line: serve a scenario."""

import json
from pathlib import Path
from typing import Annotated

import typer

from alvh_trader.cli.options import (
    AsJson,
    Audit,
    Faults,
    History,
    Scenario,
    Seed,
    Since,
    Speed,
    Until,
    day,
)


def gateway(  # noqa: PLR0913 - one for each option
    *,
    scenario: Scenario,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Loopback port; 0 takes a free one.")
    ] = 4002,
    speed: Speed = "1",
    seed: Seed = 2,
    since: Since = None,
    until: Until = None,
    audit: Audit = None,
    history: History = None,
    breadth_seed: Annotated[
        Path | None,
        typer.Option(help="Write net advances before the scenario to this CSV."),
    ] = None,
    fault: Faults = None,
    faults: Annotated[
        Path | None, typer.Option(help="TOML file with faults; docs/gateway.md.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a scenario to any TWS client on loopback, until it ends or SIGTERM."""
    from alvh_trader.runtime import logs
    from alvh_trader.runtime.paper_gateway import Serving, serve_scenario

    def listening(host: str, bound: int) -> None:
        row = {"kind": "listening", "host": host, "port": bound}
        typer.echo(json.dumps(row) if as_json else f"listening on {host}:{bound}")

    def ended() -> None:
        typer.echo(json.dumps({"kind": "ended"}) if as_json else "history has ended")

    logs.configure()
    asked = Serving(
        scenario=scenario,
        seed=seed,
        port=port,
        speed=speed,
        since=day(since),
        until=day(until),
        audit=audit,
        history=history,
        breadth_seed=breadth_seed,
        faults=tuple(fault or ()),
        fault_file=faults,
    )
    serve_scenario(asked, listening, ended)
