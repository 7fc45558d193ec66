"""The form of every field of a message, and which forms were recorded for it.

A field is empty, a whole number, a decimal, a sentinel, a date, a time or a word.
`tests/wire/test_recordings.py` proves the layout; forms are about the content.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import Struct

from alvh_trader.wire import codec, field, layout
from alvh_trader.wire.field import join
from tests.wire.recordings import Recording, recordings

FORMS = (
    ("empty", re.compile(r"")),
    ("unset", re.compile(r"1\.7976931348623157E308|2147483647|9223372036854775807")),
    ("date", re.compile(r"(19|20)\d{6}")),
    ("time", re.compile(r"\d{8}([ -]| {2})\d{2}:\d{2}:\d{2}( \S+)?|\d{2}:\d{2}")),
    ("whole", re.compile(r"-?\d+")),
    ("decimal", re.compile(r"-?\d+\.\d+(E-?\d+)?")),
    ("word", re.compile(r"(?s).+")),
)
"""Forms of a field, the first that fits counts."""

SHOWS_EITHER = frozenset(
    get_args(form)[1]
    for form in (field.Number, field.MaybeNumber, field.Computed, field.Exact)
)
"""Forms in which a number is whole or decimal as its value has it."""

KNOWN = {
    "SymbolSamples.rows.description": "recorded before version 176 had it",
    "SymbolSamples.rows.issuer_id": "recorded before version 176 had it",
    "ContractData.market_rules": "one exchange has one rule, recorded ones have lists",
    "TickString.value": "only the time of a delayed trade was recorded",
    "TickPrice.size": "an index has no size; only a stock's tick was recorded",
    "AccountValue.value": "only the account's name was recorded",
    "AccountValue.currency": "only the account's name was recorded",
    "AccountUpdateMulti.value": "only a currency was recorded",
    "AccountUpdateMulti.currency": "only a currency was recorded",
}


UNRECORDED = frozenset({"expiry", "multiplier", "right", "legs", "legs_description"})
"""What only options and combos have; what was recorded is mostly of stocks."""


def form_of(text: str) -> str:
    return next(name for name, pattern in FORMS if pattern.fullmatch(text))


def forms(message: Struct, version: int, prefix: str = "") -> dict[str, set[str]]:
    """Return the forms of each attribute of a message, rows taken together."""
    found: dict[str, set[str]] = defaultdict(set)
    hints = get_type_hints(type(message), include_extras=True)
    for column in layout.columns(type(message), version):
        if column.test is not None and not column.test(message):
            continue
        name, value = f"{prefix}{column.name}", getattr(message, column.name)
        if isinstance(value, Struct):
            found.update(forms(value, version, f"{name}."))
        elif isinstance(value, tuple):
            for row in value:
                if isinstance(row, Struct):
                    for inner, seen in forms(row, version, f"{name}.").items():
                        found[inner] |= seen
        else:
            out: list[str] = []
            column.write(value, out)
            found[name] |= _loose(form_of(out[0]), hints[column.name])
    return found


def _loose(form: str, hint: Any) -> set[str]:
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    is_number = form in ("whole", "decimal", "date")
    return {"whole", "decimal"} if is_number and SHOWS_EITHER & {*marks} else {form}


def recorded() -> Iterator[Recording]:
    """Yield the recorded replies whose layout can be trusted and is of ours."""
    for row in recordings():
        if row.is_for_layout and row.is_reply and row.number != 173:
            yield row


def recorded_forms() -> dict[type[Struct], dict[str, set[str]]]:
    """Return every form that was recorded, by message and attribute."""
    found: dict[type[Struct], dict[str, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for row in recorded():
        message = codec.decode_reply(join(list(row.fields)), row.version)
        for name, seen in forms(message, row.version).items():
            found[type(message)][name] |= seen
    return found
