"""Named pieces of market history, each with the account it starts from.

A scenario never says what the trader should do.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A market window and a starting account."""

    name: str
    first: date
    last: date
    account: str


def names() -> tuple[str, ...]:
    """Return the names of all scenarios."""
    raise NotImplementedError


def scenario(name: str, history: Path | None = None) -> Scenario:
    """Return the scenario of that name, on shipped history or on a folder's.

    Raises:
        ConfigError: No such scenario, or a file of `history` cannot be used.
    """
    raise NotImplementedError


def breadth_history(
    of: Scenario, seed: int, sessions: int = 80
) -> tuple[tuple[date, int], ...]:
    """Return (day, net advances) of the sessions before the window, oldest first."""
    raise NotImplementedError
