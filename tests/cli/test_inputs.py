"""`inputs check` names every mistake, `show` every age; `refresh` fetches series."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alvh_trader.cli import Series
from alvh_trader.domain.freshness import SERIES, Part, Verdict
from alvh_trader.inputs.folder import NAMES, read_folder
from alvh_trader.runtime import files
from alvh_trader.settings.model import Inputs
from tests.cli.conftest import Ask
from tests.inputs.servers import Server, good, serving, status
from tests.programs import ROOT

EXAMPLE = ROOT / "config/inputs/example"
WRITTEN = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
"""The evening of the day the examples are of."""


def example(folder: Path) -> Path:
    """Return a copy of the examples, as an operator makes it."""
    shutil.copytree(EXAMPLE, folder / "config/inputs")
    return folder / "config/inputs"


def rows_of(
    folder: Path, at: datetime, capsys: pytest.CaptureFixture[str]
) -> dict[str, dict[str, str]]:
    """Return the table that `inputs show` prints at a time, by part."""
    files.show(files.Source(Inputs(), folder), at, as_json=False)
    header, *lines = capsys.readouterr().out.splitlines()
    starts = [header.index(name) for name in header.split()]
    ends = [*starts[1:], 500]
    cells = [
        [line[a:b].strip() for a, b in zip(starts, ends, strict=True)] for line in lines
    ]
    return {row[0]: dict(zip(header.split(), row, strict=True)) for row in cells}


def test_every_example_loads_and_is_used() -> None:
    reading = read_folder(EXAMPLE)
    assert reading.mistakes == ()
    assert all((EXAMPLE / name).exists() for name in NAMES)
    found = reading.inputs
    assert found.facilities is not None
    assert len(found.facilities.facilities) == 2
    assert set(found.macro) == {"CPIAUCSL", "PPIFIS", "RBUSBIS", "DTB3", "DGS2"}
    assert found.fomc is not None
    assert len(found.fomc.releases) == 2
    assert found.constituents is not None
    assert {len(m.closes) for m in found.constituents.members} == {6}
    assert found.index is not None
    assert found.tags is not None
    assert len(reading.breadth) == 4


def test_the_examples_are_nobodys_inputs(ask: Ask) -> None:
    told = ask("inputs", "show", "--folder", str(EXAMPLE.parent), "--json")
    assert {row["verdict"] for row in told.rows} == {"missing"}
    assert {row["note"] for row in told.rows} == {""}


def test_good_files_are_listed(ask: Ask, tmp_path: Path) -> None:
    folder = example(tmp_path)
    (folder / "tags.yaml").unlink()
    told = ask("inputs", "check", "--json")
    assert (told.code, told.err) == (0, "")
    found = {row["file"]: row["found"] for row in told.rows}
    assert found == {**dict.fromkeys(NAMES, "good"), "tags.yaml": "not there"}


def test_every_mistake_is_a_line_of_its_own(ask: Ask, tmp_path: Path) -> None:
    folder = example(tmp_path)
    (folder / "tags.yaml").write_text("as_of: soon\ngdp_growth: 200\n")
    (folder / "macro/DTB3.csv").write_text("<html>\n")
    told = ask("inputs", "check")
    assert (told.code, told.out) == (2, "")
    lines = told.err.removeprefix("alvh-trader: ").splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "config/inputs/macro/DTB3.csv",
        "config/inputs/tags.yaml",
        "config/inputs/tags.yaml",
    ]


def test_a_seed_that_is_named_is_checked(ask: Ask, tmp_path: Path) -> None:
    example(tmp_path)
    (tmp_path / "x.toml").write_text('[inputs]\nbreadth_seed = "seed.csv"\n')
    ask("inputs", "check", "--config", "x.toml").complains(
        2, "seed.csv", "no such file"
    )
    (tmp_path / "seed.csv").write_text("date,net_advances\n")
    assert ask("inputs", "check", "--config", "x.toml").code == 0


@pytest.mark.parametrize("command", ["check", "show"])
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("", "config/inputs: there is no such folder"),
        ('[inputs]\nfolder = "gone"\n', "gone: there is no such folder"),
        ('[inputs]\nfolder = ""\n', "[inputs] folder is empty"),
        ('[inputs]\nfoldr = "x"\n', "did you mean inputs.folder?"),
        ('[inputs.refresh]\nurl = "ftp://x/{series}"\n', "an http or https URL"),
        ('[inputs.refresh]\nurl = "https://x/"\n', "with {series} in it"),
    ],
)
def test_a_folder_that_is_not_there_is_named(
    ask: Ask, tmp_path: Path, command: str, config: str, words: str
) -> None:
    (tmp_path / "x.toml").write_text(config)
    ask("inputs", command, "--config", "x.toml").complains(2, words)


def test_the_folder_of_the_command_line_goes_first(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('[inputs]\nfolder = "gone"\n')
    asked = ["inputs", "check", "--config", "x.toml", "--folder", str(EXAMPLE)]
    assert ask(*asked).code == 0


def test_ages_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = example(tmp_path)
    rows = rows_of(folder, WRITTEN, capsys)
    assert list(rows) == list(Part)
    assert {row["verdict"] for row in rows.values()} == {"fresh"}
    facilities = rows["facilities"]
    assert (facilities["as_of"], facilities["age"], facilities["limit"]) == (
        "2026-11-20 08:00",
        "8 h",
        "24 h",
    )
    assert (rows["CPIAUCSL"]["as_of"], rows["CPIAUCSL"]["limit"]) == (
        "2026-10-01",
        "45 d",
    )
    assert rows["tags"]["limit"] == ""


def test_a_part_grows_stale_and_a_broken_one_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = example(tmp_path)
    (folder / "index.yaml").write_text("as_of: 2026-11-20\n")
    (folder / "constituent_prices.csv").write_text("date\n")
    rows = rows_of(folder, WRITTEN + timedelta(days=11), capsys)
    verdicts = {part: row["verdict"] for part, row in rows.items()}
    old = {Part.FACILITIES, Part.BILL, Part.TWO_YEAR}
    gone = {Part.INDEX, Part.CONSTITUENTS}
    assert {part for part in verdicts if verdicts[part] == Verdict.STALE} == old
    assert {part for part in verdicts if verdicts[part] == Verdict.MISSING} == gone
    assert rows["index"]["note"] == "index.yaml: top_ten_weight: is not given"
    assert rows["constituents"]["note"].startswith("constituent_prices.csv, line 1: ")


def test_ages_in_json_are_seconds(ask: Ask, tmp_path: Path) -> None:
    example(tmp_path)
    told = ask("inputs", "show", "--json")
    rows = {row["part"]: row for row in told.rows}
    assert list(rows) == list(Part)
    assert rows["facilities"]["limit"] == 86_400
    assert rows["facilities"]["as_of"] == "2026-11-20T13:00:00+00:00"
    assert rows["tags"]["limit"] is None


def configure(folder: Path, server: Server, more: str = "") -> None:
    """Write x.toml, which fetches from `server` without patience."""
    url = server.url + ("&k={key}" if more else "")
    text = f'[inputs.refresh]\nurl = "{url}"\nattempts = 1\n{more}'
    (folder / "x.toml").write_text(text)


REFRESH = ["inputs", "refresh", "--config", "x.toml"]


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests to loopback go there, whatever this machine is used to."""
    monkeypatch.setenv("NO_PROXY", "*")


def test_the_series_of_the_command_line_are_those_there_are() -> None:
    assert [one.value for one in Series] == [part.value for part in SERIES]


@pytest.mark.usefixtures("no_proxy")
def test_series_are_fetched_into_the_folder(ask: Ask, tmp_path: Path) -> None:
    bill = b"observation_date,DTB3\n2026-11-18,3.6\n"
    with serving(good(), good(bill)) as server:
        configure(tmp_path, server)
        told = ask(*REFRESH, "CPIAUCSL", "DTB3", "--json")
    assert (told.code, told.err) == (0, "")
    assert [(r["series"], r["result"], r["newest"]) for r in told.rows] == [
        ("CPIAUCSL", "written", "2026-10-01"),
        ("DTB3", "written", "2026-11-18"),
    ]
    found = read_folder(tmp_path / "config/inputs")
    assert (set(found.inputs.macro), found.mistakes) == ({"CPIAUCSL", "DTB3"}, ())


@pytest.mark.usefixtures("no_proxy")
def test_a_series_that_cannot_be_had_is_an_exit_code(ask: Ask, tmp_path: Path) -> None:
    with serving(good(), status(404)) as server:
        configure(tmp_path, server)
        told = ask(*REFRESH)
        assert len(server.asked) == len(SERIES)
    assert (told.code, told.err) == (1, "")
    header, *lines = told.out.splitlines()
    assert header.split() == ["series", "result", "values", "newest", "reason"]
    assert lines[0].split() == ["CPIAUCSL", "written", "2", "2026-10-01"]
    assert [line.split()[1:] for line in lines[1:]] == [
        ["failed", "0", "status", "404"]
    ] * 4


@pytest.mark.usefixtures("no_proxy")
def test_the_key_comes_from_a_file_of_ours_alone(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "key"
    with serving(good()) as server:
        configure(tmp_path, server, 'key_file = "key"\n')
        ask(*REFRESH).complains(2, "inputs.refresh.key_file = key: it cannot be read")
        path.write_text("s3cret-one\ns3cret-two\n")
        ask(*REFRESH).complains(2, "others may read it")
        path.chmod(0o600)
        ask(*REFRESH).complains(2, "it should hold one key, and holds 2")
        path.write_text("# ours\ns3cret-one\n")
        told = ask(*REFRESH, "CPIAUCSL")
        assert server.asked == ["/csv?id=CPIAUCSL&k=s3cret-one"]
    assert told.code == 0
    assert "s3cret" not in told.out


@pytest.mark.usefixtures("no_proxy")
def test_a_key_that_is_missing_is_named(ask: Ask, tmp_path: Path) -> None:
    with serving(good()) as server:
        configure(tmp_path, server, 'key = ""\n')
        ask(*REFRESH).complains(2, "wants a {key}, and none is given")


def test_a_series_that_there_is_not_is_named(ask: Ask, tmp_path: Path) -> None:
    ask("inputs", "refresh", "GDP").complains(2, "GDP", "CPIAUCSL")
