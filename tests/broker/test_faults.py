"""The table of error codes."""

import pytest

from alvh_trader.broker.faults import _CODES, Fault, fault_of


def test_no_code_stands_in_two_classes() -> None:
    codes = [code for group in _CODES.values() for code in group]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", [399, 404, 2109, 10349])
def test_orders_with_a_notice_live_on(code: int) -> None:
    assert fault_of(code) is Fault.NOTICE


@pytest.mark.parametrize("code", [110, 201, 203, 451, 460, 10058, 10311])
def test_definite_rejections_are_known(code: int) -> None:
    assert fault_of(code) is Fault.REJECTED


@pytest.mark.parametrize("code", [103, 104, 105, 161, 202, 10147, 10148, 99999])
def test_what_proves_nothing_is_a_doubt(code: int) -> None:
    assert fault_of(code) is Fault.DOUBT
