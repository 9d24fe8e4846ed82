"""The event of a function URL, in AWS's format 2.0."""

import base64
import datetime as dt
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from flask import Request

#: What belongs to the connection, and not to the request.
_OF_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade"})
_TEXTS = ("application/json", "application/xml", "application/javascript",
          "application/x-www-form-urlencoded")  # fmt: skip


def event_of(
    sent: Request, name: str, body: bytes, request_id: str, *, has_key: bool
) -> dict[str, Any]:
    """Return the event. `has_key`: the request carries a key of the service, which stays here."""
    path, now = raw_path(sent), dt.datetime.now(dt.UTC)
    headers = _headers_of(sent, has_key=has_key)
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": sent.environ.get("QUERY_STRING", ""),
    }
    if cookies := headers.pop("cookie", ""):
        event["cookies"] = [each.strip() for each in cookies.split(";") if each.strip()]
    event["headers"] = headers
    if parameters := _parameters_of(event["rawQueryString"]):
        event["queryStringParameters"] = parameters
    event["requestContext"] = {
        "accountId": "anonymous",
        "apiId": name,
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "http": {
            "method": sent.method,
            "path": path,
            "protocol": sent.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "sourceIp": sent.environ.get("REMOTE_ADDR", ""),
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    return event | _body_of(body, sent.mimetype)


def raw_path(sent: Request) -> str:
    """Return the path behind the function's name, as it was sent."""
    raw = sent.environ.get("RAW_URI") or quote(sent.environ["PATH_INFO"])
    path = raw.partition("?")[0] if raw.startswith("/") else urlsplit(raw).path
    path = path.removeprefix(sent.environ.get("SCRIPT_NAME", ""))
    return "/" + "/".join(path.split("/")[3:])


def _headers_of(sent: Request, *, has_key: bool) -> dict[str, str]:
    own = {"authorization", "x-amz-security-token"} if has_key else set[str]()
    found: dict[str, str] = {}
    for name, value in sent.headers.items():
        lower = name.lower()
        if lower not in _OF_CONNECTION and lower not in own:
            found[lower] = f"{found[lower]},{value}" if lower in found else value
    found.setdefault("x-forwarded-for", sent.environ.get("REMOTE_ADDR", ""))
    found.setdefault("x-forwarded-proto", sent.scheme)
    found.setdefault("x-forwarded-port", str(sent.environ.get("SERVER_PORT", "")))
    return found


def _parameters_of(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _body_of(body: bytes, media: str) -> dict[str, Any]:
    if not body:
        return {"isBase64Encoded": False}
    if media.startswith("text/") or media in _TEXTS or media.endswith(("+json", "+xml")):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass  # it goes as bytes
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
