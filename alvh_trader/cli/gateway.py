"""The paper gateway on the command line: serve a scenario."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alvh_trader.cli.options import (
    AsJson,
    Audit,
    Fills,
    FillsLike,
    History,
    Seed,
    Since,
    Speed,
    Until,
    day,
)
from alvh_trader.errors import ConfigError

if TYPE_CHECKING:
    from alvh_trader.runtime.paper_gateway import Serving

gateway_app = typer.Typer()
ctl_app = typer.Typer(help="Tell a running gateway what to do.")
gateway_app.add_typer(ctl_app, name="ctl")

MaybeScenario = Annotated[str, typer.Option(help="A shipped scenario; see the README.")]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="Loopback port; 0 takes a free one.")
]
Accounts = Annotated[
    list[str] | None,
    typer.Option(
        "--account",
        help="An account, one for each time; the first has the scenario's position.",
    ),
]
State = Annotated[
    Path | None,
    typer.Option(help="Keep the run in this file, and go on from it next time."),
]
BreadthSeed = Annotated[
    Path | None,
    typer.Option(help="Write net advances before the scenario to this CSV."),
]
FaultWords = Annotated[
    list[str] | None,
    typer.Option(help="What shall go wrong: NAME[=VALUE]@TIME[+SECONDS]."),
]
FaultFile = Annotated[
    Path | None, typer.Option(help="TOML file with faults; docs/faults.md.")
]
ApiFile = Annotated[
    Path | None, typer.Option(help="TOML file of API settings; docs/gateway.md.")
]
ReadOnly = Annotated[bool, typer.Option("--read-only", help="Take no order (321).")]
Precautions = Annotated[
    bool, typer.Option("--precautions", help="Hold back orders that look like a slip.")
]
PresetTif = Annotated[
    str, typer.Option(help="Time in force where an order names none (10349).")
]
Forbidden = Annotated[
    list[str] | None, typer.Option(help="A symbol the account may not trade (203).")
]
MaybeControl = Annotated[
    Path | None,
    typer.Option(
        envvar="ALVH_GATEWAY_CONTROL", help="Where to listen for `gateway ctl`."
    ),
]
Control = Annotated[
    Path, typer.Option(envvar="ALVH_GATEWAY_CONTROL", help="The gateway's --control.")
]
DEFAULT_CONTROL = Path("var/gateway.sock")


@gateway_app.callback(invoke_without_command=True)
def gateway(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    scenario: MaybeScenario = "",
    port: Port = 4002,
    speed: Speed = "1",
    seed: Seed = 2,
    since: Since = None,
    until: Until = None,
    accounts: Accounts = None,
    state: State = None,
    audit: Audit = None,
    history: History = None,
    fills: FillsLike = Fills.REALISTIC,
    breadth_seed: BreadthSeed = None,
    fault: FaultWords = None,
    faults: FaultFile = None,
    control: MaybeControl = None,
    api_settings: ApiFile = None,
    read_only: ReadOnly = False,
    precautions: Precautions = False,
    preset_tif: PresetTif = "",
    forbid: Forbidden = None,
    as_json: AsJson = False,
) -> None:
    """Serve a scenario to any TWS client on loopback, until it ends or SIGTERM."""
    if context.invoked_subcommand is None:
        asked = _serving()(
            scenario=scenario,
            seed=seed,
            port=port,
            speed=speed,
            since=day(since),
            until=day(until),
            accounts=tuple(accounts or ()),
            state=state,
            audit=audit,
            history=history,
            fills=fills.value,
            breadth_seed=breadth_seed,
            faults=tuple(fault or ()),
            fault_file=faults,
            control=control,
            api_settings=api_settings,
            read_only=read_only,
            precautions=precautions,
            preset_tif=preset_tif,
            forbidden=tuple(forbid or ()),
        )
        _serve(asked, as_json=as_json)


def _serving() -> "type[Serving]":
    """Return the class of what is asked for: loading it takes a while."""
    from alvh_trader.runtime.paper_gateway import Serving

    return Serving


def _serve(asked: "Serving", *, as_json: bool) -> None:
    """Serve, and say when clients may connect and when history has ended."""
    if not asked.scenario:
        raise ConfigError("Missing option '--scenario'.")
    from alvh_trader.runtime import logs
    from alvh_trader.runtime.paper_gateway import serve_scenario

    def listening(host: str, bound: int) -> None:
        row = {"kind": "listening", "host": host, "port": bound}
        typer.echo(json.dumps(row) if as_json else f"listening on {host}:{bound}")

    def ended() -> None:
        typer.echo(json.dumps({"kind": "ended"}) if as_json else "history has ended")

    logs.configure()
    serve_scenario(asked, listening, ended)


@gateway_app.command("faults")
def gateway_faults(*, as_json: AsJson = False) -> None:
    """List everything that can go wrong on purpose, with parameter and length."""
    from alvh_trader.gateway.fault_table import FAULTS, told_length

    for name, fault in FAULTS.items():
        if as_json:
            row = {
                "kind": "fault",
                "name": name,
                "says": fault.says,
                "value": fault.value,
                "choices": fault.choices,
                "lasts": told_length(fault),
                "source": fault.source,
            }
            typer.echo(json.dumps(row))
        else:
            value = f"={fault.value}" if fault.value else ""
            typer.echo(f"{name}{value} ({told_length(fault)}): {fault.says}")


@ctl_app.command("fault")
def ctl_fault(
    words: Annotated[
        str, typer.Argument(help="NAME[=VALUE][@TIME][+SECONDS]; with --end a NAME.")
    ],
    control: Control = DEFAULT_CONTROL,
    *,
    client: Annotated[
        int | None, typer.Option(help="The only client id that it strikes.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End it instead.")] = False,
) -> None:
    """Let something go wrong now or later, or end it."""
    _tell(control, "end" if end else "fault", words, client)


@ctl_app.command("clock")
def ctl_clock(
    to: Annotated[
        str, typer.Argument(help="HH:MM, YYYY-MM-DDTHH:MM or +SECONDS; else show it.")
    ] = "",
    control: Control = DEFAULT_CONTROL,
) -> None:
    """Show the simulated time, or let it run forward at once."""
    _tell(control, "clock", to)


@ctl_app.command("speed")
def ctl_speed(
    speed: Annotated[str, typer.Argument(help="Simulated seconds a second, or max.")],
    control: Control = DEFAULT_CONTROL,
) -> None:
    """Change how fast simulated time goes."""
    _tell(control, "speed", speed)


@ctl_app.command("snapshot")
def ctl_snapshot(control: Control = DEFAULT_CONTROL) -> None:
    """Show time, clients, orders, holdings and faults as one JSON object."""
    _tell(control, "snapshot")


@ctl_app.command("quit")
def ctl_quit(control: Control = DEFAULT_CONTROL) -> None:
    """End the gateway as SIGTERM does."""
    _tell(control, "quit")


def _tell(control: Path, verb: str, words: str = "", client: int | None = None) -> None:
    from alvh_trader.runtime.gateway_control import tell

    typer.echo(tell(control, verb, words, client))
