"""The two applications that gunicorn serves, imported when they are asked for."""

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


def __getattr__(name: str) -> Any:
    """Make `app` when gunicorn asks for it."""
    if name != "app":
        raise AttributeError(name)
    try:
        return create_app()
    except AttributeError as error:  # gunicorn would take it for "there is no app"
        raise RuntimeError(f"the web service cannot be made: {error}") from error
