"""Options that more than one command takes."""

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Fills(StrEnum):
    """What `--fills` takes: the names of `alvh_trader.sim.fills.PROFILES`."""

    OPTIMISTIC = "optimistic"
    REALISTIC = "realistic"
    HARSH = "harsh"


AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of text.")]
Scenario = Annotated[str, typer.Option(help="A shipped scenario; see the README.")]
Seed = Annotated[
    int, typer.Option(min=0, help="Seed of the intraday path and the fills.")
]
Speed = Annotated[
    str, typer.Option(help="Simulated seconds a second, or max (lockstep).")
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Start on this day; the account with it."),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="End the scenario after this day."),
]
Audit = Annotated[
    Path | None, typer.Option(help="Where the gateway writes what reached it.")
]
History = Annotated[
    Path | None, typer.Option(help="Folder with fuller daily history files.")
]
FillsLike = Annotated[
    Fills, typer.Option("--fills", help="How kindly the simulated market fills.")
]

JournalFile = Annotated[
    Path,
    typer.Option("--journal", envvar="ALVH_JOURNAL__PATH", help="The journal to read."),
]

DEFAULT_JOURNAL = Path("var/paper.db")
"""Where config/paper.toml has it written."""


def day(of: datetime | None) -> date | None:
    """Return the day of what the command line reads as an instant."""
    return None if of is None else of.date()
