"""Every (status, evidence) pair, by the sentences that the table stands for."""

from itertools import product

import pytest

from alvh_trader.domain.order import TERMINAL, OrderStatus
from alvh_trader.execution.lifecycle import (
    BROKER_WORDS,
    CHANGES,
    Evidence,
    follow,
    is_live,
)

S, E = OrderStatus, Evidence
OPEN = frozenset(S) - TERMINAL

EXPECTED = {
    # status: NOT_SENT, SEEN, CANCEL_SENT, FILLED, CANCELLED, REFUSED, SILENT,
    #         DOUBTED, NOT_SEEN; a dot is "as it was".
    S.INTENT: "CANCELLED WORKING UNKNOWN FILLED CANCELLED REJECTED UNKNOWN UNKNOWN .",
    S.UNKNOWN: ". WORKING UNKNOWN FILLED CANCELLED REJECTED UNKNOWN UNKNOWN NOT_SEEN",
    S.WORKING: ". WORKING CANCELLING FILLED CANCELLED REJECTED UNKNOWN UNKNOWN .",
    S.CANCELLING: (
        ". CANCELLING CANCELLING FILLED CANCELLED REJECTED UNKNOWN UNKNOWN ."
    ),
    S.FILLED: ". . . FILLED . . . . .",
    S.CANCELLED: ". . . FILLED . . . . .",
    S.REJECTED: ". . . FILLED . . . . .",
    S.NOT_SEEN: ". . . FILLED . . . . .",
}


def test_the_table_of_the_test_is_complete() -> None:
    assert EXPECTED.keys() == set(S)
    assert all(len(row.split()) == len(E) for row in EXPECTED.values())


@pytest.mark.covers("V7")
@pytest.mark.parametrize(("status", "evidence"), list(product(S, E)))
def test_each_pair_leads_where_the_table_says(
    status: OrderStatus, evidence: Evidence
) -> None:
    word = EXPECTED[status].split()[list(E).index(evidence)]
    assert follow(status, evidence) == (status if word == "." else S(word))


@pytest.mark.covers("F49", "V7")
@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_terminal_status_is_final_but_for_a_fill(status: OrderStatus) -> None:
    for evidence in set(E) - {E.FILLED}:
        assert follow(status, evidence) is status
    assert follow(status, E.FILLED) is S.FILLED


@pytest.mark.covers("I02")
def test_silence_ends_no_order() -> None:
    for status, evidence in product(OPEN, (E.SILENT, E.DOUBTED)):
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
