"""Write the configuration down: the files in config/ and the tables in the docs.

Everything is taken from the schema, so that files and documentation cannot drift from
what the program reads; `scripts/write-configuration` calls this, a test compares.
"""

import textwrap
from collections.abc import Iterator, Mapping
from itertools import groupby

from msgspec import Struct

from alvh_trader.settings.environment import variable
from alvh_trader.settings.keys import KEYS, Key
from alvh_trader.settings.model import ModeName
from alvh_trader.settings.show import literal


class Variant(Struct, frozen=True):
    """A shipped file: what it is for, and where it differs from the defaults."""

    purpose: str
    values: Mapping[str, object]


VARIANTS: Mapping[ModeName, Variant] = {
    ModeName.PAPER: Variant(
        "Trade on the embedded paper gateway, or on a paper account of the broker.",
        {"journal.path": "var/paper.db"},
    ),
    ModeName.WATCH: Variant(
        "Watch an account and tell what would be done. No order can be sent.",
        {
            "mode.name": ModeName.WATCH,
            "broker.port": 4001,
            "broker.client_id": 18,
            "journal.path": "var/watch.db",
        },
    ),
    ModeName.LIVE: Variant(
        "Trade with real money: needs --mode live besides, and an arming.",
        {
            "mode.name": ModeName.LIVE,
            "broker.port": 4001,
            "broker.account": "U0000000",
            "journal.path": "var/live.db",
        },
    ),
}

_HEAD = """\
# {purpose}
#
# Every key there is, with what it means and what is allowed; a value equal to the
# default may be left out. Later files and ALVH_SECTION__KEY variables win.
# See docs/configuration.md.
"""


def config_file(mode: ModeName) -> str:
    """Return the text of config/MODE.toml."""
    variant = VARIANTS[mode]
    parts = [_HEAD.format(purpose=variant.purpose)]
    for section, keys in _sections():
        parts.append(f"\n[{section}]\n")
        for key in keys:
            value = variant.values.get(key.name, key.default)
            words = f"{key.text} {_sentence(key)}"
            comment = textwrap.fill(words, 86, break_long_words=False)
            parts.append(textwrap.indent(comment, "# "))
            parts.append(f"\n{key.last} = {literal(value)}\n")
    return "".join(parts)


def tables() -> str:
    """Return the reference part of docs/configuration.md."""
    parts = []
    for section, keys in _sections():
        parts.append(f"\n### [{section}]\n\n")
        parts.append("| Key | Meaning | Allowed | Default |\n|---|---|---|---|\n")
        for key in keys:
            default = f"`{literal(key.default)}`"
            parts.append(f"| `{key.last}` | {key.text} | {key.allowed} | {default} |\n")
        parts.append(f"\nAs a variable: `{variable(keys[0].name)}`, and so on.\n")
    return "".join(parts)


def _sections() -> Iterator[tuple[str, list[Key]]]:
    """Yield each table with its keys; a table's own keys come before its tables."""
    for _, family in groupby(KEYS.values(), lambda key: key.name.partition(".")[0]):
        found: dict[str, list[Key]] = {}
        for key in family:
            found.setdefault(key.section, []).append(key)
        top = min(found, key=lambda section: section.count("."))
        yield top, found.pop(top)
        yield from found.items()


def _sentence(key: Key) -> str:
    return f"{key.allowed[0].upper()}{key.allowed[1:]}."
