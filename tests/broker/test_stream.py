"""One stream's values, as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.broker.stream import Stream
from tests.broker.rig import NOW, VIX_CALL

texts = st.one_of(
    st.floats(-5, 5).map(str),
    st.sampled_from(["", "-1", "0", "nan", "inf", "-inf", "1.7976931348623157E308"]),
)
ticks = st.tuples(st.sampled_from(["0", "1", "2", "3", "4", "66", "70"]), texts, texts)


@pytest.mark.covers("F91", "F92")
@given(st.lists(ticks, max_size=20))
def test_whatever_is_sent_a_quote_is_uncrossed_or_unknown(
    sent: list[tuple[str, str, str]],
) -> None:
    stream = Stream(VIX_CALL, 1)
    for kind, price, size in sent:
        if kind in {"0", "3", "70"}:
            stream.take_size(kind, size)
        else:
            stream.take_price(kind, price, size)
    quote = stream.quote(NOW)
    if quote.bid is not None and quote.ask is not None:
        assert 0 <= quote.bid <= quote.ask < float("inf")
        assert quote.mid is not None
    assert quote.last is None or 0 < quote.last < float("inf")
    assert (quote.bid is None) == (quote.bid_size is None)


def test_a_refusal_forgets_and_a_price_makes_it_speak_again() -> None:
    stream = Stream(VIX_CALL, 1)
    stream.take_price("1", "1.5", "3")
    stream.refuse(354)
    assert not stream.is_usable
    assert stream.quote(NOW).bid is None
    stream.take_price("2", "1.6", "3")
    assert stream.quote(NOW).bid is None
    assert stream.quote(NOW).ask == 1.6
