"""How people call Duckline here, for the commands that its texts name."""

import sys
from pathlib import Path


def own_command() -> str:
    """Return `python app.py` when that is how this process was started, else `duckline`."""
    return "python app.py" if Path(sys.argv[0]).name == "app.py" else "duckline"


def start_command() -> str:
    """Return the command that starts everything."""
    return "duckline up" if own_command() == "duckline" else "make run"
