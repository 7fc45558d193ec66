"""The answers of `explain` as text, word for word in three situations.

When an answer has changed for good: `python -m tests.runtime.test_words` writes the
files anew; read the difference before it is committed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from alvh_trader.engine.explain import answers
from alvh_trader.runtime import words
from alvh_trader.strategy.phase import Phase
from tests.playbook import World
from tests.worked_market import CALM, ROTATING_LINE

FOLDER = Path(__file__).parent / "answers"


def _calm() -> World:
    return World(CALM).start().until(Phase.MONITOR)


def _stabilises() -> World:
    return World().start().until(Phase.STABILISE)


def _holds() -> World:
    return World(line=ROTATING_LINE).start().until(Phase.HOLD_HEDGED)


SITUATIONS: dict[str, Callable[[], World]] = {
    "monitor": _calm,
    "stabilise": _stabilises,
    "hold_hedged": _holds,
}


def text_of(world: World) -> str:
    """Return what `explain` prints of the one case."""
    case = world.case
    told = [d for d in world.decisions if d.case == case.case_id]
    found = answers(world.state, world.rules, case, told)
    return "\n".join(words.case(case.case_id, world.state.at, found)) + "\n"


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_answers_read_as_written_down(name: str) -> None:
    written = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert text_of(SITUATIONS[name]()) == written


def test_the_example_of_the_readme_is_true() -> None:
    page = (FOLDER.parents[2] / "README.md").read_text(encoding="utf-8")
    part = page.partition("## Why did it do that?")[2]
    shown = part.split("```")[1].splitlines()[1:]
    assert len(shown) > 5
    told = text_of(_holds()).splitlines()
    assert [line for line in shown if line not in told] == []


def test_no_line_is_a_puzzle() -> None:
    """A finding says what was asked, a change what to wait for."""
    for made in SITUATIONS.values():
        for line in text_of(made()).splitlines():
            bare = line.strip()
            if bare.startswith(("yes ", "no ")):
                assert ", asked " in bare
            if bare.startswith("->"):
                assert len(bare) > 10


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for situation, made in SITUATIONS.items():
        (FOLDER / f"{situation}.txt").write_text(text_of(made()), encoding="utf-8")
