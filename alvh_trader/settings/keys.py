"""The keys of the configuration, each with what it may be, in words."""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from annotated_types import Ge, Le
from msgspec import Struct
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from alvh_trader.settings.model import Settings


class Key(Struct, frozen=True, kw_only=True):
    """One key: its dotted name, meaning, default, and what is allowed."""

    name: str
    text: str
    default: object
    allowed: str
    is_secret: bool

    @property
    def section(self) -> str:
        """The table the key is in, such as `strategy.edr`."""
        return self.name.rpartition(".")[0]

    @property
    def last(self) -> str:
        """The key's own name within its table."""
        return self.name.rpartition(".")[2]


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    """Yield every key below `model`, depth first, in order."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys_of(inner, f"{prefix}{name}.")
        else:
            yield Key(
                name=prefix + name,
                text=field.description or "",
                default=field.default,
                allowed=_allowed(field),
                is_secret=field.annotation in (SecretStr, tuple[SecretStr, ...]),
            )


def _allowed(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "allowed" in extra:
        return str(extra["allowed"])
    return _in_words(field.annotation, field.metadata)


def _in_words(kind: Any, metadata: list[Any]) -> str:
    if get_origin(kind) is Annotated:
        own = [
            bound
            for part in kind.__metadata__
            for bound in (part.metadata if isinstance(part, FieldInfo) else [part])
        ]
        return _in_words(get_args(kind)[0], [*metadata, *own])
    if get_origin(kind) is tuple:
        return f"a list, each {_in_words(get_args(kind)[0], [])}"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(member.value for member in kind)}"
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        return f"a {'whole ' if kind is int else ''}number{_range(metadata)}"
    if kind is Path:
        return "a path"
    if kind == Path | None:
        return 'a path, or ""'
    return "text of one line"


def _range(metadata: list[Any]) -> str:
    low: Any = next((bound.ge for bound in metadata if isinstance(bound, Ge)), None)
    high: Any = next((bound.le for bound in metadata if isinstance(bound, Le)), None)
    if low is None or high is None:
        return ""
    return f" from {low:g} to {high:g}" if high < 1e6 else f" from {low} to {high}"


KEYS: Mapping[str, Key] = {key.name: key for key in keys_of(Settings)}
"""Every key there is, by its dotted name, in the order of the documentation."""
