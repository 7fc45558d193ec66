"""Every planted bug can be planted: its words are still those of the source."""

from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS, planted

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", BUGS)
def test_its_words_are_in_the_source(name: str, tmp_path: Path) -> None:
    planted(name, ROOT, tmp_path)
    for edit in BUGS[name].edits:
        source = (tmp_path / "alvh_trader" / edit.file).read_text()
        assert edit.new in source
        compile(source, edit.file, "exec")
