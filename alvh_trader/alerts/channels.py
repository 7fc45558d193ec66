"""Channels: deliver one message to one apprise URL, without blocking the loop.

apprise is synchronous, and a server may take a message as slowly as it likes. So each
attempt has a thread of its own, which is given up (not waited for, not killed) when
its time is over; while it hangs, its channel makes no other attempt.
"""

import asyncio
import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from alvh_trader.alerts.render import Message, clean
from alvh_trader.engine.command import Severity
from alvh_trader.errors import ConfigError
from alvh_trader.settings.secrets import channel_name, conceal, redact

REASON_LETTERS_MAX = 200


class Channel(Protocol):
    """A way to reach the operator."""

    @property
    def name(self) -> str:
        """A name that holds no secret and never changes."""
        ...

    async def send(self, message: Message) -> str | None:
        """Deliver `message`; return None, or why it failed. Never raises."""
        ...


def channels_of(urls: Sequence[str], *, timeout: float) -> tuple[Channel, ...]:
    """Return a channel for each apprise URL; `timeout` seconds for an attempt.

    Raises:
        ConfigError: Some are no alert URLs; all of them are named, redacted.
    """
    if not urls:
        return ()
    plugins = [_plugin(url) for url in urls]
    bad = [url for url, plugin in zip(urls, plugins, strict=True) if plugin is None]
    if bad:
        raise ConfigError(
            "\n".join(
                f"alerts.urls: {redact(url)} is no alert URL; see the list of "
                "services in apprise's documentation"
                for url in bad
            )
        )
    return tuple(
        AppriseChannel(url, plugin, timeout)
        for url, plugin in zip(urls, plugins, strict=True)
    )


class AppriseChannel:
    """One configured service."""

    def __init__(self, url: str, plugin: Any, timeout: float) -> None:
        self._url = url
        self._plugin = plugin
        self._timeout = timeout
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """A name that holds no secret and never changes."""
        return channel_name(self._url)

    async def send(self, message: Message) -> str | None:
        """Deliver `message`; return None, or why it failed. Never raises."""
        if self._thread is not None and self._thread.is_alive():
            return "an earlier attempt still hangs"
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str | None] = loop.create_future()

        def attempt() -> None:
            reason = self._attempt(message)
            try:
                loop.call_soon_threadsafe(_settle, done, reason)
            except RuntimeError:
                return  # The loop is closed: nobody waits any more.

        # A daemon thread, since one that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=attempt, name=self.name, daemon=True)
        self._thread.start()
        try:
            async with asyncio.timeout(self._timeout):
                return await done
        except TimeoutError:
            return f"no answer within {self._timeout:g} s"

    def _attempt(self, message: Message) -> str | None:
        with _complaints() as complaints:
            try:
                is_sent = self._plugin.notify(
                    title=message.title,
                    body=message.body,
                    notify_type=_TYPES[message.severity],
                    body_format="text",
                )
            except Exception as error:  # noqa: BLE001  # a plugin may raise anything
                complaints.append(f"{type(error).__name__}: {error}")
                is_sent = False
        if is_sent:
            return None
        reason = clean(conceal(" ".join(complaints), self._url))
        return reason[:REASON_LETTERS_MAX] or "it was refused without a reason"


def _plugin(url: str) -> Any:
    """Return apprise's object for `url`, or None."""
    # Its debug output shows passwords.
    logging.getLogger("apprise").setLevel(logging.WARNING)
    logging.getLogger("apprise").propagate = False
    with warnings.catch_warnings(), _complaints():
        # What its 180 plugins import is their affair.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Loading them costs a third of a second: only who has alerts pays.
        import apprise  # noqa: PLC0415

        return apprise.Apprise.instantiate(url)


_TYPES = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "failure",
}


def _settle(done: "asyncio.Future[str | None]", reason: str | None) -> None:
    if not done.done():
        done.set_result(reason)


class _Listener(logging.Handler):
    """Collects what is logged in the thread that made it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message, if it is from our thread."""
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Yield a list of what apprise says in this thread; it says why only in its log."""
    listener = _Listener()
    logger = logging.getLogger("apprise")
    logger.addHandler(listener)
    try:
        yield listener.lines
    finally:
        logger.removeHandler(listener)
