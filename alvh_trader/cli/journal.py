"""The journal on the command line: prove it whole, copy it, write it out, replay it."""

from pathlib import Path
from typing import Annotated

import typer

from alvh_trader.cli.options import DEFAULT_JOURNAL, AsJson, JournalFile

journal_app = typer.Typer(help="Look after the journal itself.")
replay_app = typer.Typer(help="Decide again what was decided.")


@journal_app.command("verify")
def verify(journal: JournalFile = DEFAULT_JOURNAL, *, as_json: AsJson = False) -> None:
    """Check every page, record and digest; exit code 4 if something is not whole."""
    from alvh_trader.runtime import keeping

    keeping.verify(journal, as_json=as_json)


@journal_app.command("export")
def export(
    journal: JournalFile = DEFAULT_JOURNAL,
    *,
    after: Annotated[
        int, typer.Option(min=0, help="Only what follows the record of this number.")
    ] = 0,
) -> None:
    """Write every record with its digest as JSON lines."""
    from alvh_trader.runtime import keeping

    keeping.export(journal, after)


@journal_app.command("backup")
def backup(
    to: Annotated[Path, typer.Argument(help="A new file, or a folder for dated ones.")],
    journal: JournalFile = DEFAULT_JOURNAL,
    *,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Remove older copies in the folder but so many."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the journal, also while a daemon writes it, and verify the copy."""
    from alvh_trader.runtime import keeping

    keeping.back_up(journal, to, keep=keep, as_json=as_json)


@replay_app.command("verify")
def replay_verify(
    file: Annotated[Path, typer.Argument(help="The journal to replay.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Decide on every event anew; exit code 1 unless the same bytes come of it."""
    from alvh_trader.runtime import keeping

    raise typer.Exit(0 if keeping.replay(file, as_json=as_json) else 1)
