"""`env`, `new` and `invoke`: the way from an empty folder to the answer of a function."""

import json
import os
import runpy
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from duckline.commands import main
from tests.conftest import StartConsumer
from tests.stack.running import ROOT

FAILING = """
def handler(event, context):
    print("before")
    raise ValueError("no such thing")
"""


def duckline(
    folder: Path, *arguments: str, stdin: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; its functions are in `functions`."""
    own = {"TASKS_PATH": "", "FUNCTIONS_PATH": "functions"}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *arguments],
        cwd=folder, env={**os.environ, **own, **env}, input=stdin, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def files_below(folder: Path) -> dict[str, str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def test_env_is_for_a_shell(tmp_path: Path) -> None:
    keys = {"API_KEYS": "ada=it's a key,other-key-1234", "HOST": "::1", "PORT": "8123"}
    shown = duckline(tmp_path, "env", AWS_REGION="eu-west-1", ROOT_PATH="/q", **keys)
    assert all(line.startswith("export AWS_") for line in shown.stdout.splitlines()), shown
    names = ("ENDPOINT_URL_LAMBDA", "ENDPOINT_URL_CLOUDWATCH_LOGS", "REGION", "ACCESS_KEY_ID")
    shown_names = " ".join(f'"$AWS_{name}"' for name in names)
    script = f'eval "$1"; printf "%s\\n" {shown_names}'
    shell = subprocess.run(
        ["sh", "-c", script, "sh", shown.stdout], capture_output=True, text=True, check=True
    )
    url = "http://[::1]:8123/q"
    assert shell.stdout.splitlines() == [url, url, "eu-west-1", "it's a key"]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("", "mine-12345"),
        ("http://localhost:8123", "mine-12345"),
        ("http://127.0.0.1:8123/q", "mine-12345"),
        ("https://tasks.example.com", "theirs-1234"),
        ("http://localhost:9000", "theirs-1234"),
    ],
)
def test_env_takes_a_key_only_for_this_service(tmp_path: Path, url: str, key: str) -> None:
    keys = {"API_KEYS": "theirs-1234", "DUCKLINE_API_KEY": "mine-12345", "DUCKLINE_URL": url}
    shown = duckline(tmp_path, "env", PORT="8123", **keys)
    assert f"export AWS_ACCESS_KEY_ID={key}" in shown.stdout.splitlines()


@pytest.mark.parametrize("answer", [b"[]", b"no JSON", b'{"needs_key": 1}'])
def test_env_is_there_beside_another_program_on_the_port(tmp_path: Path, answer: bytes) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        shown = duckline(tmp_path, "env", PORT=str(other.server_port), API_KEYS="")
        other.shutdown()
    assert (shown.returncode, "export AWS_ACCESS_KEY_ID=duckline" in shown.stdout) == (0, True)
    assert "duckline: " not in shown.stderr


def test_from_an_empty_folder_to_an_answer(
    tmp_path: Path, start_consumer: StartConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions = tmp_path / "functions"
    monkeypatch.setenv("FUNCTIONS_PATH", str(functions))
    assert main(["new", "say-hello"]) == 0
    made = files_below(functions)
    test, event = "_tests/test_say-hello.py", "_events/say-hello/example.json"
    assert set(made) == {"say-hello.py", test, event}
    runpy.run_path(str(functions / test))["test_it_greets"]()
    (functions / "failing.py").write_text(FAILING)

    away = duckline(tmp_path, "invoke", "say-hello")
    assert (away.returncode, away.stdout) == (os.EX_UNAVAILABLE, "")
    assert away.stderr == "duckline: no consumer of queue default runs; start it: make run\n"

    start_consumer("default", FUNCTIONS_PATH=str(functions))
    done = duckline(tmp_path, "invoke", "say-hello", "-", stdin=made[event])
    assert (done.returncode, json.loads(done.stdout)) == (0, {"text": "Hello Ada!"}), done.stderr
    shown = done.stderr.splitlines()
    first_words = [line.partition(" ")[0] for line in shown]
    assert first_words == ["START", "greeting", "END", "REPORT", "say-hello:"]
    assert "of 512 MB, cold, " in shown[-1]

    (functions / "unready.py").write_text("import no_such_package\n" + FAILING)
    unready = duckline(tmp_path, "invoke", "unready")
    assert unready.returncode == 1 and "Traceback" not in unready.stderr
    assert json.loads(unready.stdout)["errorType"] == "Runtime.ImportModuleError"
    assert unready.stderr.splitlines()[-1].startswith("unready: ")

    failed = duckline(tmp_path, "invoke", "failing", "[1]")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["errorType"] == "ValueError"
    assert "before\n" in failed.stderr


def test_in_a_checkout_new_names_commands_that_work_there(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(
        [".venv/bin/python", str(ROOT / "app.py"), "new", "hello"],
        cwd=tmp_path, env={**os.environ, "FUNCTIONS_PATH": "functions"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    commands = [line.split("#")[0].strip() for line in done.stdout.splitlines()[1:]]
    invoke = '.venv/bin/python app.py invoke hello \'{"name": "Ada"}\''
    assert commands == ["make run", invoke, "make test ARGS=functions"]


@pytest.mark.parametrize("command", ["invoke", "up", "new", "keys"])
def test_a_python_without_the_packages_says_which_one_has_them(command: str) -> None:
    more = {"invoke": ["hello"], "new": ["hello"], "keys": ["list"]}.get(command, [])
    done = subprocess.run(
        [sys.executable, "-S", str(ROOT / "app.py"), command, *more],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == os.EX_CONFIG
    module = done.stderr.split()[1]
    why = f"{module} is not installed for {sys.executable}"
    assert done.stderr == f"duckline: {why}: use .venv/bin/python app.py, which `make run` makes\n"


NOT_MADE = {
    "path": ("../up", os.EX_DATAERR, "'../up' is no name of a function"),
    "hidden": ("_x", os.EX_DATAERR, "'_x' is no name of a function"),
    "module": ("json", os.EX_DATAERR, "'json' is a module of Python"),
    "function": ("hello", os.EX_CANTCREAT, "hello is a function already: "),
    "test": ("old", os.EX_CANTCREAT, "functions/_tests/test_old.py is there already"),
    "link": ("dangling", os.EX_CANTCREAT, "functions/dangling.py is there already"),
    "unwritable": ("taken", os.EX_CANTCREAT, "functions/_events/taken cannot be made: "),
}


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    path = tmp_path / "functions"
    (path / "_tests").mkdir(parents=True)
    (path / "_events").mkdir()
    (path / "hello.py").write_text("def handler(event, context): ...\n")
    (path / "helper.py").write_text("def hander(event, context): ...\n")
    (path / "_tests" / "test_old.py").write_text("")
    (path / "_events" / "taken").write_text("")
    (path / "dangling.py").symlink_to("nowhere")
    return path


@pytest.mark.parametrize("kind", NOT_MADE)
def test_a_function_that_cannot_be_made_is_one_line(
    functions: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, status, said = NOT_MADE[kind]
    before = sorted(functions.rglob("*"))
    monkeypatch.chdir(functions.parent)
    monkeypatch.setenv("FUNCTIONS_PATH", "functions")
    assert main(["new", name]) == status
    shown = capsys.readouterr()
    assert shown.err.startswith(f"duckline: {said}") and shown.err.count("\n") == 1
    assert shown.out == "" and sorted(functions.rglob("*")) == before


NOT_INVOKED = {
    "function": (["helo"], 2, "there is no function 'helo' in {}; did you mean 'hello'?"),
    "handler": (["helper"], 2, "{}/helper.py is no function: it has no handler: "),
    "task type": (["send_email"], 2, "'send_email' is a task type and no function; "),
    "event": (["hello", "[NaN]"], os.EX_DATAERR, "the event is not JSON: NaN is no JSON"),
    "size": (["hello", '"12345678901"'], os.EX_DATAERR, "the event has more than 10 bytes"),
    "redis": (["hello"], os.EX_UNAVAILABLE, "Redis does not answer. Error 111 connecting"),
}


@pytest.mark.parametrize("kind", NOT_INVOKED)
def test_a_call_that_cannot_be_made_is_one_line(functions: Path, kind: str) -> None:
    arguments, status, said = NOT_INVOKED[kind]
    own = {"REDIS_URL": "redis://127.0.0.1:1/0", "LAMBDA_MAX_SYNC_BYTES": "10"}
    done = duckline(functions.parent, "invoke", *arguments, **own)
    assert (done.returncode, done.stdout) == (status, "")
    begin = f"duckline: {said.format(functions)}"
    assert done.stderr.startswith(begin) and done.stderr.count("\n") == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = duckline(tmp_path, "invoke", "hello", REDIS_URL="redis://127.0.0.1:1/0")
    said = f"there is no function 'hello' in {tmp_path}/functions, and no such folder; "
    assert done.stderr == f"duckline: {said}FUNCTIONS_PATH names another\n"
