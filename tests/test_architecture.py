"""The shape of the code: imports run one way, and each layer keeps its own secrets."""

import ast
import inspect
import re
from pathlib import Path

import huey.api
import huey.consumer
import pytest
from redis.connection import AbstractConnection

from huey_tasks import keys
from huey_tasks.dataset_scripts import DatasetScripts
from huey_tasks.operator_scripts import OperatorScripts
from huey_tasks.schedule_scripts import ScheduleScripts
from huey_tasks.script_text import LUA, script_text
from huey_tasks.scripts import Scripts

ROOT = Path(__file__).parent.parent

#: Each may import those before it, and none after it.
LAYERS = [
    {
        "errors",
        "redis_urls",
        "api_keys",
        "addresses",
        "environment",
        "log_stream",
        "config",
        "keys",
        "board",
        "ids",
        "safe_repr",
        "model_values",
        "serializer",
        "results",
        "states",
        "protocol",
        "operation",
        "pace",
        "query",
        "fields",
        "causes",
        "failed_attempts",
        "counts",
        "tracebacks",
        "usage",
        "plan",
        "descriptors",
        "copies",
        "remarks",
        "loggers",
        "traits",
        "declaration",
        "accepted",
        "payloads",
        "loading",
        "plain_text",
        "offspring",
        "plain_children",
        "greenlet_forks",
        "deaths",
    },
    {"patience", "pool", "connection", "rights", "server_check", "subscription"},
    {
        "script_text",
        "script_runner",
        "scripts",
        "operator_scripts",
        "schedule_scripts",
        "dataset_scripts",
    },
    {"slots"},
    {"attempt", "running_task", "task_log", "flusher"},
    {"leftovers", "task_threads", "own_code"},
    {"storage"},
    {
        "records",
        "waits",
        "dataset",
        "logs",
        "queue_task",
        "outage",
        "chores",
        "messages",
        "mould",
        "rate_limit",
    },
    {"journal", "past_attempts", "facts", "worker_state"},
    {
        "losses",
        "lookup",
        "overdue",
        "presences",
        "rows",
        "search_streams",
        "search",
        "audit",
        "actions",
        "undoing",
        "failures",
        "estimates",
        "explain",
        "history",
        "live_log",
        "schedule_records",
    },
    {"task_queue"},
    {"accounting", "ends", "isolation", "periodic", "worker", "neighbours", "queues"},
    {"greenlets", "children", "heartbeat"},
    {"interrupts"},
    {"crew", "registry"},
    {"firing", "duties"},
    {"consumer"},
    {"tasks"},
    {"submission"},
    {"client", "operations", "schedules"},
    {"face"},
]


def _imports(file: Path, *, at_run_time_only: bool = True) -> set[str]:
    """The modules that a file imports at its top, without those for type checking."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def _rank(module: str) -> int | None:
    name = module.removeprefix("huey_tasks.").split(".")[0]
    return next((rank for rank, names in enumerate(LAYERS) if name in names), None)


ENGINE = sorted((ROOT / "huey_tasks").rglob("*.py"))


@pytest.mark.parametrize("file", ENGINE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_imports_run_one_way(file: Path) -> None:
    module = file.relative_to(ROOT / "huey_tasks").parts[0].removesuffix(".py")
    own = _rank(module)
    if module == "__init__":
        own = len(LAYERS)
    assert own is not None, f"{module} has no layer"
    for imported in _imports(file):
        if imported.startswith("huey_tasks."):
            rank = _rank(imported)
            assert rank is None or rank <= own, (
                f"{module} imports {imported}, which stands above it"
            )


@pytest.mark.parametrize("file", ENGINE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_engine_knows_nothing_of_the_web(file: Path) -> None:
    assert not {name.split(".")[0] for name in _imports(file)} & {
        "flask",
        "web",
        "server",
        "stack",
        "app",
    }


def test_only_the_layer_that_owns_redis_imports_it() -> None:
    importers = {
        file.relative_to(ROOT).as_posix()
        for folder in ("huey_tasks", "web", "server", "stack", "loadtests")
        for file in (ROOT / folder).rglob("*.py")
        if any(name.split(".")[0] == "redis" for name in _imports(file))
    }
    owners = (
        "patience",
        "pool",
        "connection",
        "script_runner",
        "scripts",
        "rights",
        "server_check",
    )
    assert importers <= {f"huey_tasks/{name}.py" for name in owners}


def test_web_uses_the_public_face_only() -> None:
    private = {
        name
        for file in (ROOT / "web").rglob("*.py")
        for name in _imports(file)
        if name.startswith("huey_tasks.")
    }
    allowed = r"huey_tasks\.(config|errors|logs)(\..*)?|huey_tasks\.[A-Z]\w+"
    assert {name for name in private if not re.fullmatch(allowed, name)} == set()


def test_only_one_module_reads_the_environment() -> None:
    readers = {
        file.name for file in ENGINE if re.search(r"os\.environ|os\.getenv", file.read_text())
    }
    assert readers <= {"environment.py", "children.py", "offspring.py"}, "the others hand it on"


def test_every_script_is_a_method_and_has_a_header() -> None:
    names = {file.stem for file in LUA.glob("*.lua")}
    methods = [
        *vars(Scripts),
        *vars(OperatorScripts),
        *vars(ScheduleScripts),
        *vars(DatasetScripts),
    ]
    assert sorted(names) == sorted(name for name in methods if not name.startswith("_"))
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
                keys.dead("q"), keys.dataset("q"), keys.binned("q", ""), keys.binned_log("q", ""),
                keys.undo("q", ""), keys.audit("q"), keys.operation("q", ""),
                keys.noted("q"), keys.lines("q"), keys.schedules("q"), keys.schedule("q", ""),
                keys.consumers("q"), keys.gate("q", ""), keys.lock("q", ""),
                keys.slot("q", ""), keys.call("q", ""), keys.blocked("q", ""), keys.unknown("q"),
                keys.awaited("q"), keys.consumer("q", ""), keys.limit("q", "")):  # fmt: skip
        assert f"ROOT .. '{key.removeprefix(keys.root('q'))}'" in lua, key


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


def test_the_socket_of_a_subscription_can_be_waited_on() -> None:
    assert "_sock" in inspect.getsource(AbstractConnection)


def test_modules_stay_small() -> None:
    large = {
        file.relative_to(ROOT).as_posix(): lines
        for folder in ("huey_tasks", "web", "server", "stack", "loadtests")
        for file in (ROOT / folder).rglob("*.py")
        if (lines := len(file.read_text().splitlines())) > 320
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
