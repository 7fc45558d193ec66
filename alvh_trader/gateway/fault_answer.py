"""Faults of answers: late, cut short, missing, or not what was asked."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from alvh_trader.gateway.fault import Active, Fault, Late
from alvh_trader.gateway.session import Session
from alvh_trader.wire import account_reply, contract_reply, order_reply, request
from alvh_trader.wire.account_reply import CurrentTime
from alvh_trader.wire.contract_reply import ContractData
from alvh_trader.wire.handshake import Hello
from alvh_trader.wire.market_request import RequestHistoricalData
from alvh_trader.wire.order_reply import CommissionReport, CompletedOrder, ExecutionData
from alvh_trader.wire.order_request import PlaceOrder

QUESTIONS: Mapping[str, tuple[type[Struct], ...]] = MappingProxyType(
    {
        "orders": (request.RequestOpenOrders, request.RequestAllOpenOrders),
        "completed": (request.RequestCompletedOrders,),
        "executions": (request.RequestExecutions,),
        "positions": (request.RequestPositions, request.RequestPositionsMulti),
        "account": (
            request.RequestAccountUpdates,
            request.RequestAccountUpdatesMulti,
            request.RequestAccountSummary,
        ),
        "contracts": (request.RequestContractDetails,),
        "chains": (request.RequestOptionParameters,),
        "history": (RequestHistoricalData,),
        "ids": (request.RequestIds,),
        "time": (request.RequestCurrentTime,),
    }
)
ENDS: Mapping[str, tuple[type[Struct], ...]] = MappingProxyType(
    {
        "orders": (order_reply.OpenOrderEnd,),
        "completed": (order_reply.CompletedOrdersEnd,),
        "executions": (order_reply.ExecutionDataEnd,),
        "positions": (account_reply.PositionEnd, account_reply.PositionMultiEnd),
        "account": (
            account_reply.AccountDownloadEnd,
            account_reply.AccountUpdateMultiEnd,
            account_reply.AccountSummaryEnd,
        ),
        "contracts": (contract_reply.ContractDataEnd,),
        "chains": (contract_reply.OptionParametersEnd,),
    }
)
READ_ONLY = (
    "Error validating request.-'b4' : cause - "
    "The API interface is currently in Read-Only mode."
)
_OTHER_CON_ID = 900_000_000

Answer = list[Struct | Late]


def _late(it: Active, _session: Session, message: Struct) -> Answer:
    # The question for the time moves time in lockstep: nothing late would ever come.
    return [message] if isinstance(message, CurrentTime) else [Late(it.number, message)]


def _late_end(it: Active, _session: Session, message: Struct) -> Answer:
    return [Late(it.number, message)]


def _unanswered(it: Active, _session: Session, asked: Struct) -> bool:
    return isinstance(asked, QUESTIONS[it.value])


def _endless(it: Active, _session: Session, message: Struct) -> Answer:
    return [] if isinstance(message, ENDS[it.value]) else [message]


def _nothing(_it: Active, _session: Session, _message: Struct) -> Answer:
    return []


def _no_combo(
    _it: Active, _session: Session, asked: request.RequestContractDetails
) -> bool:
    return asked.contract.sec_type == "BAG"


def _no_such(_it: Active, session: Session, asked: Struct) -> bool:
    text = "No security definition has been found for the request"
    session.error(getattr(asked, "req_id", -1), 200, text)
    return True


def _two(_it: Active, _session: Session, message: ContractData) -> Answer:
    other = structs.replace(message, con_id=message.con_id + _OTHER_CON_ID)
    return [message, other]


def _read_only(_it: Active, session: Session, asked: Struct) -> bool:
    session.error(getattr(asked, "order_id", -1), 321, READ_ONLY)
    return True


def _other_version(it: Active, session: Session, _asked: Hello) -> bool:
    session.greet(int(it.number))
    return True


_ORDERS: tuple[type[Struct], ...] = (
    PlaceOrder,
    request.CancelOrder,
    request.RequestGlobalCancel,
    *QUESTIONS["orders"],
    *QUESTIONS["completed"],
)

ANSWERS: Mapping[str, Fault] = MappingProxyType(
    {
        "slow": Fault(
            says="Whatever the gateway says comes `value` seconds late, but prices and "
            "the time",
            source="reliability.md F44", lasts=300.0, value="30",
            replies={Struct: _late},
        ),
        "slow_accountDownloadEnd": Fault(
            says="The end of the account download comes `value` seconds late",
            source="ib_insync #224", lasts=None, value="120",
            replies={account_reply.AccountDownloadEnd: _late_end},
        ),
        "slow_end": Fault(
            says="Every End marker comes `value` seconds after its rows",
            source="reliability.md F44", lasts=300.0, value="30",
            replies=dict.fromkeys(
                (kind for kinds in ENDS.values() for kind in kinds), _late_end
            ),
        ),
        "unanswered": Fault(
            says="Questions of one kind get no answer",
            source="reliability.md F38; ib_async #82", lasts=None, value="executions",
            choices=tuple(QUESTIONS), requests={Struct: _unanswered},
        ),
        "endless": Fault(
            says="Answers of one kind come without their End marker",
            source="ib_async #82", lasts=None, value="executions",
            choices=tuple(ENDS), replies={Struct: _endless},
        ),
        "executions_gone": Fault(
            says="No execution and no completed order of the past is known any more",
            source="reliability.md F58 (kept since midnight)", lasts=None,
            replies=dict.fromkeys(
                (ExecutionData, CommissionReport, CompletedOrder), _nothing
            ),
        ),
        "bag_details": Fault(
            says="Questions for the details of a combo get no answer",
            source="pysystemtrade #1659", lasts=None,
            requests={request.RequestContractDetails: _no_combo},
        ),
        "200": Fault(
            says="No contract is known, whatever is asked for",
            source="[doc]", lasts=300.0,
            requests={request.RequestContractDetails: _no_such},
        ),
        "ambiguous": Fault(
            says="Every contract is found twice, under two ids",
            source="reliability.md F82", lasts=300.0, replies={ContractData: _two},
        ),
        "read_only": Fault(
            says="The API is read-only: 321 for orders, and for lists of them",
            source="ib_insync #1 #7 #224; IBC #10", lasts=None,
            requests=dict.fromkeys(_ORDERS, _read_only),
        ),
        "version": Fault(
            says="The handshake agrees on protocol `value`, whatever the client offers",
            source="reliability.md F42", lasts=None, value="200",
            requests={Hello: _other_version},
        ),
    }
)  # fmt: skip
