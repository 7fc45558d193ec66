"""What the house rules say of the source, read from the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "alvh_trader"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

ONLY_THE_GATE_MAKES = {"Approved", "RollPermit"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _call_nodes(path: Path) -> Iterator[ast.Call]:
    return (n for n in ast.walk(tree(path)) if isinstance(n, ast.Call))


def calls(path: Path) -> Iterator[str]:
    """Yield the last name of everything a module calls."""
    return (_called(node) for node in _call_nodes(path))


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def imports(path: Path) -> Iterator[str]:
    """Yield every module and name that a module imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_there_is_a_package_to_look_at() -> None:
    assert len(MODULES) > 100
    assert len(TESTS) > 60


def test_only_the_gate_makes_approvals_and_permits() -> None:
    makers = {
        (name(path), called)
        for path in MODULES
        for called in calls(path)
        if called in ONLY_THE_GATE_MAKES
    }
    assert makers == {
        ("alvh_trader/risk/gate.py", "Approved"),
        ("alvh_trader/risk/gate.py", "RollPermit"),
    }


def test_nobody_changes_an_approval_or_a_permit() -> None:
    """`replace` would make one that no check has seen: none is passed to it."""
    for path in MODULES:
        for node in _call_nodes(path):
            if _called(node) == "replace":
                first = ast.unparse(node.args[0]) if node.args else ""
                assert "approved" not in first, f"{name(path)}:{node.lineno}"
                assert "permit" not in first, f"{name(path)}:{node.lineno}"


def test_only_the_engine_asks_for_orders() -> None:
    """`PlaceOrder` and `RepriceOrder` are made where the gate is passed, only."""
    makers = {
        (name(path), called)
        for path in MODULES
        for called in calls(path)
        if called in {"PlaceOrder", "RepriceOrder"}
    }
    # Class patterns (`case PlaceOrder():`) are no calls.
    assert makers == {
        ("alvh_trader/engine/tickets.py", "PlaceOrder"),
        ("alvh_trader/engine/tickets.py", "RepriceOrder"),
    }


@pytest.mark.covers("P27", "V9")
def test_only_a_persons_word_becomes_a_consent() -> None:
    makers = {name(path) for path in MODULES if "Consent" in calls(path)}
    assert makers == {"alvh_trader/engine/proposals.py"}
    assert [name(path) for path in MODULES if "OperatorApproved" in calls(path)] == [
        "alvh_trader/runtime/live_control.py"
    ]


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_begins_with_one_sentence(path: Path) -> None:
    said = ast.get_docstring(tree(path))
    assert said, "no docstring"
    first = said.split("\n\n")[0]
    assert first.endswith((".", "?")), first
    assert "\n" not in first, "the first sentence is one line"
    assert len(re.findall(r"[.!?] [A-Z]", first)) == 0, first


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_and_functions_are_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MODULE_LINES_MAX
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_is_left_unfinished_or_printed(path: Path) -> None:
    assert not UNFINISHED.search(path.read_text())
    plain = {c.func.id for c in _call_nodes(path) if isinstance(c.func, ast.Name)}
    assert not plain & {"print", "breakpoint", "exec", "eval"}


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_tests_use_no_mocks(path: Path) -> None:
    """A setting may be turned for a test; an object that pretends may not be used."""
    assert not {module for module in imports(path) if "mock" in module.lower()}
    assert not {c for c in calls(path) if c in {"Mock", "MagicMock", "create_autospec"}}


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_no_test_is_skipped_without_a_reason(path: Path) -> None:
    for node in _call_nodes(path):
        if _called(node) in {"skip", "skipif", "xfail"}:
            has_reason = bool(node.args) or any(
                k.arg == "reason" for k in node.keywords
            )
            assert has_reason, f"{name(path)}:{node.lineno}"


def test_no_word_of_a_machine_or_a_workplace() -> None:
    """Paths of one machine and package hosts belong in nobody's repository."""
    bad = re.compile(r"/(?:work|root|home/\w+)/", re.IGNORECASE)
    here = Path(__file__)
    for path in (*MODULES, *TESTS):
        if path != here:
            assert bad.findall(path.read_text()) == [], name(path)
