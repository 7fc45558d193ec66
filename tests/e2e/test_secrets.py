"""A whole run, searched: no password and no account in full, and no stranger called."""

import re
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from alvh_trader.errors import BrokerError
from tests.alerts.servers import Inbox, http_server
from tests.e2e.crashes import last_words
from tests.e2e.world import PATIENCE, part, world
from tests.programs import alvh, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

ACCOUNT = "DU7654321"
PASSWORD = "swordfish"  # noqa: S105 - what is searched for
OBSERVED = [sys.executable, "-m", "tests.e2e.observed"]


def more_than(hook: Inbox, count: int) -> bool:
    return len(hook.titles) > count


def written(folder: Path) -> dict[str, bytes]:
    """Return every file of a run but the configuration, which has the secrets."""
    files = [p for p in folder.iterdir() if p.is_file() and p.suffix != ".toml"]
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.covers("F136", "V15", "F146")
def test_a_run_tells_no_secret_and_calls_nobody_else(tmp_path: Path) -> None:
    """Also where the link breaks, an order is refused, and the daemon is killed."""
    faults = ["--fault", "1100@09:35+60", "--fault", "rejected=201@09:31"]
    options = [*part("2018-02-05", "2018-02-05", 4), "--account", ACCOUNT, *faults]
    with http_server(Inbox()) as hook:
        url = hook.url.replace("json://", f"json://ann:{PASSWORD}@")
        extra = f'[alerts]\nurls = ["{url}"]\n'
        with world(tmp_path, *options, extra=extra) as it:
            said, called = list[str](), set[str]()
            for number in (signal.SIGKILL, signal.SIGTERM):
                with it.daemon(OBSERVED) as daemon:
                    known = len(hook.titles)
                    daemon.waits_for(partial(more_than, hook, known + 2), PATIENCE)
                    assert daemon.stop(number) in {0, -number}, last_words(daemon)
                    said += daemon.said
                    called |= {row["to"] for row in daemon.rows("connect")}
            port = hook.port
            places = {it.gateway.rows("listening")[0]["port"], port}
        told = "".join(said) + str(hook.taken)
        status = alvh("status", "--journal", "journal.db", "--json", cwd=tmp_path)
    assert hook.titles
    for name, content in written(tmp_path).items():
        assert PASSWORD.encode() not in content, name
        if not name.startswith(("audit", "gateway")):
            assert ACCOUNT.encode() not in content, name
    for text in (told, status.out, status.err):
        assert PASSWORD not in text
        assert ACCOUNT not in text
    ports = {int(found) for to in called for found in re.findall(r", (\d+)", to)}
    assert ports <= places
    assert all("127.0.0.1" in to for to in called)


@pytest.mark.covers("F136", "P04")
def test_an_account_that_is_not_expected_is_refused_without_its_number(
    tmp_path: Path,
) -> None:
    options = [*part("2018-02-05", "2018-02-05", 4), "--account", ACCOUNT]
    with world(tmp_path, *options) as it:
        environ = {"ALVH_BROKER__ACCOUNT": "DU1111111"}
        with running(
            "run", "--config", "paper.toml", cwd=it.folder, environ=environ
        ) as daemon:
            assert daemon.process.wait(PATIENCE) == BrokerError.exit_code
            log = daemon.log.read_text()
    assert "***321" in log
    assert ACCOUNT not in log
    assert "DU1111111" not in log
