"""Whether VIX is "about 18", where capital may be added (alvh.md §7.7)."""

from msgspec import Struct


class Window18(Struct, frozen=True, kw_only=True):
    """VIX points: entered within the inner bounds, left outside the outer ones."""

    enter_low: float = 16.5
    enter_high: float = 19.5
    leave_low: float = 16.0
    leave_high: float = 20.0


def is_near_18(
    vix: float | None, *, before: bool, window: Window18 | None = None
) -> bool:
    """Return whether VIX (its five-minute median) is in the window; missing is not.

    `before` says whether it last was.
    """
    window = Window18() if window is None else window
    if vix is None:
        return False
    if before:
        return window.leave_low <= vix <= window.leave_high
    return window.enter_low <= vix <= window.enter_high
