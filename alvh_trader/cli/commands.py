"""Parse the command line; one function per subcommand.

Heavy imports happen inside the commands, so that `--help` answers at once.
"""

import os
import sys
import traceback
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from alvh_trader.cli.freeze import COMMANDS as FREEZE_COMMANDS
from alvh_trader.cli.gateway import gateway_app
from alvh_trader.cli.journal import journal_app, replay_app
from alvh_trader.cli.live import COMMANDS as LIVE_COMMANDS
from alvh_trader.cli.options import (
    DEFAULT_JOURNAL,
    AsJson,
    Audit,
    Fills,
    FillsLike,
    History,
    JournalFile,
    Scenario,
    Seed,
    Since,
    Speed,
    Until,
    day,
)
from alvh_trader.errors import AlvhError, InvariantError

EXIT_CODES = """Exit codes: 0 done; 1 it ran, and something does not hold; 2 wrong
command line or configuration; 3 no gateway; 4 the journal cannot be used; 70 our own
mistake; 78 another daemon writes this journal; 130 interrupted."""

app = typer.Typer(
    help="Hedge SPX iron condors with VIX calls, before any roll.",
    epilog=EXIT_CODES,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_app = typer.Typer(help="Look at the configuration.")
app.add_typer(config_app, name="config")
inputs_app = typer.Typer(help="Look after the files of inputs: docs/inputs.md.")
app.add_typer(inputs_app, name="inputs")
app.add_typer(gateway_app, name="gateway")
app.add_typer(journal_app, name="journal")
app.add_typer(replay_app, name="replay")


class Mode(StrEnum):
    """What `run --mode` takes; the same words as [mode] name."""

    WATCH = "watch"
    PAPER = "paper"
    LIVE = "live"


class Series(StrEnum):
    """What `inputs refresh` can fetch, by FRED's names."""

    CPIAUCSL = "CPIAUCSL"
    PPIFIS = "PPIFIS"
    RBUSBIS = "RBUSBIS"
    DTB3 = "DTB3"
    DGS2 = "DGS2"


Configs = Annotated[
    list[Path], typer.Option("--config", help="TOML file; later ones win.")
]
MaybeConfigs = Annotated[
    list[Path] | None,
    typer.Option("--config", help="TOML file with [inputs]; later ones win."),
]
Folder = Annotated[
    Path | None, typer.Option(help="The folder, instead of the configured one.")
]
ScenarioInputs = Annotated[
    Path | None, typer.Option(help="Folder of inputs for the scenario's days.")
]


@app.command()
def demo(  # noqa: PLR0913 - one for each option
    *,
    scenario: Scenario = "volmageddon-2018",
    speed: Speed = "max",
    seed: Seed = 2,
    since: Since = None,
    until: Until = None,
    journal: Annotated[
        Path | None, typer.Option(help="Where the daemon writes its journal.")
    ] = None,
    audit: Audit = None,
    history: History = None,
    fills: FillsLike = Fills.REALISTIC,
    inputs: ScenarioInputs = None,
    configs: Annotated[
        list[Path] | None,
        typer.Option("--config", help="TOML file with numbers of the method."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a scenario to its end: gateway and daemon, two processes.

    Without --journal and --audit both are in var/demo-SCENARIO-SEED, and an earlier
    run there is removed.
    """
    from alvh_trader.runtime import demo as running
    from alvh_trader.runtime.screen import Screen

    folder = Path("var") / f"demo-{scenario}-{seed}"
    asked = running.Demo(
        scenario=scenario,
        speed=speed,
        seed=seed,
        since=day(since),
        until=day(until),
        journal=journal or folder / "journal.db",
        audit=audit or folder / "audit.jsonl",
        folder=folder,
        history=history,
        fills=fills.value,
        inputs=inputs,
        configs=tuple(configs or ()),
    )
    if journal is None:
        running.clear(asked.journal)
    screen = Screen(asked, as_json=as_json)
    summary = running.run(asked, screen.show)
    screen.close_with(summary)
    raise typer.Exit(0 if summary.is_good else 1)


@app.command()
def run(
    configs: Configs,
    mode: Annotated[
        Mode | None, typer.Option(help="Instead of the configured [mode] name.")
    ] = None,
    *,
    no_wait: Annotated[
        bool,
        typer.Option("--no-wait", help="Without a gateway at the start end with 3."),
    ] = False,
) -> None:
    """Run the daemon until SIGTERM or SIGINT; it logs to standard error.

    A gateway that is not there is waited for: `status` names what is missing.
    """
    from alvh_trader.runtime import logs
    from alvh_trader.runtime.bootstrap import run_daemon

    logs.configure()
    run_daemon(tuple(configs), mode, waits=not no_wait)


def _views() -> ModuleType:
    from alvh_trader.runtime import show

    return show


@app.command()
def status(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """Show mode, connection, account, cases and hedges as last written down."""
    _views().status(journal, as_json=as_json)


@app.command()
def cases(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """List the cases: condor, phase, EDR, hedge."""
    _views().cases(journal, as_json=as_json)


@app.command()
def signals(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """Show every signal: value, threshold, age, and whether it may be used."""
    _views().signals(journal, as_json=as_json)


@app.command()
def orders(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """List every order with its fills, from first limit to end."""
    _views().orders(journal, as_json=as_json)


@app.command()
def explain(
    case: Annotated[
        str, typer.Argument(help="A case, or the beginning of its name; else all.")
    ] = "",
    journal: JournalFile = DEFAULT_JOURNAL,
    *,
    history: Annotated[
        bool,
        typer.Option("--history", help="Every move and every standstill instead."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say why no hedge, why so many, why no roll, which gate, what would change it.

    With --history: which numbers met which bounds, for every move and standstill.
    """
    view = _views().history if history else _views().explain
    view(journal, case, as_json=as_json)


@app.command()
def capital(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """Show the second engine: facilities, cost, returns, liquidity, gates, advice."""
    from alvh_trader.runtime import capital as shown

    shown.capital(journal, as_json=as_json)


@app.command()
def release(
    case: Annotated[str, typer.Argument(help="A case, or all.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Give a case in MANUAL back to the rules; a freeze is lifted by `clear`."""
    _tell(journal, "release", case)


@app.command()
def ack(
    case: Annotated[str, typer.Argument(help="The case that asks.")],
    question: Annotated[str, typer.Argument(help="What it asks, as the alert says.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Allow once what a case asks a person about; it expires."""
    _tell(journal, "ack", case, question)


@app.command()
def roll(
    case: Annotated[str, typer.Argument(help="The case to roll.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Ask for a roll today; hedge, bands and every filter come first as ever."""
    _tell(journal, "roll", case)


@app.command()
def adopt(
    discrepancy: Annotated[str, typer.Argument(help="Its name in the alert, or all.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Take the broker's picture of a discrepancy for true; what it froze goes on."""
    _tell(journal, "adopt", name=discrepancy)


@app.command()
def abandon(
    order: Annotated[str, typer.Argument(help="The name of an order in doubt.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Give up an order that never reached the broker, as a person has made sure."""
    _tell(journal, "abandon", name=order)


def _tell(
    journal: Path, verb: str, case: str = "", question: str = "", name: str = ""
) -> None:
    from alvh_trader.runtime.control import ask_of, say
    from alvh_trader.runtime.request import Request, Verb

    what = ask_of(question) if question else None
    asked = Request(verb=Verb(verb), case=case, what=what, name=name)
    typer.echo(say(journal, asked))


for told_command in (*FREEZE_COMMANDS, *LIVE_COMMANDS):
    app.command()(told_command)


@config_app.command("check")
def config_check(configs: Configs, *, as_json: AsJson = False) -> None:
    """Read the configuration, report every mistake, show what is in force."""
    _views().configuration(tuple(configs), as_json=as_json)


@inputs_app.command("check")
def inputs_check(
    configs: MaybeConfigs = None, folder: Folder = None, *, as_json: AsJson = False
) -> None:
    """Read every file of inputs and name every mistake; exit code 2 if there is one."""
    from alvh_trader.runtime import files

    files.check(files.source(tuple(configs or ()), folder), as_json=as_json)


@inputs_app.command("show")
def inputs_show(
    configs: MaybeConfigs = None, folder: Folder = None, *, as_json: AsJson = False
) -> None:
    """Show how old each part is, and whether it is fresh, stale or missing."""
    from alvh_trader.runtime import files
    from alvh_trader.runtime.clock import SystemClock

    now = SystemClock().now()
    files.show(files.source(tuple(configs or ()), folder), now, as_json=as_json)


@inputs_app.command("refresh")
def inputs_refresh(
    series: Annotated[
        list[Series] | None, typer.Argument(help="Which; all of them if none is named.")
    ] = None,
    configs: MaybeConfigs = None,
    folder: Folder = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Fetch macro series over HTTP; exit code 1 if one could not be had."""
    from alvh_trader.domain.freshness import SERIES, Part
    from alvh_trader.runtime import files

    where = files.source(tuple(configs or ()), folder, is_made=True)
    parts = [Part(one.value) for one in series or ()] or SERIES
    raise typer.Exit(0 if files.refresh(where, parts, as_json=as_json) else 1)


def main() -> None:
    """Run the command line; wrong input is one line and an exit code."""
    code: object = 0
    try:
        # It returns the exit code of --help and the like, and None after a command.
        code = app(
            args=sys.argv[1:] or ["--help"],
            prog_name="alvh-trader",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except AlvhError as error:
        _fail(str(error), error.exit_code)
    except typer.Exit as done:
        raise SystemExit(done.exit_code) from None
    except (typer.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:  # noqa: BLE001 - the last one who can say what happened
        if usage := _usage(error):
            _fail(usage, 2)
        traceback.print_exc()
        _fail(f"our own mistake: {error!r}", InvariantError.exit_code)
    raise SystemExit(code if isinstance(code, int) else 0)


def _usage(error: Exception) -> str:
    """Return the words of a mistake on the command line, else nothing.

    Typer carries a click of its own, so that its exceptions are known by their shape.
    """
    words = getattr(error, "format_message", None)
    return " ".join(words().split()) if callable(words) else ""


def _fail(text: str, code: int) -> None:
    typer.echo(f"alvh-trader: {text}", err=True)
    raise SystemExit(code)
