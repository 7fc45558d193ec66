"""The views of a journal: text for a person, the same facts as JSON lines."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from alvh_trader.engine.explain import Question
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.errors import ConfigError, JournalError
from alvh_trader.journal.records import Record
from alvh_trader.journal.store import Journal
from alvh_trader.runtime import show
from alvh_trader.runtime.loop import decode_rules, encode_rules, encode_state
from alvh_trader.strategy.phase import Phase
from tests.journal.samples import started
from tests.playbook import RULES, World
from tests.programs import ROOT

Told = pytest.CaptureFixture[str]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the journal of the worked example, from start to cooldown."""
    path, state = tmp_path / "journal.db", State()
    with Journal.open(path) as writing:
        writing.keep_rules(encode_rules(RULES))
        for event in World().start().until(Phase.COOLDOWN).events:
            writing.append(event)
            outcome = step(state, event, RULES)
            state = outcome.state
            for body in (*outcome.decisions, *outcome.commands):
                writing.append(body)
        writing.save_snapshot(writing.last_seq, encode_state(state))
    return path


def test_status_tells_mode_account_and_phases(journal: Path, capsys: Told) -> None:
    show.status(journal, as_json=True)
    row = json.loads(capsys.readouterr().out)
    assert row["kind"] == "status"
    assert row["mode"] == "paper"
    assert row["connected"] is True
    assert row["account"] == "DU1"  # Too short to be masked.
    assert list(row["phases"].values()) == ["COOLDOWN"]
    assert row["hedge_lots"] >= 1
    assert 0 < row["two_sigma_drawdown"] < 6
    assert row["dislocated"] == ""

    show.status(journal, as_json=False)
    text = capsys.readouterr().out
    assert "connected" in text
    assert "COOLDOWN" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_cases_tell_the_condor_and_its_hedge(journal: Path, capsys: Told) -> None:
    show.cases(journal, as_json=True)
    row = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["phase"]) == ("case", "COOLDOWN")
    assert row["hedge"] >= row["needed"] > 0
    assert row["rolls"] == 1
    show.cases(journal, as_json=False)
    assert row["case"] in capsys.readouterr().out


def test_signals_tell_value_threshold_age_and_verdict(
    journal: Path, capsys: Told
) -> None:
    show.signals(journal, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {row["name"]: row for row in rows}
    assert all(row["kind"] == "signal" for row in rows)
    assert len(found) == len(rows) > 40
    assert found["step 4, put side"]["says"] == "BROAD_STRESS"
    assert found["RSI of SPX"]["freshness"] == "fresh"
    assert 0 < found["RSI of SPX"]["value"] < 100
    assert found["CPI less PPI"]["freshness"] == "missing"
    assert found["VX at 30 days"]["value"] is None

    show.signals(journal, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    words = ("signal", "value", "threshold", "age", "source", "state", "verdict")
    assert tuple(lines[0].split()) == words
    assert len(lines) == len(rows) + 1


def test_no_signals_is_said(tmp_path: Path, capsys: Told) -> None:
    with Journal.open(tmp_path / "journal.db") as writing:
        writing.keep_rules(encode_rules(RULES))
        writing.append(started())
        writing.save_snapshot(1, encode_state(State()))
    show.signals(tmp_path / "journal.db", as_json=False)
    assert capsys.readouterr().out == "no signals\n"


def test_no_cases_is_said(tmp_path: Path, capsys: Told) -> None:
    with Journal.open(tmp_path / "journal.db") as writing:
        writing.append(started())
        writing.save_snapshot(1, encode_state(State()))
    show.cases(tmp_path / "journal.db", as_json=False)
    assert capsys.readouterr().out == "no cases\n"


def test_orders_are_told_from_first_limit_to_last_fill(
    journal: Path, capsys: Told
) -> None:
    show.orders(journal, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    words = [line for line in lines if " place " in line or " filled " in line]
    assert "HEDGE" in words[0]
    assert " place " in words[0]
    assert "filled" in words[1]
    assert any("ROLL" in line for line in words)
    show.orders(journal, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"PlaceOrder", "OrderFilled"} <= {row["kind"] for row in rows}


def test_history_tells_every_move_with_its_numbers(journal: Path, capsys: Told) -> None:
    show.history(journal, "c", as_json=False)
    text = capsys.readouterr().out
    for move in ("MONITOR -> ARMED", "STABILISE -> BREADTH", "ROLL_PLAN -> ROLL_WORK"):
        assert move in text
    assert "asked >= 0.85 %" in text
    show.history(journal, "c", as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    moves = [row for row in rows if row["kind"] == "transition"]
    assert moves
    assert all(
        {"before", "after", "trigger", "findings"} <= row.keys() for row in moves
    )


def test_explain_answers_every_question(journal: Path, capsys: Told) -> None:
    show.explain(journal, "", as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["question"] for row in rows] == list(Question)
    assert {row["kind"] for row in rows} == {"answer"}
    roll = next(row for row in rows if row["question"] == "why no roll")
    shut = [g["name"] for g in roll["gates"] if not (g["holds"] or g["is_behind"])]
    assert shut[0] == "rest after a roll"

    show.explain(journal, rows[0]["case"], as_json=False)
    text = capsys.readouterr().out
    assert text.startswith(f"case {rows[0]['case']}, as of 2026-05-21 ")
    assert all(f"\n{question}: " in text for question in Question)


@pytest.mark.parametrize("view", [show.explain, show.history])
def test_a_name_must_be_that_of_one_case(
    view: Callable[..., None], journal: Path
) -> None:
    with pytest.raises(ConfigError, match="no case is called 'zz'; there are: c"):
        view(journal, "zz", as_json=True)


def test_nothing_to_explain_is_said(tmp_path: Path, capsys: Told) -> None:
    with Journal.open(tmp_path / "journal.db") as writing:
        writing.keep_rules(encode_rules(RULES))
        writing.append(started())
        writing.save_snapshot(1, encode_state(State()))
    show.explain(tmp_path / "journal.db", "", as_json=False)
    assert capsys.readouterr().out == "no cases\n"


@pytest.mark.parametrize("rules", [None, "{}"])
def test_a_journal_that_names_no_rules_points_to_its_history(
    tmp_path: Path, rules: str | None
) -> None:
    with Journal.open(tmp_path / "journal.db") as writing:
        if rules:
            writing.keep_rules(rules)
        writing.append(started())
        writing.save_snapshot(1, encode_state(State()))
    with pytest.raises(JournalError, match=r"by which rules.*--history"):
        show.explain(tmp_path / "journal.db", "", as_json=False)


def test_rules_survive_the_journal() -> None:
    assert decode_rules(encode_rules(RULES)) == RULES


def test_a_state_of_another_version_is_explained(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db") as writing:
        writing.append(started())
        writing.save_snapshot(1, b'{"cases": 3}')
    with pytest.raises(JournalError, match="another version"):
        show.status(tmp_path / "journal.db", as_json=True)


def test_the_configuration_in_force_is_told_with_its_sources(capsys: Told) -> None:
    files = (ROOT / "config/paper.toml", ROOT / "config/watch.toml")
    show.configuration(files, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    mode = next(row for row in rows if row["key"] == "mode.name")
    assert (mode["kind"], mode["value"]) == ("key", '"watch"')
    assert str(mode["source"]).endswith("watch.toml")
    show.configuration(files, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert sum("mode.name" in line for line in lines) == 1


def test_a_time_before_time_and_a_number_without_end_are_null(capsys: Told) -> None:
    epoch = started().at.replace(year=1970)
    event = msgspec.structs.replace(started(), at=epoch)
    row = show.row_of(Record(1, epoch, "", event))
    assert row["t"] is None
    show.emit({"edr": float("inf"), "vix": float("nan")})
    assert json.loads(capsys.readouterr().out) == {"edr": None, "vix": None}
