"""The age of an event counts from when it could first run, not from when it was made."""

import time
from pathlib import Path

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.invocations import function_types
from huey_tasks.invocations.invocation import Invocation, Kind
from huey_tasks.records.ids import new_id
from tests.conftest import StartConsumer
from tests.engine.helpers import wait_for
from tests.engine.invocations.functions import Folder, folder

__all__ = ["folder"]

MAX_AGE_S = 60


@pytest.fixture
def served(start_consumer: StartConsumer, folder: Folder) -> Folder:
    """Functions `fine` and `broken`, whose events may be 60 seconds old, and a consumer."""
    folder.add("fine", "def handler(e, c): return 1", max_age=MAX_AGE_S, retries=0)
    folder.add("broken", "def handler(e, c): raise OSError", max_age=MAX_AGE_S, retries=0)
    folder.serve(start_consumer)
    return folder


def _made_long_ago(name: str) -> NewTask:
    """Return the task of an event that was made before its greatest age."""
    found = function_types.find(name)
    assert found is not None
    old = Invocation(Kind.ASYNC, name, time.time() - MAX_AGE_S - 1)
    return found.invoked(new_id(), "default", {}, old)


def _submit(new: NewTask) -> str:
    tq.default.broker.scripts.submit("default", [new])
    return new.id


def _let_it_have_waited(task_id: str) -> None:
    since = round((time.time() - MAX_AGE_S - 1) * 1000)
    tq.default.broker.redis.hset(keys.task("default", task_id), "ready_at", since)


def test_an_event_that_was_put_off_is_as_old_as_its_wait(served: Folder) -> None:
    task_id = _submit(_made_long_ago("fine")._replace(delay_ms=50))
    assert wait_for(task_id, "SUCCESS").result == 1


def test_an_event_is_not_older_for_being_changed(served: Folder) -> None:
    task_id = _submit(_made_long_ago("fine")._replace(delay_ms=100_000))
    tq.change_task(task_id, delay=0)
    assert wait_for(task_id, "SUCCESS").result == 1


def test_an_event_that_somebody_puts_off_may_wait_again(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.add("fine", "def handler(e, c): return 1", max_age=MAX_AGE_S)
    task_id = _submit(_made_long_ago("fine"))
    _let_it_have_waited(task_id)
    tq.change_task(task_id, delay=0.1)
    folder.serve(start_consumer)
    assert wait_for(task_id, "SUCCESS").result == 1


def test_an_event_that_is_retried_by_hand_is_new(served: Folder) -> None:
    failed = _submit(_made_long_ago("broken"))
    assert wait_for(failed, "FAILURE").error == "OSError"
    (served.path / "broken.py").write_text("def handler(e, c): return 2")
    assert wait_for(tq.retry(failed).task_id, "SUCCESS").result == 2


def test_what_was_purged_and_undone_runs(start_consumer: StartConsumer, folder: Folder) -> None:
    folder.add("fine", "def handler(e, c): return 1", max_age=MAX_AGE_S)
    task_id = _submit(_made_long_ago("fine"))
    purged = tq.purge("default", by=tq.Operator("ada"))
    assert purged.operation is not None
    tq.undo(purged.operation.id, tq.Operator("ada"))
    folder.serve(start_consumer)
    copy = tq.get_task(task_id).retried_as
    assert copy is not None and wait_for(copy, "SUCCESS").result == 1


def test_no_event_is_older_for_a_clock_that_is_ahead(
    start_consumer: StartConsumer, folder: Folder, tmp_path: Path
) -> None:
    ahead = f"import time\nreal = time.time\ntime.time = lambda: real() + {2 * MAX_AGE_S}\n"
    (tmp_path / "sitecustomize.py").write_text(ahead)
    folder.add("fine", "def handler(e, c): return 1", max_age=MAX_AGE_S)
    folder.serve(start_consumer, PYTHONPATH=str(tmp_path))
    found = function_types.find("fine")
    assert found is not None
    event = Invocation(Kind.ASYNC, "fine", time.time())
    assert wait_for(_submit(found.invoked(new_id(), "default", {}, event)), "SUCCESS").result == 1


def test_an_event_that_has_waited_too_long_is_not_run(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.add("fine", "def handler(e, c): return 1", max_age=MAX_AGE_S)
    task_id = _submit(_made_long_ago("fine"))
    _let_it_have_waited(task_id)
    folder.serve(start_consumer)
    record = wait_for(task_id, "FAILURE")
    assert record.reported is not None and record.reported["errorType"] == "EventAgeExceeded"
