"""The screen of a demo: a legend, the account, the day, and where to read on."""

import json
from pathlib import Path

import msgspec
import pytest

from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.journal.records import Record
from alvh_trader.runtime.audit import Tally
from alvh_trader.runtime.demo import Demo, Summary
from alvh_trader.runtime.screen import Screen
from alvh_trader.strategy.phase import Phase
from tests.playbook import RULES, World

Told = pytest.CaptureFixture[str]

DEMO = Demo(
    scenario="volmageddon-2018",
    speed="max",
    seed=7,
    journal=Path("a folder/journal.db"),
    audit=Path("audit.jsonl"),
    folder=Path("a folder"),
)
SUMMARY = Summary(
    scenario="volmageddon-2018",
    seed=7,
    sessions=48,
    tally=Tally(hedge_orders=1, hedge_fills=2),
    alerts=3,
    cases=({"case": "c1", "state": "COOLDOWN", "edr": 0.5},),
    seconds=60.0,
    is_good=True,
)


def records() -> list[Record]:
    """Return the worked example, numbered as a journal numbers it."""
    state, found = State(), list[Record]()
    for event in World().start().until(Phase.COOLDOWN).events:
        outcome = step(state, event, RULES)
        state = outcome.state
        for body in (event, *outcome.decisions, *outcome.commands):
            found.append(Record(len(found) + 1, event.at, "", body))
    return found


def played(*, as_json: bool, summary: Summary = SUMMARY) -> None:
    screen = Screen(DEMO, as_json=as_json)
    for record in records():
        screen.show(record)
    screen.close_with(summary)


def test_a_stranger_is_told_what_he_sees(capsys: Told) -> None:
    played(as_json=False)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert "volmageddon-2018 (seed 7)" in lines[0]
    account = next(i for i, line in enumerate(lines) if "account" in line[20:35])
    found = next(i for i, line in enumerate(lines) if "(FOUND)" in line)
    assert account < found
    assert sum("net liquidation" in line for line in lines) == 1
    assert "1969" not in out
    assert "1970" not in out
    assert any("48 sessions in 60.0 s (48 sessions a minute)" in ln for ln in lines)
    assert lines[-1].endswith("explain c1 --history --journal 'a folder/journal.db'")
    assert "\r" not in out + err


def test_facts_are_at_the_margin_and_requests_are_indented(capsys: Told) -> None:
    played(as_json=False)
    lines = capsys.readouterr().out.splitlines()
    for line in lines:
        if " filled " in line or " -> " in line:
            assert line[0].isdigit(), line
        if line[20:27].strip() in {"place", "alert", "cancel"}:
            assert line.startswith(" " * 20), line


def test_json_is_nothing_but_json_lines_with_the_summary_last(capsys: Told) -> None:
    played(as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["kind"] for row in rows} >= {"transition", "PlaceOrder", "summary"}
    last = rows[-1]
    assert last["kind"] == "summary"
    assert (last["hedge_orders"], last["hedge_fills"]) == (1, 2)
    assert last["cases"] == [{"case": "c1", "state": "COOLDOWN", "edr": 0.5}]
    assert last["ok"] is True


def test_what_does_not_hold_is_said(capsys: Told) -> None:
    bad = msgspec.structs.replace(SUMMARY, is_good=False, why_not="it died")
    played(as_json=False, summary=bad)
    assert "NOT GOOD: it died" in capsys.readouterr().out
    assert bad.row()["why"] == "it died"
    assert bad.row()["ok"] is False
