"""Real gateway messages, kept beside the checkout and never inside it."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "recordings"
FILES = ("rust_ibapi.jsonl", "ibkr_go_sv200.jsonl")
TRANSCRIPTS = "ibkr_go_transcripts_grounded.jsonl"
FOR_LAYOUT = frozenset({"real", "real-sanitized", "probably-real"})


@dataclass(frozen=True)
class Recording:
    """One message as it stood on the wire."""

    name: str
    number: int
    version: int
    fields: tuple[str, ...]
    is_reply: bool
    is_for_layout: bool


def recordings() -> tuple[Recording, ...]:
    """Return every recorded message; skip the test where there are none."""
    if not FOLDER.is_dir():
        pytest.skip("the recordings of real gateways are not beside this checkout")
    return (*_messages(), *_raw())


def _messages() -> Iterator[Recording]:
    for file in FILES:
        for line in (FOLDER / file).read_text().splitlines():
            row = json.loads(line)
            yield Recording(
                name=row["msg_name"],
                number=row["msg_id"],
                version=row["server_version"],
                fields=tuple(row["fields"]),
                is_reply=row["direction"] == "in",
                is_for_layout=row["confidence"] in FOR_LAYOUT,
            )


def _raw() -> Iterator[Recording]:
    """Yield the few whole frames that stand inside the transcripts."""
    for line in (FOLDER / TRANSCRIPTS).read_text().splitlines():
        for step in json.loads(line)["text"].splitlines():
            if step.startswith("raw server "):
                payload = base64.b64decode(step.split()[2])[4:]
                fields = tuple(payload.decode().split("\0")[:-1])
                yield Recording("raw", int(fields[0]), 200, fields, True, True)
