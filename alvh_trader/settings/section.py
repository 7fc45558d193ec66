"""Sections of the configuration, and sections made from the core's own structs.

The core keeps its numbers in msgspec structs without any notion of files. A section
made from such a struct has its fields, its defaults and the bounds of the catalogue.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from alvh_trader.settings.catalogue import Entry

_S = TypeVar("_S", bound=Struct)


class Section(BaseModel):
    """A table of the configuration: frozen, and every key is known."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")  # noqa: TRY004  # pydantic wants it
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
Real = Annotated[float, BeforeValidator(_no_boolean)]

_KINDS: dict[Any, Any] = {
    int: Whole,
    float: Real,
    timedelta: Real,  # Written as seconds.
    tuple[float, ...]: tuple[Real, ...],
    bool: bool,
    str: str,
}


def section_of(
    default: Struct,
    entries: Mapping[str, Entry],
    *,
    prefix: str = "",
    without: frozenset[str] = frozenset(),
) -> type[Section]:
    """Return a section with the fields of `default` (but `without` some).

    `entries` holds meaning and bounds under the dotted key, behind `prefix`. A struct
    within the struct becomes a table within the table.
    """
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(default):
        if field.name in without:
            continue
        value = getattr(default, field.name)
        if isinstance(value, Struct):
            inner = section_of(value, entries, prefix=f"{prefix}{field.name}.")
            fields[field.name] = (inner, Field(default=inner()))
        else:
            entry = entries.get(prefix + field.name, Entry(""))
            fields[field.name] = _field(field.type, value, entry)
    made: type[Section] = create_model(
        f"{type(default).__name__}Section", __base__=Section, **fields
    )
    return made


def struct_of(default: _S, section: BaseModel) -> _S:
    """Return `default` with the values of a section that was made from it."""
    changes: dict[str, Any] = {}
    for name in type(section).model_fields:
        value, old = getattr(section, name), getattr(default, name)
        if isinstance(value, BaseModel):
            changes[name] = struct_of(old, value)
        elif isinstance(old, timedelta):
            changes[name] = timedelta(seconds=value)
        else:
            changes[name] = value
    return msgspec.structs.replace(default, **changes)


def _field(kind: Any, default: Any, entry: Entry) -> tuple[Any, Any]:
    bounds: dict[str, Any] = {"ge": entry.low, "le": entry.high}
    bounds = {name: value for name, value in bounds.items() if value is not None}
    if isinstance(default, timedelta):
        default = default.total_seconds()
    if isinstance(default, Enum):
        return kind, Field(default=default, description=entry.text)
    inner = get_args(kind)[0] if get_origin(kind) is tuple else None
    if isinstance(inner, type) and issubclass(inner, Enum):
        return kind, Field(default=default, description=entry.text, min_length=1)
    if kind == tuple[float, ...]:
        element = Annotated[Real, Field(**bounds)]
        return (
            tuple[element, ...],
            Field(default=default, description=entry.text, min_length=1, max_length=20),
        )
    return _KINDS[kind], Field(default=default, description=entry.text, **bounds)
