from datetime import timedelta
from enum import StrEnum

import pytest
from msgspec import Struct
from pydantic import ValidationError

from alvh_trader.settings.catalogue import Entry
from alvh_trader.settings.section import section_of, struct_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(Struct, frozen=True):
    low: float = 0.5


class Outer(Struct, frozen=True):
    count: int = 3
    wait: timedelta = timedelta(seconds=90)
    tiers: tuple[float, ...] = (1.0, 2.0)
    colour: Colour = Colour.RED
    is_on: bool = True
    inner: Inner = Inner()
    hidden: int = 7


ENTRIES = {
    "count": Entry("How many.", 1, 5),
    "wait": Entry("How long.", 0, 100),
    "tiers": Entry("Which.", 0, 10),
    "inner.low": Entry("How low.", 0, 1),
}
Made = section_of(Outer(), ENTRIES, without=frozenset({"hidden"}))


def test_a_section_has_the_defaults_of_its_struct() -> None:
    assert struct_of(Outer(), Made()) == Outer()


def test_values_find_their_way_into_the_struct() -> None:
    section = Made.model_validate(
        {
            "count": 5,
            "wait": 1.5,
            "tiers": [3],
            "colour": "blue",
            "is_on": False,
            "inner": {"low": 0},
        }
    )
    assert struct_of(Outer(hidden=9), section) == Outer(
        count=5,
        wait=timedelta(seconds=1.5),
        tiers=(3.0,),
        colour=Colour.BLUE,
        is_on=False,
        inner=Inner(0.0),
        hidden=9,
    )


@pytest.mark.parametrize(
    "values",
    [
        {"count": 6},
        {"count": 0},
        {"count": True},
        {"count": 1.5},
        {"wait": 101},
        {"tiers": []},
        {"tiers": [1, 11]},
        {"tiers": [True]},
        {"colour": "green"},
        {"inner": {"low": 2}},
        {"inner": {"high": 1}},
        {"hidden": 1},
    ],
)
def test_what_is_out_of_bounds_or_unknown_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Made.model_validate(values)
