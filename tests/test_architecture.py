"""The shape of the code: imports run one way, and each layer keeps its own secrets."""

import ast
import inspect
import re
from pathlib import Path

import huey.api
import huey.consumer
import huey.registry
from huey.signals import Signal
from redis.connection import AbstractConnection

from huey_tasks.api import public
from huey_tasks.broker import keys, limit_keys, once_keys
from huey_tasks.broker.script_text import LUA, script_text
from huey_tasks.broker.scripts.access import AccessScripts
from huey_tasks.broker.scripts.changes import ChangeScripts
from huey_tasks.broker.scripts.dataset import DatasetScripts
from huey_tasks.broker.scripts.events import EventScripts
from huey_tasks.broker.scripts.flows import FlowScripts
from huey_tasks.broker.scripts.operators import OperatorScripts
from huey_tasks.broker.scripts.schedules import ScheduleScripts
from huey_tasks.broker.scripts.submits import SubmitScripts
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.scripts.watches import WatchScripts
from huey_tasks.broker.scripts.webhooks import WebhookScripts

ROOT = Path(__file__).parent.parent


def _imports(file: Path) -> set[str]:
    """The modules that a file imports at its top, without those for type checking."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


ENGINE = sorted((ROOT / "huey_tasks").rglob("*.py"))


#: What touches the clients of Redis outside of the rooms for that; the list only gets shorter.
RAW_REDIS = {
    "huey_adapter/storage.py",  # Huey's own values are in the result backend
    "huey_adapter/task_queue.py",  # Huey reads and writes them while it runs a task
}


def test_only_two_rooms_touch_the_clients_of_redis() -> None:
    raw = re.compile(r"\bredis_errors\(|\.pipeline\(|\.redis\b|\.results\.")
    found = {
        file.relative_to(ROOT / "huey_tasks").as_posix()
        for file in ENGINE
        if not {"broker", "records"} & set(file.relative_to(ROOT / "huey_tasks").parts[:-1])
        and raw.search(file.read_text())
    }
    assert found == RAW_REDIS


def test_no_package_hides_a_public_name() -> None:
    assert not {file.parent.name for file in ENGINE if file.name == "__init__.py"} & {
        *public.__all__
    }


def test_web_uses_the_public_face_only() -> None:
    private = {
        name
        for file in (ROOT / "web").rglob("*.py")
        for name in _imports(file)
        if name.startswith("huey_tasks.")
    }
    allowed = r"huey_tasks\.(config|errors)(\..*)?|huey_tasks\.[A-Z]\w+"
    assert {name for name in private if not re.fullmatch(allowed, name)} == set()


def test_only_one_module_reads_the_environment() -> None:
    readers = {
        file.name for file in ENGINE if re.search(r"os\.environ|os\.getenv", file.read_text())
    }
    hand_it_on = {"worker_processes.py", "offspring.py", "live_consumers.py", "variables.py"}
    hand_it_on |= {"bootstrap.py", "_duckline_context.py", "runtime_api.py"}  # of functions
    assert readers <= {"environment.py", *hand_it_on}, "the others hand it on"


def test_every_script_is_a_method_and_has_a_header() -> None:
    names = {file.stem for file in LUA.glob("*.lua")}
    methods = [
        *vars(SubmitScripts),
        *vars(AccessScripts),
        *vars(Scripts),
        *vars(OperatorScripts),
        *vars(ChangeScripts),
        *vars(ScheduleScripts),
        *vars(DatasetScripts),
        *vars(EventScripts),
        *vars(FlowScripts),
        *vars(WatchScripts),
        *vars(WebhookScripts),
    ]
    assert sorted(names) == sorted(name for name in methods if not name.startswith(("_", "pack_")))
    for name in names:
        text = (LUA / f"{name}.lua").read_text()
        assert text.startswith(f"-- {name}: ") and "-- returns: " in text
        assert script_text(name).arguments


def test_lua_builds_the_keys_that_keys_py_names() -> None:
    files = LUA.rglob("*.lua")
    lua = "".join(file.read_text() for file in files)
    for key in (keys.task("q", ""), keys.log("q", ""), keys.index("q", ""), keys.bell("q"),
                keys.counters("q"), keys.control("q"), keys.ends("q"), keys.submitted("q"),
                keys.failures("q"), keys.failure("q", ""), keys.failed("q", ""), keys.causes("q"),
                keys.messages("q", ""),
                keys.dead("q"), keys.expiring("q"), keys.dataset("q"),
                keys.binned("q", ""), keys.binned_log("q", ""),
                keys.undo("q", ""), keys.audit("q"), keys.operation("q", ""),
                keys.noted("q"), keys.lines("q"), keys.schedules("q"), keys.schedule("q", ""),
                keys.consumers("q"),
                keys.slot("q", ""), keys.call("q", ""), keys.blocked("q", ""), keys.unknown("q"),
                keys.awaited("q"), keys.consumer("q", ""), keys.limit("q", ""),
                limit_keys.waking("q"), once_keys.answered("q", "")):  # fmt: skip
        below = re.escape(key.removeprefix(keys.root("q")))
        assert re.search(rf"(ROOT|\broot|\(root or ROOT\)) \.\. '{below}'", lua), key
    for key in (keys.lock(""), keys.gate("")):
        assert f"PREFIX .. '{key.removeprefix('duckline')}'" in lua, key


def test_the_private_names_of_huey_that_we_use_are_there() -> None:
    """Huey is pinned; these are what a new version has to be checked for."""
    body = inspect.getsource(huey.api.Huey._execute)
    for seam in ("self._timeout_context(task)", "self.put_result(task.id", "self._requeue_task",
                 "self._run_post_execute(task, task_value, exception)",
                 "self.build_error_result(task, exception)", "S.SIGNAL_COMPLETE"):  # fmt: skip
        assert seam in body
    requeue = inspect.getsource(huey.api.Huey._requeue_task)
    assert "self.add_schedule(task)" in requeue and "self.enqueue(task)" in requeue
    assert "self._timeout_handler(task.timeout)" in inspect.getsource(
        huey.api.Huey._timeout_context
    )
    assert "self._registry.create_message(task)" in inspect.getsource(huey.api.Huey.serialize_task)
    assert "self.huey.dequeue()" in inspect.getsource(huey.consumer.Worker.loop)
    assert hasattr(huey.consumer.ForkSafeFlag(), "wait")
    for hook in ("startup", "shutdown"):
        assert f"self._{hook}[" in inspect.getsource(getattr(huey.api.Huey, f"on_{hook}"))
    for hook in ("pre_execute", "post_execute"):
        assert f"self._{hook}[" in inspect.getsource(getattr(huey.api.Huey, hook))
    assert "def string_to_task(" in inspect.getsource(huey.registry.Registry)
    assert {"_registry"} <= vars(huey.registry.Registry()).keys()
    assert {"any"} <= Signal().receivers.keys()


def test_the_socket_of_a_subscription_can_be_waited_on() -> None:
    assert "_sock" in inspect.getsource(AbstractConnection)


def test_modules_stay_small() -> None:
    large = {
        file.relative_to(ROOT).as_posix(): lines
        for folder in ("huey_tasks", "web", "duckline", "loadtests")
        for file in (ROOT / folder).rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 320
        and file.name != "public.py"  # a list of names
    }
    assert large == {}


def test_a_constant_that_pages_share_has_one_home() -> None:
    homes: dict[str, list[str]] = {}
    for file in sorted((ROOT / "static/js").rglob("*.js")):
        if file.parent.name == "texts":
            continue  # used under the name of their module: queues.ABOUT
        for name in re.findall(r"^export const ([A-Z_]+)\b", file.read_text(), re.MULTILINE):
            homes.setdefault(name, []).append(file.name)
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
