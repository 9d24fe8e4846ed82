"""Huey's own tests, run on our queue as they are.

Owns the queue that replaces the Huey classes these tests name, and the way to run one of them:
it goes on after an assertion that failed, so that each line of a test is judged by itself. Does not
know which lines may fail, nor why.
"""

import contextlib
import functools
import importlib
import linecache
import os
import pkgutil
import signal
import sys
import unittest
from collections.abc import Callable, Generator
from types import CodeType, FunctionType, ModuleType, TracebackType
from typing import Any
from unittest import mock

from huey_tasks.broker.broker import Broker
from huey_tasks.consumer.supervisor import Consumer
from huey_tasks.execution import slot
from huey_tasks.huey_adapter.storage import ReliableStorage
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.queues import CONFIG

#: What our queue takes of the options with which Huey's tests make theirs.
_OPTIONS = ("results", "immediate", "store_intermediate_errors", "blocking")


class QueueUnderTest(TaskQueue):
    """Our queue, with what a consumer does after each task: commit it, and queue what is due."""

    def __init__(self, name: str = "default", **options: Any) -> None:
        taken: dict[str, Any] = {"blocking": False}
        taken |= {key: value for key, value in options.items() if key in _OPTIONS}
        super().__init__(
            name if name == "default" else "low",  # where Huey's tests want a second queue
            **_redis(),
            **taken,
        )

    def make_consumer(self, options: dict[str, Any]) -> Any:
        """Make it without what `huey_consumer` needs: a line and an exit for a wrong option."""
        return Consumer.from_huey_options(self, options)

    def execute(self, task: Any, timestamp: Any = None) -> Any:
        try:
            return super().execute(task, timestamp)
        finally:
            if not self.immediate:
                self.storage.slot.flush()
                self.broker.scripts.promote(self.name)


def _storage_under_test(name: str) -> ReliableStorage:
    return ReliableStorage("default", broker=Broker.connect("default", **_redis()))


def _redis() -> dict[str, Any]:
    return {
        "broker_url": CONFIG.broker_url,
        "result_url": CONFIG.result_url,
        "result_ttl_s": 3600,
        "lease_s": 60,
    }


#: Names in Huey's test modules, and what stands there while one of their tests runs.
_STAND_INS: dict[str, dict[str, Any]] = {
    "base": {"MemoryHuey": QueueUnderTest},
    "test_api": {"MemoryHuey": QueueUnderTest},
    "test_helpers": {"RedisHuey": QueueUnderTest, "RedisStorage": _storage_under_test},
    "test_immediate": {"MemoryHuey": QueueUnderTest},
    "test_storage": dict.fromkeys(
        ("MemoryHuey", "RedisHuey", "RedisExpireHuey", "SqliteHuey"), QueueUnderTest
    ),
}


def _import_hueys_tests() -> dict[str, ModuleType]:
    """Import them all, with the slow ones, and with those that look for a Redis on its usual port.

    They decide at their import whether they are skipped.
    """
    there = {"redis_version": "7.0"}
    with (
        mock.patch("redis.Redis.info", return_value=there),
        mock.patch.dict(os.environ, HUEY_SLOW_TESTS="1"),
    ):
        package = importlib.import_module("huey.tests")
        names = [found.name for found in pkgutil.iter_modules(package.__path__)]
        return {
            name: importlib.import_module(f"huey.tests.{name}")
            for name in names
            if name == "base" or name.startswith("test_")
        }


_MODULES = _import_hueys_tests()


def _find_tests() -> dict[str, tuple[type[unittest.TestCase], str]]:
    """All tests by `module.Class.method`, each where it is written.

    What StorageTests asks of every storage is asked in the class of the storage that ours extends.
    """
    found: dict[str, tuple[type[unittest.TestCase], str]] = {}
    for module_name, module in _MODULES.items():
        for cls in vars(module).values():
            if not (isinstance(cls, type) and issubclass(cls, unittest.TestCase)):
                continue
            if cls.__module__ != module.__name__:
                continue
            everything = unittest.defaultTestLoader.getTestCaseNames(cls)
            own = [name for name in everything if name in vars(cls)]
            for method in everything if cls.__name__ == "TestRedisExpireStorage" else own:
                found[f"{module_name}.{cls.__name__}.{method}"] = (cls, method)
    return found


_TESTS = _find_tests()


def names() -> list[str]:
    """All of Huey's tests, as `module.Class.method`."""
    return list(_TESTS)


def run(name: str) -> dict[int, str]:
    """Run one of Huey's tests on our queue; return the lines of it that did not hold, with why.

    An assertion that fails is noted, and the test goes on; any other exception ends it.
    """
    cls, method = _TESTS[name]
    failed: dict[int, str] = {}
    code = _code_of(getattr(cls, method))

    def note(line: int, error: BaseException) -> None:
        source = linecache.getline(code.co_filename, line).strip()
        failed.setdefault(line, f"{source}  ->  {type(error).__name__}: {str(error)[:300]}")

    def note_and_go_on(error: AssertionError) -> None:
        frame = sys._getframe()
        while frame.f_code is not code:
            if frame.f_back is None:  # in a thread that the test has started
                raise error
            frame = frame.f_back
        note(frame.f_lineno, error)

    test = _going_on(cls, note_and_go_on)(method)
    with _stand_ins(), _same_handlers():
        test.setUp()
        try:
            getattr(test, method)()
        except Exception as error:
            note(_line_in(code, error.__traceback__), error)
        finally:
            test.tearDown()
            test.doCleanups()
    return failed


@contextlib.contextmanager
def _stand_ins() -> Generator[None]:
    with contextlib.ExitStack() as stack:
        for module, replaced in _STAND_INS.items():
            for name, stand_in in replaced.items():
                stack.enter_context(mock.patch.object(_MODULES[module], name, stand_in))
        # Huey's tests count what waits after they have claimed one.
        stack.enter_context(mock.patch.object(slot, "MOST", 1))
        yield


@contextlib.contextmanager
def _same_handlers() -> Generator[None]:
    """Set back the handlers of signals: a consumer of Huey's sets its own, and they stay."""
    before = {signum: signal.getsignal(signum) for signum in signal.valid_signals()}
    try:
        yield
    finally:
        for signum, handler in before.items():
            if signal.getsignal(signum) != handler:
                signal.signal(signum, handler)


def _going_on(
    cls: type[unittest.TestCase], note: Callable[[AssertionError], None]
) -> type[unittest.TestCase]:
    """That class with assertions that hand a failure to `note` instead of raising it."""

    def going_on(assertion: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(assertion)
        def assert_and_go_on(*args: Any, **kwargs: Any) -> Any:
            try:
                return assertion(*args, **kwargs)
            except AssertionError as error:
                return note(error)

        return assert_and_go_on

    assertions = [name for name in dir(unittest.TestCase) if name.startswith("assert")]
    changed: dict[str, Any] = {name: going_on(getattr(cls, name)) for name in assertions}
    return type(cls.__name__, (cls,), {**changed, "__unittest_skip__": False})


def _code_of(function: FunctionType) -> CodeType:
    return function.__code__


def _line_in(code: CodeType, traceback: TracebackType | None) -> int:
    """The line of that function in which an exception showed."""
    while traceback is not None:
        if traceback.tb_frame.f_code is code:
            return traceback.tb_lineno
        traceback = traceback.tb_next
    raise AssertionError(f"the exception did not pass {code.co_qualname}")
