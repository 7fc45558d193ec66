"""Read, merge and validate the configuration; report every mistake at once.

Files are merged key by key, later ones win; then come environment variables such as
`ALVH_BROKER__PORT`. Where each value came from is remembered, for the messages and
for `alvh-trader config check`.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from alvh_trader.errors import ConfigError
from alvh_trader.settings.agree import contradictions
from alvh_trader.settings.environment import Environment, variable
from alvh_trader.settings.keys import KEYS
from alvh_trader.settings.model import Settings
from alvh_trader.settings.secrets import read_urls
from alvh_trader.settings.show import printable, shown

FILE_BYTES_MAX = 1024 * 1024
"""A configuration that is larger is some other file."""

DEFAULT = "default"
"""The source of a value that nobody set."""

Tree = dict[str, Any]


class Loaded(Struct, frozen=True):
    """The configuration, and under each dotted key where its value came from."""

    settings: Settings
    sources: dict[str, str]


def load(files: Sequence[Path], environ: Mapping[str, str]) -> Settings:
    """Return the configuration that `files` and `environ` make.

    Raises:
        ConfigError: It is not usable; the message has one line for each mistake.
    """
    return load_with_sources(files, environ).settings


def load_with_sources(files: Sequence[Path], environ: Mapping[str, str]) -> Loaded:
    """Like `load`, and tell for each key which file or variable set it.

    Raises:
        ConfigError: It is not usable; the message has one line for each mistake.
    """
    tree: Tree = {}
    sources: dict[str, str] = {}
    mistakes: list[str] = []
    for file in files:
        try:
            _merge(tree, _read(file), sources, str(file))
        except ValueError as error:
            mistakes.append(f"{file}: {error}")
    _merge(tree, _mode_as_table(Environment(environ).tree()), sources, None)
    _raise(mistakes)
    try:
        settings = Settings(**tree)
    except ValidationError as error:
        lines = [_mistake(detail, sources) for detail in error.errors()]
        _raise(list(dict.fromkeys(lines)))
        raise
    mistakes = [f"{_where(line, sources)}{line}" for line in contradictions(settings)]
    try:
        settings = _with_url_file(settings, environ)
    except ValueError as error:
        key = "alerts.urls_file"
        value = shown(settings.alerts.urls_file)
        mistakes.append(f"{sources.get(key, DEFAULT)}: {key} = {value}: {error}")
    _raise(mistakes)
    return Loaded(settings, sources)


def _read(file: Path) -> Tree:
    try:
        with file.open("rb") as opened:
            data = opened.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from error
    if len(data) > FILE_BYTES_MAX:
        raise ValueError("it is too large to be a configuration")
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    return _mode_as_table(tree)


def _mode_as_table(tree: Tree) -> Tree:
    """Let `mode = "paper"` stand for `mode.name = "paper"`."""
    if isinstance(tree.get("mode"), str):
        return {**tree, "mode": {"name": tree["mode"]}}
    return tree


def _merge(
    into: Tree, tree: Tree, sources: dict[str, str], source: str | None, at: str = ""
) -> None:
    """Lay `tree` over `into`. Without a `source`, each key's variable is its source."""
    for name, value in tree.items():
        key = at + name
        old = into.get(name)
        if isinstance(value, dict) and isinstance(old, dict | None):
            _merge(into.setdefault(name, {}), value, sources, source, f"{key}.")
        else:
            into[name] = value
        sources[key] = source or variable(key)


def _mistake(detail: ErrorDetails, sources: Mapping[str, str]) -> str:
    # A list's element has a number behind its key.
    parts = [str(part) for part in detail["loc"]]
    name = next(
        (
            n
            for n in (".".join(parts[:i]) for i in range(len(parts), 0, -1))
            if n in KEYS
        ),
        ".".join(parts),
    )
    where = sources.get(name) or sources.get(name.rpartition(".")[0]) or DEFAULT
    if detail["type"] == "extra_forbidden":
        return f"{where}: {printable(name)}: {_unknown(name)}"
    if name not in KEYS:
        return f"{where}: {printable(name)}: must be a section, such as [{name}]"
    key = KEYS[name]
    value = "…" if key.is_secret else shown(detail["input"])
    return f"{where}: {name} = {value}: must be {key.allowed}"


def _unknown(name: str) -> str:
    sections = {key.section for key in KEYS.values()}
    near = difflib.get_close_matches(name, [*KEYS, *sections], n=1, cutoff=0.75)
    return f"there is no such key{f'; did you mean {near[0]}?' if near else ''}"


def _where(line: str, sources: Mapping[str, str]) -> str:
    """Name the files and variables behind the keys a sentence speaks of."""
    named = [sources.get(word, "") for word in line.split() if word in KEYS]
    found = list(dict.fromkeys(filter(None, named)))
    return f"{', '.join(found)}: " if found else ""


def _with_url_file(settings: Settings, environ: Mapping[str, str]) -> Settings:
    path = settings.alerts.urls_file
    if path is None:
        return settings
    folder = environ.get("CREDENTIALS_DIRECTORY")
    is_credential = bool(folder) and path.is_relative_to(str(folder))
    more = tuple(SecretStr(u) for u in read_urls(path, is_credential=is_credential))
    urls = tuple(dict.fromkeys((*settings.alerts.urls, *more)))
    alerts = settings.alerts.model_copy(update={"urls": urls})
    return settings.model_copy(update={"alerts": alerts})


def _raise(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise ConfigError("\n".join(mistakes))
