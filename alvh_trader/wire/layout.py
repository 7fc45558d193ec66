"""Derive a message's layout from its class, once per protocol version.

A message is a frozen Struct whose attributes stand in wire order. The annotation of
an attribute says all there is to know of its field: the form (see `field`), the
versions that have it (`since`, `until`), the condition on earlier fields under which
it is there (`when`), and whether it is a row of columns of its own (`INLINE`) or a
count followed by rows (`ROWS`). So a class *is* its table, and reading and writing
cannot disagree.
"""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import (
    Annotated,
    Any,
    NamedTuple,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Struct

from alvh_trader.errors import ProtocolError
from alvh_trader.wire.field import Form

M = TypeVar("M", bound=Struct)

_NEVER = 1_000_000


class Gate(NamedTuple):
    """The versions [since, until) in which a field exists."""

    since: int = 0
    until: int = _NEVER


class When(NamedTuple):
    """A field exists only where `test` holds on the message (its earlier fields)."""

    test: Callable[[Any], bool]


class Nested(NamedTuple):
    """The attribute is a Struct, or a counted tuple of Structs or plain values."""

    counted: bool


INLINE = Nested(counted=False)
ROWS = Nested(counted=True)


def since(version: int) -> Gate:
    """Return the gate of a field that exists from `version` on."""
    return Gate(since=version)


def until(version: int) -> Gate:
    """Return the gate of a field that exists only before `version`."""
    return Gate(until=version)


class Cursor:
    """The fields of one message, read from front to back."""

    def __init__(self, texts: list[str], position: int = 0) -> None:
        self._texts = texts
        self._position = position

    def take(self) -> str:
        """Return the next field.

        Raises:
            ProtocolError: There is none.
        """
        if self._position >= len(self._texts):
            raise ProtocolError("the message ends too early")
        self._position += 1
        return self._texts[self._position - 1]

    @property
    def left(self) -> int:
        """Fields not read yet."""
        return len(self._texts) - self._position


class Column(NamedTuple):
    """One attribute of a message: how it gets onto the wire and back."""

    name: str
    write: Callable[[Any, list[str]], None]
    read: Callable[[Cursor], Any]
    test: Callable[[Any], bool] | None


@cache
def columns(kind: type[Struct], version: int) -> tuple[Column, ...]:
    """Return the columns that messages of `kind` have in protocol `version`."""
    hints = get_type_hints(kind, include_extras=True)
    built = (_column(name, hints[name], version) for name in kind.__struct_fields__)
    return tuple(column for column in built if column is not None)


def write(message: Struct, version: int, out: list[str]) -> None:
    """Append the fields of `message`, in `version`, to `out`."""
    for column in columns(type(message), version):
        if column.test is None or column.test(message):
            column.write(getattr(message, column.name), out)


def read(kind: type[M], version: int, cursor: Cursor) -> M:
    """Read a message of `kind`, as `version` lays it out. Unknown tails are left.

    Raises:
        ProtocolError: A field is missing, or is not of its form.
    """
    values = SimpleNamespace()
    for column in columns(kind, version):
        if column.test is None or column.test(values):
            try:
                setattr(values, column.name, column.read(cursor))
            except ProtocolError as error:
                raise ProtocolError(f"{column.name}: {error}") from None
    return kind(**vars(values))


def _column(name: str, hint: object, version: int) -> Column | None:
    marks = _marks(hint)
    gate = next((mark for mark in marks if isinstance(mark, Gate)), Gate())
    if not gate.since <= version < gate.until:
        return None
    condition = next((mark for mark in marks if isinstance(mark, When)), None)
    test = condition.test if condition else None
    nested = next((mark for mark in marks if isinstance(mark, Nested)), None)
    if nested is None:
        return Column(name, *_plain(marks), test)
    inner = get_args(hint)[0]
    if nested.counted:
        return Column(name, *_rows(get_args(inner)[0], version), test)
    return Column(name, *_inline(_struct_of(inner), version), test)


def _marks(hint: object) -> tuple[Any, ...]:
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def _struct_of(hint: Any) -> type[Struct]:
    """Return the Struct of `X`, or of `X | None`."""
    options = [kind for kind in get_args(hint) if kind is not type(None)] or [hint]
    kind = options[0]
    assert isinstance(kind, type), "an inline attribute is a message part"
    assert issubclass(kind, Struct), "an inline attribute is a message part"
    return kind


_Pair = tuple[Callable[[Any, list[str]], None], Callable[[Cursor], Any]]


def _plain(marks: tuple[Any, ...]) -> _Pair:
    form = next((mark for mark in marks if isinstance(mark, Form)), None)
    assert form is not None, "every attribute of a message has a form"

    def write_field(value: object, out: list[str]) -> None:
        out.append(form.write(value))

    def read_field(cursor: Cursor) -> Any:
        return form.read(cursor.take())

    return write_field, read_field


def _inline(kind: type[Struct], version: int) -> _Pair:
    def write_part(value: Struct, out: list[str]) -> None:
        write(value, version, out)

    def read_part(cursor: Cursor) -> Struct:
        return read(kind, version, cursor)

    return write_part, read_part


def _rows(element: Any, version: int) -> _Pair:
    is_part = isinstance(element, type) and issubclass(element, Struct)
    pair = _inline(element, version) if is_part else _plain(_marks(element))
    write_row, read_row = pair

    def write_rows(rows: tuple[Any, ...], out: list[str]) -> None:
        out.append(str(len(rows)))
        for row in rows:
            write_row(row, out)

    def read_rows(cursor: Cursor) -> tuple[Any, ...]:
        count = cursor.take() or "0"
        # A row has at least one field, so a larger count is a lie that would only
        # cost time.
        if not count.isdecimal() or int(count) > cursor.left:
            raise ProtocolError(f"not a number of rows: {count!r}")
        return tuple(read_row(cursor) for _ in range(int(count)))

    return write_rows, read_rows
