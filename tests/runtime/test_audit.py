"""The gateway's audit, tallied: an unhedged roll is found however it is hidden."""

import json
from pathlib import Path
from typing import Any

import pytest

from alvh_trader.runtime.audit import Tally, tally


def leg(symbol: str, action: str = "BUY", right: str = "C") -> dict[str, Any]:
    return {
        "symbol": symbol,
        "sec_type": "OPT",
        "trading_class": f"{symbol}W",
        "expiry": "20260603",
        "strike": 22.0,
        "right": right,
        "ratio": 1,
        "action": action,
    }


def row(
    event: str, *legs: dict[str, Any], action: str = "BUY", quantity: int = 7
) -> dict[str, Any]:
    return {
        "t": "2026-05-21T15:00:00+00:00",
        "event": event,
        "perm_id": 1,
        "order_ref": "ALVH-c-1",
        "action": action,
        "quantity": quantity,
        "price": 1.42,
        "legs": list(legs),
    }


HEDGE = row("order", leg("VIX"))
HEDGE_FILL = row("fill", leg("VIX"))
ROLL_LEGS = tuple(leg("SPX", a, "P") for a in ("BUY", "SELL", "SELL", "BUY"))
ROLL = row("order", *ROLL_LEGS, quantity=10)
ROLL_FILL = row("fill", *ROLL_LEGS, quantity=10)


CONDOR = tuple(
    {**leg("SPX", action, right), "strike": strike}
    for strike, right, action in (
        (2650.0, "P", "BUY"),
        (2700.0, "P", "SELL"),
        (3000.0, "C", "SELL"),
        (3050.0, "C", "BUY"),
    )
)


def tallied(folder: Path, *rows: dict[str, Any]) -> Tally:
    path = folder / "audit.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return tally(path)


def test_nothing_happened(tmp_path: Path) -> None:
    assert tallied(tmp_path) == Tally()


def test_orders_and_fills_are_counted_apart(tmp_path: Path) -> None:
    partly = row("fill", leg("VIX"), quantity=3)
    rest = row("fill", leg("VIX"), quantity=4)
    modify = row("modify", leg("VIX"))
    rows = [HEDGE, modify, partly, rest, ROLL, ROLL_FILL, ROLL, ROLL_FILL]
    assert tallied(tmp_path, *rows) == Tally(
        hedge_orders=1, hedge_fills=2, roll_orders=2, roll_fills=2, unhedged_rolls=0
    )


@pytest.mark.parametrize(
    "before",
    [
        [],
        [HEDGE],
        [HEDGE, row("cancel", leg("VIX"))],
        [HEDGE, row("reject", leg("VIX"))],
        [HEDGE, HEDGE_FILL, row("fill", leg("VIX"), action="SELL")],
    ],
    ids=["no hedge", "unfilled", "cancelled", "rejected", "sold again"],
)
def test_a_roll_without_a_hedge_held_is_found(
    tmp_path: Path, before: list[dict[str, Any]]
) -> None:
    assert tallied(tmp_path, *before, ROLL).unhedged_rolls == 1


def test_a_hedge_that_fills_after_the_roll_is_too_late(tmp_path: Path) -> None:
    found = tallied(tmp_path, HEDGE, ROLL, HEDGE_FILL, ROLL_FILL)
    assert found.unhedged_rolls == 1


def test_a_call_spread_is_a_hedge_and_its_reverse_is_none(tmp_path: Path) -> None:
    spread = (leg("VIX"), leg("VIX", "SELL"))
    reverse = (leg("VIX", "SELL"), leg("VIX"))
    assert tallied(tmp_path, row("fill", *spread), ROLL).unhedged_rolls == 0
    assert tallied(tmp_path, row("fill", *reverse), ROLL).unhedged_rolls == 1


def test_a_hedge_that_has_settled_is_none(tmp_path: Path) -> None:
    late = {**ROLL, "t": "2026-06-03T15:00:00+00:00"}
    eve = {**ROLL, "t": "2026-06-02T15:00:00+00:00"}
    assert tallied(tmp_path, HEDGE, HEDGE_FILL, eve).unhedged_rolls == 0
    assert tallied(tmp_path, HEDGE, HEDGE_FILL, late).unhedged_rolls == 1


CLOSING = tuple(
    {**x, "action": "SELL" if x["action"] == "BUY" else "BUY"} for x in CONDOR
)


@pytest.mark.parametrize("legs", [CLOSING, CLOSING[:2], CLOSING[2:]])
def test_a_condor_or_a_side_that_is_bought_back_is_no_roll(
    tmp_path: Path, legs: tuple[dict[str, Any], ...]
) -> None:
    rows = [row("order", *legs), row("fill", *legs)]
    assert tallied(tmp_path, *rows) == Tally(close_orders=1, close_fills=1)


@pytest.mark.parametrize(
    "legs",
    [
        CLOSING[:3],
        CLOSING[:1],
        (CLOSING[0], {**CLOSING[1], "expiry": "20260717"}),
        (CLOSING[0], {**CLOSING[1], "ratio": 2}),
        (CLOSING[0], {**CLOSING[1], "strike": 2600.0}),
    ],
)
def test_what_closes_no_whole_vertical_is_a_roll(
    tmp_path: Path, legs: tuple[dict[str, Any], ...]
) -> None:
    assert tallied(tmp_path, row("order", *legs)).unhedged_rolls == 1


def test_a_condor_that_is_opened_is_no_roll(tmp_path: Path) -> None:
    rows = [row("order", *CONDOR), row("fill", *CONDOR)]
    assert tallied(tmp_path, *rows) == Tally(open_orders=1, open_fills=1)


@pytest.mark.parametrize(
    "legs",
    [
        CONDOR[:2],
        (*CONDOR[:3], {**CONDOR[3], "expiry": "20260717"}),
        (*CONDOR[:3], {**CONDOR[3], "ratio": 2}),
        (*CONDOR[:3], {**CONDOR[3], "strike": 2990.0}),
        ROLL_LEGS,
    ],
    ids=["vertical", "two series", "ratio", "wing inside", "roll"],
)
def test_nothing_else_on_spx_hides_as_an_opening(
    legs: tuple[dict[str, Any], ...], tmp_path: Path
) -> None:
    assert tallied(tmp_path, row("order", *legs)).unhedged_rolls == 1


def test_a_condor_sold_the_other_way_round_is_no_opening(tmp_path: Path) -> None:
    sold = row("order", *CONDOR, action="SELL")
    assert tallied(tmp_path, sold) == Tally(close_orders=1)
