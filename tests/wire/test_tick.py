"""The quick writers of ticks say byte for byte what the tables say."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.wire import tick
from alvh_trader.wire.codec import encode
from alvh_trader.wire.market_reply import TickOptionComputation, TickPrice, TickSize

prices = st.none() | st.decimals(-1000, 5000, places=2)
greek = st.floats(-1e6, 1e6) | st.sampled_from(
    [0.0, -1.0, -2.0, 1e-4, 0.000999, 0.001, 12.0, 0.0005]
)


@given(st.integers(0, 10**9), st.sampled_from([1, 2, 4, 6, 9]), prices,
       st.none() | st.integers(0, 10**6), st.integers(0, 7))  # fmt: skip
def test_prices(
    req_id: int, kind: int, price: Decimal | None, size: int | None, mask: int
) -> None:
    table = TickPrice(req_id, kind, -1 if price is None else price, size, mask)
    assert tick.tick_price(req_id, kind, price, size, mask) == encode(table, 176)


@given(st.integers(0, 10**9), st.sampled_from([0, 3, 5, 8]), st.integers(0, 10**9))
def test_sizes(req_id: int, kind: int, size: int) -> None:
    assert tick.tick_size(req_id, kind, size) == encode(
        TickSize(req_id, kind, size), 176
    )


@given(
    st.integers(0, 10**9), st.sampled_from([10, 11, 12, 13]), st.tuples(*[greek] * 8)
)
def test_greeks(req_id: int, kind: int, values: tuple[float, ...]) -> None:
    iv, delta, price, dividends, gamma, vega, theta, underlying = values
    table = TickOptionComputation(
        req_id=req_id, kind=kind, implied_volatility=iv, delta=delta, price=price,
        dividends=dividends, gamma=gamma, vega=vega, theta=theta, underlying=underlying,
    )  # fmt: skip
    assert tick.tick_greeks(req_id, kind, values) == encode(table, 176)
