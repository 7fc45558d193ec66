"""docs/controls.md is what the gate's table, the limits and the tests' marks say."""

import runpy
from pathlib import Path

import pytest

from alvh_trader.risk.checks import CONTROLS
from alvh_trader.risk.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
WRITE = runpy.run_path(str(ROOT / "scripts/write-controls"))


@pytest.mark.covers("T12")
def test_the_page_is_what_the_code_says() -> None:
    page = (ROOT / "docs/controls.md").read_text(encoding="utf-8")
    written = untested(page.partition(WRITE["MARK"])[2].strip())
    assert written == untested(WRITE["page"]().strip()), "run scripts/write-controls"


def untested(table: str) -> list[str]:
    """Return the lines without the last column: tests come and go with every change."""
    return [line.rstrip(" |").rpartition(" | ")[0] for line in table.splitlines()]


@pytest.mark.parametrize(
    "it", WRITE["OUTSIDE"], ids=lambda it: f"{it.number} {it.where}"
)
def test_a_control_outside_the_gate_is_where_the_page_says(it: object) -> None:
    assert (ROOT / "alvh_trader" / it.where).is_file()  # type: ignore[attr-defined]


def test_every_limit_is_one_of_a_control() -> None:
    """A limit that no control goes by would be a promise that nobody keeps."""
    used = {key for control in (*CONTROLS, *WRITE["OUTSIDE"]) for key in control.keys}
    assert used == set(Limits.__struct_fields__)


def test_every_control_says_where_it_comes_from() -> None:
    numbers = {number for number, *_ in WRITE["rows"]()}
    named = {n for n in numbers if not n.startswith(("§", "F"))}
    assert named - {"P15"} <= WRITE["ANCHORS"].keys()
