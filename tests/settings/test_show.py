import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.settings.keys import KEYS
from alvh_trader.settings.load import load, load_with_sources
from alvh_trader.settings.show import SHOWN_LETTERS_MAX, config_hash, effective, shown


def test_every_key_is_shown_with_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[broker]\nhost = "gw"\n')
    loaded = load_with_sources([file], {"ALVH_BROKER__PORT": "5003"})
    rows = {
        r.key: (r.value, r.source) for r in effective(loaded.settings, loaded.sources)
    }
    assert rows.keys() == KEYS.keys()
    assert rows["broker.host"] == ('"gw"', str(file))
    assert rows["broker.port"] == ("5003", "ALVH_BROKER__PORT")
    assert rows["broker.client_id"] == ("17", "default")


def test_a_key_is_not_shown_and_none_is_seen_to_be_none() -> None:
    with_key = load([], {"ALVH_INPUTS__REFRESH__KEY": "hunter2"})
    for settings, seen in ((with_key, '"…"'), (load([], {}), '""')):
        rows = {row.key: row.value for row in effective(settings, {})}
        assert rows["inputs.refresh.key"] == seen
        assert "hunter2" not in str(rows)


def test_secrets_are_not_shown() -> None:
    loaded = load_with_sources([], {"ALVH_ALERTS__URLS": "json://me:hunter2@h/t0ken"})
    text = str(effective(loaded.settings, loaded.sources))
    assert "json://h/…" in text
    assert "hunter2" not in text
    assert "t0ken" not in text


def test_the_hash_is_the_same_in_another_process() -> None:
    code = (
        "from alvh_trader.settings.load import load;"
        "from alvh_trader.settings.show import config_hash;"
        "print(config_hash(load([], {})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == config_hash(load([], {}))


def test_the_hash_depends_on_values_and_not_on_where_they_come_from(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[broker]\nport = 5003\n")
    from_file = config_hash(load([file], {}))
    assert from_file == config_hash(load([], {"ALVH_BROKER__PORT": "5003"}))
    assert from_file != config_hash(load([], {}))
    assert config_hash(load([], {"ALVH_STRATEGY__EDR__LEVELS__ARM": "0.86"})) != (
        config_hash(load([], {}))
    )


def test_the_hash_does_not_depend_on_secrets() -> None:
    one, two = (
        config_hash(load([], {"ALVH_ALERTS__URLS": f"json://me:{word}@h"}))
        for word in ("hunter2", "hunter3")
    )
    assert one == two


@given(
    st.one_of(
        st.text(),
        st.floats(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_anything_can_be_shown_on_one_short_line(value: object) -> None:
    text = shown(value)
    assert text.isprintable()
    assert len(text) <= SHOWN_LETTERS_MAX
