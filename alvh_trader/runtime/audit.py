"""Prove the promise from the gateway's audit, without trusting the trader.

The audit says what reached the exchange, in the exchange's words. The hedge is what VIX
orders have filled. An order that sells a put and a call inside a wing each, all of one
series, opens a condor; one that only buys such shorts back, with their wings, closes;
any other order on SPX is a roll.
"""

import json
from pathlib import Path
from typing import Any

from msgspec import Struct


class Tally(Struct, frozen=True, kw_only=True):
    """How many orders reached the exchange, what they filled, and in which order.

    `unhedged_rolls` are SPX orders that arrived while no VIX call was held: the
    number that must be zero.
    """

    hedge_orders: int = 0
    hedge_fills: int = 0
    open_orders: int = 0
    open_fills: int = 0
    close_orders: int = 0
    close_fills: int = 0
    roll_orders: int = 0
    roll_fills: int = 0
    unhedged_rolls: int = 0


def tally(audit: Path) -> Tally:
    """Return what the audit file adds up to."""
    rows = [json.loads(line) for line in audit.read_text().splitlines()]
    held: dict[str, int] = {}
    counted = dict.fromkeys(Tally.__struct_fields__, 0)
    for row in rows:
        kind = _kind(row)
        if row["event"] == "order":
            counted[f"{kind}_orders"] += 1
            counted["unhedged_rolls"] += kind == "roll" and _alive(held, row) <= 0
        if row["event"] == "fill":
            counted[f"{kind}_fills"] += 1
            if kind == "hedge":
                expiry = _digits(row["legs"][0]["expiry"])
                held[expiry] = held.get(expiry, 0) + _bought(row)
    return Tally(**counted)


def _kind(row: dict[str, Any]) -> str:
    if row["legs"][0]["symbol"] == "VIX":
        return "hedge"
    if _opens_a_condor(row):
        return "open"
    return "close" if _closes_verticals(row) else "roll"


def _closes_verticals(row: dict[str, Any]) -> bool:
    """Return whether every side is a short bought back and the wing beyond it sold.

    A roll has two of each on one side.
    """
    sides: dict[str, dict[bool, float]] = {}
    for leg in row["legs"]:
        is_bought = leg["action"] == row["action"]
        side = sides.setdefault(leg["right"], {})
        if is_bought in side or leg["ratio"] != 1:
            return False
        side[is_bought] = leg["strike"]
    series = {(leg["trading_class"], _digits(leg["expiry"])) for leg in row["legs"]}
    return len(series) == 1 and all(
        len(side) == 2 and (side[False] > side[True]) is (right == "C")
        for right, side in sides.items()
    )


def _opens_a_condor(row: dict[str, Any]) -> bool:
    """Return whether what the order would hold is one covered condor of one series."""
    legs = row["legs"]
    series = {(leg["trading_class"], _digits(leg["expiry"])) for leg in legs}
    sides = {
        (leg["right"], leg["action"] == row["action"]): leg["strike"] for leg in legs
    }
    if len(legs) != 4 or len(series) != 1 or len(sides) != 4:
        return False
    if any(leg["ratio"] != 1 for leg in legs):
        return False
    # What is bought with the combo is True, what is sold with it False.
    ordered = [sides["P", True], sides["P", False], sides["C", False], sides["C", True]]
    return row["action"] == "BUY" and ordered == sorted(set(ordered))


def _alive(held: dict[str, int], row: dict[str, Any]) -> int:
    """Return the hedge units that are not settled when the row's order arrives."""
    day = _digits(row["t"][:10])
    return sum(units for expiry, units in held.items() if expiry > day)


def _digits(day: str) -> str:
    return day.replace("-", "")


def _bought(row: dict[str, Any]) -> int:
    sign = 1 if row["action"] == "BUY" else -1
    first = row["legs"][0]
    leg = 1 if len(row["legs"]) == 1 or first["action"] == "BUY" else -1
    return int(sign * leg * row["quantity"])
