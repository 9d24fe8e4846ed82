"""The curl calls of the README and its pages do what they say, as they are pasted."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from tests.conftest import REPOSITORY
from tests.web.conftest import Answer, Server

#: The pages with curl calls, in the order in which a newcomer reads them.
_PAGES = ("README.md", "docs/http-api.md", "docs/schedules.md")
README = "\n".join((REPOSITORY / page).read_text() for page in _PAGES)

#: What the README shows as rejected, or shows in a sentence and not as a first step.
_REJECTED = '"amount": -1'


def _commands() -> Iterator[str]:
    """Each curl call in the order of the page: in code blocks behind `$`, or in code marks."""
    for block, marked in re.findall(r"```console\n(.*?)```|`(curl [^`]+)`", README, re.DOTALL):
        lines = block.replace("\n    ", " ") if block else f"$ {marked}"
        yield from re.findall(r"^\$ (?:id=\$\()?(curl .*?)(?: \| grep .*)?$", lines, re.MULTILINE)


def _submitted() -> list[dict[str, Any]]:
    """Return the tasks that the page submits; a file of tasks has these as its lines."""
    return [
        json.loads(shlex.split(command)[shlex.split(command).index("-d") + 1])
        for command in _commands()
        if "/api/tasks/submit" in command and _REJECTED not in command
    ]


def _send(server: Server, command: str) -> Answer:
    """Do what curl does, with the few options that the README uses."""
    words = iter(shlex.split(command)[1:])
    method, path, body, headers = "GET", "", None, dict[str, str]()
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            method, body = "POST", next(words)
        elif word == "--data-binary":
            assert next(words).startswith("@")
            method, body = "POST", "\n".join(json.dumps(one) for one in _submitted())
        elif word == "--data-urlencode":
            path += "?" + next(words).replace(" ", "%20").replace("<", "%3C")
        elif not word.startswith("-"):
            path = word.removeprefix("localhost:8000")
    return server.request(method, path, body, headers)


def test_every_curl_call_of_the_readme_works(server: Server) -> None:
    newest, sent = "", list[str]()
    for command in _commands():
        answer = _send(server, command.replace("$id", newest).replace("wait=20", "wait=0"))
        expected = {422} if _REJECTED in command else {200, 201, 202, 207}
        assert answer.status in expected, (command, answer.body)
        assert '"code"' not in answer.body.decode() or answer.status == 422, answer.body
        if "limit=1" in command:
            newest = answer.json["tasks"][0]["task_id"]
            assert f'"task_id":"{newest}"' in answer.body.decode(), "grep would find nothing"
        sent.append(command)
    assert len(sent) >= 10 and any("DELETE" in command for command in sent)


def test_the_readme_has_the_example_of_every_demo_type(server: Server) -> None:
    listed = server.request("GET", "/api/task-types").json["task_types"]
    examples = {one["task_type"]: one["example"] for one in listed}
    assert {one["task_type"]: one["payload"] for one in _submitted()} == {
        name: examples[name]
        for name in ("generate_report", "send_email", "process_payment", "data_pipeline")
    }


def test_the_readme_is_short() -> None:
    assert len((REPOSITORY / "README.md").read_text().splitlines()) <= 150
