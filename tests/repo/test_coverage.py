"""Every test that names a row of docs/reliability.md names one that exists."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
MATRIX = runpy.run_path(str(ROOT / "scripts/coverage-matrix"))

COUNTS = {"F": 148, "P": 28, "I": 14, "T": 14, "V": 15}


def test_the_page_has_every_row_once() -> None:
    numbers = [row.number for row in MATRIX["rows"]()]
    assert len(set(numbers)) == len(numbers)
    for letter, count in COUNTS.items():
        of_it = [int(n[1:]) for n in numbers if n.startswith(letter)]
        assert of_it == list(range(1, count + 1))


def test_tests_name_only_rows_of_the_page() -> None:
    numbers = {row.number for row in MATRIX["rows"]()}
    assert MATRIX["tests_by_row"]().keys() <= numbers


def test_marks_are_found_on_tests_parameters_and_modules(tmp_path: Path) -> None:
    marked = tmp_path / "test_marked.py"
    marked.write_text(
        "pytestmark = [pytest.mark.covers('F01')]\n"
        "@pytest.mark.covers('F02', 'V1')\n"
        "@pytest.mark.parametrize('x', [param(1, marks=pytest.mark.covers('P01'))])\n"
        "def test_it(x): ...\n"
    )
    found = set(MATRIX["marks_of"](marked, tmp_path))
    test = "test_marked.py::test_it"
    module = ("F01", "test_marked.py")
    assert found == {module, ("F02", test), ("V1", test), ("P01", test)}
