"""The regime that the level of VIX puts the market in (alvh.md §10)."""

from enum import IntEnum


class Regime(IntEnum):
    """From calm to crisis; the bounds are VIX points."""

    COMPLACENT = 0
    CALM = 1
    TRANSITION = 2
    ELEVATED = 3
    STRESS = 4
    CRISIS = 5


BOUNDS = (12.0, 15.0, 20.0, 25.0, 35.0)
"""Where the next regime begins, in order."""


def regime(
    vix: float | None, before: Regime | None = None, *, hysteresis: float = 0.5
) -> Regime | None:
    """Return the regime of VIX (its 5-minute median, or None where it is missing).

    A regime is left only `hysteresis` points beyond its bound. Missing is one regime
    worse than the last known one; None where none ever was.
    """
    if vix is None:
        return None if before is None else Regime(min(before + 1, Regime.CRISIS))
    if before is None:
        return Regime(sum(vix >= bound for bound in BOUNDS))
    # A bound already passed is given back later than it was taken.
    shifts = (-hysteresis if i < before else hysteresis for i in range(len(BOUNDS)))
    return Regime(
        sum(vix >= bound + s for bound, s in zip(BOUNDS, shifts, strict=True))
    )
