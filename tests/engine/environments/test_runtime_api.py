"""Functions in other languages: an executable that speaks AWS's Runtime API."""

import base64
import json
import shutil

import pytest

from huey_tasks.config import Config
from huey_tasks.environments.environment import Call
from huey_tasks.environments.pool import Environments
from huey_tasks.functions.catalogue import Catalogue
from huey_tasks.functions.function import Function
from tests.conftest import REPOSITORY
from tests.engine.environments.test_environment import call

PYTHON = """#!/usr/bin/env python3
import json, os, socket, sys, urllib.error, urllib.request
codes = []
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"

def post(path, told):
    try:
        request = urllib.request.Request(f"{api}/{path}", json.dumps(told).encode())
        codes.append(urllib.request.urlopen(request).status)
    except urllib.error.HTTPError as refusal:
        codes.append([refusal.status, json.load(refusal)["errorType"]])

def stream(id, chunks, trailers):
    connection = socket.create_connection(os.environ["AWS_LAMBDA_RUNTIME_API"].split(":"))
    head = (f"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\\r\\nHost: x\\r\\n"
            "Lambda-Runtime-Function-Response-Mode: streaming\\r\\n"
            "Transfer-Encoding: chunked\\r\\n\\r\\n")
    connection.sendall(head.encode())
    for chunk in chunks:
        connection.sendall(b"%x\\r\\n%s\\r\\n" % (len(chunk), chunk.encode()))
    if trailers is not None:
        lines = "".join(f"{name}: {value}\\r\\n" for name, value in trailers.items())
        connection.sendall(f"0\\r\\n{lines}\\r\\n".encode())
        assert b" 202 " in connection.recv(1000)
    connection.close()

if os.environ.get("BROKEN"):
    post("init/error", {"errorMessage": "no start", "errorType": "Runtime.Broken"})
    sys.exit(1)
while True:
    with urllib.request.urlopen(f"{api}/invocation/next") as answer:
        event, id = json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
        deadline = int(answer.headers["Lambda-Runtime-Deadline-Ms"])
    print("got", event, flush=True)
    if event == "exit":
        os._exit(7)
    if isinstance(event, list):
        stream(id, *event)
    elif event == "codes":
        post(f"invocation/{id}/response", codes)
        codes.clear()
    elif isinstance(event, dict) and "posts" in event:
        for path in event["posts"]:
            post(path.replace("ID", id), {"errorMessage": path})
    elif event == "fail":
        post(f"invocation/{id}/error", {"errorMessage": "failed", "errorType": "Odd"})
    else:
        post(f"invocation/{id}/response", {"event": event, "id": id, "left": deadline > 0})
"""


def custom(config: Config, program: str, settings: str = "") -> Function:
    """Return the function of a folder with that `bootstrap`."""
    folder = config.functions_path[0] / "other"
    folder.mkdir(parents=True)
    (folder / "bootstrap").write_text(program)
    (folder / "bootstrap").chmod(0o755)
    (folder.parent / "functions.toml").write_text(settings)
    found = Catalogue.of(config).find("other")
    assert found is not None and found.fault is None, found
    return found


def test_a_program_gets_events_and_answers(config: Config, pool: Environments) -> None:
    of = custom(config, PYTHON)
    for event in ({"a": 1}, "text", None):
        answer, environment = call(pool, of, event)
        assert answer.error is None, answer
        assert json.loads(answer.body) == {"event": event, "id": "id-1", "left": True}
    assert environment.invocations == 3, "it stays warm"
    assert environment.output.finish() == [f"got {event}" for event in ({"a": 1}, "text", None)]
    failed = call(pool, of, "fail")[0]
    assert failed.error == {"errorMessage": "failed", "errorType": "Odd"} and not failed.is_spent
    ended = call(pool, of, "exit")[0]
    assert ended.error is not None and "exit status 7" in ended.error["errorMessage"]


def test_a_program_answers_in_pieces(config: Config, pool: Environments) -> None:
    of = custom(config, PYTHON)
    told = base64.b64encode(b'{"errorMessage": "no more", "errorType": "Odd"}').decode()
    failed = {
        "Lambda-Runtime-Function-Error-Type": "Function.Odd",
        "Lambda-Runtime-Function-Error-Body": told,
    }
    pieces: list[bytes] = []
    environment = pool.lend(of, None)
    assert environment.start("id-1", lambda: None) is None
    for trailers, error in (
        ({}, None),
        (failed, {"errorMessage": "no more", "errorType": "Odd"}),
        (None, {"errorType": "Runtime.TruncatedResponse",
                "errorMessage": "The function has closed the connection before the end of its "
                "response."}),
    ):  # fmt: skip
        pieces.clear()
        event = json.dumps([["one", "t" * 100_000], trailers])
        answer = environment.invoke(Call("id-1", event, "arn:x", 5.0), lambda: None, pieces.append)
        assert b"".join(pieces) == b"one" + b"t" * 100_000 and len(pieces) >= 2
        assert (answer.error, answer.is_spent) == (error, False)
        if error is None:
            assert answer.in_pieces and answer.body == b"".join(pieces)
    pool.give_back(environment)


@pytest.mark.parametrize("what", ["response", "error"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["invocation/ID/response", "invocation/ID/error"]),
        (["invocation/other/response", "invocation/other/error"], []),
        (["init/error"], ["init/error"]),
    ],
)
def test_an_invocation_has_one_answer(
    config: Config, pool: Environments, what: str, before: list[str], after: list[str]
) -> None:
    """What a program posts for none, or again, is nobody's answer: neither of this nor the next."""
    of = custom(config, PYTHON)
    path = f"invocation/ID/{what}"
    answer, used = call(pool, of, {"posts": [*before, path, *after]})
    if what == "response":
        assert (json.loads(answer.body), answer.error) == ({"errorMessage": path}, None)
    else:
        assert answer.error == {"errorMessage": path, "errorType": "Runtime.Unknown"}
    refused = [
        [403, "InvalidStateTransition"] if one == "init/error" else [400, "InvalidRequestID"]
        for one in [*before, *after]
    ]
    codes, still = call(pool, of, "codes")
    assert still is used and codes.error is None
    expected = [*refused[: len(before)], 202, *refused[len(before) :]]
    assert json.loads(codes.body) == expected


def test_a_program_that_cannot_start_says_why(config: Config, pool: Environments) -> None:
    of = custom(config, PYTHON, '[other]\nenv = {BROKEN = "1"}\n')
    answer = call(pool, of, {})[0]
    assert answer.error == {"errorMessage": "no start", "errorType": "Runtime.Broken"}


def test_the_example_in_javascript_runs(config: Config, pool: Environments) -> None:
    example = (REPOSITORY / "examples/functions/node/bootstrap").read_text()
    node = shutil.which("node", path=str(REPOSITORY / ".venv/bin")) or "node"
    of = custom(config, example.replace("/usr/bin/env node", node))
    answer, environment = call(pool, of, {"name": "Ada"})
    assert json.loads(answer.body) == {"text": "Hello Ada!", "requestId": "id-1"}
    assert environment.output.finish() == ["greeting Ada"]
