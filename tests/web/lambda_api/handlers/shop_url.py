"""A small API behind a function URL: routes, cookies, binary answers, errors of its own."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.shared.cookies import Cookie
from aws_lambda_powertools.utilities.typing import LambdaContext

app = LambdaFunctionUrlResolver()
STOCK = {"lamp": 3, "chair": 0}


@app.get("/items/<name>")
def item(name: str) -> dict[str, Any]:
    """Return one item."""
    if name not in STOCK:
        raise NotFoundError(f"no {name} here")
    color = app.current_event.query_string_parameters.get("color")
    return {"name": name, "left": STOCK[name], "color": color}


@app.post("/items")
def add() -> tuple[dict[str, Any], int]:
    """Add an item."""
    body = app.current_event.json_body
    return {"added": body["name"]}, HTTPStatus.CREATED


@app.get("/logo")
def logo() -> Response[bytes]:
    """Return bytes, and a cookie."""
    return Response(200, "image/png", b"\x89PNG\x00", cookies=[Cookie("seen", "yes", secure=False)])


@app.exception_handler(KeyError)
def missing(error: KeyError) -> Response[str]:
    """Answer for a field that was not sent."""
    return Response(422, "text/plain", f"no {error.args[0]}")


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return app.resolve(event, context)
