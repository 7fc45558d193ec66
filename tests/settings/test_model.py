from pathlib import Path

import pytest
from pydantic import ValidationError

from alvh_trader.risk.limits import Limits
from alvh_trader.settings.model import Alerts, Broker, Inputs, Settings
from alvh_trader.strategy.params import Params


def test_the_defaults_are_those_of_the_core() -> None:
    assert Settings().params == Params()
    assert Settings().limits == Limits()


def test_making_settings_reads_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALVH_BROKER__PORT", "9")
    assert Settings().broker.port == 4002


def test_the_rates_are_in_one_place() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"strategy": {"rate": 0.05}})


def test_an_empty_path_is_none() -> None:
    assert Inputs.model_validate({"breadth_seed": ""}).breadth_seed is None
    assert Inputs.model_validate({"breadth_seed": "a"}).breadth_seed == Path("a")


@pytest.mark.parametrize("path", ["a\0b", "a\nb"])
def test_a_path_has_no_control_characters(path: str) -> None:
    with pytest.raises(ValidationError):
        Inputs.model_validate({"breadth_seed": path})


@pytest.mark.parametrize("host", ["", "a\nb", "x" * 201])
def test_a_host_is_one_line(host: str) -> None:
    with pytest.raises(ValidationError):
        Broker.model_validate({"host": host})


@pytest.mark.parametrize("account", ["", "U1234567", "DU1234567", "DUQ123456"])
def test_accounts_are_those_of_the_broker(account: str) -> None:
    assert Broker.model_validate({"account": account}).account == account


def test_the_same_url_counts_once() -> None:
    assert len(Alerts.model_validate({"urls": ["json://a", "json://a"]}).urls) == 1
