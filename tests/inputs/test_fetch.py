"""A server may do what it likes: there is a document or a reason, in bounded time."""

import pytest

from alvh_trader.inputs.fetch import PATIENCE, Failed, fetch
from alvh_trader.inputs.text import BYTES_MAX
from tests.inputs.servers import (
    CPI,
    Answer,
    Server,
    babbling,
    chunked,
    cut,
    dripping,
    endless,
    good,
    looping,
    resetting,
    serving,
    silent,
    since,
    stalling,
    status,
    truncated,
    unannounced,
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests to loopback go there, whatever this machine is used to."""
    monkeypatch.setenv("NO_PROXY", "*")


def ask(
    server: Server, *, timeout: float = 5.0, attempts: int = 3
) -> tuple[bytes | Failed, list[float]]:
    """Return what came, and the pauses that were made."""
    pauses: list[float] = []
    found = fetch(server.url, timeout=timeout, attempts=attempts, sleep=pauses.append)
    return found, pauses


@pytest.mark.parametrize("answer", [good(), unannounced, chunked(is_whole=True)])
def test_what_is_whole_is_had_at_once(answer: Answer) -> None:
    with serving(answer) as server:
        assert ask(server) == (CPI, [])
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(500), "status 500"),
        (status(503), "status 503"),
        (truncated, "the answer broke off"),
        (chunked(is_whole=False), "the answer broke off"),
        (cut, "nothing says that it is whole"),
        (resetting, "no connection, or it broke"),
        (babbling, "no connection, or it broke"),
    ],
)
def test_a_fault_is_met_with_another_attempt(fault: Answer, words: str) -> None:
    with serving(fault, good()) as server:
        found, pauses = ask(server)
    assert found == CPI
    assert len(server.asked) == 2
    with serving(fault) as server:
        found, pauses = ask(server)
    assert isinstance(found, Failed)
    assert words in found.reason
    assert len(server.asked) == 3
    first, second = pauses
    assert 1 <= first <= 2
    assert 2 <= second <= 3


@pytest.mark.parametrize("fault", [silent, stalling, dripping])
def test_nobody_is_waited_for_without_end(fault: Answer) -> None:
    with serving(fault) as server:
        passed = since()
        found, _ = ask(server, timeout=0.3, attempts=2)
        assert passed() < 0.3 * 2 * 2 + 1
    assert found == Failed("no whole answer within 0.3 s", may_heal=True)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(400), "status 400"),
        (status(403), "status 403"),
        (status(404), "status 404"),
        (status(204), "status 204"),
        (endless, f"larger than {BYTES_MAX} B"),
        (good(Content_Encoding="gzip"), "packed"),
    ],
)
def test_what_does_not_heal_is_asked_once(fault: Answer, words: str) -> None:
    with serving(fault) as server:
        found, pauses = ask(server)
    assert isinstance(found, Failed)
    assert words in found.reason
    assert (len(server.asked), pauses) == (1, [])


def test_a_ring_of_redirects_is_left() -> None:
    with serving(looping) as server:
        found, pauses = ask(server)
    assert found == Failed("more than 3 redirects", may_heal=False)
    assert (len(server.asked), pauses) == (4, [])


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry_After": "7"}, 7.0),
        (
            {
                "Date": "Fri, 20 Nov 2026 12:00:00 GMT",
                "Retry_After": "Fri, 20 Nov 2026 12:00:42 GMT",
            },
            42.0,
        ),
        (
            {
                "Date": "Fri, 20 Nov 2026 12:00:00 GMT",
                "Retry_After": "Fri, 20 Nov 2026 11:00:00 GMT",
            },
            0.0,
        ),
    ],
)
@pytest.mark.parametrize("code", [429, 503])
def test_a_server_that_names_its_pause_gets_it(
    code: int, headers: dict[str, str], pause: float
) -> None:
    with serving(status(code, **headers), good()) as server:
        assert ask(server) == (CPI, [pause])


@pytest.mark.parametrize("word", ["soon", "-5", "٣", "Fri, 99 Nov 2026", ""])
def test_a_pause_that_is_not_understood_is_ours(word: str) -> None:
    answer = status(429, Retry_After=word.encode().decode("latin-1"))
    with serving(answer, good()) as server:
        found, (pause,) = ask(server)
    assert found == CPI
    assert 1 <= pause <= 2


def test_a_server_that_wants_an_hour_is_asked_another_day() -> None:
    with serving(status(429, Retry_After=str(int(PATIENCE) + 1))) as server:
        found, pauses = ask(server)
    assert found == Failed("status 429, try again in 121 s", may_heal=False)
    assert pauses == []


def test_nobody_there_is_a_reason() -> None:
    with serving(good()) as server:
        pass
    found, pauses = ask(server)
    assert found == Failed("no connection, or it broke", may_heal=True)
    assert len(pauses) == 2


@pytest.mark.parametrize("url", ["http://", "http://[", "nonsense", "http://a b/"])
def test_an_address_that_is_none_is_a_reason(url: str) -> None:
    found = fetch(url, timeout=1, attempts=3, sleep=list[float]().append)
    assert found == Failed("the address is not usable", may_heal=False)
