"""Parse the command line; one function per subcommand.

Heavy imports happen inside the commands, so that `--help` answers at once. Exit
codes: 0 done, 1 it ran and something does not hold, 2 bad input, 3 no gateway,
4 the journal, 70 our own mistake, 78 another copy holds the journal.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from alvh_trader.errors import AlvhError

app = typer.Typer(
    help="Hedge SPX iron condors with VIX calls, before any roll.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Look at the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of text.")]
Scenario = Annotated[str, typer.Option(help="A shipped scenario; see the README.")]
Seed = Annotated[int, typer.Option(help="Seed of the intraday path and the fills.")]
Speed = Annotated[
    str, typer.Option(help="Simulated seconds a second, or max (lockstep).")
]
History = Annotated[
    Path | None, typer.Option(help="Folder with fuller daily history files.")
]
Configs = Annotated[
    list[Path], typer.Option("--config", help="TOML file; later ones win.")
]
JournalFile = Annotated[
    Path,
    typer.Option("--journal", envvar="ALVH_JOURNAL__PATH", help="The journal to read."),
]

DEFAULT_JOURNAL = Path("var/paper.db")
"""Where config/paper.toml has it written."""


@app.command()
def demo(
    scenario: Scenario = "volmageddon-2018",
    speed: Speed = "max",
    seed: Seed = 1,
    journal: Annotated[Path | None, typer.Option(help="Where to write it.")] = None,
    audit: Annotated[
        Path | None, typer.Option(help="The gateway's own record.")
    ] = None,
    history: History = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Run a scenario: gateway and daemon, two processes, to the end of its history."""
    from alvh_trader.runtime import demo as running
    from alvh_trader.runtime.show import DemoScreen

    folder = Path("var") / f"demo-{scenario}-{seed}"
    journal_path = journal or folder / "journal.sqlite"
    if journal is None:
        running.clear(journal_path)
    asked = running.Demo(
        scenario=scenario,
        speed=speed,
        seed=seed,
        journal=journal_path,
        audit=audit or folder / "audit.jsonl",
        folder=folder,
        history=history,
    )
    with DemoScreen(as_json=as_json) as screen:
        summary = running.run(asked, screen.show)
        screen.close_with(summary)
    raise typer.Exit(0 if summary.is_good else 1)


@app.command()
def run(configs: Configs) -> None:
    """Run the daemon until SIGTERM or SIGINT."""
    from alvh_trader.runtime.bootstrap import run_daemon

    run_daemon(tuple(configs))


@app.command()
def gateway(
    scenario: Scenario,
    port: Annotated[
        int, typer.Option(help="Loopback port; 0 picks a free one.")
    ] = 4002,
    speed: Speed = "1",
    seed: Seed = 1,
    audit: Annotated[Path | None, typer.Option(help="Write each order here.")] = None,
    history: History = None,
    breadth_seed: Annotated[
        Path | None,
        typer.Option(help="Write net advances before the scenario to this CSV."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Serve a scenario to any TWS client on loopback."""
    from alvh_trader.runtime.paper_gateway import serve_scenario

    def listening(host: str, bound: int) -> None:
        row = {"kind": "listening", "host": host, "port": bound}
        text = json.dumps(row) if as_json else f"listening on {host}:{bound}"
        typer.echo(text)

    def ended() -> None:
        typer.echo(json.dumps({"kind": "ended"}) if as_json else "history has ended")

    serve_scenario(
        scenario,
        seed=seed,
        port=port,
        speed=speed,
        audit=audit,
        history=history,
        breadth_seed=breadth_seed,
        on_listening=listening,
        on_ended=ended,
    )


@app.command()
def status(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """Show mode, connection, account and cases as the journal last knew them."""
    from alvh_trader.runtime import show

    show.status(journal, as_json=as_json)


@app.command()
def cases(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """List the cases: condor, phase, EDR, hedge."""
    from alvh_trader.runtime import show

    show.cases(journal, as_json=as_json)


@app.command()
def orders(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """List every order with its fills, from first limit to end."""
    from alvh_trader.runtime import show

    show.orders(journal, as_json=as_json)


@app.command()
def explain(
    case: Annotated[str, typer.Argument(help="A case, or the beginning of its name.")],
    journal: JournalFile = DEFAULT_JOURNAL,
    *,
    as_json: AsJson = False,
) -> None:
    """Say for every move and every standstill which numbers met which bounds."""
    from alvh_trader.runtime import show

    show.explain(journal, case, as_json=as_json)


@config_app.command("check")
def config_check(configs: Configs, *, as_json: AsJson = False) -> None:
    """Read the configuration, report every mistake, show what is in force."""
    from alvh_trader.runtime import show

    show.configuration(tuple(configs), as_json=as_json)


def main() -> None:
    """Run the command line; an error is a line and an exit code, never a traceback."""
    try:
        app(standalone_mode=False)
    except AlvhError as error:
        _fail(str(error), error.exit_code)
    except typer.Exit as done:
        raise SystemExit(done.exit_code) from None
    except typer.Abort:
        _fail("interrupted", 130)
    except Exception as error:
        if usage := _usage(error):
            _fail(usage, 2)
        raise


def _usage(error: Exception) -> str:
    """Return the words of a mistake on the command line, else nothing."""
    from click import ClickException

    return error.format_message() if isinstance(error, ClickException) else ""


def _fail(text: str, code: int) -> None:
    typer.echo(f"alvh-trader: {text}", err=True)
    raise SystemExit(code)
