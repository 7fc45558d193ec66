"""Every command says what it takes; exit codes are written down."""

from pathlib import Path

import pytest

from alvh_trader.errors import (
    BrokerError,
    ConfigError,
    InvariantError,
    JournalError,
    JournalLockedError,
)
from tests.programs import alvh

COMMANDS = {
    ("demo",): {"--scenario", "--speed", "--seed", "--journal", "--inputs", "--json"},
    ("run",): {"--config", "--mode"},
    ("gateway",): {
        "--scenario",
        "--port",
        "--speed",
        "--seed",
        "--fills",
        "--audit",
        "--json",
    },
    ("status",): {"--journal", "--json"},
    ("cases",): {"--journal", "--json"},
    ("signals",): {"--journal", "--json"},
    ("orders",): {"--journal", "--json"},
    ("explain",): {"--history", "--journal", "--json"},
    ("flatten",): {"--journal"},
    ("config", "check"): {"--config", "--json"},
    ("journal", "verify"): {"--journal", "--json"},
    ("journal", "export"): {"--journal", "--after"},
    ("journal", "backup"): {"--journal", "--keep", "--json"},
    ("replay", "verify"): {"--json"},
    ("inputs", "check"): {"--config", "--folder", "--json"},
    ("inputs", "refresh"): {"--config", "--folder", "--json"},
    ("inputs", "show"): {"--config", "--folder", "--json"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: tuple[str, ...], tmp_path: Path) -> None:
    told = alvh(*command, "--help", cwd=tmp_path)
    assert (told.code, told.err) == (0, "")
    words = set(told.out.split())
    assert COMMANDS[command] <= words
    assert not list(tmp_path.iterdir())


def test_the_help_lists_the_exit_codes(tmp_path: Path) -> None:
    told = alvh("--help", cwd=tmp_path)
    words = " ".join(told.out.split())
    for code, meaning in {
        0: "done",
        1: "it ran, and something does not hold",
        ConfigError.exit_code: "wrong command line or configuration",
        BrokerError.exit_code: "no gateway",
        JournalError.exit_code: "the journal cannot be used",
        InvariantError.exit_code: "our own mistake",
        JournalLockedError.exit_code: "another daemon writes this journal",
    }.items():
        assert f"{code} {meaning}" in words


def test_no_command_at_all_shows_the_help(tmp_path: Path) -> None:
    assert alvh(cwd=tmp_path) == alvh("--help", cwd=tmp_path)
