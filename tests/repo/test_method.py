"""The table of concepts in docs/method.md is complete, and what it names exists."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from alvh_trader.risk.limits import Limits
from alvh_trader.settings.keys import KEYS
from alvh_trader.strategy.params import Params

ROOT = Path(__file__).parents[2]
METHOD = ROOT / "docs/method.md"
NOT_BUILT = "not built"

COLUMNS = (
    "Concept",
    "In the articles",
    "Module",
    "Test",
    "Input, and whence",
    "Default",
    "Missing or stale",
    "Shown by",
)

CONCEPTS = """
ALVH, the Adaptive Layered VIX Hedge
Five steps in sequence
Stabilised Greeks before any roll
EDR, Expected Delta Ratio
EDR 0.94 % sentinel
Approach and breach
Hedge before roll (second engine as VIX overlay)
Second engine as outside capital (Private Leverage Layer)
Temporal buffering
Time-Shifting, Time Travel
Temporal Vega Martingale
Big Top Temporal Theta Cash Press (TTCP)
Temporal Theta Martingale
VIX near 18 (Goldilocks)
Zone of spikes above 25
Regimes by VIX
Iron condor
Short strikes by standard deviations
Tenor of 45 to 60 days
Wing width
Implied-volatility surface
Break-even point
Break-even expansion under a volatility spike
Layer 1
Layer 2
VIX calls for 1 to 2 % of the notional
VIX call spreads
VIX futures as hedge
Sizing by capital cost (WACC impact)
Augment, not replace
Delta band
Gamma band
Vega band
Positive theta
Time value (extrinsic)
Conversion and reversal
Parity guard
Advance-decline line
Divergence of breadth
False signals: rotation against broad stress
P/CF of constituents
RSI of SPX
MACD of VIX and SPX
MACD of weekly VX
CPI-PPI spread
REER curve
FOMC divergence
Windows around releases
Interest-rate differential
GDP cycles
Macro composite
Beta of the volatility complex
Time-shift increase of outside capital
CAPM overlay, cost of equity
WACC, adapted
MEV and gas in funding
IRR, expected
IRR, realised
Quick ratio
Reg-T margin and margin calls
Stablecoin vault
DAO pool
Multi-Sig
REIT credit line
Non-recourse leverage
DeFi and AMM
Self-reinforcing loop
No more Reg-T margin by outside capital
Dividend Discount Model (DDM)
DRIP, reinvestment
Market-cap concentration
P/E of mega-caps
DDM deviation fine-tunes the hedge
Two sigmas cost at most 6 %
Redeployment into longer VIX
Roll outward, adjust width
Transaction cost and slippage
Harvest and decay of the hedge
False Binary (Loyalty and Motion)
Steward and Promoter
Base ladder 4/4/2
RSAi, credit tiers, 3:10 pm entries
Optional entries
REIT and ETF rebalancing
Backtest across cycles
"""
"""Every idea of the two articles, and what their pages add; each has a row."""

SECTIONS = (
    *("§2.3", "§3.6", "§4.4", "§4.5", "§4.7", "§5.5", "§6", "§7.3", "§7.4", "§7.5"),
    *("§7.6", "§7.8", "§8.1", "§9", "§12 T0", "§12 T1", "§12 T2", "§12 hedge"),
    *("§12 roll", "§12 stress", "§12 quick ratio", "§12 negative"),
)
"""Sections of the specification that print numbers; each has its tests."""


class Row(Struct, frozen=True):
    """One concept, its cells by the names of their columns."""

    concept: str
    cells: dict[str, str]


def table(header: str) -> Iterator[list[str]]:
    """Yield the cells of the table whose header row begins with `header`."""
    text = METHOD.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n| {header} |")
    assert rest, f"no table of {header}"
    for line in f"| {header} |{rest}".splitlines():
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def rows() -> list[Row]:
    head, _, *body = table(COLUMNS[0])
    assert tuple(head) == COLUMNS
    assert all(len(cells) == len(COLUMNS) for cells in body)
    return [Row(cells[0], dict(zip(COLUMNS, cells, strict=True))) for cells in body]


ROWS = rows()
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda r: r.concept)


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the functions that a file defines, without importing it."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    )


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def check_tests(cell: str) -> None:
    """Every test is written `tests/folder/test_file.py::test_name`, and exists."""
    named = quoted(cell)
    assert named, "no test"
    for each in named:
        path, _, name = each.partition("::")
        assert path.startswith("tests/"), each
        assert name.startswith("test_"), each
        assert name in names_in(path), each


def value_of(key: str) -> Any:
    """Return the default of a key, as the code has it."""
    found: Any = {"strategy": Params(), "risk": Limits()}[key.partition(".")[0]]
    for part in key.split(".")[1:]:
        found = getattr(found, part)
    return found


def test_every_concept_has_a_row_and_every_row_a_concept() -> None:
    wanted = [line for line in CONCEPTS.splitlines() if line]
    assert len(wanted) > 70
    assert [row.concept for row in ROWS] == wanted


@EACH
def test_no_cell_is_empty(row: Row) -> None:
    assert [name for name, cell in row.cells.items() if not cell] == []


@EACH
def test_the_modules_exist(row: Row) -> None:
    cell = row.cells["Module"]
    if cell in {NOT_BUILT, "no function"}:
        return
    named = quoted(cell)
    assert named
    for path in named:
        assert path.startswith("alvh_trader/")
        assert ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8")))


@EACH
def test_the_tests_exist(row: Row) -> None:
    cell = row.cells["Test"]
    if row.cells["Module"] == NOT_BUILT:
        assert cell == NOT_BUILT
    elif row.cells["Module"] == "no function":
        assert cell == "none: a remark"
    else:
        check_tests(cell)


@EACH
def test_the_defaults_are_those_of_the_code(row: Row) -> None:
    cell = row.cells["Default"]
    keys = [key for key in quoted(cell) if re.match(r"(strategy|risk)\.", key)]
    for key in keys:
        assert key in KEYS, key
    told = re.findall(r"`((?:strategy|risk)\.[\w.]+)` = ([^,;]+)", cell)
    assert [key for key, _ in told] == keys, "a key without its value"
    for key, value in told:
        assert said(value_of(key)) == value.strip(), key


def said(value: Any) -> str:
    """Return a default as the table writes it."""
    if hasattr(value, "total_seconds"):
        return f"{value.total_seconds():.0f} s"
    return str(value)


@EACH
def test_what_is_not_built_is_nowhere_shown(row: Row) -> None:
    is_missing = row.cells["Module"] == NOT_BUILT
    assert (row.cells["Shown by"] == NOT_BUILT) is is_missing


def test_every_worked_section_has_its_tests() -> None:
    head, _, *body = table("Section")
    assert head == ["Section", "Tests"]
    assert tuple(cells[0] for cells in body) == SECTIONS
    for cells in body:
        check_tests(cells[1])
