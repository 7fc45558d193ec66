import pytest

from alvh_trader.settings.environment import Environment, variable


def test_only_our_variables_are_read() -> None:
    environ = {"PATH": "/bin", "BROKER__PORT": "1", "ALVH_BROKER__PORT": "2"}
    assert Environment(environ).tree() == {"broker": {"port": "2"}}


def test_the_process_environment_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALVH_BROKER__PORT", "9")
    assert Environment({}).tree() == {}


def test_names_are_nested_by_two_underscores() -> None:
    environ = {"ALVH_STRATEGY__EDR__LEVELS__ARM": "0.8", "ALVH_RISK__PERMIT_TTL": "9"}
    assert Environment(environ).tree() == {
        "strategy": {"edr": {"levels": {"arm": "0.8"}}},
        "risk": {"permit_ttl": "9"},
    }


def test_lists_are_json_and_anything_else_stays_text() -> None:
    assert Environment({"ALVH_STRATEGY__ROLL__SDS": "[1.5, 2]"}).tree() == {
        "strategy": {"roll": {"sds": [1.5, 2]}}
    }
    assert Environment({"ALVH_STRATEGY__ROLL__SDS": "1.5;2"}).tree() == {
        "strategy": {"roll": {"sds": "1.5;2"}}
    }


def test_names_of_no_section_are_kept_to_be_complained_about() -> None:
    assert Environment({"ALVH_BROKR__PORT": "1"}).tree() == {"brokr": "1"}


def test_a_key_has_one_variable() -> None:
    assert variable("strategy.edr.levels.arm") == "ALVH_STRATEGY__EDR__LEVELS__ARM"
