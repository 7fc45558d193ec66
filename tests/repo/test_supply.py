"""What the program stands on: pinned packages, and tasks that have an owner."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "alvh_trader").rglob("*.py"))
LOCKS = sorted([*ROOT.glob("requirements*.lock"), *ROOT.glob("foreign/locks/*.lock")])

PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z,-]+\])?==[^\s;]+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


@pytest.mark.covers("F146")
@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_every_package_is_pinned_to_what_it_was(lock: Path) -> None:
    """One version, and digests of its files: what is exchanged is not installed."""
    lines = [line for line in lock.read_text().splitlines() if line]
    assert lines
    for line, following in zip(lines, [*lines[1:], "end"], strict=True):
        assert PINNED.match(line) or HASH.match(line), line
        if PINNED.match(line):
            assert HASH.match(following), f"{line} has no digest"


@pytest.mark.covers("F146")
def test_environments_take_nothing_without_a_digest() -> None:
    assert "--require-hashes" in (ROOT / "scripts/environment").read_text()


def groups_of(tree: ast.Module) -> set[str]:
    """Return the names under which a module holds its groups of tasks."""
    return {
        ast.unparse(item.optional_vars)
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if item.optional_vars
        and ast.unparse(item.context_expr) == "asyncio.TaskGroup()"
    }


@pytest.mark.covers("F14", "V13")
@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_task_belongs_to_a_group(path: Path) -> None:
    """One that nobody owns can end, or be collected, without anybody's notice."""
    tree = ast.parse(path.read_text())
    groups = groups_of(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        assert not name.endswith(("ensure_future", "run_coroutine_threadsafe")), name
        if name.endswith("create_task"):
            assert name.removesuffix(".create_task") in groups, name


@pytest.mark.covers("F14")
@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_listener_of_the_library_is_asynchronous(path: Path) -> None:
    """It would run as a task of the library's own, and its error end nowhere."""
    tree = ast.parse(path.read_text())
    asynchronous = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            listener = ast.unparse(node.value).rsplit(".", 1)[-1]
            assert listener not in asynchronous, ast.unparse(node)
