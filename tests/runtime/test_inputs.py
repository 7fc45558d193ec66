"""The operator's files: what is right is read, what is wrong is named."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.errors import ConfigError
from alvh_trader.runtime.inputs import read_breadth_seed, write_breadth_seed


@given(nets=st.lists(st.integers(-5000, 5000), max_size=30))
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, nets: list[int]
) -> None:
    path = tmp_path_factory.mktemp("seed") / "deeper" / "breadth.csv"
    rows = tuple((date(2026, 1, 1), net) for net in nets)
    write_breadth_seed(path, rows)
    assert read_breadth_seed(path) == tuple(nets)


def seed(folder: Path, text: str | bytes) -> Path:
    path = folder / "breadth.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_other_columns_and_spaces_do_no_harm(tmp_path: Path) -> None:
    path = seed(tmp_path, "net_advances,date,note\n 12,2026-01-02,x\n-7,2026-01-05,\n")
    assert read_breadth_seed(path) == (12, -7)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("date,net\n2026-01-02,5\n", 2, "no column net_advances"),
        ("date,net_advances\n2026-01-02,5\n2026-01-05,many\n", 3, "'many' is not a"),
        ("date,net_advances\n2026-01-02,\n", 2, "'' is not a whole number"),
        ("date,net_advances\n2026-01-02,1.5\n", 2, "'1.5' is not a whole number"),
        ("date,net_advances\n2026-01-02,5001\n", 2, "within 5000 of zero"),
        ("date,net_advances\n2026-01-02\n", 2, "no column net_advances"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    path = seed(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        read_breadth_seed(path)
    assert str(error.value).startswith(f"{path}, line {line}: ")
    assert words in str(error.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00date", b"x" * 200_000])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "gone.csv" if content is None else seed(tmp_path, content)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_breadth_seed(path)
