"""What a golden transcript keeps of a run: which moves, orders, fills and alerts, when.

Of moves of one sort the first of each day is kept: what a held case tries again every
few minutes is said once. Prices and readings are left out, so that a change of the
market's last digit is no change of the story.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.engine.connection import CHANGED
from tests.programs import alvh

FOLDER = Path(__file__).parent / "golden"

Row = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A run of the demo, the files of its operator, and words it must contain."""

    scenario: str
    seed: int
    since: str
    until: str
    reaches: tuple[str, ...]
    inputs: str = ""
    """A folder in tests/e2e/golden with what the operator supplied."""


STORIES = {
    "call-side": Story(
        scenario="melt-up-2018",
        seed=1,
        since="2018-01-02",
        until="2018-01-18",
        reaches=(
            "MONITOR -> CONFIRM, ROLL_REASON",
            "place HEDGE of L1X",
            "ROLL_PLAN -> HOLD_HEDGED, NO_CANDIDATE",
            "HOLD_HEDGED -> MONITOR, CLEAR",
        ),
    ),
    "fomc-meeting": Story(
        scenario="december-2018",
        seed=1,
        since="2018-12-17",
        until="2018-12-20",
        reaches=(
            "ROLL_WORKING -> VERIFY, BOTH_SIDES",
            "VERIFY -> COOLDOWN",
            "2018-12-19 14:00:20  MONITOR -> CONFIRM, ROLL_REASON",
        ),
        inputs="december-2018",
    ),
    "layer-two": Story(
        scenario="october-2018",
        seed=6,
        since="2018-10-05",
        until="2018-10-11",
        reaches=(
            "place HEDGE of L2",
            "place HEDGE_SELL",
            "VERIFY -> COOLDOWN",
        ),
    ),
}


def tell(name: str, folder: Path) -> list[str]:
    """Run the demo of a story in `folder` and return its lines."""
    it = STORIES[name]
    words = ["--scenario", it.scenario, "--seed", str(it.seed)]
    words += ["--since", it.since, "--until", it.until]
    if it.inputs:
        words += ["--inputs", str(FOLDER / it.inputs)]
    told = alvh("demo", "--json", *words, cwd=folder, timeout=800)
    assert told.code == 0, told.err + told.out[-500:]
    return story(told.rows)


def story(rows: Iterable[Row]) -> list[str]:
    """Return the lines of a run, from the JSON rows that `demo --json` printed."""
    lines: list[str] = []
    seen: set[str] = set()
    day = ""
    for row in rows:
        if row.get("t") is None:
            continue
        at = datetime.fromisoformat(row["t"]).astimezone(NEW_YORK)
        if f"{at:%Y-%m-%d}" != day:
            day = f"{at:%Y-%m-%d}"
            seen.clear()
        for sort, words in _words(row):
            if sort not in seen:
                lines.append(f"{day} {at:%H:%M:%S}  {words}")
                seen.add(sort or f"{len(lines)}")
    return lines


def _words(row: Row) -> Iterator[tuple[str, str]]:
    """Yield (sort, words) of what a row is worth; a sort of "" is told every time."""
    match row["kind"]:
        case "transition" if row["trigger"] != CHANGED:
            move = f"{row['before'] or 'new'} -> {row['after']}, {row['trigger']}"
            yield move, move
        case "PlaceOrder":
            order = row["approved"]["order"]
            legs = " ".join(_leg(leg) for leg in order["legs"])
            of = f"{order['purpose']} of {order['layer']}"
            what = of if order["layer"] else order["purpose"]
            yield "", f"  place {what} {order['quantity']} x {legs}"
        case "OrderFilled":
            fill = row["fill"]
            yield "", f"  fill {fill['quantity']:+d} for {fill['ref']}"
        case "RaiseAlert" if row["severity"] != "INFO":
            yield row["code"], f"  {row['severity'].lower()} {row['code']}"
        case _:
            return


def _leg(leg: Row) -> str:
    it = leg["instrument"]
    what = (
        f"{it.get('strike', 0):g}{it.get('right', '')}" if "strike" in it else "future"
    )
    return f"{leg['ratio']:+d} {it['symbol']} {it['last_trade']} {what}"
