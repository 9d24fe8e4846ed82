"""The applications that gunicorn serves, imported when they are asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    app: Flask


def create_app() -> "Flask":
    """The web service: API, dashboard, WebSocket."""
    from web import create_app

    return create_app()


def create_inspector() -> "Flask":
    """The inspector, for the operators of the service."""
    from web import create_inspector

    return create_inspector()


def create_both() -> Callable[..., Any]:
    """Both in one process, as `duckline up` runs them: a request's port says which answers it.

    A process more for a few pages would cost a laptop 100 MB.
    """
    from huey_tasks import CONFIG

    by_port = {str(CONFIG.port): create_app(), str(CONFIG.inspector_port): create_inspector()}

    def of_port(environ: dict[str, Any], start_response: Any) -> Any:
        return by_port[environ["SERVER_PORT"]](environ, start_response)

    return of_port


def __getattr__(name: str) -> Any:
    """Make `app` when gunicorn asks for it."""
    if name != "app":
        raise AttributeError(name)
    try:
        return create_app()
    except AttributeError as error:  # gunicorn would take it for "there is no app"
        raise RuntimeError(f"the web service cannot be made: {error}") from error
