"""What is not served is answered as the broker answers a login that cannot."""

import pytest

from alvh_trader.gateway import handle_unserved
from alvh_trader.wire import codec
from alvh_trader.wire.account_reply import DisplayGroups, HistoricalNewsEnd
from alvh_trader.wire.contract_reply import ScannerParameters
from alvh_trader.wire.field import join
from alvh_trader.wire.frame import frame
from tests.gateway.peer import Peer, errors, floor

O_ROWS = (10, 11, 18, 19, 21, 22, 23, 24, 52, 53, *range(65, 71), 72, 73, 84, 86, 88,
          89, *range(100, 104))  # fmt: skip


def answered(fields: list[str]) -> list:  # type: ignore[type-arg]
    peer = Peer(floor())
    return peer.read(peer.raw(frame(join(fields))))


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        (["10", "5", "41", *["0"] * 15], [(41, 10092)]),
        (["11", "1", "41", "0"], [(41, 310)]),
        (["18", "1", "1"], [(-1, 321)]),
        (["19", "1", "1", "<xml/>", "41"], [(41, 321)]),
        (["21", "2", "41", *["0"] * 14], [(41, 322)]),
        (["22", "41", *[""] * 22], [(41, 165)]),
        (["23", "1", "41"], [(41, 365)]),
        (["52", "2", "41", *[""] * 10], [(41, 10358)]),
        (["53", "1", "41"], []),
        (["65", "1", "name", "1"], [(-1, 321)]),
        (["68", "1", "41", "1"], [(41, 321)]),
        (["84", "41", "", "", ""], [(41, 10172)]),
        (["88", "41", *[""] * 15], [(41, 162)]),
        (["100", "41"], [(41, 10276)]),
        (["102", "41", "0", *[""] * 7], [(41, 10276)]),
        (["103", "41"], []),
    ],
)
def test_what_is_not_served_is_turned_down_by_its_request_id(
    fields: list[str], answer: list[tuple[int, int]]
) -> None:
    assert errors(answered(fields)) == answer


def test_what_has_an_empty_answer_gets_it() -> None:
    (parameters,) = answered(["24", "1"])
    assert isinstance(parameters, ScannerParameters)
    assert parameters.xml.endswith("</ScanParameterResponse>")
    assert answered(["67", "1", "41"]) == [DisplayGroups(41, "")]
    assert answered(["86", "41", *[""] * 6]) == [HistoricalNewsEnd(41, has_more=False)]


@pytest.mark.parametrize("fields", [["84"], ["84", "x"], ["84", "\u0664"]])
def test_a_request_without_a_number_is_answered_to_nobody(fields: list[str]) -> None:
    assert errors(answered(fields)) == [(-1, 10172)]


def test_every_request_is_either_served_or_not() -> None:
    served = {header.number for header in codec.REQUESTS.values()}
    assert not served & set(handle_unserved.ROWS)
    assert set(O_ROWS) == set(handle_unserved.ROWS)
