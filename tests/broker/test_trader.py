"""The trading broker offers what its port names, and nothing beside it."""

from inspect import getmembers

import pytest

from alvh_trader.broker.options import BrokerOptions
from alvh_trader.broker.trader import Trader
from tests.broker.test_observer import OFFERED


def test_it_offers_an_observers_methods_and_four_more() -> None:
    offered = {name for name, _ in getmembers(Trader) if not name.startswith("_")}
    assert offered == OFFERED | {"preview", "place", "reprice", "cancel"}


@pytest.mark.parametrize("change", [{"client_id": 0}, {"request_rate": 0.0}])
def test_options_that_would_do_harm_are_not_built(change: dict[str, float]) -> None:
    with pytest.raises(AssertionError):
        BrokerOptions(**change)  # type: ignore[arg-type]
