"""How fast simulated time goes when it does not wait for a client.

Simulated time follows the wall's, `speed` times as fast, within a session. The hours
in which nothing trades are left out: after a close the next open follows at once.
"""

from datetime import datetime, timedelta

from alvh_trader.errors import ConfigError
from alvh_trader.gateway.floor import Floor

INSTANTS_PER_STEP_MAX = 50
"""A machine too slow for the speed falls behind instead of falling silent."""

STEPS_A_SECOND = 4
"""As often as streams are sent; the tape sets the limit, a node every five seconds."""

_SESSION_GAP = timedelta(minutes=30)


class Pace:
    """Moves a floor's time along with the wall's, no coarser than in lockstep."""

    def __init__(self, floor: Floor, speed: float, wall: float) -> None:
        self._floor = floor
        self._speed = speed
        self._at_most = timedelta(seconds=min(speed / STEPS_A_SECOND, 300))
        self._wall = wall
        self._start = floor.exchange.now
        self._latest_wall = wall

    def now(self) -> datetime:
        """Return the simulated time at the last step, between two instants, too."""
        return max(self._floor.exchange.now, self._target(self._latest_wall))

    def step(self, wall: float) -> bool:
        """Move time to where it should be at `wall` seconds; False at the end."""
        self._latest_wall = wall
        floor = self._floor
        for _ in range(INSTANTS_PER_STEP_MAX):
            to = floor.next_instant(self._at_most)
            if to is None:
                return False
            if to - floor.exchange.now > _SESSION_GAP:
                floor.advance(to)
                self._restart(wall)
                return True
            if to > self._target(wall):
                return True
            floor.advance(to)
        self._restart(wall)
        return True

    def _target(self, wall: float) -> datetime:
        return self._start + timedelta(seconds=(wall - self._wall) * self._speed)

    def _restart(self, wall: float) -> None:
        self._wall, self._start = wall, self._floor.exchange.now


def read_speed(text: str) -> float | None:
    """Return simulated seconds a second; None is lockstep.

    Raises:
        ConfigError: It is neither `max` nor a positive number.
    """
    if text == "max":
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise ConfigError(
            f"speed {text!r}: simulated seconds a second, up to 86400, or max"
        )
    return value
