"""The commands that look after the journal itself."""

import json
from hashlib import blake2b
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from alvh_trader.engine.event import DaemonStarted
from alvh_trader.engine.state import State
from alvh_trader.journal.store import Journal
from alvh_trader.runtime.build import build_hash
from alvh_trader.runtime.loop import Loop, encode_rules
from alvh_trader.strategy.phase import Phase
from tests.cli.conftest import Ask
from tests.playbook import RULES, World


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return the journal of a run from the start until a hedge is at work."""
    path = tmp_path / "run.db"
    with Journal.open(path) as writing:
        writing.keep_rules(encode_rules(RULES))
        loop = Loop(writing, lambda _: None, State(), RULES)
        for event in World(fills=False).start().until(Phase.HEDGE_WORKING).events:
            loop.process(event)
        loop.flush()
    return path


def change(journal: Path, statement: str) -> None:
    connection = apsw.Connection(str(journal))
    connection.execute(statement).fetchall()
    connection.close()


@pytest.mark.covers("T07")
def test_a_whole_journal_is_verified(ask: Ask, journal: Path) -> None:
    answer = ask("journal", "verify", "--journal", str(journal))
    assert answer.code == 0
    assert "records, each as it was written" in answer.out
    row = json.loads(ask("journal", "verify", "--journal", str(journal), "--json").out)
    assert row["records"] > 40
    assert row["t"].startswith("2026-05-21")


@pytest.mark.covers("T07", "F117")
def test_a_journal_that_was_changed_is_not(ask: Ask, journal: Path) -> None:
    change(journal, "UPDATE records SET type = 'Other' WHERE seq = 7")
    answer = ask("journal", "verify", "--journal", str(journal))
    assert answer.code == 4
    assert "record 7 is not what was written" in answer.err


def test_an_empty_journal_is_verified(ask: Ask, tmp_path: Path) -> None:
    Journal.open(tmp_path / "new.db").close()
    path = str(tmp_path / "new.db")
    row = json.loads(ask("journal", "verify", "--journal", path, "--json").out)
    assert (row["records"], row["t"]) == (0, None)


def test_anybody_can_follow_the_chain_of_an_export(ask: Ask, journal: Path) -> None:
    """By the recipe of docs/operations.md, without any code of ours."""
    told = ask("journal", "export", "--journal", str(journal)).out.splitlines()
    chain = bytes(16)
    for number, line in enumerate(told, start=1):
        row = json.loads(line)
        assert row["seq"] == number
        body = line[line.index('"body":') + 7 : line.rindex(',"chain":')]
        text = f"{row['seq']}\0{row['at']}\0{row['kind']}\0{row['type']}\0"
        text += f"{row['case'] or ''}\0{body}"
        chain = blake2b(chain + text.encode(), digest_size=16).digest()
        assert row["chain"] == chain.hex()
    rest = ask("journal", "export", "--journal", str(journal), "--after", "40").out
    assert rest.splitlines() == told[40:]


def test_a_copy_is_made_and_verified(ask: Ask, journal: Path, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    backup = ("journal", "backup", str(copies), "--journal", str(journal))
    row = json.loads(ask(*backup, "--keep", "3", "--json").out)
    assert Path(row["copy"]).parent == copies
    verified = ask("journal", "verify", "--journal", row["copy"])
    assert f"{row['n']} records" in verified.out


@pytest.mark.covers("V11")
def test_a_run_is_replayed(ask: Ask, journal: Path) -> None:
    answer = ask("replay", "verify", str(journal))
    assert answer.code == 0
    assert "events lead to the same" in answer.out
    assert "expected:" not in answer.out


@pytest.mark.covers("V11", "F15")
def test_a_run_that_cannot_be_reproduced_is_told(ask: Ask, journal: Path) -> None:
    change(journal, "UPDATE snapshots SET body = CAST('{}' AS BLOB)")
    answer = ask("replay", "verify", str(journal))
    assert answer.code == 1
    assert "the state that was kept differs" in answer.out
    row = json.loads(ask("replay", "verify", str(journal), "--json").out)
    assert row["ok"] is False
    assert row["seq"] > 40


def test_a_journal_of_another_program_says_so(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    world = World(fills=False).start()
    with Journal.open(path, run={"build": "b1"}) as writing:
        digest = writing.keep_rules(encode_rules(RULES))
        loop = Loop(writing, lambda _: None, State(), RULES)
        begins = world.events[0]
        assert isinstance(begins, DaemonStarted)
        loop.process(replace(begins, build="b1", rules=digest))
    answer = ask("replay", "verify", str(path))
    assert answer.code == 0
    assert answer.out.endswith(f"written by build b1; this is {build_hash()}\n")
