"""Write the answers about a case as text, widest facts first."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

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


def length(of: timedelta | None) -> str:
    """Return a length of time as people say it; nothing for none.

    >>> [length(timedelta(minutes=m)) for m in (0.5, 30, 1800, 64800)]
    ['30 s', '30 min', '30 h', '45 d']
    """
    if of is None:
        return ""
    seconds = of.total_seconds()
    for most, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"


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
