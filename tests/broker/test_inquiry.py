"""Answers are matched to the questions they answer, and to no others."""

import asyncio
import itertools

import pytest

from alvh_trader.broker import inquiry
from alvh_trader.broker.inquiry import Inquiries
from alvh_trader.broker.pace import Pace
from alvh_trader.errors import BrokerError, NotConnectedError


def inquiries(timeout: float = 0.05) -> Inquiries:
    return Inquiries(Pace(None), itertools.count(1).__next__, timeout=timeout)


def test_rows_are_collected_until_the_end_marker() -> None:
    async def story() -> None:
        q = inquiries()

        def answer(request_id: int) -> None:
            q.add(request_id, "a")
            q.add(request_id + 1, "somebody else's")
            q.add(request_id, "b")
            q.end(request_id)
            q.add(request_id, "too late")

        assert await q.ask("x", answer) == ["a", "b", "too late"]
        assert not q.waits_for(1)

    asyncio.run(story())


def test_answers_are_owed_in_the_order_they_were_asked_for() -> None:
    async def story() -> None:
        q = inquiries()
        for _ in range(2):
            with pytest.raises(BrokerError, match="no complete answer"):
                await q.ask_kind("kind", lambda: q.add("kind", "cut off"))

        def answer() -> None:
            for text in ("first", "second", "third"):
                q.add("kind", text)
                q.end("kind")

        assert await q.ask_kind("kind", answer) == ["third"]

    asyncio.run(story())


@pytest.mark.covers("F38", "F44", "V12")
def test_an_end_marker_that_was_lost_does_not_spoil_every_later_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Found by a seed: one lost End, and no report was complete ever after.

    async def story() -> None:
        q = inquiries()

        def answer() -> None:
            q.add("kind", "now")
            q.end("kind")

        with pytest.raises(BrokerError):
            await q.ask_kind("kind", lambda: q.add("kind", "cut off"))
        with pytest.raises(BrokerError):
            await q.ask_kind("kind", answer)
        monkeypatch.setattr(inquiry, "LATEST", 0.0)
        assert await q.ask_kind("kind", answer) == ["now"]
        assert await q.ask_kind("kind", answer) == ["now"]

    asyncio.run(story())


def test_a_late_answer_with_an_id_is_nobodys() -> None:
    async def story() -> None:
        q = inquiries()
        with pytest.raises(BrokerError):
            await q.ask("x", lambda _: None)

        def answer(request_id: int) -> None:
            q.add(request_id - 1, "late")
            q.end(request_id - 1)
            q.add(request_id, "mine")
            q.end(request_id)

        assert await q.ask("x", answer) == ["mine"]

    asyncio.run(story())


def test_an_error_is_an_answer_only_where_it_means_nothing_there() -> None:
    async def story() -> None:
        q = inquiries()

        def refuse(request_id: int) -> None:
            q.fail(request_id, 200, "no definition")

        assert await q.ask("x", refuse, means_none=200) == []
        with pytest.raises(BrokerError, match="error 200: no definition"):
            await q.ask("x", refuse)

    asyncio.run(story())


def test_the_end_of_the_session_ends_every_wait() -> None:
    async def story() -> None:
        q = inquiries()
        with pytest.raises(NotConnectedError, match="gone"):
            await q.ask_kind("kind", lambda: q.fail_all("gone"))

    asyncio.run(story())
