"""The release of the time zones is known, named, and not too old."""

from pathlib import Path

import pytest

from alvh_trader.errors import ConfigError
from alvh_trader.runtime.zones import OLDEST, zone_release


def folder(root: Path, **files: str) -> str:
    """Return a folder of zones that says of itself what `files` hold."""
    (root / "America").mkdir()
    (root / "America/New_York").write_bytes(b"TZif2")
    for name, text in files.items():
        place = {"zi": "tzdata.zi", "version": "+VERSION"}[name]
        (root / place).write_text(text)
    return str(root)


@pytest.mark.covers("F106")
def test_the_zones_of_this_machine_will_do() -> None:
    assert zone_release() >= OLDEST


@pytest.mark.covers("F106")
@pytest.mark.parametrize(
    "files",
    [{"zi": "# version 2025b\n# This zic input\n"}, {"version": "2025b\n"}],
    ids=["the text of the rules", "a file of its own"],
)
def test_a_folder_says_which_release_it_is(
    tmp_path: Path, files: dict[str, str]
) -> None:
    here = folder(tmp_path, **files)
    assert zone_release(("/nowhere", here, "/usr/share/zoneinfo")) == "2025b"


@pytest.mark.covers("F106")
def test_where_the_machine_has_none_the_package_speaks() -> None:
    assert zone_release(("/nowhere",)) >= "2025a"


@pytest.mark.covers("F106")
@pytest.mark.parametrize(
    "files",
    [{"zi": "# version 2023d\n"}, {"version": "2019a"}, {"zi": "no word of it"}, {}],
)
def test_old_zones_and_those_of_no_release_are_refused(
    tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match=f"{OLDEST} or later is asked for"):
        zone_release((folder(tmp_path, **files),))
