"""The tables of the second engine, as text and as JSON lines, from a journal alone."""

import json
from pathlib import Path

import pytest

from alvh_trader.domain.inputs import Inputs
from alvh_trader.engine.event import InputsRead
from alvh_trader.engine.state import State
from alvh_trader.engine.step import step
from alvh_trader.errors import JournalError
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.capital import TITLES, capital
from alvh_trader.runtime.loop import encode_state
from tests.capital.worked import FACILITIES
from tests.playbook import RULES, World
from tests.worked_market import CALM

Told = pytest.CaptureFixture[str]


def write(path: Path, world: World) -> Path:
    """Write the journal that a world's daemon would have written."""
    state = State()
    with Journal.open(path) as writing:
        for event in world.events:
            writing.append(event)
            state = step(state, event, RULES).state
        writing.save_snapshot(writing.last_seq, encode_state(state))
    return path


@pytest.fixture
def world() -> World:
    """Return a calm world with the facilities of the worked example."""
    made = World(CALM)
    made.tell(InputsRead(at=made.now, inputs=Inputs(facilities=FACILITIES)))
    made.start().run(300)
    return made


def test_every_table_is_shown(world: World, tmp_path: Path, capsys: Told) -> None:
    capital(write(tmp_path / "j.db", world), as_json=False)
    text = capsys.readouterr().out
    for title in TITLES.values():
        assert title in text
    assert "vault" in text
    assert "can be drawn" in text
    assert "1,050,000" in text
    assert "macro composite M" in text
    assert "HOLD" in text
    assert all(len(line) <= 200 for line in text.splitlines())


def test_json_has_the_same_facts(world: World, tmp_path: Path, capsys: Told) -> None:
    capital(write(tmp_path / "j.db", world), as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    by_kind: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append(row)
    assert by_kind.keys() == TITLES.keys() - {"sweep"}
    view = world.state.capital
    assert view is not None
    assert view.cost is not None
    assert by_kind["cost"][-1]["rate"] == view.cost.wacc
    adds = sum(float(str(row["adds"])) for row in by_kind["cost"][:-1])
    assert adds == pytest.approx(view.cost.wacc)
    (capital_row,) = by_kind["capital"]
    assert capital_row["deployed"] == 1_050_000
    (held, book) = by_kind["return"]
    assert held["case"] == world.case.case_id
    assert book["over_cost"] == view.over_wacc
    assert [row["gate"] for row in by_kind["gate"]][: len(view.allocation.gates)] == [
        f.what for f in view.allocation.gates
    ]
    assert by_kind["advice"][0]["advice"] == "HOLD"


def test_without_facilities_the_tables_say_so(tmp_path: Path, capsys: Told) -> None:
    alone = World(CALM).start()
    alone.run(120)
    capital(write(tmp_path / "j.db", alone), as_json=False)
    text = capsys.readouterr().out
    assert "stale or missing" in text
    assert text.count(" none\n") == 3


def test_before_the_first_look_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="not been measured"):
        capital(write(tmp_path / "j.db", World().start()), as_json=False)
