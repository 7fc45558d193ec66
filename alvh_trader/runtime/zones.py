"""Which release of the time zone database tells the time here, and whether it will do.

An old one knows nothing of a law that has changed since, and would move every session
by an hour (reliability.md F106).
"""

import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from zoneinfo import TZPATH

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.errors import ConfigError

OLDEST = "2024a"
"""Releases are named by year and letter; an older one than this is refused."""

# Where a folder of zones says which release it is, and after which word.
_SAYS = (("tzdata.zi", "# version "), ("+VERSION", ""))


def zone_release(places: Sequence[str] = TZPATH) -> str:
    """Return the release that the zones of this process are of, such as `2025b`.

    It is that of the first of `places` that has New York, as `zoneinfo` searches, else
    that of the package tzdata.

    Raises:
        ConfigError: It is too old, or does not say which it is.
    """
    for place in map(Path, places):
        if (place / NEW_YORK.key).is_file():
            return _checked(_release_of(place), str(place))
    return _checked(import_module("tzdata").IANA_VERSION, "the package tzdata")


def _release_of(place: Path) -> str:
    for name, word in _SAYS:
        file = place / name
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                return lines.readline().removeprefix(word).strip()
    return ""


def _checked(release: str, where: str) -> str:
    if not re.fullmatch(r"\d{4}[a-z]+", release) or release < OLDEST:
        raise ConfigError(
            f"the time zones of {where} are of release {release or 'unknown'}, and "
            f"{OLDEST} or later is asked for: install tzdata anew, or set PYTHONTZPATH "
            "to nothing, which takes those of the package"
        )
    return release
