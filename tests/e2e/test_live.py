"""Live, end to end: two processes, a person at the socket, and an account of nobody."""

import signal
from pathlib import Path

import pytest

from alvh_trader.engine.command import PlaceOrder
from alvh_trader.engine.event import OperatorApproved
from alvh_trader.errors import ControlError
from alvh_trader.journal.read import Reader
from alvh_trader.runtime.control import say, tell, waiting
from alvh_trader.runtime.gateway_control import tell as tell_gateway
from alvh_trader.runtime.request import Request, Verb, Waiting
from tests.e2e.crashes import Doom, program
from tests.e2e.proof import nothing_twice
from tests.e2e.world import part
from tests.programs import Running, alvh, audit_rows, configure, gateway, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ACCOUNT = "U0001000"
FAST = ("--speed", 240, "--account", ACCOUNT, "--audit", "audit.jsonl")
CONTROL = ("--control", "gateway.sock")


def write_down(folder: Path, port: int, account: str = ACCOUNT) -> Path:
    """Write a live configuration for a gateway of a simulation."""
    path = configure(folder, port, "live")
    text = path.read_text().replace("[broker]", f'[broker]\naccount = "{account}"')
    path.write_text(text)
    return path


def listed(journal: Path) -> tuple[Waiting, ...]:
    """Return what waits; nothing while no daemon listens yet."""
    try:
        return waiting(journal)
    except ControlError:
        return ()


def armed(journal: Path) -> bool:
    """Arm the daemon if it is up; return whether it is armed."""
    asked = Request(verb=Verb.ARM, account=ACCOUNT, by="ann")
    try:
        return tell(journal, asked).taken
    except ControlError:
        return False


@pytest.mark.covers("P03", "F124")
def test_paper_refuses_a_real_account_and_live_one_it_does_not_expect(
    tmp_path: Path,
) -> None:
    with gateway(*part("2018-02-05", "2018-02-05"), *FAST, cwd=tmp_path) as (_, port):
        paper = configure(tmp_path, port, "paper")
        told = alvh("run", "--config", paper, cwd=tmp_path)
        assert told.code == 3
        assert "account ***000 is not one for mode 'paper'" in told.err
        live = write_down(tmp_path, port, "U0009999")
        told = alvh("run", "--config", live, "--mode", "live", cwd=tmp_path)
        told.complains(2, "journal.db was written in mode paper")
        live.write_text(live.read_text().replace("journal.db", "live.db"))
        told = alvh("run", "--config", live, "--mode", "live", cwd=tmp_path)
        assert told.code == 3
        assert "manages ***000, expected ***999" in told.err
        assert ACCOUNT not in told.err
    frozen = alvh("status", "--journal", "live.db", "--json", cwd=tmp_path).rows
    assert frozen[0]["freeze"] == "SAFE"
    assert "P03" in frozen[0]["frozen_by"]
    assert audit_rows(tmp_path / "audit.jsonl") == []


@pytest.mark.covers("P02", "P27", "V9", "F126", "F06")
def test_in_live_only_what_a_person_allowed_reaches_the_broker(tmp_path: Path) -> None:
    journal, audit = tmp_path / "journal.db", tmp_path / "audit.jsonl"
    said: dict[str, str] = {}
    history = (*part("2018-02-05", "2018-02-06", 4), *FAST, *CONTROL)
    with gateway(*history, cwd=tmp_path) as (_, port):
        config = write_down(tmp_path, port)
        with running("run", "--config", config, "--mode", "live", cwd=tmp_path) as it:
            until(lambda: armed(journal), seconds=120)
            until(lambda: listed(journal), seconds=240)
            # A person must keep up, and a process start again.
            tell_gateway(tmp_path / "gateway.sock", "speed", "30")
            allow_one(journal, said, it)
            until(lambda: len(audit_rows(audit)) > 0)
            it.stop(signal.SIGKILL)
        again = ("run", "--config", config, "--mode", "live")
        with running(*again, cwd=tmp_path, program=program(Doom())) as it:
            # The same program on the same day: it is armed still.
            it.waits_for(lambda: it.has_said("reconciled"), 120)
            tell_gateway(tmp_path / "gateway.sock", "speed", "240")
            until(lambda: listed(journal), seconds=240)
            tell_gateway(tmp_path / "gateway.sock", "speed", "30")
            allow_one(journal, said, it)
            assert it.stop() == 0
    rows = audit_rows(audit)
    sent = [row["order_ref"] for row in rows if row["event"] == "order"]
    assert sent
    assert set(sent) <= set(said.values())
    nothing_twice(rows)
    with Reader.open(journal) as reader:
        records = [record.body for record in reader.records_after()]
    placed = [body for body in records if isinstance(body, PlaceOrder)]
    words = [body.digest for body in records if isinstance(body, OperatorApproved)]
    digests = [p.approved.consent.digest for p in placed if p.approved.consent]
    assert len(digests) == len(set(digests)) == len(placed) == len(said)
    # A yes that came when a check said no by then has let nothing out.
    assert set(digests) <= set(words)
    assert len(words) == len(set(words))


def allow_one(journal: Path, said: dict[str, str], it: Running) -> None:
    """Allow what waits, until the gate has let one order out, and note its name."""
    before = len(said)

    def has_left() -> bool:
        assert it.process.poll() is None, it.log.read_text()
        for order in listed(journal):
            asked = Request(verb=Verb.APPROVE, name=order.name, by="ann")
            try:
                answer = say(journal, asked)
            except ControlError:
                continue  # Refused or over: the quotes have moved on.
            said[order.name] = answer.split()[0]
            with pytest.raises(ControlError):
                say(journal, asked)
        return len(said) > before

    until(has_left, seconds=240)
