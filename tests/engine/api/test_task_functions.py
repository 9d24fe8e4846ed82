"""Enqueue from code: what `@task` returns is submitted, looked at, and called like a function."""

import asyncio
import datetime as dt
import inspect
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.registry import types
from tests.conftest import StartConsumer

NEW_YEAR = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def resize() -> Iterator[tq.TaskFunction[..., dict[str, Any]]]:
    @tq.task(queue="low", retries=2, name="resize_for_test")
    def resize(url: str, width: int = 640, *, at: dt.datetime | None = None) -> dict[str, Any]:
        """Resize."""
        return {"url": url, "width": width}

    yield resize
    for wrapper in types._types.pop("resize_for_test").wrappers.values():
        wrapper.unregister()


def function(name: str) -> tq.TaskFunction[..., Any]:
    """A task function of the test modules, as their own code has it."""
    found = types.get(name)
    assert isinstance(found, tq.TaskFunction)
    return found


def test_a_call_runs_the_function_here(resize: tq.TaskFunction[..., Any]) -> None:
    assert resize("a.jpg", width=320) == {"url": "a.jpg", "width": 320}
    assert tq.stats().total("queued") == 0
    assert list(inspect.signature(resize).parameters) == ["url", "width", "at"]


@pytest.mark.parametrize(
    ("args", "kwargs", "payload"),
    [
        (("a.jpg",), {}, {"url": "a.jpg"}),
        (("a.jpg", 320), {}, {"url": "a.jpg", "width": 320}),
        ((), {"width": 1, "url": "b"}, {"width": 1, "url": "b"}),
        (("a",), {"at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)},
         {"url": "a", "at": "2026-01-02T00:00:00+00:00"}),
    ],
)  # fmt: skip
def test_arguments_become_the_fields_of_the_payload(
    resize: tq.TaskFunction[..., Any], args: Any, kwargs: Any, payload: Any
) -> None:
    handle = resize.submit(*args, **kwargs)
    record = handle.record()
    assert (record.task_type, record.queue, record.payload) == ("resize_for_test", "low", payload)
    assert handle.status() is tq.TaskState.PENDING
    assert (handle.task_type, handle.queue) == ("resize_for_test", "low")


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "text"),
    [
        ((), {}, TypeError, "missing a required argument: 'url'"),
        (("a", 1, 2), {}, TypeError, "too many positional arguments"),
        (("a",), {"widht": 1}, TypeError, "unexpected keyword argument 'widht'"),
        (("a",), {"url": "b"}, TypeError, "multiple values for argument 'url'"),
        ((1,), {}, tq.InvalidPayload, "'resize_for_test'. url: Input should be a valid string"),
        (("a", "wide"), {}, tq.InvalidPayload, "width: Input should be a valid integer"),
        (("a", float("nan")), {}, tq.InvalidPayload, "Out of range float"),
    ],
)
def test_what_does_not_fit_raises_at_the_call(
    resize: tq.TaskFunction[..., Any], args: Any, kwargs: Any, error: type[Exception], text: str
) -> None:
    for call in (resize.submit, resize.delay, resize.options(tags=["t"]).submit):
        with pytest.raises(error, match=text):
            call(*args, **kwargs)
    with pytest.raises(error, match=text):
        asyncio.run(resize.asubmit(*args, **kwargs))
    assert tq.stats().total("queued") == 0


def test_options_of_one_call(resize: tq.TaskFunction[..., Any]) -> None:
    moved = resize.options(queue="high", tags=["vip"]).submit("a")
    assert (moved.queue, moved.record().tags) == ("high", ("vip",))

    later = resize.options(delay_s=60).submit("a")
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    timed = resize.options(run_at=at, expires_in_s=7200).submit("a")
    past = resize.options(run_at=at - dt.timedelta(days=2)).submit("a")
    assert [each.status() for each in (later, timed, past)] == ["SCHEDULED", "SCHEDULED", "PENDING"]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"queue": "hihg"}, tq.UnknownQueue, "no queue 'hihg'"),
        ({"delay_s": -1}, tq.InvalidQuery, "'delay_s' is a number of seconds from 0"),
        ({"delay_s": float("inf")}, tq.InvalidQuery, "'delay_s' is a number"),
        ({"delay_s": "5"}, tq.InvalidQuery, "'delay_s' is a number"),
        ({"delay_s": True}, tq.InvalidQuery, "'delay_s' is a number"),
        ({"delay_s": 1, "run_at": NEW_YEAR}, tq.InvalidQuery, "not both"),
        ({"run_at": dt.datetime(2026, 1, 1)}, tq.InvalidQuery, "with a zone"),
        ({"run_at": "2026-01-01T00:00:00Z"}, tq.InvalidQuery, "with a zone"),
        ({"run_at": dt.datetime(2199, 1, 1, tzinfo=dt.UTC)}, tq.InvalidQuery, "within a year"),
        ({"expires_in_s": 0}, tq.InvalidQuery, "'expires_in_s' is a number"),
        ({"delay_s": 5, "expires_in_s": 5}, tq.InvalidQuery, "expire before it may start"),
        ({"tags": ["a b"]}, tq.InvalidQuery, "without spaces"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_wrong_option_is_refused_in_one_sentence(
    resize: tq.TaskFunction[..., Any], options: Any, error: type[Exception], text: str
) -> None:
    call = resize.options(**options)
    with pytest.raises(error, match=text):
        call.submit("a")
    with pytest.raises(error, match=text):
        call.map(["a", "b"])
    assert tq.stats().total("queued") == 0


def test_a_task_starts_when_its_delay_is_over_and_not_after_it_has_expired(
    start_consumer: StartConsumer,
) -> None:
    late = function("echo").options(expires_in_s=0.05).submit("late")
    # A consumer needs longer than that to start.
    start_consumer("default")
    soon = function("echo").options(delay_s=0.3).submit("soon")
    assert soon.result(timeout_s=20) == "soon"
    record = soon.record()
    assert record.started_at is not None
    assert (record.started_at - record.submitted_at).total_seconds() >= 0.3
    with pytest.raises(tq.TaskFailed, match="ended as EXPIRED"):
        late.result(timeout_s=20)


def test_map_submits_one_task_for_each_value(start_consumer: StartConsumer) -> None:
    handles = function("echo").map(range(450))  # more than two round trips' worth
    assert len({handle.id for handle in handles}) == 450
    start_consumer("default")
    assert [handle.result(timeout_s=30) for handle in handles[::50]] == list(range(0, 450, 50))


def test_starmap_takes_tuples_and_dicts(resize: tq.TaskFunction[..., Any]) -> None:
    handles = resize.options(tags=["batch"]).starmap([("a", 1), {"url": "b", "width": 2}])
    records = [handle.record() for handle in handles]
    assert [record.payload for record in records] == [
        {"url": "a", "width": 1},
        {"url": "b", "width": 2},
    ]
    assert {record.tags for record in records} == {("batch",)}


def test_of_many_none_is_stored_when_one_does_not_fit(resize: tq.TaskFunction[..., Any]) -> None:
    with pytest.raises(tq.InvalidPayload) as refused:
        resize.map([*("a" * 300), 7])
    assert refused.value.__notes__ == ["Item 300 of 301; none was submitted."]
    with pytest.raises(TypeError):
        resize.starmap([("a",), ("a", 1, 2)])
    assert tq.stats().total("queued") == 0


def test_a_result_is_waited_for_and_a_failure_raises(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    assert function("echo").submit({"n": [1]}).result() == {"n": [1]}
    assert function("echo").submit("as long as it takes").result(timeout_s=None)
    with pytest.raises(tq.TaskFailed, match="ended as FAILURE: ValueError") as failed:
        function("fail").submit("broken").result(timeout_s=20)
    assert failed.value.status == "FAILURE"
    assert failed.value.traceback is not None
    assert "broken" in failed.value.traceback


def test_a_result_that_is_not_there_in_time_is_a_timeout() -> None:
    handle = function("echo").submit(1)  # no consumer runs
    with pytest.raises(TimeoutError, match=r"is PENDING after 0\.2 s"):
        handle.result(timeout_s=0.2)
    handle.cancel("not wanted")
    with pytest.raises(tq.TaskFailed, match="REVOKED"):
        handle.result(timeout_s=0)
    with pytest.raises(tq.TaskFinished):
        handle.cancel()


def test_threads_and_coroutines_submit() -> None:
    handles: list[tq.TaskHandle] = []
    thread = threading.Thread(target=lambda: handles.append(function("echo").submit("thread")))
    thread.start()
    thread.join()

    async def many() -> list[tq.TaskHandle]:
        echo = function("echo")
        return await asyncio.gather(*(echo.asubmit(n) for n in range(20)))

    handles += asyncio.run(many())
    assert tq.stats().queued("default") == 21
    assert len({handle.id for handle in handles}) == 21


def test_s_makes_a_task_for_a_pipeline(start_consumer: StartConsumer) -> None:
    start_consumer("default")
    add = function("add_to")
    result = tq.default.enqueue(add.s(1, to=2).then(add.s(to=10).into("number")))
    assert result.get(blocking=True, timeout=20) == [3, 13]


def test_an_attempt_that_is_repeated_submits_the_same_tasks(
    start_consumer: StartConsumer, tmp_path: Path
) -> None:
    start_consumer("default")
    handle = function("fan_out_and_die_once").submit(3, str(tmp_path / "died"))
    ids = handle.result(timeout_s=20)
    assert (tmp_path / "died").read_text() == ids
    assert [tq.get_task(task_id).payload for task_id in ids.split()] == [
        {"value": n} for n in range(3)
    ]


@pytest.mark.parametrize("tags", ["news", ["news", 7]])
def test_what_is_no_list_of_words_makes_no_tags(
    resize: tq.TaskFunction[..., Any], tags: Any
) -> None:
    with pytest.raises(tq.InvalidQuery, match=r"'tags' is a list of words|At most 10 tags"):
        resize.options(tags=tags).submit("a.jpg")
    assert tq.list_tasks() == []
