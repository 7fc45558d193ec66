"""The facilities of the worked example (alvh.md §12), and one to be varied."""

from datetime import UTC, datetime
from typing import Any

from alvh_trader.domain.inputs import (
    Facilities,
    Facility,
    FacilityType,
    Treasury,
)

AT = datetime(2026, 5, 21, 15, 0, tzinfo=UTC)
"""T2 of the example."""


def facility(**changes: Any) -> Facility:
    """Return a vault that can be drawn on, with some fields changed."""
    fields: dict[str, Any] = {
        "id": "line",
        "type": FacilityType.STABLECOIN_VAULT,
        "limit": 100_000.0,
        "drawn": 0.0,
        "apr": 5.0,
        "as_of": AT,
    }
    return Facility(**{**fields, **changes})


VAULT = facility(id="vault", drawn=60_000.0, apr=5.2, mev_gas=0.35, limit=80_000.0)
REIT = facility(
    id="reit",
    type=FacilityType.REIT_LINE,
    drawn=40_000.0,
    apr=7.5,
    limit=50_000.0,
)

TREASURY = Treasury(cash=90_000.0, bills=40_000.0, stablecoins=85_000.0, as_of=AT)

FACILITIES = Facilities(facilities=(VAULT, REIT), treasury=TREASURY, own=50_000.0)
"""E1 of 750 000 and these are the 900 000 of the example."""
