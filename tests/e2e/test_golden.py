"""Golden transcripts: runs that reach what the main scenario does not.

`scripts/write-golden` writes them anew; then read what changed, and say why.
"""

from pathlib import Path

import pytest

from tests.e2e.golden import FOLDER, STORIES, tell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.mark.parametrize("name", STORIES)
def test_the_story_is_the_one_that_was_written_down(name: str, tmp_path: Path) -> None:
    written = (FOLDER / f"{name}.txt").read_text().splitlines()
    assert tell(name, tmp_path) == written


@pytest.mark.parametrize("name", STORIES)
def test_each_story_reaches_what_it_is_there_for(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text()
    for words in STORIES[name].reaches:
        assert words in text, words
