"""What a program of several processes hands from one to the other: functions and errors."""

import copy
import pickle
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks import errors
from huey_tasks.tasks.email import send_email

_PROBLEMS = [errors.Problem("/nodes/0/a", "missing", "Field required.")]
_ARGUMENTS: dict[type[tq.DucklineError], tuple[Any, ...]] = {
    errors.InvalidTaskType: ("It cannot work.", "tasks.py:7"),
    errors.InvalidPayload: ("It does not fit.", _PROBLEMS),
    errors.InvalidQuery: (_PROBLEMS,),
    errors.InvalidFlow: (_PROBLEMS, ("first",)),
    errors.TaskFailed: ("6f1c", "FAILURE", "ValueError('no')", "Traceback …"),
    errors.QueueFull: ("Full.", 7),
    errors.QueueUnavailable: ("Away.", "refused", 3),
    tq.RateExceeded: ("Too often.", 5),
}


def all_kinds(kind: type[tq.DucklineError]) -> Iterator[type[tq.DucklineError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("huey_tasks"):
            yield from all_kinds(child)


@pytest.mark.parametrize("kind", list(all_kinds(tq.DucklineError)))
def test_an_error_crosses_whole(kind: type[tq.DucklineError]) -> None:
    error = kind(*_ARGUMENTS.get(kind, ("It is refused.",)))
    error.add_note("Item 3 of 7.")
    crossed = pickle.loads(pickle.dumps(error))
    assert (type(crossed), str(crossed)) == (kind, str(error))
    assert (crossed.args, vars(crossed)) == (error.args, vars(error))


def test_a_function_is_the_same_wherever_it_comes_to() -> None:
    submit = partial(send_email.options(tags=["x"]).submit, subject="Hello")
    assert pickle.loads(pickle.dumps(send_email)) is send_email
    assert copy.deepcopy({"send": send_email})["send"] is send_email
    crossed = pickle.loads(pickle.dumps(submit))
    assert crossed(to="ada@example.com", body="Hi").record().tags == ("x",)


def test_a_task_that_is_not_submitted_crosses_whole() -> None:
    steps = tq.chain(
        send_email.options(tags=["x"], queue="low").s("ada@example.com", "Hello", body="Hi"),
        send_email.s("bob@example.com", body="Hi").into("subject"),
    )
    crossed = pickle.loads(pickle.dumps(steps))
    for found, step in zip(crossed.steps, steps.steps, strict=True):
        assert (type(found), vars(found)) == (type(step), vars(step))
    ids = [handle.id for handle in pickle.loads(pickle.dumps(tq.group([crossed]))).submit()]
    assert ids == [steps.steps[1].id]
    first = tq.get_task(steps.steps[0].id)
    assert (first.queue, first.tags) == ("low", ("x",))


def test_one_that_its_module_does_not_have_says_so() -> None:
    @tq.task(name="inner_for_test")
    def inner() -> None: ...

    with pytest.raises(pickle.PicklingError, match=r"'inner_for_test' is not .*<locals>\.inner"):
        pickle.dumps(inner)
