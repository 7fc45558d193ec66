"""Fetch one document over HTTP: bounded in time, size and attempts, and never trusted.

What goes wrong is a value, `Failed`, in words of our own: the words of a library quote
the address, and the address may hold a key.
"""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from msgspec import Struct
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)
from urllib3.exceptions import HTTPError, ReadTimeoutError

from alvh_trader.inputs.text import BYTES_MAX

CHUNK = 64 * 1024

REDIRECTS_MAX = 3

PATIENCE = 120.0
"""Seconds that a server may ask us to wait. Who asks for more is asked another day."""

TOO_MANY = 429
"""The one status of the 400s that heals by itself."""


class Failed(Struct, frozen=True):
    """Why there is no document, and whether, and when, another attempt may help."""

    reason: str
    may_heal: bool
    wait: float | None = None


def fetch(
    url: str,
    *,
    timeout: float,
    attempts: int,
    sleep: Callable[[float], None] = time.sleep,
) -> bytes | Failed:
    """Return what is at `url`, or why it could not be had.

    An attempt ends `timeout` seconds after it began, give or take one wait for a byte.
    A fault of the server or of the way there is met with another attempt, later and
    later; a refusal is final.
    """
    with requests.Session() as session:
        session.max_redirects = REDIRECTS_MAX
        # What arrives is counted as it is: nothing can unpack to more.
        session.headers.update(
            {"User-Agent": "alvh-trader", "Accept-Encoding": "identity"}
        )
        retrying = Retrying(
            retry=retry_if_result(lambda it: isinstance(it, Failed) and it.may_heal),
            wait=_pause,
            stop=stop_after_attempt(attempts),
            sleep=sleep,
            retry_error_callback=_last,
        )
        found: bytes | Failed = retrying(_attempt, session, url, timeout)
        return found


def _last(state: RetryCallState) -> bytes | Failed:
    assert state.outcome is not None
    found: bytes | Failed = state.outcome.result()
    return found


_growing = wait_exponential_jitter(initial=1, max=30, jitter=1)


def _pause(state: RetryCallState) -> float:
    found = _last(state)
    asked = found.wait if isinstance(found, Failed) else None
    return _growing(state) if asked is None else asked


def _attempt(session: requests.Session, url: str, timeout: float) -> bytes | Failed:
    end = time.monotonic() + timeout
    late = Failed(f"no whole answer within {timeout:g} s", may_heal=True)
    try:
        with session.get(url, stream=True, timeout=timeout) as response:
            found = _refusal(url, response) or _body(response, end)
            return late if found is None else found
    except (requests.Timeout, ReadTimeoutError):
        return late
    except requests.TooManyRedirects:
        return Failed(f"more than {REDIRECTS_MAX} redirects", may_heal=False)
    except requests.exceptions.SSLError:
        return Failed("the server's certificate is not trusted", may_heal=False)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return Failed("no connection, or it broke", may_heal=True)
    except (HTTPError, OSError) as error:
        # A requests.RequestException is an OSError.
        is_ours = isinstance(error, ValueError)
        reason = "the address is not usable" if is_ours else "the answer broke off"
        return Failed(reason, may_heal=not is_ours)


def _refusal(url: str, response: requests.Response) -> Failed | None:
    if urlsplit(url).scheme == "https" != urlsplit(response.url).scheme:
        return Failed("redirected to a connection that is not secret", may_heal=False)
    status = response.status_code
    if status == TOO_MANY or status >= 500:
        wait = _retry_after(response)
        if wait is not None and wait > PATIENCE:
            return Failed(f"status {status}, try again in {wait:.0f} s", may_heal=False)
        return Failed(f"status {status}", may_heal=True, wait=wait)
    if status != 200:
        return Failed(f"status {status}", may_heal=False)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return Failed("it is packed, which was not asked for", may_heal=False)
    return None


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds a server asks us to wait: a number, or a date less its own."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        now = parsedate_to_datetime(response.headers.get("Date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return None


def _body(response: requests.Response, end: float) -> bytes | Failed | None:
    """Return the document, or None where it is not whole by `end`."""
    data = bytearray()
    while chunk := response.raw.read1(CHUNK):
        data += chunk
        if len(data) > BYTES_MAX:
            return Failed(f"it is larger than {BYTES_MAX} B", may_heal=False)
        if time.monotonic() > end:
            return None
    has_length = "Content-Length" in response.headers
    is_chunked = "chunked" in response.headers.get("Transfer-Encoding", "")
    if not (has_length or is_chunked or data.endswith((b"\n", b"}"))):
        return Failed("nothing says that it is whole", may_heal=True)
    return bytes(data)
