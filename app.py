"""The one entry of a checkout: `gunicorn app:app` for the web service, and the command line.

`python app.py up` is `duckline up` where Duckline is installed; `duckline/commands.py` has all
commands and their exit statuses.
"""

import sys
from typing import TYPE_CHECKING, Any

from duckline import app as applications
from duckline.app import create_app, create_inspector
from duckline.commands import main

if TYPE_CHECKING:
    from flask import Flask

    app: Flask

__all__ = ["app", "create_app", "create_inspector", "main"]


def __getattr__(name: str) -> Any:
    """Make `app` when gunicorn asks for it."""
    return getattr(applications, name)


if __name__ == "__main__":
    sys.exit(main())
