"""The shipped files and the documentation say what the schema says."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from alvh_trader.settings.keys import KEYS
from alvh_trader.settings.load import load
from alvh_trader.settings.model import ModeName
from alvh_trader.settings.reference import VARIANTS, config_file, tables
from alvh_trader.settings.show import value_at

ROOT = Path(__file__).parents[2]
MODES = pytest.mark.parametrize("mode", list(ModeName))


def leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


@MODES
def test_a_shipped_file_is_what_the_schema_writes(mode: ModeName) -> None:
    path = ROOT / "config" / f"{mode.value}.toml"
    assert path.read_text(encoding="utf-8") == config_file(mode), (
        "run scripts/write-configuration"
    )


@MODES
def test_a_shipped_file_has_every_key_and_a_comment_above_each(mode: ModeName) -> None:
    text = (ROOT / "config" / f"{mode.value}.toml").read_text(encoding="utf-8")
    assert leaves(tomllib.loads(text)).keys() == KEYS.keys()
    lines = text.splitlines()
    for above, line in pairwise(lines):
        if " = " in line and not line.startswith("#"):
            assert above.startswith("# "), line
    assert all(len(line) <= 88 for line in lines)


@MODES
def test_a_shipped_file_loads_and_is_the_defaults_but_for_what_it_says(
    mode: ModeName,
) -> None:
    found = load([ROOT / "config" / f"{mode.value}.toml"], {})
    assert found.mode.name is mode
    default = load([], {})
    changed = {
        name for name in KEYS if value_at(found, name) != value_at(default, name)
    }
    assert changed == VARIANTS[mode].values.keys()


def test_the_documentation_has_every_key() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert page.endswith(tables()), "run scripts/write-configuration"
    for key in KEYS.values():
        assert f"### [{key.section}]" in page
        assert f"| `{key.last}` | {key.text} | {key.allowed} |" in page
