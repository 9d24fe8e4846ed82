"""`chain`, `group` and `chord`: submitted as one, waited for as one."""

from collections.abc import Callable
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks import chain, chord, group, testing
from huey_tasks.registry import types
from tests.conftest import StartConsumer


def s(name: str, *args: Any, **payload: Any) -> Any:
    return function(name).s(*args, **payload)


def function(name: str) -> Any:
    return types.get(name)


def test_a_chain_a_group_and_a_chord_are_waited_for_by_their_handles(
    start_consumer: StartConsumer,
) -> None:
    steps = chain(s("add_to", 1, to=2), s("add_to", to=10).into("number")).submit()
    beside = group(s("add_to", n, to=n) for n in range(3)).submit()
    joined = chord(
        [s("give_back_or_fail", value=n) for n in range(3)],
        chain(s("add_up"), s("say_done").into(None)),
    ).submit()
    assert [len(handle.after) for handle in (steps, joined, joined.after[0])] == [1, 1, 3]
    with pytest.raises(
        tq.TaskNotFound, match=f"it is submitted when {steps.after[0].id} has ended"
    ):
        steps.status()
    start_consumer("default")
    start_consumer("low")
    assert steps.result(timeout_s=20) == 13
    assert [handle.result(timeout_s=20) for handle in beside] == [0, 2, 4]
    assert joined.result(timeout_s=20) == "all done"
    assert joined.after[0].result()["places"] == ["int", "FailedMember", "int"]


def test_the_result_of_a_chain_that_failed_is_the_failure_of_its_task() -> None:
    with testing.eager() as eager:
        eager.raises = False
        handle = chain(s("break_up", "jug"), s("complain"), s("say_done")).submit()
        with pytest.raises(tq.TaskFailed, match="jug is broken") as caught:
            handle.result()
    assert caught.value.task_id == handle.after[0].after[0].id


def test_a_chain_is_cancelled_at_the_task_that_has_not_ended() -> None:
    handle = chain(s("pick", "cup"), s("pack")).submit()
    handle.cancel()
    assert handle.after[0].status() == "REVOKED"
    with pytest.raises(tq.TaskFailed):
        handle.result(timeout_s=0)
    joined = chord([s("pick", "a"), s("pick", "b")], s("count_lots")).submit()
    joined.cancel("no more")
    assert (joined.status(), joined.after[0].status()) == ("REVOKED", "REVOKED")


def test_all_tasks_of_a_group_are_stored_or_none() -> None:
    tq.drain("low")
    with pytest.raises(tq.QueueDraining, match="Queue 'low' is draining"):
        group([s("pick", "cup"), s("count_lots", [])]).submit()
    assert tq.list_tasks() == []
    assert group([]).submit() == []


def test_a_chord_without_members_calls_back_at_once() -> None:
    with testing.eager():
        assert chord([], s("count_lots")).submit().result() == {"good": [], "errors": []}


def test_a_task_may_submit_a_chord() -> None:
    with testing.eager() as eager:
        function("submit_a_chord").submit(2)
        assert [task.task_type for task in eager.tasks].count("pick") == 2
        (callback,) = eager.of("count_lots")
    assert [lot["item"] for lot in callback.result["good"]] == ["0", "1"]


ONE_LIST = "a group takes one list; write group([first.s(…), second.s(…)])"
LIST_AND_CALLBACK = "a chord takes one list and its callback; write chord([…], done.s(…))"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: chain(), "a chain has at least one task"),
        (
            lambda: tq.default.enqueue(chain(s("pick", "a"))),
            "enqueue cannot take a chain: it takes what .s(…) makes, or Huey's own group and chord;"
            " chain(…) has a .submit()",
        ),
        (lambda: chain(5), "a chain takes tasks that .s(…) makes, not int"),
        (
            lambda: chain(s("pick", "a"), group([s("pick", "b")])),
            "a chain takes tasks that .s(…) makes, not group: what follows a group is the callback"
            " of a chord",
        ),
        (
            lambda: chain(s("pick", "a").then(s("pack")), s("say_done")),
            "a chain takes tasks without a .then(…): put them into a chain",
        ),
        (lambda: group(s("pick", "a")), ONE_LIST),
        (lambda: group(s("pick", "a"), s("pick", "b")), ONE_LIST),
        (lambda: chord(s("pick", "a"), s("pack")), LIST_AND_CALLBACK),
        (lambda: chord(s("pick", "a"), s("pick", "b"), s("pack")), LIST_AND_CALLBACK),
        (
            lambda: group([s("pick", "a")] * 2),
            "one task is in a group twice: each place needs a .s(…) of its own",
        ),
        (
            lambda: chord([(member := s("pick", "a"))], member),
            "one task is in a chord twice: each place needs a .s(…) of its own",
        ),
    ],
)
def test_what_cannot_be_composed_is_refused_in_one_line(made: Callable[[], Any], text: str) -> None:
    with pytest.raises(TypeError) as caught:
        made()
    assert str(caught.value) == text


UNFIT: dict[str, tuple[Callable[[], Any], str]] = {
    "whole": (
        lambda: chain(s("pick", "cup"), s("double")),
        "does not take the result of the task before it, an object: Input should be a valid",
    ),
    "spread": (
        lambda: chain(s("pick", "cup"), s("double").spread()),
        "is missing in the result of the task before it",
    ),
    "chord": (
        lambda: chord([s("pick", "cup")], s("double")),
        "does not take the results of its chord, an array: Input should be a valid",
    ),
}


@pytest.mark.parametrize("how", UNFIT)
def test_a_result_that_does_not_fit_fails_the_next_task_without_a_retry(how: str) -> None:
    make, error = UNFIT[how]
    with testing.eager() as eager:
        eager.raises = False
        handle = make().submit()
        with pytest.raises(tq.TaskFailed) as caught:
            handle.result()
        ended = tq.get_task(caught.value.task_id)
    assert ended.error is not None
    assert ended.error.startswith(f"parameter 'number' of task type 'double' {error}")
    assert ended.attempt == 1
    assert ended.log[-1].text == "not tried again: each attempt would get the same result"
