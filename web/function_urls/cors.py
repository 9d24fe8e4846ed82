"""CORS of a function URL, if it is configured: the service answers preflights, as AWS does."""

from collections.abc import Mapping
from typing import Any

from flask import Request, Response


def preflight(config: Mapping[str, Any], sent: Request) -> Response | None:
    """Return the answer to a preflight; None for any other request."""
    asks = "Access-Control-Request-Method" in sent.headers and "Origin" in sent.headers
    if not config or sent.method != "OPTIONS" or not asks:
        return None
    made = Response(status=200)
    if not _allows(config, sent):
        return made
    for header, field in (("Methods", "AllowMethods"), ("Headers", "AllowHeaders")):
        if values := config.get(field):
            made.headers[f"Access-Control-Allow-{header}"] = ",".join(values)
    if config.get("MaxAge"):
        made.headers["Access-Control-Max-Age"] = str(config["MaxAge"])
    return allow(config, sent, made)


def allow(config: Mapping[str, Any], sent: Request, answer: Response) -> Response:
    """Add what lets a page read the answer; the configuration replaces the function's headers."""
    if not config or not _allows(config, sent):
        return answer
    everybody = config.get("AllowOrigins") == ["*"] and not config.get("AllowCredentials")
    headers = answer.headers
    headers["Access-Control-Allow-Origin"] = "*" if everybody else sent.headers["Origin"]
    if not everybody:
        answer.vary.add("Origin")
    if config.get("AllowCredentials"):
        headers["Access-Control-Allow-Credentials"] = "true"
    if exposed := config.get("ExposeHeaders"):
        headers["Access-Control-Expose-Headers"] = ",".join(exposed)
    return answer


def _allows(config: Mapping[str, Any], sent: Request) -> bool:
    origin, allowed = sent.headers.get("Origin"), config.get("AllowOrigins") or []
    return origin is not None and ("*" in allowed or origin in allowed)
