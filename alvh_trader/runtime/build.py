"""Which program this is: a digest of its own files and of what it runs on."""

import platform
import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path

import alvh_trader


@cache
def build_hash() -> str:
    """Return 16 hex digits that change with any line of this program.

    And with Python, or a package beside it.
    """
    digest = blake2b(platform.python_version().encode(), digest_size=8)
    root = Path(alvh_trader.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.suffix != ".pyc" and path.is_file():
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(blake2b(path.read_bytes()).digest())
    # Their folders' names say package and version.
    installed = {p.name for at in sys.path for p in Path(at).glob("*.dist-info")}
    for name in sorted(installed):
        digest.update(f"{name}\0".encode())
    return digest.hexdigest()
