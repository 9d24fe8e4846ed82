"""What the browser is pointed at: the whole stack as `make run` starts it, or one web server alone.

Both are real processes on free loopback ports. Owns their start, their end, and the few calls with
which a test prepares what it then looks at in the page.
"""

import http.client
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.ports import free_ports
from tests.stack.running import RunningStack
from tests.waiting import wait_until

TASK_MODULES = Path(__file__).with_name("task_modules")


class Api:
    """The HTTP API at one port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer, if there is one; raise AssertionError when it is not 2xx."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert 200 <= answer.status < 300, (method, path, answer.status, content[:2000])
        return json.loads(content) if content else None

    def submit(self, task_type: str, payload: dict[str, Any], priority: str | None = None) -> str:
        """Submit a task and return its id."""
        body = {"task_type": task_type, "payload": payload}
        if priority is not None:
            body["priority"] = priority
        return self.call("POST", "/api/tasks/submit", body)["task_id"]

    def cancel(self, task_id: str) -> None:
        self.call("DELETE", f"/api/tasks/{task_id}/cancel")

    def wait_for_status(self, task_id: str, status: str) -> None:
        """Wait until the task is in that state."""
        wait_until(
            lambda: self.call("GET", f"/api/tasks/{task_id}")["status"] == status,
            description=f"task {task_id} is {status}",
        )

    def wait_until_idle(self, *queues: str) -> None:
        """Wait until nothing waits or runs in these queues: other tests may have left something."""

        def idle() -> bool:
            numbers = self.call("GET", "/api/queues")["queues"]
            busy = [q["queue"] for q in numbers if q["queued"] + q["active"]]
            return not set(busy) & set(queues)

        wait_until(idle, description=f"nothing waits or runs in {queues}", timeout_s=240)

    def run_now(self, task_id: str) -> None:
        """Give a task that waits for its next attempt to its queue."""
        body = {"action": "requeue", "task_ids": [task_id]}
        assert self.call("POST", "/api/tasks/actions", body)["done"] == 1


class Stack:
    """`app.py up` with data of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        port, inspector_port = free_ports(2)
        self.api = Api(port)
        self.dashboard = self.api.url
        self.functions = folder / "functions"
        self.inspector = f"http://127.0.0.1:{inspector_port}/"
        environment = {
            "REDIS_URL": "",
            "RESULT_REDIS_URL": "",
            "DATA_DIR": str(folder / "data"),
            "PORT": str(port),
            "INSPECTOR_PORT": str(inspector_port),
            "TASKS_PATH": str(TASK_MODULES),
            "FUNCTIONS_PATH": str(self.functions),
            "LEASE_S": "",
            **settings,
        }
        command = [sys.executable, "app.py", "up"]
        self._running = RunningStack(command, folder / "stack.log", {**os.environ, **environment})

    def wait_until_ready(self) -> None:
        self._running.wait_for("Duckline is ready", timeout_s=150)

    def stop(self) -> None:
        """Stop it as Ctrl-C does, and see that nothing is left behind."""
        self._running.send(signal.SIGINT)
        code = self._running.wait(90)
        assert (code, self._running.left_behind()) == (0, []), self._running.log


class WebServer:
    """One gunicorn without consumers, at a port that it keeps when it is started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.api = Api(free_ports(1)[0])
        self.url = self.api.url
        self._log_path = folder / f"web-{self.api.port}.log"
        self._environment = {**os.environ, **settings}
        self.start()

    def start(self) -> None:
        bind = f"127.0.0.1:{self.api.port}"
        command = [sys.executable, "-m", "gunicorn", "--bind", bind, "app:app"]
        self._running = RunningStack(command, self._log_path, self._environment)
        wait_until(self._answers, description=f"gunicorn answers on {bind}", timeout_s=60)

    def restart_with(self, **settings: str) -> None:
        """Start it again with other settings."""
        self._environment |= settings
        self.start()

    def stop(self) -> None:
        if self._running.popen.poll() is None:
            self._running.send(signal.SIGQUIT)  # at once, without waiting for open connections
            self._running.wait(60)

    def _answers(self) -> bool:
        if self._running.popen.poll() is not None:
            raise AssertionError(self._running.log)
        try:
            self.api.call("GET", "/openapi.json")
        except OSError:
            return False
        return True
