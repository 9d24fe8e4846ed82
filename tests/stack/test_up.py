"""`app.py up`: the whole stack, as `make run` starts it."""

import json
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from huey_tasks.config import Config
from tests.ports import free_ports
from tests.stack.running import ROOT, RunningStack
from tests.waiting import wait_until

Start = Callable[..., RunningStack]


def two_ports() -> dict[str, str]:
    """Return two ports that nobody listens on, as settings."""
    one, two = free_ports(2)
    return {"PORT": str(one), "INSPECTOR_PORT": str(two)}


class Service:
    """A running stack and its HTTP API."""

    def __init__(self, start: Start, data_dir: Path, *arguments: str, **settings: str) -> None:
        self.settings = {"DATA_DIR": str(data_dir), "DEMO_SPEED": "0", **two_ports(), **settings}
        self.settings = {
            "REDIS_URL": "",
            "RESULT_REDIS_URL": "",
            "DEMO_FAILURE_RATE": "0",
            **self.settings,
        }
        command = [sys.executable, "app.py", "up", *arguments]
        self.stack = start(command, **self.settings)

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.settings['PORT']}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def ready(self) -> "Service":
        self.stack.wait_for("Duckline is ready", timeout_s=120)
        return self

    def stop(self) -> None:
        self.stack.send(signal.SIGINT)
        assert self.stack.wait(60) == 0
        assert self.stack.left_behind() == []

    def submit(self) -> str:
        payload = {"to": "duck@example.org", "subject": "Hello", "body": "Quack"}
        task = {"task_type": "send_email", "payload": payload}
        return self.call("/api/tasks/submit", task)["task_id"]

    def status(self, task_id: str) -> str:
        return self.call(f"/api/tasks/{task_id}")["status"]


def test_a_submitted_task_succeeds_and_ctrl_c_leaves_nothing_behind(
    start: Start, tmp_path: Path
) -> None:
    service = Service(start, tmp_path / "data").ready()

    task_id = service.submit()

    wait_until(lambda: service.status(task_id) == "SUCCESS", description="the task succeeds")
    service.stop()
    assert "SIGKILL" not in service.stack.log


def test_settings_that_are_empty_count_as_unset(start: Start, tmp_path: Path) -> None:
    own = {"PORT", "INSPECTOR_PORT", "DATA_DIR"}
    empty = {name: "" for name in Config.setting_names() if name not in own}

    Service(start, tmp_path / "data", **empty).ready().stop()


def test_after_a_kill_of_everything_the_next_start_finishes_the_task(
    start: Start, tmp_path: Path
) -> None:
    slow = {"DEMO_SPEED": "0.01", "LEASE_S": "1", "SHUTDOWN_GRACE_S": "0.2"}
    first = Service(start, tmp_path / "data", **slow).ready()
    task_id = first.submit()
    wait_until(lambda: first.status(task_id) == "STARTED", description="the task runs")
    first.stack.send(signal.SIGKILL)
    wait_until(lambda: not first.stack.left_behind(), description="nothing is left")

    second = Service(start, tmp_path / "data").ready()

    wait_until(lambda: second.status(task_id) == "SUCCESS", description="the task succeeds")
    second.stop()


def test_a_second_stack_on_the_same_data_waits_until_the_first_has_stopped(
    start: Start, tmp_path: Path
) -> None:
    first = Service(start, tmp_path / "data").ready()
    task_id = first.submit()

    second = Service(start, tmp_path / "data")
    second.stack.wait_for(
        f"^DATA_DIR is in use by the stack with pid {first.stack.popen.pid}; waiting"
    )
    first.stop()

    second.ready()
    assert second.status(task_id) in ("PENDING", "STARTED", "SUCCESS")
    second.stop()


def test_a_port_in_use_stops_the_start_with_one_line(start: Start, tmp_path: Path) -> None:
    ports = two_ports()
    with socket.create_server(("127.0.0.1", int(ports["INSPECTOR_PORT"]))):
        service = Service(start, tmp_path / "data", **ports)
        assert service.stack.wait() == 1

    assert service.stack.log.count("\n") == 1
    assert "set INSPECTOR_PORT" in service.stack.log
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [["-m", "gunicorn", "app:app"], ["app.py", "up"]])
def test_an_open_address_without_keys_stops_the_start_with_one_line(
    start: Start, tmp_path: Path, command: list[str]
) -> None:
    refused = start(
        [sys.executable, *command], HOST="0.0.0.0", DATA_DIR=str(tmp_path / "data"), **two_ports()
    )

    assert refused.wait() == os.EX_CONFIG
    assert refused.log.count("\n") == 1
    assert "Serving at 0.0.0.0 without API_KEYS" in refused.log and "ALLOW_OPEN=1" in refused.log


def test_an_address_that_only_gunicorn_knows_is_looked_at_too(start: Start) -> None:
    port = two_ports()["PORT"]
    refused = start([sys.executable, "-m", "gunicorn", "--bind", f"0.0.0.0:{port}", "app:app"])

    assert refused.wait() == os.EX_CONFIG
    assert "Serving at 0.0.0.0 without API_KEYS" in refused.log and "Traceback" not in refused.log


@pytest.mark.parametrize("application", ["app:app", "app:create_inspector()"])
def test_a_gunicorn_with_its_own_settings_is_refused(
    start: Start, tmp_path: Path, application: str
) -> None:
    """They are all addresses, without a check, and no WebSocket."""
    (tmp_path / "empty.py").touch()
    own = ["--config", f"{tmp_path}/empty.py", "--no-control-socket"]
    refused = start([sys.executable, "-m", "gunicorn", *own, application], **two_ports())

    assert refused.wait() != 0
    assert "start it with --config python:duckline.gunicorn_conf\n" in refused.log
    assert "Traceback" not in refused.log


def test_a_misspelt_setting_is_named_once_by_the_whole_stack(start: Start, tmp_path: Path) -> None:
    service = Service(start, tmp_path / "data", HIGH_CONCURENCY="3").ready()
    service.stop()

    assert service.stack.log.count("HIGH_CONCURENCY is no setting") == 1
    assert "did you mean HIGH_CONCURRENCY?" in service.stack.log


def test_with_api_keys_the_stack_still_knows_when_it_is_ready(start: Start, tmp_path: Path) -> None:
    service = Service(start, tmp_path / "data", API_KEYS="a-key-for-tests").ready()
    request = urllib.request.Request(
        f"http://127.0.0.1:{service.settings['PORT']}/api/keys",
        data=b'{"name": "ada", "role": "admin"}',
        headers={"Authorization": "Bearer a-key-for-tests", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as made:
        assert made.status == 201
    service.stop()
    Service(start, tmp_path / "data").ready().stop()  # now only that stored key is known


def test_with_json_every_line_of_the_log_is_an_object(start: Start, tmp_path: Path) -> None:
    service = Service(start, tmp_path / "data", LOG_FORMAT="json").ready()
    service.stop()

    lines = [json.loads(line) for line in service.stack.log.splitlines()]
    ready = next(line for line in lines if "Duckline is ready" in line["event"])
    assert ready["dashboard"] == f"http://localhost:{service.settings['PORT']}/"


def test_gunicorn_alone_serves_the_web_service_with_gevent(start: Start, tmp_path: Path) -> None:
    settings = {**two_ports(), "REDIS_URL": f"unix://{tmp_path}/no.sock"}
    stack = start([sys.executable, "-m", "gunicorn", "app:app"], **settings)

    stack.wait_for(f"listening at http://127.0.0.1:{settings['PORT']}")

    wait_until(lambda: psutil.Process(stack.popen.pid).children(), description="a worker")
    with urllib.request.urlopen(f"http://127.0.0.1:{settings['PORT']}/", timeout=30) as page:
        assert page.status == 200
    assert "MonkeyPatchWarning" not in stack.log
    maps = Path(f"/proc/{psutil.Process(stack.popen.pid).children()[0].pid}/maps").read_text()
    assert "gevent/libev" in maps or "gevent/_" in maps


def test_gunicorn_serves_the_inspector_at_its_own_port(start: Start, tmp_path: Path) -> None:
    settings = {**two_ports(), "REDIS_URL": f"unix://{tmp_path}/no.sock"}

    web = start([sys.executable, "-m", "gunicorn", "app:app"], **settings)
    inspector = start([sys.executable, "-m", "gunicorn", "app:create_inspector()"], **settings)

    web.wait_for(f"listening at http://127.0.0.1:{settings['PORT']}")
    inspector.wait_for(f"listening at http://127.0.0.1:{settings['INSPECTOR_PORT']}")


def test_a_wrong_setting_stops_gunicorn_with_one_line(start: Start) -> None:
    stack = start([sys.executable, "-m", "gunicorn", "app:app"], LEASE_S="soon")

    assert stack.wait() == os.EX_CONFIG
    assert stack.log.startswith("duckline: LEASE_S='soon' is not right")
    assert stack.log.count("\n") == 1


def test_too_few_open_files_stop_gunicorn_with_one_line(start: Start) -> None:
    server = f"exec {sys.executable} -m gunicorn app:app"
    stack = start(["bash", "-c", f"ulimit -n 200; {server}"], **two_ports())

    assert stack.wait() == os.EX_CONFIG
    assert stack.log == (
        "duckline: Only 200 files may be open (ulimit -n); the web service needs 320 or more.\n"
    )


@pytest.fixture
def task_folder(tmp_path: Path) -> Path:
    """Give a folder for TASKS_PATH with one module in it."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "greeting.py").write_text(
        "from huey_tasks import task\n\n\n@task()\ndef greet(name: str) -> str:\n    return name\n"
    )
    return folder


def test_a_task_file_that_cannot_be_imported_stops_the_start_with_its_name(
    start: Start, tmp_path: Path, task_folder: Path
) -> None:
    (task_folder / "broken.py").write_text("def half(:\n")

    stack = Service(start, tmp_path / "data", TASKS_PATH=str(task_folder)).stack

    assert stack.wait(60) == os.EX_CONFIG
    (last,) = stack.log.splitlines()
    assert f"TASKS_PATH: {task_folder}/broken.py:1 cannot be imported: " in last
    assert "SyntaxError" in last
    assert stack.left_behind() == []


def test_a_wrong_setting_has_the_exit_status_of_its_own(start: Start) -> None:
    stack = start([sys.executable, "app.py", "consumer", "high"], LEASE_S="soon")

    assert stack.wait() == os.EX_CONFIG
    assert stack.log.startswith("duckline: LEASE_S='soon' is not right")


def test_make_dev_restarts_what_a_changed_task_file_concerns(
    start: Start, tmp_path: Path, task_folder: Path
) -> None:
    service = Service(start, tmp_path / "data", "--reload", TASKS_PATH=str(task_folder)).ready()
    before = {p.pid for p in psutil.Process(service.stack.popen.pid).children()}
    module = task_folder / "greeting.py"

    _save(module, module.read_text().replace("def greet", "def wave"))

    service.stack.wait_for(r"greeting\.py changed; restarting web, high, default, low")
    wait_until(lambda: _answers(service, "wave"), description="the new type")
    stack = psutil.Process(service.stack.popen.pid)
    wait_until(
        lambda: len(before & {child.pid for child in stack.children()}) == 1,
        description="all but Redis are others, the consumers last",
    )
    service.stop()


def test_make_dev_keeps_running_while_a_changed_file_cannot_be_imported(
    start: Start, tmp_path: Path, task_folder: Path
) -> None:
    service = Service(start, tmp_path / "data", "--reload", TASKS_PATH=str(task_folder)).ready()
    before = {p.pid for p in psutil.Process(service.stack.popen.pid).children()}
    module = task_folder / "greeting.py"
    whole = module.read_text()

    _save(module, whole + "def half(:\n")
    line = service.stack.wait_for(r"greeting\.py changed, but (.*); waiting for the next change$")
    assert line[1].startswith(f"TASKS_PATH: {module}:7 cannot be imported: SyntaxError: ")
    assert {p.pid for p in psutil.Process(service.stack.popen.pid).children()} == before
    assert _answers(service, "greet")

    _save(module, whole.replace("def greet", "def wave"))
    wait_until(lambda: _answers(service, "wave"), description="the new type")
    service.stop()


def test_a_process_that_dies_while_a_changed_file_is_checked_does_not_end_the_check(
    start: Start, tmp_path: Path, task_folder: Path
) -> None:
    service = Service(start, tmp_path / "data", "--reload", TASKS_PATH=str(task_folder)).ready()
    module, begun, go_on = task_folder / "greeting.py", tmp_path / "begun", tmp_path / "go on"
    waits = f"import os\nopen({str(begun)!r}, 'w').close()\n"
    waits += f"while not os.path.exists({str(go_on)!r}):\n    os.sched_yield()\n"

    _save(module, waits + module.read_text())
    wait_until(begun.exists, description="the check is within the module")
    consumer = next(
        child
        for child in psutil.Process(service.stack.popen.pid).children()
        if "consumer" in child.cmdline()
    )
    consumer.kill()
    service.stack.wait_for(r"SIGKILL")  # what it left behind is ended at the same time
    go_on.touch()

    service.stack.wait_for(r"greeting\.py changed; restarting")
    service.stop()


def _save(module: Path, text: str) -> None:
    """Write it in one step: half of a file is a change, too."""
    new = module.with_suffix(".new")
    new.write_text(text)
    new.replace(module)


def _answers(service: Service, task_type: str) -> bool:
    try:
        known = service.call("/api/task-types")["task_types"]
    except OSError:
        return False  # the web service is just restarting
    return task_type in [entry["task_type"] for entry in known]


def test_make_knows_the_commands_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for command in ("run", "test", "dev", "check", "load", "chaos"):
        assert f"\n{command}:" in makefile
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
