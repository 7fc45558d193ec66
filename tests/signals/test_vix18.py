"""VIX "about 18": narrower to enter than to leave."""

import pytest

from alvh_trader.signals.vix18 import is_near_18


@pytest.mark.parametrize(
    ("vix", "outside", "inside"),
    [
        (15.99, False, False),
        (16.0, False, True),
        (16.49, False, True),
        (16.5, True, True),
        (18.0, True, True),
        (19.5, True, True),
        (19.51, False, True),
        (20.0, False, True),
        (20.01, False, False),
        (None, False, False),
    ],
)
def test_it_is_entered_later_than_it_is_left(
    vix: float | None, outside: bool, inside: bool
) -> None:
    assert is_near_18(vix, before=False) is outside
    assert is_near_18(vix, before=True) is inside
