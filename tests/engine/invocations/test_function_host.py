"""Functions as their callers see them: a real consumer with its function host."""

import contextlib
import json
import os
import resource
import signal
import sysconfig
from pathlib import Path

import psutil
import pytest

import huey_tasks as tq
from huey_tasks.broker import function_keys
from huey_tasks.consumer import function_host
from huey_tasks.environments.pool import Environments
from huey_tasks.invocations import function_types
from huey_tasks.invocations.runner import Runner
from huey_tasks.queues import CONFIG
from tests.conftest import StartConsumer
from tests.engine.helpers import submit, wait_for
from tests.engine.invocations.functions import Folder, answer, call, folder
from tests.redis_servers import RedisServer
from tests.waiting import wait_until

__all__ = ["folder"]


def writes_to(notes: Path, what: str) -> str:
    """The code of a function that adds a line to a file."""
    return f"""
import json, os
def handler(e, c):
    fd = os.open({str(notes)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, ({what} + "\\n").encode())
    os.close(fd)
"""


def lines_of(notes: Path, number: int) -> list[str]:
    """Wait until that file has so many lines, and return them."""
    wait_until(
        lambda: notes.exists() and notes.read_text().count("\n") >= number,
        description=f"{number} lines are written",
        timeout_s=60,
    )
    return notes.read_text().splitlines()


def lines(task_id: str) -> list[str]:
    return [line.text for line in tq.get_task(task_id).log]


def test_a_runtime_in_another_python_finds_its_own_modules(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.add("f", "import os\ndef handler(e, c): return os.environ['PYTHONPATH'].split(':')")
    folder.serve(start_consumer)
    path = json.loads(answer(tq.invoke_function("f", {})).body)
    assert sysconfig.get_path("stdlib") not in path and sysconfig.get_path("purelib") not in path


def test_a_function_answers_and_leaves_log_and_receipt(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    consumer = folder.serve(start_consumer, LARGE_RESULT_TTL_S="7")
    assert not any("-functions" in one.consumer for one in tq.consumers()), "nothing was called yet"
    folder.add("hello")
    for event in ({"a": 1}, [1, "ä"], "text", None, 5):
        found = call("hello", event)
        assert found.error is None and json.loads(found.body) == {"got": event}
    invoked = tq.invoke_function("hello", {"code": "print('said')"}, tq.Kind.SYNC)
    answer(invoked)
    task_id = invoked.task_id
    start, said, end, report = lines(task_id)
    assert start == f"START RequestId: {task_id} Version: $LATEST" and said == "said"
    assert end == f"END RequestId: {task_id}"
    assert report.startswith(f"REPORT RequestId: {task_id}\tDuration: ")
    assert "\tMemory Size: 512 MB\tMax Memory Used: " in report and "Init" not in report
    record = tq.get_task(task_id)
    assert record.max_attempts == 1 and record.payload == {"code": "print('said')"}
    (attempt,) = record.attempts
    assert attempt.receipt is not None and attempt.receipt["cold"] is False
    assert attempt.receipt["queue_ms"] >= 0 and attempt.receipt["memory_mb"] == 512
    assert record.invocation is not None and record.invocation["kind"] == "RequestResponse"
    assert tq.stats().total("consumers") == 1, "a function host is no consumer of its own"
    (environment,) = wait_until(
        lambda: [one for one in tq.list_environments() if one["invocations"] == 6],
        description="the host says what it has",
    )
    assert environment["function"] == "hello"
    assert consumer.text().count("consumer started") == 1
    assert "function host started" in consumer.text()
    folder.add("large", "def handler(e, c): return 'x' * e")
    for size, is_large in ((400_000, True), (10, False)):
        answer(invoked := tq.invoke_function("large", size))
        apart = tq.default.broker.results.keys(f"*:outcome:{invoked.task_id}:*")
        assert [tq.default.broker.results.pttl(key) <= 7_000 for key in apart] == [True] * is_large
    assert consumer.stop() == 0
    wait_until(lambda: not psutil.pid_exists(environment["pid"]), description="it has ended, too")


def test_a_changed_file_runs_at_the_next_call(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.serve(start_consumer)
    for number in range(3):
        folder.add("f", f"def handler(e, c): return {number}")
        assert json.loads(call("f", {}).body) == number
    (folder.path / "f.py").write_text("def handler(e, c) return")
    broken = call("f", {})
    assert broken.error is not None and broken.error["errorType"] == "Runtime.UserCodeSyntaxError"
    with pytest.raises(tq.UnknownTaskType):
        tq.invoke_function("nothing", {})


def test_calls_at_once_after_a_change_find_new_environments(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    """The old ones are waited for as they end, and meanwhile the other calls go on."""
    folder.serve(start_consumer, FUNCTION_SLOTS="4")
    together = "while len(os.listdir(event['in'])) < 4: time.sleep(.01)"
    for number in range(3):
        meeting = folder.path.parent / f"meeting {number}"
        meeting.mkdir()
        code = f"""
import os, time
def handler(event, context):
    open(os.path.join(event['in'], context.aws_request_id), 'w').close()
    {together}
    return [{number}, os.getpid()]
"""
        folder.add("f", code)
        calls = [tq.invoke_function("f", {"in": str(meeting)}, tq.Kind.SYNC) for _ in range(4)]
        answers = [answer(one) for one in calls]
        assert [one.error for one in answers] == [None] * 4
        told = [json.loads(one.body) for one in answers]
        assert {version for version, _ in told} == {number}
        assert len({pid for _, pid in told}) == 4, "all four run at once"


def test_many_cold_starts_at_once_keep_no_more_environments_than_slots(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.serve(start_consumer, FUNCTION_SLOTS="4")
    code = """
import os, time
def handler(event, context):
    open(os.path.join(event, context.function_name + context.aws_request_id), 'w').close()
    while len([n for n in os.listdir(event) if n[0] == context.function_name]) < 4: time.sleep(.01)
    return os.getpid()
"""
    pids: list[int] = []
    for name in ("a", "b"):
        folder.add(name, code)
        calls = [tq.invoke_function(name, str(folder.path.parent), tq.Kind.SYNC) for _ in range(4)]
        pids += [json.loads(answer(one).body) for one in calls]
    assert [psutil.pid_exists(pid) for pid in pids] == [False] * 4 + [True] * 4


@pytest.mark.parametrize(("slots", "descriptors"), [(16, 1024), (300, 256 + 4 * (300 + 112))])
def test_a_host_may_open_what_its_slots_need(
    start_consumer: StartConsumer, folder: Folder, slots: int, descriptors: int
) -> None:
    """1024 is the usual limit; a function inherits that of its host."""
    folder.add(
        "f",
        "import resource\ndef handler(e, c): return resource.getrlimit(resource.RLIMIT_NOFILE)[0]",
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        folder.serve(start_consumer, FUNCTION_SLOTS=str(slots))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert json.loads(call("f", {}).body) == descriptors


def test_an_event_is_tried_three_times_and_its_record_follows(
    start_consumer: StartConsumer, folder: Folder, tmp_path: Path
) -> None:
    folder.serve(start_consumer)
    notes = tmp_path / "notes"
    code = (
        f"import json\ndef handler(e, c):\n  open({str(notes)!r}, 'a').write(json.dumps(e) + '\\n')"
    )
    folder.add("told", code)
    folder.add("f", "def handler(e, c): return 1 / e['by']", on_failure="told", on_success="told")
    failing = tq.invoke_function("f", {"by": 0})
    found = answer(failing)
    assert found.error is not None and found.error["errorType"] == "ZeroDivisionError"
    record = tq.get_task(failing.task_id)
    assert (record.status, record.attempt) == ("FAILURE", 3)
    assert [attempt.receipt is not None for attempt in record.attempts] == [True] * 3
    assert record.error == "ZeroDivisionError: division by zero"
    answer(good := tq.invoke_function("f", {"by": 2}))
    records = lines_of(notes, 2)
    fine, bad = sorted(map(json.loads, records), key=lambda record: "errorType" in str(record))
    assert bad["requestContext"]["condition"] == "RetriesExhausted"
    assert bad["requestContext"]["approximateInvokeCount"] == 3
    assert bad["requestContext"]["requestId"] == failing.task_id
    assert bad["requestPayload"] == {"by": 0}
    assert bad["responseContext"]["functionError"] == "Unhandled"
    assert bad["responsePayload"]["errorType"] == "ZeroDivisionError"
    assert fine["requestContext"]["condition"] == "Success"
    assert fine["requestContext"]["requestId"] == good.task_id
    assert fine["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert fine["responsePayload"] == 0.5 and fine["version"] == "1.0"

    place = tmp_path / "data" / "environments"
    place.rename(tmp_path / "away")
    place.touch()  # from now on no process can be started, as on a full disk
    folder.add("never", retries=1, on_failure="told")
    never = tq.invoke_function("never", {})
    found = answer(never)
    assert found.error is not None and found.error["errorType"] == "ServiceException"
    assert "Cannot start the function: " in found.error["errorMessage"]
    record = json.loads(lines_of(notes, 3)[-1])
    assert record["requestContext"]["requestId"] == never.task_id
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2


def test_an_event_that_is_too_old_or_may_not_run_is_not_tried(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.serve(start_consumer, LAMBDA_RETRY_DELAY_S="100")
    folder.add("aging", "def handler(e, c): 1 / 0", max_age=60)
    folder.add("stopped", reserved_concurrency=0)
    invoked = tq.invoke_function("aging", {})
    found = answer(invoked)
    assert found.error is not None and found.error["errorType"] == "ZeroDivisionError"
    assert tq.get_task(invoked.task_id).attempt == 1, "the next attempt would be too old"
    assert "maximum age" in lines(invoked.task_id)[-1]
    found = call("stopped", {}, tq.Kind.ASYNC)
    assert found.error is not None and found.error["errorType"] == "ZeroReservedConcurrency"
    assert tq.is_at_limit("stopped") and not tq.is_at_limit("aging")


def test_reserved_concurrency_holds_and_does_not_hold_up_others(
    start_consumer: StartConsumer, folder: Folder, tmp_path: Path
) -> None:
    folder.add("one", reserved_concurrency=1)
    folder.add("free")
    inside = tmp_path / "inside"
    for queue in ("default", "high"):
        folder.serve(start_consumer, queue)
    hosts = [tq.submit("free", {}, priority=queue).task_id for queue in ("default", "high")]
    assert [wait_for(each, "SUCCESS").attempt for each in hosts] == [1, 1]
    # A second one inside would fail, in whatever queue it is.
    code = f"Path({str(inside)!r}).mkdir(); time.sleep(0.02); Path({str(inside)!r}).rmdir()"
    queues = ["default", "high"] * 8
    ids = [tq.submit("one", {"code": code}, priority=queue).task_id for queue in queues]
    assert call("free", {}).error is None, "those that wait hold up no other function"
    assert {wait_for(each, "SUCCESS").attempt for each in ids} == {1}


def _stored_limits() -> dict[bytes, bytes]:
    key = function_keys.concurrency("default")
    return tq.default.broker.redis.hgetall(key)


def test_a_host_says_its_limits_again_after_redis_has_lost_them(
    start_consumer: StartConsumer, folder: Folder
) -> None:
    folder.add("one", reserved_concurrency=1)
    folder.add("free")
    folder.serve(start_consumer)
    assert call("free", {}).error is None
    wait_until(lambda: _stored_limits().get(b"one") == b"1", description="the limit is stored")
    tq.default.broker.redis.delete(function_keys.concurrency("default"))
    wait_until(lambda: _stored_limits().get(b"one") == b"1", description="it is there again")
    folder.set("one")
    wait_until(lambda: b"one" not in _stored_limits(), description="a limit that is gone, goes")


def test_how_an_import_went_is_kept_for_a_redis_that_is_away(tmp_path: Path) -> None:
    with contextlib.closing(RedisServer(tmp_path)) as server:
        environments = Environments(CONFIG, 1)
        runner = Runner(CONFIG, function_types.CATALOGUE, environments)
        looks = function_host._Looks(server.queue.broker, "host", environments, runner)
        runner._imports["resize"] = "it failed"
        with server.killed(), pytest.raises(tq.QueueUnavailable):
            looks.publish_imports()
        looks.publish_imports()
        kept = server.admin.hgetall(function_keys.imports("default"))
        assert kept == {b"resize": b"it failed"}


def test_the_limits_of_one_host_leave_those_of_functions_that_it_lacks() -> None:
    store = tq.default.broker.store_concurrency
    store({"one": 1, "free": None}, ["default"])
    store({}, ["default"])
    store({"other": 2}, ["default", "low"])
    assert _stored_limits() == {b"one": b"1", b"other": b"2", b":queues": b"default,low"}
    store({"one": None, "other": 3}, ["default", "low"])
    assert _stored_limits() == {b"other": b"3", b":queues": b"default,low"}


def test_nested_calls_never_wait_for_a_slot(start_consumer: StartConsumer, folder: Folder) -> None:
    """A function that waits for another keeps its slot: with one slot, that would be for ever."""
    folder.serve(start_consumer, FUNCTION_SLOTS="1")
    folder.add("f")
    go_on = folder.path.parent / "go on"
    waits = f"while not os.path.exists({str(go_on)!r}): time.sleep(0.01)"
    outer = [tq.invoke_function("f", {"code": waits}, tq.Kind.SYNC)]
    outer += [
        tq.invoke_function("f", {"code": waits}, tq.Kind.SYNC, depth=depth) for depth in range(1, 9)
    ]
    wait_until(
        lambda: all(tq.get_task(one.task_id).status == "STARTED" for one in outer),
        description="all nine run at once",
        timeout_s=60,
    )
    go_on.touch()
    assert [answer(one).error for one in outer] == [None] * 9


def test_tasks_and_functions_do_not_keep_each_other_from_starting(
    start_consumer: StartConsumer, folder: Folder, tmp_path: Path
) -> None:
    folder.serve(start_consumer, FUNCTION_SLOTS="1")
    folder.add("f")
    go_on = tmp_path / "go on"
    submit("report_progress", file=str(go_on))  # keeps the only worker
    assert call("f", {}).error is None
    slow = tq.invoke_function(
        "f", {"code": f"while not os.path.exists({str(go_on)!r}): time.sleep(.01)"}
    )
    go_on.touch()
    assert wait_for(submit("echo", value=1), "SUCCESS").result == 1
    assert answer(slow).error is None


def test_a_cancel_ends_the_process_at_once(start_consumer: StartConsumer, folder: Folder) -> None:
    folder.serve(start_consumer)
    folder.add("f")
    invoked = tq.invoke_function("f", {"code": "time.sleep(100)"})
    wait_until(lambda: tq.get_task(invoked.task_id).status == "STARTED", description="it runs")
    environment = wait_until(
        lambda: [one for one in tq.list_environments() if one["busy"]],
        description="its environment is shown",
    )[0]
    tq.cancel(invoked.task_id)
    wait_until(lambda: not psutil.pid_exists(environment["pid"]), description="it has ended")
    wait_until(lambda: tq.get_task(invoked.task_id).stop_confirmed, description="its slot is free")
    assert call("f", {}).error is None


@pytest.mark.parametrize("victim", ["environment", "pool", "host", "consumer"])
def test_a_killed_process_loses_no_event(
    start_consumer: StartConsumer, folder: Folder, tmp_path: Path, victim: str
) -> None:
    """Each event ends as SUCCESS, and its destination gets one record, whatever is killed."""
    notes = tmp_path / "notes"
    folder.add(
        "told", writes_to(notes, "c.aws_request_id + ' ' + e['requestContext']['requestId']")
    )
    folder.add("f", on_success="told", on_failure="told")
    consumer = folder.serve(start_consumer)
    invoked = [tq.invoke_function("f", {"code": "time.sleep(0.1)"}) for _ in range(40)]
    wait_until(lambda: len(tq.list_environments()) >= 4, description="some run", timeout_s=60)
    pool = next(one for one in psutil.Process(consumer.pid).children(recursive=True)
                if "greenlet_pool" in " ".join(one.cmdline()))  # fmt: skip
    if victim == "environment":
        pids = [one["pid"] for one in tq.list_environments()]  # as of a second ago: some have ended
        os.kill(next(filter(psutil.pid_exists, pids)), signal.SIGKILL)
    elif victim == "pool":
        pool.kill()
    elif victim == "host":
        pool.parent().kill()  # pyright: ignore[reportOptionalMemberAccess]
    else:
        consumer.kill()
        folder.serve(start_consumer)
    assert [answer(each).error for each in invoked] == [None] * 40
    wait_until(
        lambda: notes.exists() and len(set(notes.read_text().splitlines())) >= 40,
        description="each has its record",
        timeout_s=60,
    )
    # A record may be read twice, if its own reader was killed; there is one of each.
    told = {line.split()[1] for line in set(notes.read_text().splitlines())}
    assert len(set(notes.read_text().splitlines())) == 40
    assert told == {each.task_id for each in invoked}
    wait_until(lambda: tq.stats().total("active") == 0, description="nothing is left running")


def test_a_function_that_waits_says_for_what(start_consumer: StartConsumer, folder: Folder) -> None:
    """A function host is no worker of tasks, and a task's consumer does not keep a function."""
    folder.add("one", reserved_concurrency=1)
    waiting = tq.invoke_function("one", {})
    codes = [reason.code for reason in tq.explain_task(waiting.task_id).reasons]
    assert codes == ["no_consumer", "next"]
    assert tq.explain_task(tq.invoke_function("one", {}).task_id).position == 2

    folder.serve(start_consumer)
    go_on = folder.path.parent / "go on"
    until = f"while not os.path.exists({str(go_on)!r}): time.sleep(0.01)"
    assert [answer(one).error for one in (waiting, tq.invoke_function("one", {}))] == [None] * 2
    running = tq.invoke_function("one", {"code": until})
    second = tq.invoke_function("one", {})
    wait_until(
        lambda: tq.explain_task(second.task_id).reasons[0].code == "concurrency_reached",
        description="it waits for the first to end",
    )
    held = submit("report_progress", file=str(go_on))  # the only worker of tasks
    wait_until(lambda: tq.get_task(held).status == "STARTED", description="it runs")
    task_id = submit("echo", value=1)
    wait_until(
        lambda: [one.code for one in tq.explain_task(task_id).reasons] == ["workers_busy", "next"],
        description="slots of functions are no idle workers",
    )
    go_on.touch()
    assert [answer(one).error for one in (running, second)] == [None] * 2
    assert wait_for(task_id, "SUCCESS").result == 1
