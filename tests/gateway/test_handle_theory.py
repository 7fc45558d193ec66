"""What an option is worth, and which volatility its price implies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.sim.model import Listing
from alvh_trader.wire import market_reply as wire
from alvh_trader.wire import market_request as ask
from alvh_trader.wire.contract import ContractSpec
from tests.gateway.peer import Peer, errors, floor, spx_puts, vix_call

PEER = Peer(floor())
CALL, (PUT, _) = vix_call(PEER.floor.exchange), spx_puts(PEER.floor.exchange)


def price(option: Listing, volatility: float, underlying: float) -> list:  # type: ignore[type-arg]
    return PEER.ask(
        ask.RequestOptionPrice(
            req_id=6, contract=ContractSpec(con_id=option.con_id),
            volatility=volatility, underlying_price=underlying,
        )
    )  # fmt: skip


def implied(option: Listing, value: float, underlying: float) -> list:  # type: ignore[type-arg]
    return PEER.ask(
        ask.RequestImpliedVolatility(
            req_id=7, contract=ContractSpec(con_id=option.con_id),
            option_price=value, underlying_price=underlying,
        )
    )  # fmt: skip


@pytest.mark.parametrize("option", [CALL, PUT], ids=["VIX", "SPX"])
def test_at_the_models_volatility_it_is_worth_what_the_model_says(
    option: Listing,
) -> None:
    (model,) = PEER.floor.exchange.greeks([option.con_id])
    assert model is not None
    (tick,) = price(option, model.implied_volatility, model.underlying)
    assert isinstance(tick, wire.TickOptionComputation)
    assert (tick.kind, tick.attribute, tick.dividends) == (53, 0, -1)
    for name in ("price", "delta", "gamma", "vega", "theta"):
        assert getattr(tick, name) == pytest.approx(getattr(model, name), rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.3, 2.0), st.floats(9.0, 30.0))
def test_a_price_implies_the_volatility_that_it_was_made_with(
    volatility: float, underlying: float
) -> None:
    (tick,) = price(CALL, volatility, underlying)
    (back,) = implied(CALL, tick.price, underlying)
    assert back.implied_volatility == pytest.approx(volatility, rel=1e-6)
    assert back.delta == pytest.approx(tick.delta, rel=1e-5)


def test_a_price_that_no_volatility_explains_has_unknown_greeks() -> None:
    (tick,) = implied(CALL, 20.0, 10.0)
    assert (tick.implied_volatility, tick.delta, tick.vega) == (-1, -2, -2)
    assert (tick.price, tick.underlying) == (20, 10)


def test_questions_without_an_answer_say_why() -> None:
    assert errors(price(CALL, 0.0, 12.0)) == [(6, 321)]
    assert errors(implied(CALL, 1.0, 0.0)) == [(7, 321)]
    index = ask.RequestOptionPrice(
        req_id=6, contract=ContractSpec(symbol="SPX", sec_type="IND"),
        volatility=0.2, underlying_price=2800,
    )  # fmt: skip
    assert errors(PEER.ask(index)) == [(6, 321)]
    assert PEER.ask(ask.CancelOptionPrice(6)) == []
    assert PEER.ask(ask.CancelImpliedVolatility(7)) == []
