"""The effective configuration in words, with every secret left out."""

import os
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct
from pydantic import SecretStr

from alvh_trader.settings.keys import KEYS
from alvh_trader.settings.model import Settings
from alvh_trader.settings.secrets import redact

SHOWN_LETTERS_MAX = 80


class Shown(Struct, frozen=True):
    """One key of the effective configuration, as it may be shown to anybody."""

    key: str
    value: str
    source: str


def effective(settings: Settings, sources: Mapping[str, str]) -> list[Shown]:
    """Return every key with its value, and where it came from (see `load.Loaded`)."""
    return [
        Shown(name, shown(value_at(settings, name)), sources.get(name, "default"))
        for name in KEYS
    ]


def config_hash(settings: Settings) -> str:
    """Return a short digest of every value but the secrets; the same everywhere."""
    values = {name: literal(value_at(settings, name)) for name in KEYS}
    body = msgspec.json.encode(values, order="sorted")
    return blake2b(body, digest_size=8).hexdigest()


def value_at(settings: Settings, name: str) -> Any:
    """Return the value under a dotted key."""
    value: Any = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def shown(value: object) -> str:
    """Return `value` on one line of bounded length, without secrets."""
    return printable(literal(value), SHOWN_LETTERS_MAX)


def literal(value: object) -> str:
    """Return `value` as a configuration file has it, secrets redacted.

    >>> literal((1.5, True, "x")), literal(None)
    ('[1.5, true, "x"]', '""')
    """
    match value:
        case None:
            return '""'
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case os.PathLike():
            return f'"{os.fspath(value)}"'
        case SecretStr():
            secret = value.get_secret_value()
            return f'"{redact(secret)}"' if secret else '""'
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return _plain(value)


def printable(text: str, length: int = 200) -> str:
    """Return `text` without control characters, cut to `length`."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= length else f"{clean[: length - 1]}…"


def _plain(value: object) -> str:
    try:
        return str(value)
    except ValueError:
        return "a very large number"  # Python does not print it.
