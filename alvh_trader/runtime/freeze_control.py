"""What came of a halt, a clearing or a check-in that a person told the daemon."""

from alvh_trader.engine.event import OperatorCheckedIn, OperatorCleared, OperatorHalted
from alvh_trader.engine.freezing import MEANINGS
from alvh_trader.engine.state import State
from alvh_trader.runtime.request import Answer


def outcome(
    said: OperatorHalted | OperatorCleared | OperatorCheckedIn, state: State
) -> Answer:
    """Return what the state shows of it afterwards."""
    match said:
        case OperatorHalted(level=level):
            text = f"{state.freeze.name}: {MEANINGS[state.freeze]}"
            return Answer(taken=state.freeze >= level, text=text)
        case OperatorCheckedIn():
            return Answer(taken=state.spoken == said.at, text="good day")
        case OperatorCleared() if state.freeze:
            text = (
                "not lifted: it takes a clean reconciliation and no order in doubt; "
                "a report was asked for, try again"
            )
            return Answer(taken=False, text=text)
        case OperatorCleared():
            text = "lifted; cases in MANUAL are given back by alvh-trader release"
            return Answer(taken=True, text=text)
