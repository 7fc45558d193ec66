import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.settings.secrets import channel_name, read_urls, redact


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("json://me:pw@host:8080/path?x=token", "json://host:8080/…"),
        ("mailtos://me%40x:pw@mail.example.org?to=you", "mailtos://mail.example.org/…"),
        ("slack://TokenA/TokenB/TokenC", "slack://…"),
        ("tgram://123:abc/456", "tgram://…"),
        ("json://[broken", "json://…"),
        ("json://h:99999/x", "json://…"),
        ("no url", "…"),
        ("pass word://x", "…"),
        ("", "…"),
    ],
)
def test_only_what_is_no_secret_is_shown(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.covers("F136", "V15")
@given(st.text(st.characters(categories=["L", "N"]), min_size=6))
def test_a_password_or_a_token_never_is(secret: str) -> None:
    secret = f"s3{secret}x"
    for url in (
        f"mailtos://user:{secret}@host/",
        f"json://host/{secret}?k={secret}",
        f"slack://{secret}/b/c",
        f"{secret}@nowhere",
    ):
        assert secret not in redact(url)
        assert secret not in channel_name(url)


def test_a_channel_keeps_its_name_and_two_have_two() -> None:
    assert channel_name("json://a") == channel_name("json://a")
    assert channel_name("json://a") != channel_name("json://b")
    assert channel_name("json://a").startswith("json-")
    assert channel_name("???").startswith("channel-")


def test_a_pipe_is_no_file_of_urls(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    holder = os.open(path, os.O_RDWR)
    try:
        with pytest.raises(ValueError, match="no ordinary file"):
            read_urls(path, is_credential=False)
    finally:
        os.close(holder)


def test_a_huge_file_is_no_file_of_urls(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    path.write_bytes(b"json://h\n" * 10_000)
    path.chmod(0o600)
    with pytest.raises(ValueError, match="too large"):
        read_urls(path, is_credential=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    path.write_text("json://h\n")
    path.chmod(0o600)
    os.chown(path, 65534, 65534)
    with pytest.raises(ValueError, match="another user"):
        read_urls(path, is_credential=False)
