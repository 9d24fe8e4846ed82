"""The scenario: people submit tasks, cancel a few, and watch; then all must have ended.

    .venv/bin/locust -f loadtests/locustfile.py --headless

Owns the users and the order of a run: check that the service is there, submit, stop, drain,
verdict. How much load is right, and the arithmetic behind it, is in `settings`.
"""

import json
import random
import sys
import time
import urllib.request
from typing import Any

import gevent
from locust import User, constant, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import LocalRunner

from loadtests import scenarios, verdict
from loadtests.caller import SUBMIT, Caller, all_are_there, follower, gate, ledger, settings
from loadtests.ledger import TERMINAL
from loadtests.payloads import draw, draw_bad, use_types
from loadtests.scenarios import Flooder, Prober, Reader, Repeater
from loadtests.settings import SCENARIOS
from loadtests.stats_socket import StatsSocket

__all__ = ["Flooder", "Prober", "Reader", "Repeater"]  # Locust finds them here

_PROGRESS_S = 10.0


class Burster(Caller):
    """One of many who submit one task in the same instant."""

    abstract = settings.scenario not in ("burst", "retries")
    wait_time = constant(0)

    @task
    def submit_with_all(self) -> None:
        all_are_there.wait()
        self.submit(draw())
        raise StopUser


class Submitter(Caller):
    """Somebody who submits a task now and then; seldom a wrong one, seldom to cancel it again."""

    abstract = settings.scenario not in ("steady", "sockets")

    def wait_time(self) -> float:
        """Think for half to one and a half times the mean, in seconds."""
        return settings.think_s * random.uniform(0.5, 1.5)

    def on_start(self) -> None:
        """Arrive at a time of one's own: users in step would submit in waves."""
        super().on_start()
        gevent.sleep(random.uniform(0, min(settings.think_s, 2.0)))

    @task(93)
    def submit_one(self) -> None:
        self.submit(draw())

    @task(4)
    def submit_a_bad_one(self) -> None:
        if settings.types:
            return  # what is wrong for a type of yours is not known here
        if self.post(draw_bad(), f"{SUBMIT} (bad)", 422):
            ledger.refused += 1

    @task(3)
    def submit_and_cancel(self) -> None:
        task_id = self.submit(draw())
        if task_id is None:
            return
        gevent.sleep(random.uniform(0, 1))
        path, name = f"/api/tasks/{task_id}/cancel", "/api/tasks/<id>/cancel"
        answer = self.api.call("DELETE", path, name=name, expected={200, 404, 409})
        if answer is None:
            return
        entry = ledger.entries[task_id]
        entry.cancelled = answer.status == 200
        entry.gone = answer.status == 404
        if answer.status == 409:
            ledger.too_late_to_cancel += 1
            view = self.api.read_task(task_id)
            if view is not None and view.status not in TERMINAL:
                ledger.unexpected[f"DELETE {name}: 409 for a task that is {view.status}"] += 1


class Watcher(User):
    """Somebody who leaves the dashboard open: one WebSocket, all the time."""

    abstract = settings.sockets == 0
    fixed_count = settings.sockets
    wait_time = constant(0)

    def on_start(self) -> None:
        request = self.environment.events.request
        self.socket = StatsSocket(self.host or "", settings.api_key, ledger, request)

    def on_stop(self) -> None:
        self.socket.close()

    @task
    def watch(self) -> None:
        self.socket.watch()
        if not self.socket.connected:
            gevent.sleep(1)


@events.init_command_line_parser.add_listener
def set_defaults(parser: LocustArgumentParser) -> None:
    """Let LOAD_* be the defaults of Locust's own options, which win over them."""
    parser.set_defaults(
        host=settings.host,
        num_users=settings.users + settings.sockets + settings.streams,
        spawn_rate=settings.spawn_rate,
        run_time=settings.time,
        stop_timeout="15",  # a submission that was sent is waited for: it may be accepted
        only_summary=True,
    )


@events.init.add_listener
def require_service(environment: Environment, **_: Any) -> None:
    """Refuse, in one line, a run that could not tell anything."""
    if not isinstance(environment.runner, LocalRunner):
        sys.exit(
            "load: one process keeps the ledger, so --master, --worker, --processes cannot be."
        )
    url = f"{environment.host}/api/workers/health"
    headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10):
            pass
        if settings.types:
            types = f"{environment.host}/api/task-types"
            request = urllib.request.Request(types, headers=headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                use_types(settings.types, json.load(answer)["task_types"], settings.payload)
    except (OSError, ValueError) as error:
        sys.exit(f"load: no healthy Duckline at {url} ({error}). `make run` starts one.")


@events.test_start.add_listener
def begin(environment: Environment, **_: Any) -> None:
    """Say what will happen, and start what runs beside the users."""
    doing = SCENARIOS[settings.scenario].doing(settings.users, settings.think_s)
    print(
        f"Load on {environment.host}: {doing}, {settings.sockets} sockets, "
        f"{settings.streams} streams; then up to "
        f"{settings.drain_s:g} s for all tasks to end.",
        flush=True,
    )
    follower.start(environment)
    if SCENARIOS[settings.scenario].ends_when_answered:
        gevent.spawn(_end_when_all_are_answered, environment)
    gevent.spawn(_show_progress, environment, time.monotonic())


def _show_progress(environment: Environment, started: float) -> None:
    while True:
        gevent.sleep(_PROGRESS_S)
        doing = "submitting" if environment.runner and environment.runner.user_count else "draining"
        live = len(ledger.open_entries())
        print(
            f"{time.monotonic() - started:5.0f} s {doing}: {ledger.submitted} submitted, "
            f"{len(ledger.entries)} accepted, {ledger.ended().total()} ended, {live} live",
            flush=True,
        )


@events.spawning_complete.add_listener
def start_burst(**_: Any) -> None:
    """Let all users of a burst go at once."""
    all_are_there.set()


def _end_when_all_are_answered(environment: Environment) -> None:
    while ledger.settled < scenarios.submissions():
        gevent.sleep(0.1)
    if environment.runner is not None:
        environment.runner.quit()


@events.test_stopping.add_listener
def stop_submitting(**_: Any) -> None:
    """Let nobody begin a submission any more."""
    gate.open = False
    scenarios.end_streams()


@events.quitting.add_listener
def drain(environment: Environment, **_: Any) -> None:
    """Stop submitting, wait for the accepted tasks, and decide the exit code."""
    assert environment.runner is not None
    try:
        environment.runner.stop()
        follower.drain()
        follower.look_once_more(environment)
    except KeyboardInterrupt:
        print("Interrupted: not waiting for the tasks that are still live.", flush=True)
    environment.process_exit_code = verdict.exit_code(ledger, settings)


@events.quit.add_listener
def print_verdict(**_: Any) -> None:
    """Print the verdict below Locust's summary."""
    print(verdict.render(ledger, settings), flush=True)
