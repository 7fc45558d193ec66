from alvh_trader.settings.catalogue import RISK, STRATEGY
from alvh_trader.settings.keys import KEYS


def test_every_key_has_a_meaning_and_every_number_has_bounds() -> None:
    for key in KEYS.values():
        assert key.text.endswith((".", ":")), f"{key.name} is not in the catalogue"
        if "number" in key.allowed:
            assert " from " in key.allowed, f"{key.name} has no bounds"


def test_no_key_that_is_gone_is_listed() -> None:
    known = {f"strategy.{name}" for name in STRATEGY} | {f"risk.{n}" for n in RISK}
    assert known <= KEYS.keys()


def test_bounds_leave_room() -> None:
    for name, entry in {**RISK, **STRATEGY}.items():
        assert (entry.low is None) == (entry.high is None), name
        if entry.low is not None and entry.high is not None:
            assert entry.low < entry.high, name
