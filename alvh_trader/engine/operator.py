"""What a person may tell the engine of cases: release, roll, close one; and files."""

from typing import assert_never

from alvh_trader.engine import closing, discrepancies, missed
from alvh_trader.engine.answers import hindrance_to_abandon
from alvh_trader.engine.command import Severity
from alvh_trader.engine.event import (
    InputsRead,
    OperatorAbandoned,
    OperatorAcknowledged,
    OperatorAdopted,
    OperatorAskedRoll,
    OperatorFlattened,
    OperatorReleased,
)
from alvh_trader.engine.orders import ask_report
from alvh_trader.engine.tickets import keep
from alvh_trader.engine.turn import Turn
from alvh_trader.execution.lifecycle import Evidence
from alvh_trader.portfolio.case import Kind, hindrance
from alvh_trader.strategy.phase import TRANSITIONS, Trigger

MISTAKES_TOLD = 5
"""An alert is no listing; `alvh-trader inputs check` tells all of them."""


OfCases = (
    OperatorReleased
    | OperatorAdopted
    | OperatorAbandoned
    | OperatorAskedRoll
    | OperatorFlattened
    | OperatorAcknowledged
)


def hear(turn: Turn, event: OfCases) -> None:
    """Take what a person says of cases, discrepancies and orders."""
    match event:
        case OperatorReleased():
            on_released(turn, event)
        case OperatorAdopted():
            on_adopted(turn, event)
        case OperatorAbandoned():
            on_abandoned(turn, event)
        case OperatorAskedRoll():
            on_asked_roll(turn, event)
        case OperatorFlattened():
            closing.on_asked(turn, event)
        case OperatorAcknowledged():
            on_acknowledged(turn, event)
        case _:
            assert_never(event)


def on_released(turn: Turn, event: OperatorReleased) -> None:
    """Give one case, or all of them, back to the rules after a reconciliation.

    A freeze is not lifted by it: that takes a phrase of its own.
    """
    for case in tuple(turn.state.cases.values()):
        is_meant = event.case in {"", case.case_id}
        if not is_meant or (case.phase, Trigger.RELEASED) not in TRANSITIONS:
            continue
        why_not = hindrance(case.condor)
        if why_not and case.condor.kind is not Kind.IRON_FLY:
            # A butterfly's release is the acknowledgement that it asks for (§2.5).
            text = f"it stays with a person: {why_not}"
            turn.alert("manual", Severity.WARNING, case.case_id, text)
            continue
        turn.move(case, Trigger.RELEASED)
        closing.give_up(turn, case.case_id)
    ask_report(turn, "released by the operator")


def on_adopted(turn: Turn, event: OperatorAdopted) -> None:
    """Take the broker's picture for true; the next report starts from there."""
    missed.book_adopted(turn, event.key)
    discrepancies.adopt(turn, event.key)
    ask_report(turn, "adopted by the operator")


def on_abandoned(turn: Turn, event: OperatorAbandoned) -> None:
    """End an order that stayed in doubt, on a person's word and no complete report's.

    The broker must have had its time to show it, and complete reports must not have.
    """
    ticket = turn.state.tickets.get(event.ref)
    why_not = hindrance_to_abandon(turn.state, ticket, turn.at)
    if ticket is None or why_not is not None:
        text = f"{event.ref} was not abandoned: {why_not}"
        turn.alert("abandon_refused", Severity.WARNING, "", text)
        return
    keep(turn, ticket.hear(Evidence.NOT_SEEN, turn.at))
    text = f"{event.ref} is given up, as the operator said"
    turn.alert("order_not_seen", Severity.WARNING, ticket.order.case, text)


def on_asked_roll(turn: Turn, event: OperatorAskedRoll) -> None:
    """Remember that a person wants a case rolled: a reason like any other (§6.1)."""
    case = turn.state.cases.get(event.case)
    if case is not None:
        # Held cases look again at once.
        turn.change(case, requested=turn.at, retested=None)


def on_acknowledged(turn: Turn, event: OperatorAcknowledged) -> None:
    """Take an answer to the question that a case has open; another one is no answer."""
    case = turn.state.cases.get(event.case)
    if case is None or case.asks is None or case.asks != event.what:
        asked = "nothing" if case is None else case.asks or "nothing"
        text = f"{event.what} was acknowledged for {event.case}, which asks {asked}"
        turn.alert("ack_unasked", Severity.WARNING, event.case, text)
        return
    allowed = {**case.allowed, case.asks: turn.at}
    # Held cases look again at once, while the answer is fresh.
    turn.change(case, allowed=allowed, asks=None, retested=None)


def on_inputs_read(turn: Turn, event: InputsRead) -> None:
    """Take what the files say; what is wrong with them is told, and missing."""
    turn.put(inputs=event.inputs)
    if event.mistakes:
        told = "; ".join(event.mistakes[:MISTAKES_TOLD])
        more = len(event.mistakes) - MISTAKES_TOLD
        rest = f"; and {more} more, see alvh-trader inputs check" if more > 0 else ""
        text = f"the operator's files cannot all be used: {told}{rest}"
        turn.alert("inputs", Severity.WARNING, "", text)
