"""How the aggregated log looks."""

import io
import json
import os
import re

from duckline.stack.console import Console
from huey_tasks.log_stream import LogStream


def written(*, as_json: bool = False, colour: bool = False) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(stream, ["web", "high"], as_json=as_json, colour=colour), stream


def test_plain_lines_carry_no_escape_codes() -> None:
    console, stream = written()

    console.lines("web", ["serving"])
    console.say("stopping", level="error")

    served, stopping = stream.getvalue().splitlines()
    assert served == "web      | serving"
    assert re.fullmatch(r"duckline \| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} stopping", stopping)


def test_each_process_has_its_own_colour_on_a_terminal() -> None:
    console, stream = written(colour=True)

    console.lines("web", ["x"])
    console.lines("high", ["x"])

    web, high = stream.getvalue().splitlines()
    assert web.startswith("\x1b[")
    assert web.split("m")[0] != high.split("m")[0]


def test_json_lines_of_a_process_pass_through_untouched() -> None:
    console, stream = written(as_json=True)

    console.lines("web", ['{"event": "served"}'])

    assert stream.getvalue() == '{"event": "served"}\n'


def test_with_json_every_line_is_an_object() -> None:
    console, stream = written(as_json=True)

    console.lines("web", ["Traceback (most recent call last):"])
    console.say("stopping", level="warning")
    console.announce("Ready", [("API docs", "http://localhost/docs"), ("", "a remark")])

    foreign, own, ready = map(json.loads, stream.getvalue().splitlines())
    assert (foreign["process"], foreign["event"]) == ("web", "Traceback (most recent call last):")
    assert (own["process"], own["level"]) == ("duckline", "warning")
    assert ready["api_docs"] == "http://localhost/docs"


def test_a_reader_that_left_does_not_stop_the_stack() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    console = Console(LogStream(writer), ["web"], as_json=False, colour=False)

    console.say("nobody listens")
    console.say("still nobody")
    os.close(writer)
