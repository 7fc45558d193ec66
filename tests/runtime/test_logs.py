"""Logs: JSON lines, of ours and of the libraries', without what must not be in them."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from alvh_trader.runtime import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Configure logs to a stream of the test's own, and put back what was there."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    logs.configure(written)
    yield written
    root.handlers[:], root.level = handlers, level
    for name in logs.LIBRARIES:
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


def rows(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_have_time_level_event_and_values(stream: io.StringIO) -> None:
    at = datetime(2018, 2, 5, tzinfo=UTC)
    structlog.get_logger().warning("session.lost", reason="a\nb", seen=at)
    (row,) = rows(stream)
    assert row.pop("at").endswith("Z")
    assert row == {
        "level": "warning",
        "event": "session.lost",
        "reason": "a\nb",
        "seen": "2018-02-05 00:00:00+00:00",
    }


def test_a_library_is_heard_in_the_same_form(stream: io.StringIO) -> None:
    logging.getLogger("asyncio").error("task %s died", "x")
    (row,) = rows(stream)
    assert (row["logger"], row["level"]) == ("asyncio", "error")
    assert row["event"] == "task x died"


def test_an_error_is_told_with_where_it_came_from(stream: io.StringIO) -> None:
    try:
        int("no number")
    except ValueError:
        structlog.get_logger().exception("it.failed")
        logging.getLogger("asyncio").exception("it failed")
    for row in rows(stream):
        assert row["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.covers("F136")
def test_a_broker_library_does_not_name_accounts_or_say_things_twice(
    stream: io.StringIO,
) -> None:
    logging.getLogger("ib_insync.wrapper").warning("Canceled order: U1234567")
    logging.getLogger("ib_insync.client").error("API connection failed")
    assert rows(stream) == []
    logging.getLogger("ib_insync.decoder").error("Error handling fields")
    assert [row["event"] for row in rows(stream)] == ["Error handling fields"]


def test_what_is_only_of_use_to_its_author_is_left_out(stream: io.StringIO) -> None:
    structlog.get_logger().debug("quote", price=1)
    logging.getLogger("asyncio").info("selector")
    assert rows(stream) == []


@pytest.mark.covers("F136")
def test_an_error_does_not_tell_what_its_code_knew(stream: io.StringIO) -> None:
    password = "swordfish"  # noqa: S105 - what must not be told
    try:
        int(f"{password[:0]}no number")
    except ValueError:
        structlog.get_logger().exception("it.failed")
        logging.getLogger("asyncio").exception("it failed")
    assert len(rows(stream)) == 2
    assert "swordfish" not in stream.getvalue()


@pytest.mark.covers("F135")
def test_a_strangers_text_cannot_fake_a_line(stream: io.StringIO) -> None:
    text = 'x\r\n{"level":"info","event":"order.sent"}\x1b[2K\x00\x85\u2028'
    structlog.get_logger().warning("broker.error", text=text)
    logging.getLogger("ib_insync.decoder").error(text)
    (ours, theirs) = rows(stream)
    assert (ours["text"], theirs["event"]) == (text, text)
    lines = stream.getvalue()
    assert lines.count("\n") == 2
    assert all(c.isprintable() for c in lines.replace("\n", ""))
