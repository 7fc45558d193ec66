"""Every (status, evidence) pair, by the sentences that the table stands for."""

from itertools import product

import pytest

from alvh_trader.domain.order import NEVER_SENT, TERMINAL, OrderStatus
from alvh_trader.execution.lifecycle import (
    BROKER_WORDS,
    CHANGES,
    Evidence,
    follow,
    is_live,
)

S, E = OrderStatus, Evidence
OPEN = frozenset(S) - TERMINAL
AT_BROKER = OPEN - NEVER_SENT

ENDS = (
    "FILLED>FILLED CANCELLED>CANCELLED CANCELLED_BY_OTHER>CANCELLED_BY_OTHER "
    "REFUSED>UNKNOWN SILENT>UNKNOWN DOUBTED>UNKNOWN "
)
"""What every order at the broker has in common."""

EXPECTED = {
    # status: evidence>what it becomes; whatever is not listed leaves it as it was.
    S.PROPOSED: (
        "ALLOWED>INTENT DECLINED>DECLINED WITHDRAWN>LAPSED CANCEL_SENT>LAPSED "
        "SILENT>LAPSED FILLED>FILLED"
    ),
    S.INTENT: ENDS + "NOT_SENT>CANCELLED SEEN>WORKING CANCEL_SENT>UNKNOWN",
    S.UNKNOWN: ENDS + "SEEN>WORKING REJECTED>REJECTED NOT_SEEN>NOT_SEEN",
    S.WORKING: ENDS + "CANCEL_SENT>CANCELLING",
    S.CANCELLING: ENDS,
    **dict.fromkeys(TERMINAL, "FILLED>FILLED"),
}


def test_the_table_of_the_test_is_complete() -> None:
    assert EXPECTED.keys() == set(S)


@pytest.mark.parametrize(("status", "evidence"), list(product(S, E)))
def test_each_pair_leads_where_the_table_says(
    status: OrderStatus, evidence: Evidence
) -> None:
    leads = dict(pair.split(">") for pair in EXPECTED[status].split())
    assert follow(status, evidence) == S(leads.get(evidence.name, status))


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_terminal_status_is_final_but_for_a_fill(status: OrderStatus) -> None:
    for evidence in set(E) - {E.FILLED}:
        assert follow(status, evidence) is status
    assert follow(status, E.FILLED) is S.FILLED


@pytest.mark.covers("I02")
def test_silence_ends_no_order() -> None:
    for status, evidence in product(AT_BROKER, (E.SILENT, E.DOUBTED)):
        assert is_live(follow(status, evidence))


def test_only_an_order_in_doubt_can_turn_out_never_to_have_arrived() -> None:
    lost = {status for status in S if follow(status, E.NOT_SEEN) is S.NOT_SEEN}
    assert lost == {S.UNKNOWN, S.NOT_SEEN}


def test_only_what_was_never_handed_over_can_be_not_sent() -> None:
    assert [key for key in CHANGES if key[1] is E.NOT_SENT] == [(S.INTENT, E.NOT_SENT)]


def test_live_is_what_may_still_trade() -> None:
    assert {status for status in S if is_live(status)} == OPEN


@pytest.mark.covers("F50")
def test_the_brokers_word_filled_is_not_believed() -> None:
    """Executions fill an order; the word alone leaves it working."""
    assert follow(S.WORKING, BROKER_WORDS["Filled"]) is S.WORKING


def test_a_word_of_the_library_proves_nothing() -> None:
    assert "PendingSubmit" not in BROKER_WORDS
    assert "ApiPending" not in BROKER_WORDS
