"""Watch mode, end to end: a person is told, and no order can leave."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from tests.alerts.servers import Inbox, http_server
from tests.e2e.world import part, world
from tests.programs import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

TOLD = {"arm", "breach", "unhedged_breach"}


def codes(titles: list[str]) -> set[str]:
    """Return the alerts' codes: the second word of a title."""
    return {title.split()[1] for title in titles}


def subjects(mails: list[Message]) -> list[str]:
    return [str(mail["Subject"]) for mail in mails]


@contextmanager
def mail_server(mails: list[Message]) -> Iterator[str]:
    """Serve SMTP on loopback; yield the URL under which apprise reaches it."""

    class Keep(MessageHandler):
        def handle_message(self, message: Message) -> None:
            mails.append(message)

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(Keep(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield (
            f"mailto://127.0.0.1:{port}?from=alvh@example.org"
            "&to=me@example.org&smtp=127.0.0.1&mode=insecure"
        )
    finally:
        controller.stop()


def test_alerts_arrive_by_hook_and_by_mail_and_no_order_leaves(tmp_path: Path) -> None:
    mails: list[Message] = []
    with http_server(Inbox()) as hook, mail_server(mails) as mailbox:
        extra = f'[alerts]\nurls = ["{hook.url}", "{mailbox}"]\n'
        options = part("2018-02-02", "2018-02-06")
        with world(tmp_path, *options, mode="watch", extra=extra) as it:
            with it.daemon() as daemon:
                # Apprise lets some seconds pass between two mails.
                until(lambda: codes(hook.titles) & codes(subjects(mails)) >= TOLD, 300)
                it.gateway.stop(signal.SIGKILL)
                until(lambda: daemon.process.poll() is not None)
                assert daemon.process.returncode == 0, daemon.log.read_text()
            assert it.audit == []
            assert it.placed == []
    assert codes(hook.titles) >= {*TOLD, "link_lost"}
    # A mail that is still owed when the daemon ends leaves at its next start.
    assert codes(subjects(mails)) >= TOLD
    for code in ("breach", "unhedged_breach"):
        assert any(title.startswith(f"CRITICAL {code}") for title in subjects(mails))
