"""Freeze trading, and lift it again: the one place that changes the level.

The level is part of the state, so it outlives the process, an upgrade and a restart.
Whoever freezes says why; nothing in the program lowers a level (reliability.md P01).
"""

from collections.abc import Mapping
from types import MappingProxyType

from alvh_trader.engine.command import Severity
from alvh_trader.engine.discrepancies import opened
from alvh_trader.engine.event import ControlTripped, OperatorCleared, OperatorHalted
from alvh_trader.engine.orders import ask_report, cancel
from alvh_trader.engine.state import Losses
from alvh_trader.engine.turn import Turn
from alvh_trader.risk.freeze import Freeze
from alvh_trader.strategy.finding import Finding
from alvh_trader.strategy.phase import TRANSITIONS, Phase, Trigger

LEVELS: Mapping[str, Freeze] = MappingProxyType(
    {
        "P01": Freeze.HALT,  # The kill file is there.
        "P03": Freeze.SAFE,  # Another account than the one expected.
        "P09": Freeze.HALT,  # More on the wire than was approved.
        "P23": Freeze.HALT,  # More messages than we may send, twice.
        "T06": Freeze.REDUCE,  # No alert reaches anybody.
        "I11": Freeze.SAFE,  # An error that nobody caught.
        "I12": Freeze.SAFE,  # The decision loop lags.
        "I14": Freeze.HALT,  # A frame without an intent.
    }
)
"""What a control outside the engine freezes to when it trips."""


def freeze(turn: Turn, level: Freeze, why: str) -> None:
    """Freeze to a level, if that is more than now; a halt cancels what works."""
    before = turn.state.freeze
    if level <= before:
        return
    turn.put(freeze=level, frozen_by=why)
    if level >= Freeze.HALT:
        _cancel_all(turn)
    code = "halted" if level >= Freeze.SAFE else "reduced"
    text = f"{why}: {MEANINGS[level]} until a person clears it (alvh-trader clear)"
    turn.alert(code, Severity.CRITICAL, "", text)


MEANINGS: Mapping[Freeze, str] = MappingProxyType(
    {
        Freeze.REDUCE: "no new risk is taken",
        Freeze.SAFE: "nothing is sent",
        Freeze.HALT: "what works is cancelled and nothing is sent",
    }
)


def _cancel_all(turn: Turn) -> None:
    for ref in tuple(turn.state.tickets):
        cancel(turn, ref)
    for case in tuple(turn.state.cases.values()):
        if (case.phase, Trigger.KILLED) in TRANSITIONS:
            # What was being closed goes back to where it stood before.
            before = case.resume if case.phase is Phase.CLOSING else case.phase
            turn.move(
                case, Trigger.KILLED, resume=before, in_band_at=None, flatten=None
            )
        elif case.flatten is not None:
            turn.change(case, flatten=None)


def hear(turn: Turn, event: OperatorHalted | ControlTripped | OperatorCleared) -> None:
    """Take what a person, or a control outside the engine, says of the freeze."""
    match event:
        case OperatorHalted():
            freeze(turn, event.level, "the operator said so")
        case ControlTripped():
            # A control that this build does not know is no smaller matter.
            level = LEVELS.get(event.control, Freeze.HALT)
            freeze(turn, level, f"{event.control}: {event.text}")
        case OperatorCleared():
            _clear(turn, event)


def _clear(turn: Turn, event: OperatorCleared) -> None:
    """Lift the freeze if the last reconciliation is clean, else say what is not."""
    against = [f for f in clearance(turn) if not f.holds]
    if against:
        text = "; ".join(f"{f.what} {f.value}, asked {f.bound}" for f in against)
        turn.alert("not_cleared", Severity.CRITICAL, "", f"still frozen: {text}")
        ask_report(turn, "a person wants the freeze lifted")
        return
    before = turn.state.freeze
    turn.put(freeze=Freeze.NONE, frozen_by="", losses=Losses(), starts=())
    text = f"{before.name} was lifted by the operator ({event.by or 'no name given'})"
    turn.alert("cleared", Severity.WARNING, "", text)


def clearance(turn: Turn) -> tuple[Finding, ...]:
    """Return what must hold before a freeze is lifted: a clean reconciliation."""
    state, most = turn.state, turn.rules.limits.reconciled_age_max
    seen = None if state.break_since else state.reconciled
    age = None if seen is None else turn.at - seen
    value = "none" if age is None else f"{age.total_seconds():.0f} s old"
    bound = f"clean, <= {most.total_seconds():.0f} s old"
    doubtful = [ref for ref, t in state.tickets.items() if t.is_live and t.is_in_doubt]
    breaks = [it.key for it in opened(state) if it.rule.reduces]
    return (
        Finding("reconciliation", value, bound, age is not None and age <= most),
        Finding("orders in doubt", ", ".join(doubtful) or "none", "none", not doubtful),
        Finding("open discrepancies", ", ".join(breaks) or "none", "none", not breaks),
    )
