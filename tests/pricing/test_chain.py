"""A chain of quotes and what it implies."""

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.domain.instrument import Option, Right
from alvh_trader.domain.market import Quote
from alvh_trader.pricing.black76 import price
from alvh_trader.pricing.chain import Chain, chain_of, priced, with_neighbours

AT = datetime(2026, 5, 21, 14, 0, tzinfo=UTC)
TODAY = date(2026, 5, 21)
FORWARD = 21.05


def _options() -> list[Option]:
    return [
        Option(
            con_id=100 * int(right is Right.CALL) + int(strike),
            symbol="VIX",
            trading_class="VIXW",
            expiry=date(2026, 6, 3),
            last_trade=date(2026, 6, 2),
            strike=strike,
            right=right,
        )
        for strike in (25.0, 22.0, 20.0, 21.0, 23.0)
        for right in (Right.CALL, Right.PUT)
    ]


def _quotes() -> dict[int, Quote]:
    quotes = {}
    for option in _options():
        value = float(
            price(FORWARD, option.strike, 1.15, 13 / 365, 0.0375, option.is_call)
        )
        quotes[option.con_id] = Quote(AT, value - 0.05, value + 0.05, 10, 20)
    return quotes


def _chain(quotes: dict[int, Quote]) -> Chain:
    return chain_of(_options(), quotes, TODAY, 0.0375)


def test_a_chain_is_sorted_and_knows_its_places() -> None:
    chain = _chain(_quotes())
    assert chain.strike.tolist() == sorted(chain.strike.tolist())
    place = chain.places[(22.0, Right.CALL)]
    assert chain.options[place].con_id == 122
    assert chain.is_call[place]
    assert chain.dte == 13
    assert chain.expiry == date(2026, 6, 3)


def test_a_chain_implies_the_forward_and_volatility_that_made_it() -> None:
    found = priced(_chain(_quotes()))
    assert found is not None
    assert found.forward == pytest.approx(FORWARD, abs=1e-6)
    assert found.sigma == pytest.approx(1.15)
    assert found.atm() == pytest.approx(1.15)
    place = found.chain.places[(22.0, Right.CALL)]
    assert found.greeks.delta[place] == pytest.approx(0.46159, abs=1e-5)


def test_missing_old_and_crossed_quotes_are_not_a_number() -> None:
    quotes = _quotes()
    del quotes[122]
    quotes[123] = Quote(AT - timedelta(seconds=61), 1.0, 1.1, 1, 1)
    quotes[125] = Quote(AT, 1.2, 1.1, 1, 1)
    chain = chain_of(
        _options(), quotes, TODAY, 0.0375, not_before=AT - timedelta(seconds=60)
    )
    missing = [
        chain.options[i].con_id for i in np.flatnonzero(np.isnan(chain.mid)).tolist()
    ]
    assert missing == [122, 123, 125]
    found = priced(chain, forward=FORWARD)
    assert found is not None
    assert np.isnan(found.greeks.delta).sum() == 3


def test_a_chain_without_pairs_cannot_be_priced_alone() -> None:
    calls = [o for o in _options() if o.is_call]
    chain = chain_of(calls, _quotes(), TODAY, 0.0375)
    assert math.isnan(chain.forward())
    assert priced(chain) is None
    assert priced(chain, forward=FORWARD) is not None


def test_an_expired_chain_cannot_be_priced() -> None:
    chain = chain_of(_options(), _quotes(), date(2026, 6, 4), 0.0375)
    assert priced(chain, forward=FORWARD) is None


def test_on_its_last_day_a_chain_is_still_priced() -> None:
    chain = chain_of(_options(), _quotes(), date(2026, 6, 3), 0.0375)
    assert chain.tau > 0
    assert priced(chain, forward=FORWARD) is not None


def test_gaps_take_their_neighbours_volatility() -> None:
    strikes = np.array([6350.0, 6400.0, 7875.0, 7925.0])
    sigmas = np.array([0.22, math.nan, 0.12, 0.11])
    filled, gaps = with_neighbours(strikes, sigmas)
    assert gaps == 1
    assert filled[1] == pytest.approx(0.22 - 0.1 * 50 / 1525)
    none, gaps = with_neighbours(strikes, np.full(4, math.nan))
    assert gaps == 4
    assert np.isnan(none).all()


@given(st.sets(st.sampled_from([o.con_id for o in _options()]), max_size=6))
def test_the_volatility_at_the_money_needs_no_priced_chain(missing: set[int]) -> None:
    quotes = {k: q for k, q in _quotes().items() if k not in missing}
    found = priced(_chain(quotes), forward=FORWARD)
    assert found is not None
    atm = _chain(quotes).atm(FORWARD)
    assert atm == pytest.approx(found.atm(), rel=1e-9, nan_ok=True)


def test_pairs_are_the_strikes_that_have_both() -> None:
    options = [o for o in _options() if (o.strike, o.right) != (22.0, Right.PUT)]
    chain = chain_of(options, _quotes(), TODAY, 0.0375)
    # The nearest to the forward comes first.
    assert [pair.strike for pair in chain.pairs] == [21, 20, 23, 25]
    for pair in chain.pairs:
        put, call = (chain.places[pair.strike, r] for r in (Right.PUT, Right.CALL))
        assert pair.gap == pytest.approx(chain.mid[call] - chain.mid[put])
        assert pair.half == pytest.approx(0.1)


def test_a_pair_without_a_bid_has_no_spread() -> None:
    quotes = _quotes()
    quotes[20] = Quote(AT, None, 0.10, None, 5)
    pair = next(p for p in _chain(quotes).pairs if p.strike == 20)
    assert pair.gap > 0
    assert math.isnan(pair.half)
