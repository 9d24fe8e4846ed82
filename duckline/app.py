"""The applications that gunicorn serves, imported when they are asked for.

Owns that gunicorn serves them with our settings, never with its own.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    app: Flask


def create_app() -> "Flask":
    """The web service: API, dashboard, WebSocket."""
    _require_our_settings()
    from web import create_app

    return create_app()


def create_inspector() -> "Flask":
    """The inspector, for the operators of the service."""
    _require_our_settings()
    from web import create_inspector

    return create_inspector()


def _require_our_settings() -> None:
    """Stop a gunicorn that has not read `gunicorn_conf`.

    Its own settings listen on all addresses without a check, and serve one request at a time.
    Raises AppImportError, which gunicorn prints as one line before it ends.
    """
    by_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/")
    if by_gunicorn and "duckline.server.worker" not in sys.modules:
        from gunicorn.errors import AppImportError

        raise AppImportError(
            "duckline: gunicorn has not read Duckline's settings, and would serve all addresses "
            "without a check; start it with --config python:duckline.gunicorn_conf"
        )


def create_both() -> Callable[..., Any]:
    """Both in one process, as `duckline up` runs them: a request's port says which answers it.

    A process more for a few pages would cost a laptop 100 MB. The inspector is made when somebody
    asks for it: it takes a tenth of the time in which the web service starts.
    """
    from huey_tasks import CONFIG

    by_port, making = {str(CONFIG.port): create_app()}, threading.Lock()

    def of_port(environ: dict[str, Any], start_response: Any) -> Any:
        port = environ["SERVER_PORT"]
        if port not in by_port:
            with making:
                if port not in by_port:
                    by_port[port] = create_inspector()
        return by_port[port](environ, start_response)

    return of_port


def __getattr__(name: str) -> Any:
    """Make `app` when gunicorn asks for it."""
    if name != "app":
        raise AttributeError(name)
    try:
        return create_app()
    except AttributeError as error:  # gunicorn would take it for "there is no app"
        raise RuntimeError(f"the web service cannot be made: {error}") from error
