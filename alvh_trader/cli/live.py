"""What a person tells a live daemon: arm it, and allow its orders one by one."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from alvh_trader.cli.options import DEFAULT_JOURNAL, AsJson, JournalFile

Name = Annotated[str, typer.Argument(help="The order, as `approvals` names it.")]


def arm(
    account: Annotated[
        str, typer.Argument(help="The account, in full: whose money it is.")
    ],
    journal: JournalFile = DEFAULT_JOURNAL,
    *,
    hours: Annotated[
        float, typer.Option(min=0.01, max=12, help="For how long; the close ends it.")
    ] = 12.0,
    accept: Annotated[
        bool, typer.Option("--accept", help="Numbers have changed, and are meant.")
    ] = False,
) -> None:
    """Let the live daemon ask for orders, until the close at the latest."""
    _tell(journal, "arm", account=account, hours=hours, accepts=accept)


def disarm(journal: JournalFile = DEFAULT_JOURNAL) -> None:
    """End that: cancel what works, send nothing more."""
    _tell(journal, "disarm")


def approvals(
    journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False
) -> None:
    """List the orders that wait for a person."""
    from alvh_trader.runtime.control import waiting
    from alvh_trader.runtime.show import show_waiting

    show_waiting(waiting(journal), as_json=as_json)


def approve(name: Name, journal: JournalFile = DEFAULT_JOURNAL) -> None:
    """Send one order that waits, if the gate still lets it out."""
    _tell(journal, "approve", name=name)


def reject(name: Name, journal: JournalFile = DEFAULT_JOURNAL) -> None:
    """Do not send it, nor another one like it for a while."""
    _tell(journal, "reject", name=name)


COMMANDS = (arm, disarm, approvals, approve, reject)


def _tell(
    journal: Path,
    verb: str,
    *,
    account: str = "",
    name: str = "",
    hours: float = 12.0,
    accepts: bool = False,
) -> None:
    from alvh_trader.runtime.control import say
    from alvh_trader.runtime.request import Request, Verb

    said = Request(
        verb=Verb(verb),
        account=account,
        name=name,
        hours=hours,
        accepts=accepts,
        by=getpass.getuser(),
    )
    typer.echo(say(journal, said))
