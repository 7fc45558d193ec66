from itertools import chain

import pytest

from alvh_trader.errors import ConfigError
from alvh_trader.settings.agree import NOT_FALLING, RISING, contradictions
from alvh_trader.settings.keys import KEYS
from alvh_trader.settings.load import load


def test_the_defaults_do_not_contradict_each_other() -> None:
    assert list(contradictions(load([], {}))) == []


def test_every_key_of_a_chain_is_a_number() -> None:
    for name in chain.from_iterable((*RISING, *NOT_FALLING)):
        assert "number" in KEYS[name].allowed


def test_equal_is_not_rising_but_it_is_not_falling_either() -> None:
    same = {
        "ALVH_STRATEGY__STRESS__WARN": "5",
        "ALVH_STRATEGY__STRESS__LIMIT": "5",
    }
    assert list(contradictions(load([], same))) == []
    same = {
        "ALVH_STRATEGY__MOMENTUM__RSI_LOW": "50",
        "ALVH_STRATEGY__MOMENTUM__RSI_HIGH": "50",
    }
    with pytest.raises(ConfigError, match=r"rsi_high = 50 must be above .*rsi_low"):
        load([], same)
