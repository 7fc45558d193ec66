"""The promise, read from the gateway's audit alone: the hedge is held before a roll."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.proof import hedged_before_rolled, nothing_twice
from tests.e2e.world import of_symbol
from tests.programs import Answer, alvh, audit_rows

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SUMMARY = {
    "kind",
    "scenario",
    "sessions",
    "hedge_orders",
    "hedge_fills",
    "roll_orders",
    "roll_fills",
    "unhedged_rolls",
    "alerts",
    "cases",
}


def demo(folder: Path, *options: object) -> tuple[Answer, dict[str, Any]]:
    """Run a demo; return what it said and its summary."""
    told = alvh(
        *("demo", "--json", "--journal", "journal.db", "--audit", "audit.jsonl"),
        *options,
        cwd=folder,
        timeout=500,
    )
    assert told.code == 0, told.err + told.out[-500:]
    summary = told.rows[-1]
    assert summary["kind"] == "summary"
    assert summary.keys() >= SUMMARY
    assert [row["kind"] for row in told.rows].count("summary") == 1
    return told, summary


@pytest.mark.covers("P26", "V2")
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_vix_calls_are_held_before_the_first_spx_order(
    seed: int, tmp_path: Path
) -> None:
    options = ["--scenario", "volmageddon-2018", "--until", "2018-02-06"]
    told, summary = demo(tmp_path, *options, "--seed", seed)
    audit = audit_rows(tmp_path / "audit.jsonl")

    hedged_before_rolled(audit)
    nothing_twice(audit)
    fills = of_symbol(audit, "VIX", "fill")
    assert fills
    assert summary["sessions"] == 12
    assert summary["hedge_fills"] == len(fills)
    assert summary["hedge_orders"] == len(of_symbol(audit, "VIX", "order"))
    assert summary["roll_orders"] == len(of_symbol(audit, "SPX", "order"))
    assert summary["unhedged_rolls"] == 0
    phases = [row["after"] for row in told.rows if row["kind"] == "transition"]
    for phase in ("MONITOR", "ARMED", "BE_CHECK", "HEDGE_PLAN", "HEDGE_WORKING"):
        assert phase in phases
    assert phases.index("HEDGE_WORKING") < phases.index("STABILISE")


def test_the_same_seed_gives_the_same_audit_to_the_byte(tmp_path: Path) -> None:
    options = ["--since", "2018-02-02", "--until", "2018-02-05", "--seed", 3]
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        _, summary = demo(folder, *options)
        assert summary["hedge_fills"] > 0
        texts.append((folder / "audit.jsonl").read_bytes())
    assert texts[0] == texts[1]


def test_calm_weeks_see_not_one_order(tmp_path: Path) -> None:
    options = ["--scenario", "calm-2017", "--until", "2017-09-15"]
    _, summary = demo(tmp_path, *options)
    assert (tmp_path / "audit.jsonl").read_bytes() == b""
    assert summary["sessions"] == 10
    assert [case["state"] for case in summary["cases"]] == ["MONITOR"]


def test_without_vix_quotes_the_case_is_held_and_a_person_told(tmp_path: Path) -> None:
    options = ["--scenario", "volmageddon-2018-no-vix-quotes", "--since", "2018-02-02"]
    told, summary = demo(tmp_path, *options, "--until", "2018-02-06")
    audit = audit_rows(tmp_path / "audit.jsonl")
    assert of_symbol(audit, "SPX", "order") == []
    assert [case["state"] for case in summary["cases"]] == ["HOLD_UNHEDGED"]
    alerts = [row for row in told.rows if row["kind"] == "RaiseAlert"]
    unhedged = [row for row in alerts if row["code"] == "unhedged_breach"]
    assert {row["severity"] for row in unhedged} == {"CRITICAL"}
    phases = [row["after"] for row in told.rows if row["kind"] == "transition"]
    # Each breach is told once: it begins in MONITOR, and calm leads back there.
    assert len(unhedged) == phases.count("MONITOR")
