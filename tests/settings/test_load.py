import os
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.errors import ConfigError
from alvh_trader.settings.catalogue import RISK, STRATEGY
from alvh_trader.settings.environment import variable
from alvh_trader.settings.keys import KEYS
from alvh_trader.settings.load import load, load_with_sources
from alvh_trader.settings.model import ModeName
from alvh_trader.settings.show import value_at
from alvh_trader.strategy.params import Params

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, name: str = "a.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def mistakes(files: list[Path], environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(files, environ or {})
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_without_files_everything_has_its_default() -> None:
    loaded = load_with_sources([], {})
    assert loaded.settings.mode.name is ModeName.PAPER
    assert loaded.settings.params == Params()
    assert loaded.sources == {}


def test_a_later_file_wins_key_by_key(write: Write) -> None:
    first = write('[broker]\nport = 5001\nhost = "a"\n')
    second = write("[broker]\nport = 5002\n", "b.toml")
    loaded = load_with_sources([first, second], {})
    assert (loaded.settings.broker.port, loaded.settings.broker.host) == (5002, "a")
    assert loaded.sources["broker.port"] == str(second)
    assert loaded.sources["broker.host"] == str(first)


def test_the_environment_wins_over_files(write: Write) -> None:
    file = write("[broker]\nport = 5001\n")
    loaded = load_with_sources([file], {"ALVH_BROKER__PORT": "5003", "PATH": "/bin"})
    assert loaded.settings.broker.port == 5003
    assert loaded.sources["broker.port"] == "ALVH_BROKER__PORT"


@pytest.mark.parametrize("text", ['mode = "watch"', '[mode]\nname = "watch"'])
def test_the_mode_may_be_written_as_a_word(write: Write, text: str) -> None:
    assert load([write(text)], {}).mode.name is ModeName.WATCH


def test_the_mode_may_be_a_word_in_the_environment_and_in_mixed_files(
    write: Write,
) -> None:
    files = [write('mode = "live"'), write("[mode]\nadopts = false", "b.toml")]
    mode = load(files, {"ALVH_MODE": "watch"}).mode
    assert (mode.name, mode.adopts) == (ModeName.WATCH, False)


def test_numbers_of_the_method_reach_its_params(write: Write) -> None:
    text = """
    [strategy.edr.levels]
    arm = 0.83
    [strategy.roll]
    sds = [1.5, 1.8]
    [rates]
    risk_free = 0.02
    [risk]
    quote_age_max = 12
    """
    found = load([write(text)], {"ALVH_STRATEGY__HEDGE__DTE_HIGH": "16"})
    assert found.params.edr.levels.arm == 0.83
    assert found.params.edr.levels.breach == Params().edr.levels.breach
    assert found.params.roll.sds == (1.5, 1.8)
    assert found.params.hedge.dte_high == 16
    assert found.params.rate == 0.02
    assert found.limits.quote_age_max == timedelta(seconds=12)


@pytest.mark.covers("F123")
def test_every_mistake_is_reported_at_once(write: Write) -> None:
    file = write(
        '[broker]\nport = 70000\nhots = "x"\nclient_id = true\naccount = "me"\n'
        "[strategy.hedge]\ndelta = 2.0\n[risk]\ncombo_collar = nan\n[moon]\nphase = 1\n"
    )
    environ = {"ALVH_CLOCK__SOURCE": "sun", "ALVH_BROKR__PORT": "1"}
    assert mistakes([file], environ) == [
        f"{file}: broker.port = 70000: must be a whole number from 1 to 65535",
        f"{file}: broker.client_id = true: must be a whole number from 1 to 9999",
        f'{file}: broker.account = "me": must be an account such as "DU1234567", or ""',
        f"{file}: broker.hots: there is no such key; did you mean broker.host?",
        'ALVH_CLOCK__SOURCE: clock.source = "sun": must be one of system, broker',
        f"{file}: strategy.hedge.delta = 2.0: must be a number from 0.01 to 0.99",
        f"{file}: risk.combo_collar = nan: must be a number from 0 to 2",
        f"{file}: moon: there is no such key",
        "ALVH_BROKR: brokr: there is no such key; did you mean broker?",
    ]


def test_a_section_that_is_no_table_is_said(write: Write) -> None:
    (line,) = mistakes([write("broker = 7\n")])
    assert line.endswith("broker: must be a section, such as [broker]")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[broker\nport = 1", "line 1"),
        (b"port = 1\nport = 2", "overwrite"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x = " + b"[" * 10_000, "nested too deeply"),
        (b"#" * 1_100_000, "too large"),
    ],
)
def test_a_file_that_is_no_toml_is_said(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(data)
    (line,) = mistakes([path])
    assert line.startswith(f"{path}: ")
    assert reason in line


def test_all_unreadable_files_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    lines = mistakes([missing, tmp_path])
    assert lines == [
        f"{missing}: it cannot be read: No such file or directory",
        f"{tmp_path}: it cannot be read: Is a directory",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[broker]\nport = 7496", "live port, and mode.name is paper"),
        ('[broker]\naccount = "U1234567"', "no paper account"),
        ('mode = "live"\n[broker]\nport = 7497\naccount = "U1234567"', "paper port"),
        ('mode = "live"\n[broker]\nport = 7496\naccount = "DU123456"', "paper account"),
        ('mode = "live"\n[broker]\nport = 7496', "account must be given"),
        ('mode = "live"\n[broker]\nport = 5000\naccount = "U1234567"', "no live port"),
        (
            'mode = "live"\nclock.source = "broker"\nbroker.account = "U1234567"',
            "clock.source must be system",
        ),
        (
            "[strategy.edr.levels]\narm = 0.95",
            "levels.breach = 0.94 must be above strategy.edr.levels.arm = 0.95",
        ),
        ("[strategy.hedge]\ndte_low = 20", "must not be below strategy.hedge.dte_low"),
    ],
)
@pytest.mark.covers("P03", "F123", "F124")
def test_keys_that_contradict_each_other_are_said(
    write: Write, text: str, words: str
) -> None:
    file = write(text)
    lines = mistakes([file])
    assert any(words in line and line.startswith(str(file)) for line in lines), lines


def test_a_list_in_the_environment_is_json_or_words() -> None:
    for value in ('["json://a", "json://b"]', "json://a json://b"):
        urls = load([], {"ALVH_ALERTS__URLS": value}).alerts.urls
        assert [url.get_secret_value() for url in urls] == ["json://a", "json://b"]


@pytest.mark.covers("F136")
def test_a_secret_is_not_in_a_mistake() -> None:
    lines = mistakes([], {"ALVH_ALERTS__URLS": '{"url": "json://me:hunter2@h"}'})
    assert lines == [
        "ALVH_ALERTS__URLS: alerts.urls = …: must be a list of at most 20 URLs"
    ]


def test_a_secret_is_not_in_the_text_of_the_settings() -> None:
    found = load([], {"ALVH_ALERTS__URLS": "json://me:hunter2@h"})
    assert "hunter2" not in f"{found!r} {found} {found.model_dump_json()}"


def test_urls_may_come_from_a_file_of_our_own(write: Write) -> None:
    secret = write("# mine\n\njson://me:hunter2@h\njson://b\n", "urls")
    secret.chmod(0o600)
    file = write(f'[alerts]\nurls = ["json://b"]\nurls_file = "{secret}"\n')
    urls = load([file], {}).alerts.urls
    assert [u.get_secret_value() for u in urls] == ["json://b", "json://me:hunter2@h"]


@pytest.mark.covers("F145")
def test_a_file_of_urls_that_others_may_read_is_refused(write: Write) -> None:
    secret = write("json://me:hunter2@h\n", "urls")
    secret.chmod(0o644)
    file = write(f'[alerts]\nurls_file = "{secret}"\n')
    (line,) = mistakes([file])
    assert line == (
        f'{file}: alerts.urls_file = "{secret}": others may read it; '
        "run chmod 600 on it"
    )


def test_a_credential_of_systemd_is_not_asked_for_its_mode(
    write: Write, tmp_path: Path
) -> None:
    secret = write("json://h\n", "urls")
    secret.chmod(0o440)
    environ = {
        "ALVH_ALERTS__URLS_FILE": str(secret),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    assert len(load([], environ).alerts.urls) == 1


def test_a_missing_file_of_urls_is_said(tmp_path: Path) -> None:
    (line,) = mistakes([], {"ALVH_ALERTS__URLS_FILE": str(tmp_path / "no")})
    assert line.startswith("ALVH_ALERTS__URLS_FILE: alerts.urls_file")
    assert "No such file" in line


def test_home_is_understood_in_paths() -> None:
    found = load([], {"ALVH_JOURNAL__PATH": "~/j.db"})
    assert found.journal.path == Path.home() / "j.db"


def test_the_settings_cannot_be_changed() -> None:
    found: Any = load([], {})
    with pytest.raises(ValueError, match="frozen"):
        found.broker.port = 1


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_no_number_is_infinite(value: str) -> None:
    (line,) = mistakes([], {"ALVH_STRATEGY__BANDS__THETA": value})
    assert "strategy.bands.theta" in line


def test_a_number_too_large_to_print_is_said(write: Write) -> None:
    (line,) = mistakes([write(f"[broker]\nport = 0x{'f' * 5000}\n")])
    assert "broker.port = a very large number: must be" in line


_WORDS = st.text(max_size=12)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-5, 100),
    st.floats(),
    st.floats(0, 5),
    _WORDS,
    st.sampled_from(["paper", "watch", "system", "7", "0.5", "nan", "", "\ud800"]),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_WORDS, inner, max_size=3)
    ),
    max_leaves=5,
)


def _numbers(value: object) -> list[float]:
    if isinstance(value, tuple):
        return [number for each in value for number in _numbers(each)]
    return [value] if isinstance(value, int | float) else []


def _check(files: list[Path], environ: dict[str, str]) -> None:
    """Load; what comes out is in bounds, or else is explained in clean lines."""
    try:
        found = load(files, environ)
    except ConfigError as error:
        lines = str(error).splitlines()
    else:
        _assert_in_bounds(found)
        return
    assert lines
    assert all(line.isprintable() for line in lines)


def _assert_in_bounds(found: Any) -> None:
    for prefix, entries in (("risk.", RISK), ("strategy.", STRATEGY)):
        for name, entry in entries.items():
            if entry.low is not None and entry.high is not None:
                for number in _numbers(value_at(found, prefix + name)):
                    assert entry.low <= number <= entry.high
    assert 1 <= found.broker.port <= 65535
    assert 0.5 <= found.broker.connect_timeout <= 120


@pytest.mark.covers("F123")
@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KEYS)), _VALUES, max_size=6))
def test_whatever_variables_say_it_is_in_bounds_or_an_error(
    values: dict[str, Any],
) -> None:
    _check([], {variable(key): str(value) for key, value in values.items()})


@pytest.mark.covers("F123")
@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.one_of(st.sampled_from(sorted(KEYS)), _WORDS), _VALUES, max_size=6
    )
)
def test_whatever_a_file_says_it_is_in_bounds_or_an_error(
    values: dict[str, Any],
) -> None:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        at = tree
        *tables, last = key.split(".")
        for table in tables:
            inner = at.setdefault(table, {})
            at = inner if isinstance(inner, dict) else {}
        at[last] = value
    # The parser is not what is tested here; the tree is what it would have made.
    path = Path("/dev/null")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tomllib, "loads", lambda _: tree)
        _check([path], {})


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text(st.sampled_from("ABROKEPTMDLVH_"), max_size=14), _WORDS, max_size=5
    )
)
def test_no_name_of_a_variable_is_a_traceback(environ: dict[str, str]) -> None:
    _check([], {f"ALVH_{name}": value for name, value in environ.items()})


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.binary()))
def test_no_file_is_a_traceback(text: str | bytes) -> None:
    read, write_end = os.pipe()
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    os.write(write_end, data[:4096])
    os.close(write_end)
    try:
        _check([Path(f"/dev/fd/{read}")], {})
    finally:
        os.close(read)


@pytest.mark.covers("P03")
def test_live_is_rehearsed_with_an_account_that_no_broker_has(write: Write) -> None:
    text = 'mode = "live"\nclock.source = "broker"\n[broker]\nport = 5000\n'
    settings = load([write(f'{text}account = "U0001000"')], {})
    assert settings.broker.account == "U0001000"
    lines = mistakes([write(f'{text}account = "U1001000"')])
    assert len(lines) == 2
