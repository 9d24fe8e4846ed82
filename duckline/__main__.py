"""Run a command: `python -m duckline up`, or this file by its path from any working folder."""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:  # a checkout that is not installed
    sys.path.insert(0, _ROOT)

from duckline.commands import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
