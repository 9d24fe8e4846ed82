"""What `pip install` gives: the library alone, or the service with the extra `web`."""

import json
import re
import shlex
import signal
import subprocess
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.package.installed import Installed, build
from tests.ports import free_ports
from tests.waiting import wait_until

TASKS = """
from huey_tasks import task

@task
def add(a: int, b: int) -> int:
    return a + b
"""
SUBMIT = """
from shop.tasks import add
print(add.submit(a=40, b=2).id)
"""
LOADED = """
import sys, time
began = time.perf_counter()
import huey_tasks
huey_tasks.submit, huey_tasks.task
print(round((time.perf_counter() - began) * 1000), *sorted(m for m in sys.modules if "." not in m))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def library(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("library") / "venv", wheel)


@pytest.fixture(scope="module")
def service(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("service") / "venv", wheel, "web", "consumer")


def test_it_has_three_packages_and_all_their_files(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "duckline",
        "huey_tasks",
        "web",
    }
    tracked = subprocess.run(
        ["git", "ls-files", "duckline", "huey_tasks", "web", "static"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.splitlines()  # fmt: skip
    expected = {f"web/{file}" if file.startswith("static/") else file for file in tracked}
    assert len(expected) > 300
    assert expected - names == set()


def test_the_library_alone_brings_no_web_server(library: Installed, tmp_path: Path) -> None:
    assert library.dependencies >= {"huey", "redis", "pydantic", "cronsim", "python-dotenv"}
    loaded = library.run(library.python, "-c", LOADED, cwd=tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    unwanted = {"flask", "gevent", "gunicorn", "psutil", "structlog", "email_validator", "dotenv"}
    assert unwanted & set(loaded.stdout.split()) == set()


def test_a_command_says_which_extra_it_needs(library: Installed, tmp_path: Path) -> None:
    for command, extra in (("up", "web"), ("consumer low", "consumer")):
        done = library.run(library.command, *command.split(), cwd=tmp_path)
        assert done.returncode == 78, done.stderr
        assert done.stderr.startswith("duckline: ") and done.stderr.count("\n") == 1
        assert done.stderr.endswith(f" is not installed: pip install 'duckline[{extra}]'\n")


def test_help_names_the_commands(service: Installed, tmp_path: Path) -> None:
    for start in ([service.command], [service.python, "-m", "duckline"]):
        shown = service.run(*start, "--help", cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.startswith("usage: duckline ")
        assert all(word in shown.stdout for word in ("up", "consumer", "verify"))


def test_it_names_its_version(service: Installed, wheel: Path, tmp_path: Path) -> None:
    version = wheel.name.split("-")[1]
    assert service.run(service.command, "--version", cwd=tmp_path).stdout == f"duckline {version}\n"


def test_the_command_alone_lists_the_commands(service: Installed, tmp_path: Path) -> None:
    shown = service.run(service.command, cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (64, "")
    assert all(f"\n    {word} " in shown.stderr for word in ("up", "consumer", "verify"))


class Stack:
    """`duckline up` in a folder of its own, with a TASKS module."""

    def __init__(self, service: Installed, folder: Path) -> None:
        port, inspector_port = map(str, free_ports(2))
        self.url, self.folder = f"http://127.0.0.1:{port}", folder
        self.settings = {"TASKS": "shop.tasks", "PORT": port, "INSPECTOR_PORT": inspector_port}
        self.log = folder / "up.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(service.command), "up"], cwd=folder,
                env=service.environment(**self.settings), stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def wait_until_ready(self) -> None:
        ready = "Duckline is ready"
        wait_until(
            lambda: ready in self.text() or self.process.poll() is not None,
            description="the stack is ready",
            timeout_s=120,
        )
        assert ready in self.text(), self.text()

    def text(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def stack(service: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").touch()
    (folder / "shop/tasks.py").write_text(TASKS)
    (folder / "web.py").write_text("raise RuntimeError('a module of the user hides ours')\n")
    running = Stack(service, folder)
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.process.send_signal(signal.SIGINT)
        ended = running.process.wait(60)
    assert ended == 0, running.text()


def result_of(stack: Stack, task_id: str) -> object:
    _, body = stack.get(f"/api/tasks/{task_id}?wait=30")
    return json.loads(body)["result"]


def test_a_task_is_submitted_by_http_and_from_python(
    stack: Stack, service: Installed, library: Installed
) -> None:
    body = json.dumps({"task_type": "add", "payload": {"a": 1, "b": 2}}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{stack.url}/api/tasks/submit", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert result_of(stack, json.load(answer)["task_id"]) == 3

    redis_url = f"unix://{stack.folder}/data/redis.sock"
    for environment in (library, service):
        sent = environment.run(
            environment.python, "-c", SUBMIT, cwd=stack.folder, REDIS_URL=redis_url
        )  # fmt: skip
        assert sent.returncode == 0, sent.stderr
        assert result_of(stack, sent.stdout.strip()) == 42


def test_pages_and_their_files_are_served(stack: Stack) -> None:
    status, page = stack.get("/")
    assert status == 200 and "<html" in page
    assert stack.get("/docs")[0] == 200
    assert stack.get("/static/css/app.css")[0] == 200


def test_the_units_of_systemd_start_what_the_package_has(
    stack: Stack, service: Installed, tmp_path: Path
) -> None:
    """As the line of their page changes them; `gunicorn` there is this environment's."""
    units = REPOSITORY / "deploy/systemd"
    (line,) = re.findall(r"^# (sed .*?) \\\n", (units / "README.md").read_text(), re.MULTILINE)
    started = set[str]()
    for unit in units.glob("*.service"):
        changed = service.run(*shlex.split(line.replace("-i ", "")), unit, cwd=tmp_path).stdout
        started |= set(
            re.findall(r"^ExecStart=/opt/duckline/.venv/bin/(.*)$", changed, re.MULTILINE)
        )
    assert "duckline consumer %i" in started
    redis_url = f"unix://{stack.folder}/data/redis.sock"
    for command in started - {"duckline consumer %i"}:
        port, inspector_port = map(str, free_ports(2))
        _, *arguments = command.split()
        process = subprocess.Popen(
            [service.python, "-m", "gunicorn", *arguments], cwd=stack.folder,
            env=service.environment(PORT=port, INSPECTOR_PORT=inspector_port, REDIS_URL=redis_url),
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            expected = inspector_port if "inspector" in command else port
            assert f"listening at http://127.0.0.1:{expected} " in process.stderr.readline()
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_verify_accounts_for_the_tasks(stack: Stack, service: Installed) -> None:
    done = service.run(service.command, "verify", cwd=stack.folder, **stack.settings)
    assert done.returncode == 0, done.stderr
    assert "default: accepted" in done.stdout and "0 gaps" in done.stdout


def test_the_service_has_all_that_the_image_has(service: Installed) -> None:
    pinned = re.findall(r"^([\w-]+)==", (REPOSITORY / "requirements.in").read_text(), re.MULTILINE)
    installed = {name.lower().replace("_", "-") for name in service.dependencies}
    assert {name.lower() for name in pinned} <= installed
