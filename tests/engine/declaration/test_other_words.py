"""Words of other task queues, and misspelt ones: each error says what to write instead."""

import copy
import inspect
import pickle
import re
import uuid
from collections.abc import Callable
from typing import Any, cast

import pytest

import huey_tasks as tq
from huey_tasks.declaration import other_words
from huey_tasks.registry import types


def known(name: str = "print_a_name") -> Any:
    return types.get(name)


def handle() -> Any:
    return tq.TaskHandle("4f925172-111d-4731-b3f2-b9bb556e42b1")


def chain() -> Any:
    return tq.chain(known().s("a"))


def group() -> Any:
    return tq.group([known().s("a")])


def package() -> Any:
    return tq


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("bind", "leave it out: huey_tasks.current_task is the task that runs"),
        ("max_retries", "write retries="),
        ("soft_time_limit", "write timeout=, in seconds: it raises TaskTimeout in the task"),
        ("rate_limit", "write limits={'rate': '100/m'}"),
        ("priority", "it belongs to a call: .options(queue_priority=5).submit(…)"),
        ("tiemout", "did you mean 'timeout'?"),
        ("schedul", "did you mean 'schedule'?"),
        ("qqq", "it takes queue, name, example, limits, schedule, timezone, retries"),
    ],
)
def test_an_option_of_another_queue_is_refused_with_ours(option: str, hint: str) -> None:
    with pytest.raises(tq.InvalidTaskType, match=re.escape(f"'{option}'; {hint}")):
        cast(Any, tq.task)(**{option: 1})


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("countdown", "did you mean 'delay_s'?"),
        ("eta", "did you mean 'run_at'?"),
        ("priority", "did you mean 'queue_priority'?"),
        ("expires_in", "did you mean 'expires_in_s'?"),
        ("qeueu", "did you mean 'queue'?"),
        ("xyz", "it takes queue, delay_s, run_at"),
    ],
)
def test_an_option_of_one_call_is_refused_with_ours(option: str, hint: str) -> None:
    text = f".options(…) has no option '{option}'; {hint}"
    with pytest.raises(TypeError, match=re.escape(text)):
        known().options(**{option: 1})


WRONG: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "apply_async": (
        lambda: known().apply_async((1,), countdown=3),
        AttributeError,
        "a function of @task has no attribute 'apply_async'; write .options(delay_s=60).submit(…)",
    ),
    "si": (lambda: known().si("a"), AttributeError, "write .s(…).into(None)"),
    "nothing": (lambda: known().frob, AttributeError, "no attribute 'frob'"),
    "signature": (lambda: known().s("a").delay(), AttributeError, "write chain(…).submit()"),
    "link": (lambda: known().s("a").link_error(1), AttributeError, "write .error(…)"),
    "or": (lambda: known().s("a") | known().s("b"), TypeError, "chain(first.s(…), second.s(…))"),
    "queue": (
        lambda: known().options(queue="hihg").submit("a"),
        tq.UnknownQueue,
        "There is no queue 'hihg'; the queues are high, default, low; did you mean 'high'?",
    ),
    "far queue": (
        lambda: known().options(queue="xyz").submit("a"),
        tq.UnknownQueue,
        "There is no queue 'xyz'; the queues are high, default, low; "
        "QUEUES=high,default,low,xyz:2 adds it.",
    ),
    "delay": (
        lambda: known().options(delay_s=-1).submit("a"),
        tq.InvalidQuery,
        "'delay_s' is a number of seconds from 0 to 31622400 (366 days).",
    ),
    "map": (
        lambda: known().options(delay_s=-1).map(["a"]),
        tq.InvalidQuery,
        "'delay_s' is a number",
    ),
    "s": (
        lambda: known().options(expires_in_s=0).s("a"),
        tq.InvalidQuery,
        "'expires_in_s' is a num",
    ),
    "too early": (
        lambda: known().options(delay_s=9, expires_in_s=5).submit("a"),
        tq.InvalidQuery,
        "The task would expire before it may start: 'expires_in_s' counts from now.",
    ),
    "unique": (
        lambda: known().options(unique_key="x").submit("a"),
        tq.InvalidQuery,
        "'unique_key' needs 'unique_for_s'",
    ),
    "option of a call": (
        lambda: known().submit("a", queue="low"),
        TypeError,
        "got an unexpected keyword argument 'queue'; write .options(queue=…).submit(…)",
    ),
    "countdown of a call": (
        lambda: known().delay("a", countdown=5),
        TypeError,
        "'countdown'; write .options(delay_s=…).submit(…)",
    ),
    "option of a part": (
        lambda: known().s("a", eta=5),
        TypeError,
        "'eta'; write .options(run_at=…).submit(…)",
    ),
    "after options": (
        lambda: known().options(delay_s=5).apply_async(),
        AttributeError,
        "what .options(…) returns has no attribute 'apply_async'; write .options(",
    ),
    "get": (
        lambda: handle().get(timeout=5),
        AttributeError,
        "a TaskHandle has no attribute 'get'; write .result(timeout_s=5)",
    ),
    "timeout": (
        lambda: handle().result(timeout=5),
        TypeError,
        "result(…) has no option 'timeout'; did you mean 'timeout_s'?",
    ),
    "state": (lambda: handle().state, AttributeError, "write .status()"),
    "ready": (lambda: handle().ready(), AttributeError, "write .status().terminal"),
    "chain": (lambda: chain().delay(), AttributeError, "a chain has no attribute 'delay'; write ."),
    "chain called": (lambda: chain()(), TypeError, "a chain cannot be called; write .submit()"),
    "chain, longer": (lambda: chain() | known().s(), TypeError, "chain(first.s(…), second.s(…))"),
    "group": (lambda: group().apply_async(), AttributeError, "a group has no attribute 'apply_asy"),
    "group called": (lambda: group()(), TypeError, "a group cannot be called; write .submit()"),
    "group, then": (lambda: group() | known().s(), TypeError, "chord([…], done.s(…))"),
    "chord": (
        lambda: cast(Any, tq.chord)([known().s("a")])(known().s()),
        TypeError,
        "a chord takes its callback too; write chord([…], done.s(…)).submit()",
    ),
    "group of handles": (
        lambda: group().submit().get(),
        AttributeError,
        "a list of handles has no attribute 'get'; write [handle.result() for handle in …]",
    ),
    "map of handles": (
        lambda: known().map(["a"]).get(),
        AttributeError,
        "write [handle.result() for",
    ),
    "a UUID as an id": (
        lambda: cast(Any, tq.TaskHandle)(uuid.uuid4()).status(),
        TypeError,
        "an id is a text: write str(…) of a UUID",
    ),
    "limits as a dict": (
        lambda: tq.set_limits("echo", cast(Any, {"rate": 5})),
        tq.InvalidQuery,
        "Limits are TypeLimits(rate=100, per_s=60), and no dict.",
    ),
    "retry, countdown": (
        lambda: cast(Any, tq.Retry)(countdown=5),
        TypeError,
        "Retry(…) has no option 'countdown'; did you mean 'delay_s'?",
    ),
    "retry, exc": (
        lambda: cast(Any, tq.Retry)(exc=OSError()),
        TypeError,
        "Retry(…) has no option 'exc'; write raise Retry(…) from exc",
    ),
    "send_task": (lambda: package().send_task("x"), AttributeError, "write submit('its_name', {"),
    "nothing here": (lambda: package().frob, AttributeError, "huey_tasks has no 'frob'"),
    "current_task": (
        lambda: tq.current_task.id,
        RuntimeError,
        "in a test with the fixture `eager`",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_written_as_elsewhere_says_how_it_is_written_here(what: str) -> None:
    call, kind, text = WRONG[what]
    with pytest.raises(kind, match=re.escape(text)):
        call()


def test_the_pointer_of_a_wrong_option_has_its_name() -> None:
    with pytest.raises(tq.InvalidQuery) as caught:
        known().options(delay_s=-1).submit("a")
    assert [problem.pointer for problem in caught.value.problems] == ["/delay_s"]


#: Each table of attributes, and what it is for.
TABLES: list[tuple[dict[str, str], Callable[[], object]]] = [
    (other_words.METHODS, known),
    (other_words.METHODS, lambda: known().options()),
    (other_words.OF_SIGNATURES, lambda: known().s("a")),
    (other_words.OF_HANDLES, handle),
    (other_words.OF_HANDLE_LISTS, lambda: group().submit()),
    (other_words.OF_COMPOSITIONS, chain),
    (other_words.OF_COMPOSITIONS, group),
    (other_words.OF_COMPOSITIONS, lambda: tq.chord([], known().s("a"))),
]


@pytest.mark.parametrize(("words", "make"), TABLES)
def test_no_word_of_ours_is_said_to_be_wrong(
    words: dict[str, str], make: Callable[[], object]
) -> None:
    made = make()
    assert [word for word in words if hasattr(made, word)] == []


def test_no_name_of_the_package_is_said_to_be_wrong() -> None:
    from huey_tasks.api import public

    assert other_words.OF_PACKAGE.keys() & vars(public).keys() == set()


def test_an_import_of_another_word_says_ours() -> None:
    with pytest.raises(ImportError, match="no 'shared_task'; write from huey_tasks import task"):
        exec("from huey_tasks import shared_task")


@pytest.mark.parametrize("name", other_words.OF_PACKAGE)
def test_the_package_does_not_have_another_word(name: str) -> None:
    assert not hasattr(tq, name)


def test_the_options_of_a_call_are_those_that_are_suggested() -> None:
    options = inspect.signature(tq.TaskFunction.options).parameters.values()
    named = tuple(of.name for of in options if of.kind is of.KEYWORD_ONLY)
    assert named == other_words.OF_ONE_CALL
    assert set(other_words.CALL_OPTIONS.values()) <= set(named)


def test_what_reads_a_handle_by_its_special_methods_still_does() -> None:
    made = handle()
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made


def test_a_handle_cannot_be_called() -> None:
    assert not callable(handle()), "a template of Django calls what it can, and so does Flask"


def test_a_handle_needs_the_id_only() -> None:
    submitted = tq.submit("send_email", {"to": "a@example.com", "subject": "s", "body": "b"})
    handle = tq.TaskHandle(submitted.task_id)
    assert (handle.status(), handle.record().queue) == ("PENDING", "high")
    handle.cancel()
    assert handle.status() == "REVOKED"
    with pytest.raises(tq.TaskNotFound):
        tq.TaskHandle("no-such-task").status()
