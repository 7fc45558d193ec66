"""Each form writes what real gateways write and reads what any client sends."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from alvh_trader.errors import ProtocolError
from alvh_trader.wire import field
from alvh_trader.wire.field import (
    UNSET_DOUBLE_TEXT,
    java_double,
    join,
    plain_number,
    split,
)
from alvh_trader.wire.layout import Cursor, read, write


class Sample(Struct, frozen=True, kw_only=True):
    """One field of every form."""

    text: field.Text = ""
    whole: field.Int = 0
    maybe_whole: field.MaybeInt = None
    unset_whole: field.UnsetInt = None
    flag: field.Flag = False
    double: field.Double = 0.0
    unset_double: field.UnsetDouble = None
    maybe_double: field.MaybeDouble = None
    number: field.Number = 0
    maybe_number: field.MaybeNumber = None
    computed: field.Computed = None
    exact: field.Exact = Decimal(0)
    maybe_exact: field.MaybeExact = None


NAMES = Sample.__struct_fields__
texts = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20
)


def read_one(name: str, text: str) -> object:
    fields = _written(Sample())
    fields[NAMES.index(name)] = text
    return getattr(read(Sample, 178, Cursor(fields)), name)


def _written(sample: Sample) -> list[str]:
    out: list[str] = []
    write(sample, 178, out)
    return out


@given(st.lists(texts, min_size=1, max_size=20))
def test_fields_come_back_as_they_were_joined(sent: list[str]) -> None:
    assert split(join(list(sent))) == sent


def test_a_missing_last_terminator_is_forgiven() -> None:
    assert split(b"49\x001") == split(b"49\x001\0") == ["49", "1"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_in_javas_form_is_the_same_double(value: float) -> None:
    assert float(java_double(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_is_the_same_number_and_has_no_exponent(value: float) -> None:
    text = plain_number(value)
    assert float(text) == value
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (5800, "5800.0"),
        (Decimal("14.59"), "14.59"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (9_999_999.0, "9999999.0"),
        (10_000_000.0, "1.0E7"),
        (-1.5e-300, "-1.5E-300"),
        (1.7976931348623157e308, UNSET_DOUBLE_TEXT),
        (None, UNSET_DOUBLE_TEXT),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_java_prints_doubles_so(value: float | Decimal | None, text: str) -> None:
    assert java_double(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (100, "100"), (1e-7, "0.0000001"), (1e20, "1" + "0" * 20),
     (Decimal("1.200"), "1.2"), (Decimal("1E+3"), "1000"), (float("inf"), "Infinite")],
)  # fmt: skip
def test_plain_numbers_have_no_useless_digits(
    value: float | Decimal, text: str
) -> None:
    assert plain_number(value) == text


def test_unset_values_are_written_as_the_forms_sentinels() -> None:
    written = dict(zip(NAMES, _written(Sample()), strict=True))
    assert written["maybe_whole"] == ""
    assert written["unset_whole"] == "2147483647"
    assert written["unset_double"] == "1.7976931348623157E308"
    assert written["maybe_double"] == ""
    assert written["maybe_exact"] == ""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("whole", "", 0),
        ("whole", "12.0", 12),
        ("maybe_whole", "", None),
        ("maybe_whole", "2147483647", None),
        ("unset_whole", "2147483647", None),
        ("flag", "", False),
        ("flag", "True", True),
        ("flag", "1", True),
        ("unset_double", "1.7976931348623157e+308", None),
        ("unset_double", "1.7976931348623157E308", None),
        ("maybe_number", "1.7976931348623157e+308", None),
        ("maybe_number", "Infinite", float("inf")),
        ("maybe_exact", "1.7976931348623157e+308", None),
        ("maybe_exact", "-0.05", Decimal("-0.05")),
        ("maybe_exact", "", None),
        ("exact", "254.20", Decimal("254.20")),
        ("number", "", 0.0),
        ("computed", "-1", -1.0),
    ],
)
def test_reading_is_lenient_where_clients_differ(
    name: str, text: str, value: object
) -> None:
    assert read_one(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("whole", "x"), ("whole", "1.5"), ("flag", "2"), ("number", "1,5"),
     ("exact", "1.2.3"), ("maybe_exact", "NaN"), ("double", "one")],
)  # fmt: skip
def test_what_is_not_of_the_form_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ProtocolError, match=name):
        read_one(name, text)
