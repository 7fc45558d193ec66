"""The flag of the second layer: up at once, down after two calm sessions."""

import pytest

from alvh_trader.signals.layer2 import is_calm, layer2

RISING = [6900.0 + 5 * (i % 3) + 2 * i for i in range(40)]
FALLING = [7000.0 - 5 * (i % 3) - 2 * i for i in range(40)]


@pytest.mark.parametrize(
    ("strength", "diverges", "expected"),
    [
        (44.9, False, True),
        (45.0, False, False),
        (60.0, True, True),
        (None, True, True),
        (44.0, None, True),
        (60.0, None, False),
        (None, False, False),
        (None, None, None),
    ],
)
def test_a_low_rsi_or_a_divergence_raises_it(
    strength: float | None, diverges: bool | None, expected: bool | None
) -> None:
    flag = layer2(before=False, strength=strength, diverges=diverges, calm=False)
    assert flag is expected


def test_it_stays_until_two_sessions_are_calm() -> None:
    assert layer2(before=True, strength=60.0, diverges=False, calm=False) is True
    assert layer2(before=True, strength=60.0, diverges=False, calm=True) is False


def test_what_raises_it_is_stronger_than_calm() -> None:
    assert layer2(before=True, strength=40.0, diverges=False, calm=True) is True


def test_calm_needs_breadth_and_strength_on_both_sessions() -> None:
    assert is_calm(RISING, [100] * 40)
    assert not is_calm(FALLING, [100] * 40)
    assert not is_calm(RISING, [-100] * 40)
    assert not is_calm([*RISING[:-2], 6500.0, 7100.0], [100] * 40)


def test_what_is_too_short_is_not_calm() -> None:
    assert not is_calm(RISING[:21], [100] * 40)
    assert not is_calm(RISING, [100] * 21)
    assert not is_calm([], [])
