"""A series is fetched, checked, and only then takes the old one's place."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alvh_trader.domain.freshness import SERIES, Part
from alvh_trader.errors import ConfigError
from alvh_trader.inputs.folder import read_folder
from alvh_trader.inputs.refresh import Endpoint, Outcome, Result, refresh, series_in
from tests.inputs.servers import (
    CPI,
    Answer,
    Server,
    good,
    looping,
    resetting,
    serving,
    silent,
    status,
    truncated,
)

OLD = "observation_date,CPIAUCSL\n2026-08-01,324.1\n2026-09-01,324.6\n"
KEY = "s3cret/key&more"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests to loopback go there, whatever this machine is used to."""
    monkeypatch.setenv("NO_PROXY", "*")


def endpoint(server: Server, key: str = "", timeout: float = 5.0) -> Endpoint:
    url = server.url + ("&api_key={key}" if key else "")
    return Endpoint(url=url, key=key, timeout=timeout, attempts=2)


def fetch_one(folder: Path, where: Endpoint, part: Part = Part.CPI) -> Outcome:
    (outcome,) = refresh(folder, [part], where, sleep=lambda _: None)
    return outcome


def kept(folder: Path, text: str = OLD) -> Path:
    """Write the file that is there already."""
    path = folder / "macro" / "CPIAUCSL.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_series_is_written_as_it_is_read(tmp_path: Path) -> None:
    with serving(good()) as server:
        outcome = fetch_one(tmp_path / "new", endpoint(server))
        assert server.asked == ["/csv?id=CPIAUCSL"]
    assert outcome == Outcome(
        series=Part.CPI, result=Result.WRITTEN, values=2, newest=date(2026, 10, 1)
    )
    path = tmp_path / "new/macro/CPIAUCSL.csv"
    assert path.read_text() == (
        "observation_date,CPIAUCSL\n2026-08-01,324.1\n2026-10-01,325.2\n"
    )
    (series,) = read_folder(tmp_path / "new").inputs.macro.values()
    assert series.points == ((date(2026, 8, 1), 324.1), (date(2026, 10, 1), 325.2))
    assert [p.name for p in path.parent.iterdir()] == ["CPIAUCSL.csv"]


def test_a_newer_series_takes_the_old_ones_place(tmp_path: Path) -> None:
    path = kept(tmp_path)
    with serving(good()) as server:
        assert fetch_one(tmp_path, endpoint(server)).result is Result.WRITTEN
        body, mark = path.read_text(), path.stat().st_mtime_ns
        # Nothing new: the file is not touched, and the daemon reads nothing again.
        assert fetch_one(tmp_path, endpoint(server)).result is Result.UNCHANGED
    assert "2026-10-01" in body
    assert path.stat().st_mtime_ns == mark


def test_json_is_read_as_well(tmp_path: Path) -> None:
    rows = [{"date": "2026-10-01", "value": "325.2", "realtime_start": "2026-11-12"}]
    rows.append({"date": "2026-11-01", "value": ".", "realtime_start": "2026-11-12"})
    body = msgspec.json.encode({"units": "lin", "observations": rows})
    with serving(good(body)) as server:
        assert fetch_one(tmp_path, endpoint(server)).values == 1
    assert series_in(Part.CPI, body).points == ((date(2026, 10, 1), 325.2),)


def test_a_broken_old_file_is_no_obstacle(tmp_path: Path) -> None:
    path = kept(tmp_path, "<html>")
    with serving(good()) as server:
        assert fetch_one(tmp_path, endpoint(server)).result is Result.WRITTEN
    assert path.read_text().startswith("observation_date,CPIAUCSL\n")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(500), "status 500"),
        (status(404), "status 404"),
        (silent, "no whole answer within"),
        (truncated, "the answer broke off"),
        (resetting, "no connection"),
        (looping, "redirects"),
        (good(b"<!DOCTYPE html><p>Please wait\n"), "the header <!DOCTYPE html><p>Plea"),
        (good(b""), "the answer: is empty"),
        (good(b"\xff\xfe"), "is not UTF-8"),
        (good(b"{}"), "JSON without observations"),
        (good(b'{"error_code": 400}'), "JSON without observations"),
        (good(CPI.replace(b"CPIAUCSL", b"PPIFIS")), "observation_date,CPIAUCSL"),
        (good(CPI.replace(b"325.2", b"3252")), "should be from 10 to 2000"),
        (good(CPI.replace(b"325.2", b"32.52")), "is too far from 324.1"),
        (good(CPI.replace(b"2026-10", b"2026-08")), "is already in line 2"),
        (good(CPI[:43]), "ends on 2026-08-01, the file on 2026-09-01"),
    ],
)
def test_whatever_goes_wrong_the_old_file_stays(
    tmp_path: Path, answer: Answer, words: str
) -> None:
    path = kept(tmp_path)
    mark = path.stat().st_mtime_ns
    with serving(answer) as server:
        outcome = fetch_one(tmp_path, endpoint(server, timeout=0.3))
    assert outcome.result is Result.FAILED
    assert words in outcome.reason
    assert (outcome.values, outcome.newest) == (2, date(2026, 9, 1))
    assert (path.read_text(), path.stat().st_mtime_ns) == (OLD, mark)
    assert [p.name for p in path.parent.iterdir()] == ["CPIAUCSL.csv"]


def test_one_that_fails_keeps_no_other_from_being_fetched(tmp_path: Path) -> None:
    bill = b"observation_date,DTB3\n2026-11-18,3.6\n"
    with serving(status(404), good(bill)) as server:
        where = endpoint(server)
        outcomes = list(refresh(tmp_path, [Part.CPI, Part.BILL], where))
    assert [o.result for o in outcomes] == [Result.FAILED, Result.WRITTEN]
    assert (outcomes[0].values, outcomes[0].newest) == (0, None)


def test_a_folder_that_cannot_be_written_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "macro").write_text("a file, not a folder")
    with serving(good()) as server:
        outcome = fetch_one(tmp_path, endpoint(server))
    assert outcome.result is Result.FAILED
    assert outcome.reason.startswith(("cannot be written: ", f"{tmp_path}"))


def echo(code: int) -> Answer:
    """Answer with a page that quotes the address, as servers do."""

    def answer(handler: object) -> None:
        quoted = f"<p>{getattr(handler, 'path')} {KEY}\n".encode()  # noqa: B009
        good(quoted)(handler)  # type: ignore[arg-type]

    return answer if code == 200 else status(code)


@pytest.mark.parametrize("answer", [echo(200), echo(403), resetting, silent, looping])
def test_the_key_goes_to_the_server_and_nowhere_else(
    tmp_path: Path, answer: Answer
) -> None:
    with serving(answer) as server:
        outcome = fetch_one(tmp_path, endpoint(server, KEY, timeout=0.2))
        assert server.asked[0] == "/csv?id=CPIAUCSL&api_key=s3cret%2Fkey%26more"
    assert outcome.result is Result.FAILED
    assert "s3cret" not in str(outcome)


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("https://x/{series}?k={key}", "", "none is given"),
        ("http://example.org/{series}?k={key}", "k", "use https"),
    ],
)
def test_a_key_is_not_shown_to_everybody(url: str, key: str, words: str) -> None:
    where = Endpoint(url=url, key=key, timeout=1, attempts=1)
    with pytest.raises(ConfigError, match=words):
        where.address(Part.CPI)


def test_a_key_with_braces_is_no_series() -> None:
    where = Endpoint(
        url="https://x/{series}?k={key}", key="{series}", timeout=1, attempts=1
    )
    assert where.address(Part.CPI) == "https://x/CPIAUCSL?k=%7Bseries%7D"


@given(
    part=st.sampled_from(SERIES),
    body=st.binary(max_size=80)
    | st.builds(
        lambda rows: msgspec.json.encode({"observations": rows}),
        st.lists(
            st.fixed_dictionaries(
                {
                    "date": st.sampled_from(["2026-01-01", "x", ""]) | st.text(),
                    "value": st.sampled_from(["1", ".", "300"]) | st.text(),
                }
            ),
            max_size=4,
        ),
    ),
)
@example(part=Part.CPI, body=b'{"observations":' + b"[" * 100_000)
@example(part=Part.CPI, body=b'{"observations":[{"date":"2026-01-01\\n","value":"1"}]}')
def test_no_answer_raises_anything_but_our_error(part: Part, body: bytes) -> None:
    try:
        said = str(series_in(part, body).points[0])
    except ConfigError as error:
        said = str(error).partition(" answer")[0]
    assert said.startswith(("the", "(datetime.date("))
