"""What a person tells the daemon of a freeze, a way out, and that somebody is there."""

from enum import StrEnum
from typing import Annotated

import typer

from alvh_trader.cli.options import DEFAULT_JOURNAL, JournalFile


class Level(StrEnum):
    """What `halt --level` takes; see `risk.freeze`."""

    REDUCE = "reduce"
    SAFE = "safe"
    HALT = "halt"


def halt(
    journal: JournalFile = DEFAULT_JOURNAL,
    *,
    level: Annotated[Level, typer.Option(help="How far.")] = Level.HALT,
) -> None:
    """Freeze trading until `clear`: halt also cancels; reduce lets hedges go on.

    For a halt a file KILL is made beside the journal, with or without a daemon.
    """
    from alvh_trader.risk.freeze import level_of
    from alvh_trader.runtime import control

    typer.echo(control.halt(journal, level_of(level)))


def clear(
    phrase: Annotated[str, typer.Argument(help="The phrase; a wrong one shows it.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Lift a freeze, after a clean reconciliation and by a typed phrase."""
    from alvh_trader.runtime import control

    typer.echo(control.clear(journal, phrase))


def flatten(
    case: Annotated[str, typer.Argument(help="The case to close, or all.")],
    phrase: Annotated[str, typer.Argument(help="The phrase; a wrong one shows it.")],
    journal: JournalFile = DEFAULT_JOURNAL,
) -> None:
    """Close a case by a typed phrase: its condor, then its hedge; `release` ends it."""
    from alvh_trader.runtime import control

    typer.echo(control.flatten(journal, case, phrase))


def checkin(journal: JournalFile = DEFAULT_JOURNAL) -> None:
    """Show the daemon that a person is there; without it live takes no new risk."""
    from alvh_trader.runtime.control import say
    from alvh_trader.runtime.request import Request, Verb

    typer.echo(say(journal, Request(verb=Verb.CHECKIN)))


COMMANDS = (halt, clear, flatten, checkin)
