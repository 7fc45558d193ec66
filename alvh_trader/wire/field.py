"""Forms of a field: how a value is written as text between two NULs, and read back.

Real gateways print the same kind of number in several ways (`0`, `0.0`, an empty
field, a sentinel), and each message keeps its own way; so a field's form is part of
a message's layout. Reading is lenient where client libraries differ.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from alvh_trader.errors import ProtocolError

UNSET_INTEGER = 2147483647
UNSET_LONG = 9223372036854775807
UNSET_DOUBLE = 1.7976931348623157e308
UNSET_DOUBLE_TEXT = "1.7976931348623157E308"
_UNSET_DECIMAL = Decimal("1E308")
LARGEST_PRICE = Decimal(10) ** 12
LARGEST_QUANTITY = 10**12
INFINITY = math.inf
INFINITY_TEXT = "Infinite"


class Form(NamedTuple):
    """One way of writing and reading a field."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]


def join(texts: list[str]) -> bytes:
    """Return the payload made of `texts`, each terminated by a NUL."""
    texts.append("")
    payload = "\0".join(texts).encode()
    texts.pop()
    return payload


def split(payload: bytes) -> list[str]:
    r"""Return the fields of a payload. A missing last NUL is forgiven.

    >>> split(b"71\x002\x001\x00\x00")
    ['71', '2', '1', '']
    """
    texts = payload.decode("utf-8", "backslashreplace").split("\0")
    if texts[-1] == "":
        texts.pop()
    return texts


def java_double(value: float | Decimal | None) -> str:
    """Return a double as Java prints it, None as the largest one (meaning: unset).

    >>> [java_double(x) for x in (0, 14.59, 12345678, 0.00045, None)]
    ['0.0', '14.59', '1.2345678E7', '4.5E-4', '1.7976931348623157E308']
    """
    if value is None:
        return UNSET_DOUBLE_TEXT
    number = float(value)
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    return _java_scientific(number)


def _java_scientific(number: float) -> str:
    if number != number:  # noqa: PLR0124 - the only value unlike itself: not a number
        return "NaN"
    if number in (INFINITY, -INFINITY):
        return "Infinity" if number > 0 else "-Infinity"
    text = repr(abs(number))
    if text.startswith("0.000"):
        # Small Greeks are most of what comes here: no need of decimal arithmetic.
        figures = text[5:].lstrip("0")
        places = len(text) - len(figures) - 1
        fraction = figures[1:] or "0"
        return f"{'-' if number < 0 else ''}{figures[0]}.{fraction}E-{places}"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int), "finite numbers have a numeric exponent"
    mantissa = "".join(map(str, digits))
    power = exponent + len(mantissa) - 1
    fraction = mantissa[1:] or "0"
    return f"{'-' if sign else ''}{mantissa[0]}.{fraction}E{power}"


def plain_number(value: float | Decimal) -> str:
    """Return a number without exponent and without zeros that say nothing.

    >>> [plain_number(x) for x in (0.0, 100.0, Decimal("1.20"), -0.05)]
    ['0', '100', '1.2', '-0.05']
    """
    if isinstance(value, int):
        return str(value)
    if value == INFINITY:
        return INFINITY_TEXT
    text = str(value) if isinstance(value, Decimal) else repr(value)
    if "e" in text or "E" in text:
        text = f"{Decimal(text):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _compact_double(value: float) -> str:
    return java_double(value).removesuffix(".0")


def _read_int(text: str) -> int:
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        number = _read_finite(text)
        if not number.is_integer():
            raise ProtocolError(f"not a whole number: {text!r}") from None
        return int(number)


def _read_float(text: str) -> float:
    if not text:
        return 0.0
    if text == INFINITY_TEXT:
        return INFINITY
    try:
        number = float(text)
    except ValueError:
        raise ProtocolError(f"not a number: {text!r}") from None
    if not math.isfinite(number):
        raise ProtocolError(f"not a finite number: {text!r}")
    return number


def _read_finite(text: str) -> float:
    number = _read_float(text)
    if number == INFINITY:
        raise ProtocolError(f"not a finite number: {text!r}")
    return number


def _read_quantity(text: str) -> float:
    number = _read_finite(text)
    if abs(number) > LARGEST_QUANTITY:
        raise ProtocolError(f"not a quantity: {text!r}")
    return number


def _read_decimal(text: str) -> Decimal:
    try:
        return Decimal(text or 0)
    except ArithmeticError:
        raise ProtocolError(f"not a decimal: {text!r}") from None


def _read_unset_decimal(text: str) -> Decimal | None:
    number = _read_decimal(text)
    if not number.is_finite() or LARGEST_PRICE < abs(number) < _UNSET_DECIMAL:
        raise ProtocolError(f"not a price: {text!r}")
    return None if not text or abs(number) >= _UNSET_DECIMAL else number


def _read_flag(text: str) -> bool:
    if text in ("", "0", "false", "False"):
        return False
    if text in ("1", "true", "True"):
        return True
    raise ProtocolError(f"not a flag: {text!r}")


def _read_unset_float(text: str) -> float | None:
    number = _read_float(text)
    return None if not text or number == UNSET_DOUBLE else number


def _read_unset_int(text: str) -> int | None:
    return None if text in ("", str(UNSET_INTEGER)) else _read_int(text)


def _or_empty(write: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "" if value is None else write(value)


def _write_unset_int(value: int | None) -> str:
    return str(UNSET_INTEGER if value is None else value)


def _write_flag(value: object) -> str:
    return "1" if value else "0"


_MAYBE_NUMBER = Form(_or_empty(plain_number), _read_unset_float)

Text = Annotated[str, Form(str, str)]
"""Text as it stands. Also for numbers of which only the text matters."""

Int = Annotated[int, Form(str, _read_int)]
"""A whole number; an empty field reads as 0."""

MaybeInt = Annotated[int | None, Form(_or_empty(str), _read_unset_int)]
"""A whole number, empty for None. The sentinel also reads as None."""

UnsetInt = Annotated[int | None, Form(_write_unset_int, _read_unset_int)]
"""A whole number, 2147483647 for None."""

Flag = Annotated[bool, Form(_write_flag, _read_flag)]
"""`1` or `0`."""

Double = Annotated[float | Decimal, Form(java_double, _read_finite)]
"""A number in Java's form, such as `5800.0`; an empty field reads as 0."""

UnsetDouble = Annotated[float | Decimal | None, Form(java_double, _read_unset_float)]
"""A number in Java's form, 1.7976931348623157E308 for None."""

MaybeDouble = Annotated[
    float | Decimal | None, Form(_or_empty(java_double), _read_unset_float)
]
"""A number in Java's form, empty for None. The sentinel also reads as None."""

Number = Annotated[float | Decimal, Form(plain_number, _read_finite)]
"""A number without useless zeros, such as `5800`; an empty field reads as 0."""

Quantity = Annotated[float | Decimal, Form(plain_number, _read_quantity)]
"""A number of contracts or shares, with which an amount can be reckoned."""

MaybeNumber = Annotated[float | Decimal | None, _MAYBE_NUMBER]
"""A number without useless zeros, empty for None."""

Computed = Annotated[float | None, Form(_or_empty(_compact_double), _read_unset_float)]
"""A computed number: Java's form, but whole numbers without `.0`."""

Exact = Annotated[Decimal, Form("{:f}".format, _read_decimal)]
"""A decimal with the digits that it has, such as `255.40`."""

MaybeExact = Annotated[
    Decimal | None, Form(_or_empty("{:f}".format), _read_unset_decimal)
]
"""A decimal with the digits that it has, empty for None; so reads the sentinel."""
