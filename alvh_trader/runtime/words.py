"""Write the answers about a case as text, widest facts first."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from alvh_trader.engine.explain import Answer, Question
from alvh_trader.engine.gates import RULES, Gate
from alvh_trader.runtime.transcript import when
from alvh_trader.strategy.finding import Finding

INDENT = "    "


def case(name: str, at: datetime | None, answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the lines of all answers about one case."""
    yield f"case {name}" + (f", as of {when(at)} New York" if at else "")
    for answer in answers:
        since = f"  (since {when(answer.since)})" if answer.since else ""
        yield f"{answer.question}: {answer.answer}{since}"
        if answer.question is not Question.GATE:  # Its numbers are among all gates'.
            yield from (f"{INDENT}{line}" for line in map(finding, answer.findings))
        for gate in answer.gates:
            yield from _gate(gate)
        yield from (f"{INDENT}-> {change}" for change in answer.would_change)


def finding(found: Finding) -> str:
    """Return one finding as a line."""
    mark = "yes" if found.holds else "no "
    return f"{mark} {found.what} {found.value}, asked {found.bound}"


def _gate(gate: Gate) -> Iterator[str]:
    said = "passed" if gate.is_behind else "open" if gate.holds else "closed"
    more = ", any one of" if gate.any_of else ""
    yield f"{INDENT}{said:<6} {gate.name}{more}"
    if gate.name != RULES or not gate.is_open:
        yield from (f"{INDENT * 2}   {line}" for line in map(finding, gate.findings))
