"""Save bytes on the way to the caller: compress answers, and answer 304 when nothing changed.

Owns ETag and 304 of JSON reads, and gzip of JSON and pages. Small answers, such as that of a
submit, pass untouched. No answer mixes a secret with text that a caller chose, so the length of a
compressed answer reveals nothing; keys and tickets are only in small answers, or in none.
"""

import gzip
import re
from hashlib import blake2b
from typing import cast

from flask import Flask, Response, request

from web.http.responses import JsonAnswer

#: Bytes. Shorter answers are not compressed: it would save no packet.
LEAST = 1024
#: Bytes. Longer answers are not compressed: it would block other requests for too long.
MOST = 2 * 1024 * 1024
_LEVEL = 4  # 6 takes twice as long for 5 % less
_READS = ("GET", "HEAD")
_GZIP = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?P<q>[0-9.]+)\s*)?(?:,|$)", re.IGNORECASE)


def register(app: Flask) -> None:
    """Compress the answers of `app`, and answer 304 where the caller has the same state."""
    app.after_request(_shorten)


def takes_gzip() -> bool:
    """Whether the caller of this request accepts gzip."""
    found = _GZIP.search(request.environ.get("HTTP_ACCEPT_ENCODING", ""))
    return found is not None and (found["q"] is None or found["q"].strip("0.") != "")


def _shorten(answer: Response) -> Response:
    if type(answer) is JsonAnswer:
        body = cast(list[bytes], answer.response)[0]
        if answer.status_code == 200 and request.method in _READS and _is_known(answer, body):
            return answer
    elif answer.mimetype == "text/html" and not answer.is_streamed:
        body = answer.get_data()
    else:
        return answer
    if len(body) >= LEAST:
        _pack(answer, body)
    return answer


def _is_known(answer: Response, body: bytes) -> bool:
    """Set the ETag of this answer; if the caller sent the same one, make it a 304."""
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    answer.headers["ETag"] = tag
    asked: str = request.environ.get("HTTP_IF_NONE_MATCH", "")
    if not asked or (asked.strip() != "*" and tag[2:] not in asked):
        return False
    answer.status_code = 304
    answer.response = [b""]
    for name in ("Content-Length", "Content-Type"):
        del answer.headers[name]
    return True


def _pack(answer: Response, body: bytes) -> None:
    answer.vary.add("Accept-Encoding")
    if len(body) > MOST or not takes_gzip():
        return
    packed = gzip.compress(body, _LEVEL, mtime=0)
    answer.response = [packed]
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Content-Length"] = str(len(packed))
