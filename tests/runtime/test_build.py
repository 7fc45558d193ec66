from alvh_trader.runtime.build import build_hash


def test_a_build_is_the_same_until_a_line_changes() -> None:
    again = build_hash.__wrapped__()
    assert build_hash() == again
    assert len(bytes.fromhex(again)) == 8
