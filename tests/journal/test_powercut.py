"""Power cuts and errors at any call; scripts/powercut makes many thousands of them."""

from pathlib import Path
from random import Random  # noqa: TID251 - seeded by its user

import pytest

from alvh_trader.journal import connection
from tests.journal.outage import ERRORS, Outage, calls_of_a_life, storm


@pytest.mark.covers("F10")
@pytest.mark.parametrize("seed", range(3))
def test_what_was_acknowledged_survives_a_power_cut(seed: int) -> None:
    outage = Outage(seed)
    wrong = [outage.check(acked, files) for acked, files in outage.cuts(25)]
    assert not list(filter(None, wrong))


@pytest.mark.covers("F10")
def test_a_journal_that_is_not_synced_at_once_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control: synchronous NORMAL loses what was acknowledged."""
    lax = (("journal_mode", "WAL", "wal"), ("synchronous", "NORMAL", 1))
    monkeypatch.setattr(connection, "_WRITER", (*connection._COMMON, *lax))
    outage = Outage(1)
    monkeypatch.undo()
    wrong = [outage.check(acked, files) for acked, files in outage.cuts(40)]
    assert any("was acknowledged" in words for words in wrong)


@pytest.mark.covers("F113", "F114", "F115")
@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_an_error_at_any_call_loses_nothing_and_is_known(
    tmp_path: Path, error: Exception
) -> None:
    calls = calls_of_a_life(tmp_path, 1)
    hits = 0
    for number in range(1, calls + 1, 11):
        wrong, has_hit = storm(tmp_path / f"{number}.db", Random(1), error, number)
        assert wrong == ""
        hits += has_hit
    assert hits > 0
