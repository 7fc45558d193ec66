"""The incident procedure, drilled: kill, cancel, reconcile, flatten, re-arm."""

import signal
from pathlib import Path
from typing import Any

import pytest

from alvh_trader.runtime.audit import tally
from alvh_trader.runtime.control import PHRASE
from alvh_trader.runtime.flatten_control import PHRASE as CLOSE_PHRASE
from alvh_trader.runtime.gateway_control import tell as tell_gateway
from alvh_trader.runtime.kill_file import NAME
from tests.e2e.proof import nothing_twice
from tests.e2e.world import of_symbol, part, traded
from tests.programs import (
    Answer,
    alvh,
    audit_rows,
    configure,
    gateway,
    running,
    until,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FAST = ("--speed", 240, "--fills", "optimistic")
TOLD = ("--audit", "audit.jsonl", "--control", "gateway.sock")


class Desk:
    """A person with a command line, beside a running daemon."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def types(self, *words: str) -> Answer:
        return alvh(*words, "--journal", "journal.db", cwd=self.folder)

    def types_until_taken(self, *words: str) -> None:
        until(lambda: self.types(*words).code == 0, 240)

    @property
    def audit(self) -> list[dict[str, Any]]:
        return audit_rows(self.folder / "audit.jsonl")

    def phases(self) -> set[str]:
        rows = self.types("cases", "--json").rows
        return {row["phase"] for row in rows if row["kind"] == "case"}

    def hedges(self) -> int:
        """Return the VIX contracts that the exchange's fills add up to."""
        held = traded(self.audit)
        return sum(n for name, n in held.items() if name.startswith("VIX"))


@pytest.mark.covers("T13", "P01")
def test_a_case_is_killed_reconciled_flattened_and_given_back(tmp_path: Path) -> None:
    """The daemon dies once more while the closing order is on its way."""
    desk, history = Desk(tmp_path), part("2018-02-05", "2018-02-07", 4)
    with gateway(*history, *FAST, *TOLD, cwd=tmp_path) as (_, port):
        config = configure(tmp_path, port)
        with running("run", "--config", config, cwd=tmp_path) as daemon:
            daemon.waits_for(lambda: of_symbol(desk.audit, "VIX", "fill"), 240)
            tell_gateway(tmp_path / "gateway.sock", "speed", "20")
            # Kill and cancel.
            assert desk.types("halt").code == 0
            assert (tmp_path / NAME).exists()
            assert desk.types("flatten", "all", "yes").code == 1
            # Reconcile: no freeze is lifted before; then no new risk, and flatten.
            desk.types_until_taken("clear", PHRASE)
            assert desk.types("halt", "--level", "reduce").code == 0
            told = desk.types("flatten", "all", CLOSE_PHRASE)
            assert (told.code, told.err) == (0, "")
            assert "REDUCE keeps the hedges until" in told.out
            daemon.waits_for(lambda: of_symbol(desk.audit, "SPX", "order"), 240)
            daemon.stop(signal.SIGKILL)
        with running("run", "--config", config, cwd=tmp_path) as daemon:
            daemon.waits_for(lambda: desk.phases() == {"CLOSED"}, 240)
            assert desk.hedges() > 0
            # Re-arm: the hedge goes when the freeze is lifted.
            desk.types_until_taken("clear", PHRASE)
            daemon.waits_for(lambda: desk.hedges() == 0, 240)
            assert daemon.stop() == 0
    audit = desk.audit
    nothing_twice(audit)
    found = tally(tmp_path / "audit.jsonl")
    assert found.close_orders >= 1
    assert (found.roll_orders, found.open_orders) == (0, 0)
    closed = [n for name, n in traded(audit).items() if name.startswith("SPX")]
    assert len(closed) == 4
    assert sum(closed) == 0
    assert {abs(n) for n in closed} == {max(closed)}
