import pytest

from alvh_trader.settings.keys import KEYS


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("mode.name", "one of paper, watch, live"),
        ("mode.adopts", "true or false"),
        ("broker.host", "text of one line"),
        ("broker.port", "a whole number from 1 to 65535"),
        ("broker.account", 'an account such as "DU1234567", or ""'),
        ("journal.path", "a path"),
        ("inputs.breadth_seed", 'a path, or ""'),
        ("inputs.refresh.url", "an http or https URL with {series} in it"),
        ("inputs.refresh.key", "a key"),
        ("alerts.urls", "a list of at most 20 URLs"),
        ("rates.risk_free", "a number from -0.05 to 0.25"),
        ("strategy.roll.sds", "a list, each a number from 0.5 to 5"),
        ("strategy.edr.levels.arm", "a number from 0.1 to 5"),
    ],
)
def test_what_a_key_may_be_is_said_in_words(name: str, allowed: str) -> None:
    assert KEYS[name].allowed == allowed


def test_a_key_knows_its_table_and_its_own_name() -> None:
    key = KEYS["strategy.edr.levels.arm"]
    assert (key.section, key.last) == ("strategy.edr.levels", "arm")


def test_alert_urls_and_the_key_of_a_server_are_the_only_secrets() -> None:
    secrets = [key.name for key in KEYS.values() if key.is_secret]
    assert secrets == ["alerts.urls", "inputs.refresh.key"]
