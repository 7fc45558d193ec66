import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from email.message import Message as Mail

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MailHandler

from alvh_trader.alerts.channels import Channel, channels_of
from alvh_trader.alerts.render import Message
from alvh_trader.engine.command import Severity
from alvh_trader.errors import ConfigError
from tests.alerts.servers import Inbox, http_server

MESSAGE = Message("CRITICAL breach C1", "EDR 0.95 %\nat noon", Severity.CRITICAL)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with http_server(Inbox()) as serving:
        yield serving


def channel(url: str, timeout: float = 5.0) -> Channel:
    (made,) = channels_of([url], timeout=timeout)
    return made


def test_a_webhook_gets_the_message(inbox: Inbox) -> None:
    assert asyncio.run(channel(inbox.url).send(MESSAGE)) is None
    (taken,) = inbox.taken
    assert taken["title"] == "CRITICAL breach C1"
    assert taken["message"] == "EDR 0.95 %\nat noon"
    assert taken["type"] == "failure"


def test_a_mail_server_gets_the_message() -> None:
    mails: list[Mail] = []

    class Keep(MailHandler):
        def handle_message(self, message: Mail) -> None:
            mails.append(message)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Keep(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        url = (
            f"mailto://127.0.0.1:{port}?from=alvh@example.org"
            "&to=me@example.org&smtp=127.0.0.1&mode=insecure"
        )
        assert asyncio.run(channel(url).send(MESSAGE)) is None
    finally:
        controller.stop()
    (mail,) = mails
    assert mail["Subject"] == "CRITICAL breach C1"
    assert mail["X-RcptTo"] == "me@example.org"
    assert "EDR 0.95 %" in str(mail)


def test_a_refusal_is_a_reason(inbox: Inbox) -> None:
    inbox.status = 500
    reason = asyncio.run(channel(inbox.url).send(MESSAGE))
    assert reason is not None
    assert "500" in reason


def test_nobody_there_is_a_reason(inbox: Inbox) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"json://me:hunter2@127.0.0.1:{probe.getsockname()[1]}/t0kent0ken"
    reason = asyncio.run(channel(url).send(MESSAGE))
    assert reason
    assert "hunter2" not in reason
    assert "t0kent0ken" not in reason


def test_a_slow_server_does_not_hold_up_the_loop_or_the_sender(inbox: Inbox) -> None:
    inbox.delay = 0.8

    async def scenario() -> tuple[list[str | None], float, float]:
        slow = channel(inbox.url, timeout=0.2)
        lag = 0.0
        done = asyncio.Event()

        async def watch() -> None:
            nonlocal lag
            while not done.is_set():
                before = time.monotonic()
                await asyncio.sleep(0.005)
                lag = max(lag, time.monotonic() - before)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            started = time.monotonic()
            reasons = [await slow.send(MESSAGE), await slow.send(MESSAGE)]
            spent = time.monotonic() - started
            done.set()
        await asyncio.sleep(0.9)  # The thread that was given up ends.
        inbox.delay = 0.0
        reasons.append(await slow.send(MESSAGE))
        return reasons, spent, lag

    reasons, spent, lag = asyncio.run(scenario())
    assert reasons == ["no answer within 0.2 s", "an earlier attempt still hangs", None]
    assert spent < 0.7
    assert lag < 0.15


def test_bad_urls_are_all_named_without_their_secrets() -> None:
    urls = ["nonsense", "json://127.0.0.1:1/", "foo://hunter2@host", "json://"]
    with pytest.raises(ConfigError) as caught:
        channels_of(urls, timeout=1)
    lines = str(caught.value).splitlines()
    assert [line.split(" is no ")[0] for line in lines] == [
        "alerts.urls: …",
        "alerts.urls: foo://…",
        "alerts.urls: json:///…",
    ]
    assert "hunter2" not in str(caught.value)


def test_without_urls_nothing_is_loaded() -> None:
    assert channels_of([], timeout=1) == ()


@pytest.mark.covers("F136")
def test_no_password_is_logged(caplog: pytest.LogCaptureFixture, inbox: Inbox) -> None:
    with caplog.at_level(logging.DEBUG):
        url = inbox.url.replace("127.0.0.1", "me:hunter2@127.0.0.1")
        asyncio.run(channel(url).send(MESSAGE))
    assert len(inbox.taken) == 1
    assert "hunter2" not in caplog.text


def test_channels_have_names_without_secrets(inbox: Inbox) -> None:
    assert channel(inbox.url).name.startswith("json-")
