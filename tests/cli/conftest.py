"""Asks the command line within the test's process: quicker than a process for each."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from alvh_trader.cli import main
from tests.programs import Answer

Ask = Callable[..., Answer]


@pytest.fixture
def ask(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Ask]:
    """Return a function that runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    handlers = logging.getLogger().handlers[:]
    for name in os.environ:
        if name.upper().startswith("ALVH_"):
            monkeypatch.delenv(name)

    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["alvh-trader", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, told.out, told.err)

    yield run
    # A command sends its logs to a standard error that ends with the test.
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()
