"""The documents say what the code does: names, links, commands, tables, diagrams."""

import importlib.util
import pkgutil
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import alvh_trader
from alvh_trader.cli import app
from alvh_trader.errors import AlvhError
from alvh_trader.risk.limits import Limits
from alvh_trader.settings.keys import KEYS
from alvh_trader.sim.scenario import names
from alvh_trader.strategy.params import Params
from alvh_trader.strategy.phase import Phase, Trigger, mermaid

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs/architecture.md"
PHASES = ROOT / "docs/phases.md"
COMMANDS = ROOT / "docs/commands.md"
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
EACH_PAGE = pytest.mark.parametrize(
    "page", PAGES, ids=lambda p: str(p.relative_to(ROOT))
)
WRITE_DOCS = runpy.run_path(str(ROOT / "scripts/write-docs"))

MADE_BY_RUNNING = ("var/", ".venv/")
"""Paths that exist only once something has run."""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def first_column(page: Path, header: str) -> list[str]:
    """Return the first cells of the table whose header row begins with `header`."""
    rows = text_of(page).partition(f"\n| {header} |")[2].splitlines()[2:]
    cells = []
    for row in rows:
        if not row.startswith("|"):
            break
        cells.append(row.split("|")[1].strip().strip("`"))
    return cells


def commands(group: Any, before: str = "") -> dict[str, Any]:
    """Return the commands of a (vendored) click group by their full names."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, f"{before}{name} ")
        if not getattr(command, "commands", None) or command.invoke_without_command:
            found[before + name] = command
    return found


def all_commands() -> dict[str, Any]:
    return commands(typer.main.get_command(app))


def fenced(page: Path, language: str) -> Iterator[str]:
    """Yield the lines of all fences of a language, without comments."""
    for block in re.findall(
        rf"^ *```{language}\n(.*?)^ *```", text_of(page), re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            yield line.partition(" # ")[0].strip()


def without_fences(page: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def quoted(page: Path) -> list[str]:
    """Return what stands between single backticks outside of fences."""
    return re.findall(r"`([^`\n]+)`", without_fences(page))


# ------------------------------------------------------------- generated parts ---


def test_the_page_of_phases_is_drawn_from_the_table() -> None:
    _, _, rest = text_of(PHASES).partition(WRITE_DOCS["MARK"])
    assert rest == "\n" + WRITE_DOCS["phase_page"]()


def test_the_page_of_phases_shows_the_whole_diagram_and_every_word() -> None:
    text = text_of(PHASES)
    assert mermaid() in text
    assert [p for p in Phase if f"| `{p}` |" not in text] == []
    assert [t for t in Trigger if f"| `{t}` |" not in text] == []


def test_the_page_of_faults_is_written_from_the_table() -> None:
    page = text_of(ROOT / "docs/faults.md")
    assert page.partition(WRITE_DOCS["MARK"])[2] == "\n" + WRITE_DOCS["fault_page"]()


def test_the_map_is_that_of_the_modules() -> None:
    text = text_of(ARCHITECTURE)
    shown = text.split(WRITE_DOCS["BEGIN"])[1].split(WRITE_DOCS["END"])[0]
    assert shown == "\n" + WRITE_DOCS["module_map"]() + "\n"


def test_every_module_is_on_the_map_exactly_once() -> None:
    package, seen = "", []
    for line in WRITE_DOCS["module_map"]().splitlines():
        name = line.split()[0]
        if name.endswith("/"):
            package = name
        elif name.endswith(".py"):
            seen.append((package if line.startswith("  ") else "") + name)
    there = sorted(
        path.relative_to(ROOT / "alvh_trader").as_posix()
        for path in (ROOT / "alvh_trader").rglob("*.py")
        if path.name != "__init__.py"
    )
    assert sorted(seen) == there


def test_the_layers_shown_are_those_of_the_contract() -> None:
    block = text_of(ARCHITECTURE).partition("## The layers")[2].split("```")[1]
    shown = [
        re.split(r"  +", line)[0].split(" | ")
        for line in block.splitlines()[1:]
        if not line.startswith("---")
    ]
    assert shown == WRITE_DOCS["layers"]()


# --------------------------------------------------------- commands, scenarios ---


@pytest.mark.parametrize("page", [README, COMMANDS])
def test_a_table_of_commands_has_every_command_and_no_other(page: Path) -> None:
    shown = [name.removesuffix(" [CASE]") for name in first_column(page, "Command")]
    assert sorted(shown) == sorted(all_commands())


def test_the_readme_has_every_scenario_and_no_other() -> None:
    assert tuple(first_column(README, "Scenario")) == names()


def codes() -> set[int]:
    """Return the exit codes of all errors, and those that are none."""
    errors, found = [AlvhError], {0, 130}
    while errors:
        error = errors.pop()
        found.add(error.exit_code)
        errors += error.__subclasses__()
    return found


def test_every_exit_code_is_explained() -> None:
    assert {int(code) for code in first_column(COMMANDS, "Code")} == codes()
    said = text_of(README).partition("Exit codes:")[2].partition("\n\n")[0]
    assert {int(code) for code in re.findall(r"\b\d+\b", said)} == codes()
    served = first_column(ROOT / "docs/operations.md", "Code")
    assert {int(code) for code in served} <= codes()


@EACH_PAGE
def test_shell_examples_name_what_exists(page: Path) -> None:
    for line in fenced(page, "sh"):
        words = shlex.split(line)
        for place, word in enumerate(words):
            if re.match(r"^(\./)?(scripts|config|systemd)/", word):
                assert (ROOT / word).is_file(), line
            is_program = Path(word).name == "alvh-trader" and words[0] != "sudo"
            if is_program and place == 0:
                check_usage(words[1:], line)
        if words and words[0].removeprefix("./") == "scripts/demo":
            check_usage(["demo", *words[1:]], line)


def check_usage(words: list[str], line: str) -> None:
    every = all_commands()
    spoken = [" ".join(words[:count]) for count in (3, 2, 1)]
    name = next((n for n in spoken if n in every), None)
    assert name is not None, f"no such command: {line}"
    options = {o for p in every[name].params for o in (*p.opts, *p.secondary_opts)}
    asked = {word for word in words if word.startswith("--")} - {"--help"}
    assert asked <= options, line
    for place, word in enumerate(words):
        if word == "--scenario":
            assert words[place + 1] in names(), line


# ------------------------------------------------------------------ references ---


@EACH_PAGE
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(page))
    local = [t for t in targets if "://" not in t]
    assert [t for t in local if not (page.parent / t).exists()] == []


@EACH_PAGE
def test_files_named_in_the_text_are_there(page: Path) -> None:
    text = without_fences(page)
    plain = re.findall(r"\bdocs/[\w/-]+\.md\b", text)
    folders = ("alvh_trader", "tests", "scripts", "config", "docs", "systemd")
    marked = [
        word.partition("::")[0]
        for word in quoted(page)
        if word.split("/")[0] in folders
        and "/" in word
        and not re.search(r"[*\s]", word)
        and not word.startswith(MADE_BY_RUNNING)
    ]
    gone = [name for name in (*plain, *marked) if not (ROOT / name).exists()]
    assert gone == []


@EACH_PAGE
def test_modules_named_by_package_are_there(page: Path) -> None:
    """`broker/library.py` and the like, as the documents name modules for short."""
    packages = {m.name for m in pkgutil.iter_modules(alvh_trader.__path__) if m.ispkg}
    short = [
        word
        for word in quoted(page)
        if re.fullmatch(r"[a-z_]+/[a-z_]+\.py", word) and word.split("/")[0] in packages
    ]
    gone = [word for word in short if not (ROOT / "alvh_trader" / word).is_file()]
    assert gone == []


def resolved(name: str) -> bool:
    """Return whether `package.module.Name.attribute` leads somewhere."""
    parts = name.split(".")
    found: Any = alvh_trader
    for place, part in enumerate(parts):
        if hasattr(found, "__path__"):
            path = ".".join(["alvh_trader", *parts[: place + 1]])
            if importlib.util.find_spec(path) is not None:
                found = importlib.import_module(path)
                continue
        if not hasattr(found, part):
            return part in getattr(found, "__annotations__", {})
        found = getattr(found, part)
    return True


@EACH_PAGE
def test_functions_named_in_full_exist(page: Path) -> None:
    packages = {m.name for m in pkgutil.iter_modules(alvh_trader.__path__)}
    dotted = [
        re.sub(r"\(.*\)$", "", word)
        for word in quoted(page)
        if re.fullmatch(r"[a-z_]+(\.\w+)+(\(.*\))?", word)
        and word.split(".")[0] in packages
        and not word.endswith(".py")
        and not word.startswith("journal.db")
    ]
    unknown = [n for n in dotted if n not in KEYS and not resolved(n)]
    assert unknown == []


def test_methods_named_by_class_exist() -> None:
    """`Feed.collect` after `broker.feed.Feed.on_price`: the class is known by then."""
    text = " ".join(quoted(ARCHITECTURE))
    classes: dict[str, Any] = {}
    for module in (
        *("engine.turn", "runtime.loop", "runtime.daemon", "journal.store"),
        *("broker.feed", "broker.session", "broker.stream", "broker.orders"),
    ):
        found = importlib.import_module(f"alvh_trader.{module}")
        classes |= {n: v for n, v in vars(found).items() if isinstance(v, type)}
    named = re.findall(r"(?<![\w.])([A-Z]\w+)\.(\w+)", text)
    assert named
    missing = [
        f"{name}.{method}"
        for name, method in named
        if name in classes and not hasattr(classes[name], method)
    ]
    assert missing == []
    assert [name for name, _ in named if name not in classes] == []


def leaves(of: Any, before: str) -> Iterator[str]:
    for name in of.__struct_fields__:
        value = getattr(of, name)
        if hasattr(value, "__struct_fields__"):
            yield from leaves(value, f"{before}.{name}")
        else:
            yield f"{before}.{name}"


def test_keys_that_change_nothing_are_admitted() -> None:
    """A number that no code reads must be in the method's list of such keys."""
    code = " ".join(
        text_of(path)
        for path in (ROOT / "alvh_trader").rglob("*.py")
        if path.parent.name != "settings"
    )
    keys = [*leaves(Params(), "strategy"), *leaves(Limits(), "risk")]
    unread = {
        key for key in keys if not re.search(rf"\.{key.rpartition('.')[2]}\b", code)
    }
    page = text_of(ROOT / "docs/method.md").partition("change nothing yet:")[2]
    admitted = set(re.findall(r"`([\w.]+)`", page))
    assert unread <= admitted
    assert all(key in KEYS for key in admitted)


# ------------------------------------------------------------------- decisions ---


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1


@pytest.mark.parametrize("page", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_has_its_three_parts_and_its_number(page: Path) -> None:
    text = text_of(page)
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences"]
    assert text.startswith(f"# {int(page.name[:4])}. ")


def test_decisions_that_the_code_names_exist() -> None:
    files = [ROOT / "pyproject.toml", *(ROOT / "alvh_trader").rglob("*.py")]
    named = {
        number
        for path in files
        for number in re.findall(r"docs/decisions/(\d{4})", text_of(path))
    }
    assert named <= {path.name[:4] for path in DECISIONS}
    assert named


# -------------------------------------------------------------------- the rest ---


def test_the_glossary_is_in_order_and_has_each_word_once() -> None:
    text = text_of(ROOT / "docs/glossary.md")
    words = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
    assert len(words) > 50
    assert words == sorted(set(words), key=str.lower)


@EACH_PAGE
def test_no_path_of_a_single_machine_is_in_the_documents(page: Path) -> None:
    assert not re.search(r"/(home|root|work|Users)/", text_of(page))
