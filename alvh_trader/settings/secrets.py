"""What must not be shown: alert URLs, which hold passwords and tokens."""

import os
import re
import stat
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, urlsplit

HOSTED = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
HOSTED |= {"mailto", "mailtos", "ntfy", "ntfys", "gotify", "gotifys", "syslog"}
"""Schemes whose host part is a host; in others it may be a token."""

SECRET_LETTERS_MIN = 5
"""Passwords are longer than this; the words of a message may be shorter."""

URL_BYTES_MAX = 64 * 1024
"""A file of URLs that is larger is some other file."""


def redact(url: str) -> str:
    """Return as much of an alert URL as may be read by others.

    >>> redact("mailtos://me:secret@mail.example.org:465?to=you"), redact("slack://A/B")
    ('mailtos://mail.example.org:465/…', 'slack://…')
    """
    scheme, found, _ = url.partition("://")
    if not found or not scheme.isalnum():
        return "…"
    if scheme.lower() not in HOSTED:
        return f"{scheme.lower()}://…"
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return f"{scheme.lower()}://…"
    return f"{scheme.lower()}://{host}{port}/…"


def conceal(text: str, url: str) -> str:
    """Return `text`, which may quote an alert URL, with the URL's parts left out.

    >>> conceal("login me:hunter2 at h refused", "mailtos://me:hunter2@h/?to=a@b.cc")
    'login me:… at h refused'
    """
    rest = url.partition("://")[2]
    host = redact(url).partition("://")[2].strip("/…").partition(":")[0]
    parts = set(re.split(r"[/:@?&=#]+", rest)) | set(
        re.split(r"[/:@?&=#]+", unquote(rest))
    )
    for part in sorted(parts, key=len, reverse=True):
        # What is shorter would black out ordinary words.
        if len(part) >= SECRET_LETTERS_MIN and part != host:
            text = text.replace(part, "…")
    return text


def channel_name(url: str) -> str:
    """Return a name for the channel of `url` that tells nothing and never changes.

    Deliveries are booked under it, so it depends on the URL, not on its place in a
    list.
    """
    scheme = url.partition("://")[0].lower()
    digest = blake2b(url.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return f"{scheme if scheme.isalnum() else 'channel'}-{digest}"


def read_urls(path: Path, *, is_credential: bool) -> tuple[str, ...]:
    """Return the URLs in a file: one on a line; empty lines and # lines are skipped.

    A file that is no systemd credential must belong to us and to nobody else.

    Raises:
        ValueError: It cannot be read, or others could.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            _check_owner(status, is_credential=is_credential)
            data = file.read(URL_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from error
    if len(data) > URL_BYTES_MAX:
        raise ValueError("it is too large to be a list of URLs")
    lines = (line.strip() for line in data.decode("utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _check_owner(status: os.stat_result, *, is_credential: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no ordinary file")
    if is_credential:
        return
    if status.st_uid not in {0, os.geteuid()}:
        raise ValueError("it belongs to another user")
    if status.st_mode & 0o077:
        raise ValueError("others may read it; run chmod 600 on it")
