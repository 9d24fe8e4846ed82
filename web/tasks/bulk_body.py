"""Split the body of a bulk request, a JSON array or NDJSON lines, into the texts of its tasks.

The whole body arrives before its first task is read, so that a truncated body submits nothing. Only
the texts are kept, never ten thousand tasks as objects. `bulk_routes` parses and checks each task.
"""

import hashlib
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Request

from huey_tasks.errors import Problem
from web.http.body import JSON, check_media, read_whole
from web.http.errors import InvalidJson, InvalidRequest, TooManyTasks
from web.http.strict_json import decode, parse, parse_object

MAX_BULK_BYTES = 16 * 1024 * 1024
MAX_BULK_TASKS = 10_000
NDJSON = "application/x-ndjson"
JOINED = (
    "The line has several JSON texts; write each task on a line of its own. "
    "curl's -d @file removes the newlines of a file, --data-binary @file keeps them."
)
#: Tasks after which other requests get a turn.
_TURN = 500

_LINE = re.compile(rb"[^ \t\r\n][^\n]*")
_SPACE = re.compile(r"[ \t\r\n]*")
# Only the end of each task matters here: its numbers are not converted, whatever their length.
_scan = json.JSONDecoder(parse_int=len, parse_float=len).raw_decode


@dataclass(frozen=True)
class Bulk:
    """The texts of the tasks, in order, the media type of the request, and a digest of its body.

    `lines`: the number of the line of each; an array has none.
    """

    texts: list[bytes] | list[str]
    media: str
    digest: str = ""
    lines: Sequence[int] = ()

    def line(self, index: int) -> int | None:
        """Return the line of the body that has the task of that index, from 1."""
        return self.lines[index] if self.lines else None


def read_bulk(sent: Request) -> Bulk:
    """Read the body of `sent`.

    Raises UnsupportedMedia (415), RequestEntityTooLarge and TooManyTasks (413), InvalidJson (400)
    for an empty body and for an array that is not JSON, InvalidRequest (422) for other JSON.
    """
    check_media(sent, JSON, NDJSON)
    sent.max_content_length = MAX_BULK_BYTES
    raw = read_whole(sent)
    digest = hashlib.sha256(raw).hexdigest() if "HTTP_IDEMPOTENCY_KEY" in sent.environ else ""
    if sent.mimetype == JSON:
        return Bulk(_elements(decode(raw)), JSON, digest)
    texts, lines = _lines(raw)
    if not texts:
        raise InvalidJson("The body is empty; one task per line is required.")
    return Bulk(texts, NDJSON, digest, lines)


def read_task(text: bytes | str, line: int | None) -> dict[str, Any]:
    """Parse the text of one task: a line of bytes, of that number, or an element of an array.

    Raises InvalidJson, InvalidRequest.
    """
    if isinstance(text, str):
        return parse_object(text)
    try:
        return parse_object(decode(text))
    except InvalidJson as error:
        if _has_another_text(error):
            raise InvalidJson(JOINED) from None
        if isinstance(error.__cause__, json.JSONDecodeError):
            raise InvalidJson.at(error.__cause__, line) from None
        raise
    except InvalidRequest as error:
        if text.startswith(b"["):
            problem = f"Send an array as Content-Type: {JSON}; {NDJSON} has one task per line."
            raise InvalidRequest(problem, error.problems) from None
        raise


def _has_another_text(error: InvalidJson) -> bool:
    """Return whether a JSON text ended properly, and an object or array follows it."""
    where = error.__cause__
    if not isinstance(where, json.JSONDecodeError) or where.msg != "Extra data":
        return False
    return where.doc[where.pos] in "{["


def _lines(raw: bytes) -> tuple[list[bytes], list[int]]:
    """Return the lines that are not empty, and their numbers."""
    texts: list[bytes] = []
    lines: list[int] = []
    number, counted_to = 1, 0
    for found in _LINE.finditer(raw):
        number += raw.count(b"\n", counted_to, found.start())
        counted_to = found.start()
        texts.append(found[0])
        lines.append(number)
        _keep_within(len(texts))
    return texts, lines


def _elements(text: str) -> list[str]:
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        _refuse_other(text)
    elements: list[str] = []
    try:
        while text[at] != "]":
            begin = _after_space(text, at + 1)
            if not elements and text[begin : begin + 1] == "]":
                at = begin
                break
            _, end = _scan(text, begin)
            elements.append(text[begin:end])
            _keep_within(len(elements))
            at = _after_space(text, end)
            if text[at : at + 1] not in ("]", ","):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
        rest = _after_space(text, at + 1)
        if rest < len(text):
            raise json.JSONDecodeError("Extra data", text, rest)
    except json.JSONDecodeError as error:
        raise InvalidJson.at(error) from error
    except RecursionError as error:
        raise InvalidJson("The body is nested too deeply.") from error
    return elements


def _keep_within(number: int) -> None:
    if number > MAX_BULK_TASKS:
        raise TooManyTasks(f"A bulk request accepts at most {MAX_BULK_TASKS} tasks.")
    if number % _TURN == 0:
        time.sleep(0)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _refuse_other(text: str) -> NoReturn:
    """Raise InvalidJson if `text` is not JSON, else InvalidRequest because it is not an array."""
    try:
        parse(text)
    except InvalidJson as error:
        if _has_another_text(error):
            raise InvalidJson(
                f"The body has several JSON texts: send lines of JSON as Content-Type: {NDJSON}, "
                "or an array."
            ) from None
        raise
    problem = Problem("", "list_type", "A JSON array of tasks is required.")
    raise InvalidRequest("The body is JSON, but not an array of tasks.", [problem])
