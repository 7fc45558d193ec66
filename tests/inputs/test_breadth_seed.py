"""Net advances of past sessions: written, read, and every mistake named."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.errors import ConfigError
from alvh_trader.inputs.tables import read_breadth_seed, write_breadth_seed
from alvh_trader.inputs.text import MISTAKES_MAX


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


HEAD = "date,net_advances\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("date,net\n2026-01-02,5\n", 1, "no column net_advances"),
        ("date,date,net_advances\n", 1, "column date is there twice"),
        (f"{HEAD}2026-01-02,5\n2026-01-05,many\n", 3, '"many": should be a valid int'),
        (f"{HEAD}2026-01-02,\n", 2, '"": should be a valid integer'),
        (f"{HEAD}2026-01-02,1.5\n", 2, '"1.5": should be a valid integer'),
        (f"{HEAD}2026-01-02,5001\n", 2, "less than or equal to 5000"),
        (f"# a note\n\n{HEAD}2026-01-02\n", 4, "1 values, the header has 2"),
        (f'{HEAD}"2026-01-02,1\n', 2, "is no CSV"),
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


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00date", b"x" * 5_000_000])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "gone.csv" if content is None else seed(tmp_path, content)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_breadth_seed(path)


def test_every_mistake_is_named_up_to_many(tmp_path: Path) -> None:
    path = seed(tmp_path, HEAD + "2026-01-02,x\n" * 30)
    with pytest.raises(ConfigError) as error:
        read_breadth_seed(path)
    lines = str(error.value).splitlines()
    assert len(lines) == MISTAKES_MAX + 1
    assert lines[-1] == f"{path}: and {30 - MISTAKES_MAX} more mistakes"
