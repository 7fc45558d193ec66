"""A client library holds the whole conversation and decodes every message.

`scripts/conformance` does the same with four libraries in environments of their own.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.conformance.relay import relay
from tests.conformance.table import tabulate
from tests.programs import ROOT, gateway

TALK = ROOT / "foreign" / "conversation.py"
SCENE = ("--scenario", "volmageddon-2018", "--seed", 1, "--speed", "max")


def test_every_message_is_decoded_and_looks_as_recorded(tmp_path: Path) -> None:
    with gateway(*SCENE, cwd=tmp_path) as (_, port), relay(port) as between:
        done = subprocess.run(
            [sys.executable, str(TALK), str(between.port)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        frames = between.frames()
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    assert heard["failures"] == []
    # The first frame is the welcome, which no decoder sees.
    assert heard["decoded"] == len(frames) - 1 > 1000
    rows = tabulate(frames[1:], heard["version"])
    assert {row.name: row.unexplained for row in rows if row.unexplained} == {}
