"""The script in docs/gateway.md does what it says there."""

import re
import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT, gateway

SCRIPT = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_script_lists_a_chain_previews_margin_and_trades_a_condor(
    tmp_path: Path,
) -> None:
    (text,) = SCRIPT.findall((ROOT / "docs" / "gateway.md").read_text())
    assert text.count("4002") == 1
    scene = ("--scenario", "calm-2017", "--since", "2017-09-08", "--speed", 5)
    with gateway(*scene, cwd=tmp_path) as (_, port):
        done = subprocess.run(
            [sys.executable, "-c", text.replace("4002", str(port))],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    chain, quote, margin, *fills, end = done.stdout.splitlines()
    assert re.fullmatch(r"SPX 2\d{3} expiry 2017\d{4} of \d\d", chain)
    assert float(margin.split()[-1]) > 0
    # A combo tells of itself and of each leg.
    assert [line.split()[-2] for line in fills] == ["BOT", "BOT", "SLD", "SLD", "BOT"]
    paid, ask = float(end.split()[-1]), float(quote.split()[-1])
    assert end.startswith("Filled at")
    assert paid <= ask < 0
