"""How people call Duckline here, for the commands that its texts name."""

import shlex
import sys
from pathlib import Path

from huey_tasks.settings import environment


def own_command() -> str:
    """Return `.venv/bin/python app.py` if this process was started so, else `duckline`."""
    return environment.checkout_command() if is_checkout() else "duckline"


def is_checkout() -> bool:
    """Return whether this process was started by the `app.py` of a checkout."""
    return Path(sys.argv[0]).name == "app.py"


def start_command() -> str:
    """Return the command that starts everything."""
    return "make run" if is_checkout() else "duckline up"


def test_command(path: object) -> str:
    """Return the command that runs the tests below a path."""
    quoted = shlex.quote(str(path))
    return f"make test ARGS={quoted}" if is_checkout() else f"pytest {quoted}"
