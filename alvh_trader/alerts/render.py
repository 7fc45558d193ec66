"""From an alert to the words of a message."""

import unicodedata
from datetime import datetime

from msgspec import Struct

from alvh_trader.domain.calendar import NEW_YORK
from alvh_trader.engine.command import RaiseAlert, Severity

TITLE_LETTERS_MAX = 100
"""A telephone shows no more, and some services refuse more."""

BODY_LETTERS_MAX = 1500


class Message(Struct, frozen=True):
    """What a person reads. The title is one line."""

    title: str
    body: str
    severity: Severity


def render(alert: RaiseAlert, at: datetime, repeats: int = 0) -> Message:
    """Return the message of an alert that was raised `at`.

    `repeats` are earlier alerts of the same kind which this one stands for. An
    alert's text may hold words of the broker's: what could fake a line, move the
    cursor or turn the reading direction is taken out.
    """
    about = f" {clean(alert.case)}" if alert.case else ""
    local = at.astimezone(NEW_YORK)
    lines = [
        _cut(clean(alert.text), BODY_LETTERS_MAX),
        f"{local:%Y-%m-%d %H:%M:%S} New York",
    ]
    if repeats:
        lines.append(f"The last of {repeats + 1} alike since the previous message.")
    title = f"{alert.severity.value} {clean(alert.code)}{about}"
    return Message(_cut(title, TITLE_LETTERS_MAX), "\n".join(lines), alert.severity)


def clean(text: str) -> str:
    r"""Return `text` on one line, without control and format characters.

    >>> clean("SPX\r\nCRITICAL\x1b[2J fake")
    'SPX CRITICAL [2J fake'
    """
    plain = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join("".join(plain).split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
