"""A bulk of tasks as it was sent: a JSON array, or lines of JSON (NDJSON), taken apart, not read.

The body is here whole before its first task is looked at: one that breaks off is no task at all.
What is kept of it are the texts of its tasks, never ten thousand tasks as objects. Whether a single
task is in order is for whoever reads it.
"""

import json
import re
import time
from dataclasses import dataclass
from typing import NoReturn

from flask import Request

from huey_tasks.errors import Problem
from web.http.body import JSON, check_media, read_whole
from web.http.errors import InvalidJson, InvalidRequest, TooManyTasks
from web.http.strict_json import decode, parse

MAX_BULK_BYTES = 16 * 1024 * 1024
MAX_BULK_TASKS = 10_000
NDJSON = "application/x-ndjson"
#: After so many tasks other requests get their turn.
_TURN = 500

_LINE = re.compile(rb"[^ \t\r\n][^\n]*")
_SPACE = re.compile(r"[ \t\r\n]*")
# Only where a task ends is of interest: its numbers are not made, however many digits they have.
_scan = json.JSONDecoder(parse_int=len, parse_float=len).raw_decode


@dataclass(frozen=True)
class Bulk:
    """The text of each task, in their order, and the media type in which they came."""

    texts: list[bytes] | list[str]
    media: str


def read_bulk(sent: Request) -> Bulk:
    """Read the body of `sent`.

    Raises UnsupportedMedia (415), RequestEntityTooLarge and TooManyTasks (413), InvalidJson (400)
    for an empty body and for an array that is not JSON, InvalidRequest (422) for other JSON.
    """
    check_media(sent, JSON, NDJSON)
    sent.max_content_length = MAX_BULK_BYTES
    raw = read_whole(sent)
    if sent.mimetype == JSON:
        return Bulk(_elements(decode(raw)), JSON)
    lines = _lines(raw)
    if not lines:
        raise InvalidJson("The body is empty; a task in each line is needed.")
    return Bulk(lines, NDJSON)


def _lines(raw: bytes) -> list[bytes]:
    lines: list[bytes] = []
    for found in _LINE.finditer(raw):
        lines.append(found[0])
        _keep_within(len(lines))
    return lines


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
        raise InvalidJson("The body is nested too deep.") from error
    return elements


def _keep_within(number: int) -> None:
    if number > MAX_BULK_TASKS:
        raise TooManyTasks(f"At most {MAX_BULK_TASKS} tasks are taken in one request.")
    if number % _TURN == 0:
        time.sleep(0)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _refuse_other(text: str) -> NoReturn:
    """Say of what is no array whether it is JSON at all."""
    parse(text)
    problem = Problem("", "list_type", "A JSON array of tasks is needed.")
    raise InvalidRequest("The body is JSON, but not an array of tasks.", [problem])
