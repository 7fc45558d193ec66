"""docs/inputs.md and the examples name every file, every key and every age."""

import re
from datetime import timedelta

import pytest
import yaml

from alvh_trader.domain.freshness import LIMITS, Part
from alvh_trader.inputs import folder, structured, tables
from alvh_trader.settings.section import Section
from tests.programs import ROOT

PAGE = (ROOT / "docs/inputs.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "config/inputs/example"

ENTRIES: tuple[type[Section], ...] = (
    structured.FacilitiesFile,
    structured.FacilityEntry,
    structured.CollateralEntry,
    structured.MultiSigEntry,
    structured.TreasuryEntry,
    structured.FomcFile,
    structured.MeetingEntry,
    structured.IndexFile,
    structured.TagsFile,
)


def keys(entry: type[Section]) -> set[str]:
    """Return the keys of a file as a person writes them."""
    return {field.alias or name for name, field in entry.model_fields.items()}


def table() -> dict[str, str]:
    """Return what the page says of each file: how long it is fresh."""
    rows = PAGE.partition("\n| File |")[2].splitlines()[2:]
    cells = [row.split("|") for row in rows[: rows.index("")]]
    return {row[1].strip(" `"): row[3].strip() for row in cells}


def test_the_page_has_every_file_and_no_other() -> None:
    assert sorted(table()) == sorted(folder.NAMES)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        *folder.MACRO.items(),
        (Part.FACILITIES, folder.FACILITIES),
        (Part.FOMC, folder.FOMC),
        (Part.CONSTITUENTS, folder.CONSTITUENTS),
        (Part.INDEX, folder.INDEX),
    ],
)
def test_the_page_has_the_ages_that_are_in_force(part: Part, name: str) -> None:
    number, unit = re.findall(r"^(\d+) (h|d)\b", table()[name])[0]
    said = timedelta(hours=int(number)) if unit == "h" else timedelta(days=int(number))
    assert said == LIMITS[part]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.__name__)
def test_the_page_and_the_examples_have_every_key(entry: type[Section]) -> None:
    marked = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert keys(entry) <= marked
    text = "".join(path.read_text() for path in EXAMPLE.glob("*.yaml"))
    assert {key for key in keys(entry) if f"{key}:" not in text} == set()


def test_the_page_has_the_headers_of_the_tables() -> None:
    for row in (tables.ConstituentRow, tables.CloseRow):
        assert f"`{','.join(row.model_fields)}`" in PAGE


def test_every_line_of_an_example_is_explained() -> None:
    """A comment says what the file is, and where the daemon reads it."""
    for path in EXAMPLE.rglob("*"):
        if path.suffix in {".yaml", ".csv"}:
            assert path.read_text().startswith("# ")
    tree = yaml.safe_load((EXAMPLE / "facilities.yaml").read_text())
    assert len(tree["facilities"]) == 2
