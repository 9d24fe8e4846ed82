"""Pipelines, groups and chords over several queues, and where each result goes."""

from collections.abc import Callable
from typing import Any

import huey
import pytest
from huey.exceptions import TaskException

import huey_tasks as tq
from huey_tasks import testing
from huey_tasks.errors import InvalidPayload
from huey_tasks.registry import types
from tests.conftest import StartConsumer
from tests.waiting import wait_until

#: Huey's own, which have no types.
chord: Any = huey.chord
group: Any = huey.group


def pair(a: Any, b: Any = 0) -> list[Any]:
    return [a, b]


def s(name: str, *args: Any, **payload: Any) -> Any:
    found = types.get(name)
    assert isinstance(found, tq.TaskFunction)
    return found.s(*args, **payload)


def queues_of(tasks: list[tq.TaskRecord]) -> dict[str, str]:
    return {task.task_type: task.queue for task in tasks}


def test_each_task_of_a_pipeline_runs_in_its_own_queue() -> None:
    with testing.eager() as eager:
        results = tq.default.enqueue(
            s("pick", "cup").then(s("pack", wrapping="foil")).then(s("ship", to="Ada"))
        )
        assert results.get() == [
            {"item": "cup", "price": 1.5},
            ["cup", "foil"],
            "cup in foil to Ada",
        ]
        found = {task.task_type: task for task in eager.tasks}
        searched = tq.search_tasks("payload.order.item:cup").tasks
    assert queues_of(list(found.values())) == {"pick": "high", "pack": "low", "ship": "default"}
    assert found["pack"].payload == {"order": {"item": "cup", "price": 1.5}, "wrapping": "foil"}
    assert found["ship"].payload == {"parcel": ["cup", "foil"], "to": "Ada"}
    assert [row.task_type for row in searched] == ["pack"]


def test_members_and_callback_of_a_chord_run_in_their_own_queues() -> None:
    with testing.eager() as eager:
        eager.raises = False
        members = [s("pick", "cup").then(s("pack")), s("break_up", "jug"), s("ship", ["a"], "Bo")]
        tq.default.enqueue(chord(members, s("count_lots")))
        assert queues_of(eager.tasks) == {
            "pick": "high",
            "pack": "low",
            "break_up": "high",
            "ship": "default",
            "count_lots": "low",
        }
        (ended,) = eager.of("count_lots")
        last = [members[0].on_complete.id, members[1].id, members[2].id]
    assert ended.payload == {"lots": {"results_of": last}}
    assert ended.result == {
        "good": [["cup", "paper"], "a to Bo"],
        "errors": ["ValueError('jug is broken')"],
    }


def test_a_callback_waits_for_members_of_every_queue_and_may_go_on() -> None:
    with testing.captured() as captured:
        members = [s("pick", "cup"), s("ship", ["a"], "Bo")]
        tq.low.enqueue(chord(members, s("count_lots").then(s("say_done").into(None))))
        assert queues_of(captured.tasks) == {"pick": "high", "ship": "default"}
        tq.cancel(members[0].id)
        assert not captured.of("count_lots")
        tq.cancel(members[1].id)
        (callback,) = captured.of("count_lots")
        assert (callback.queue, callback.status) == ("low", "PENDING")
        assert tq.stats().queued("low") == 1


def test_an_error_handler_gets_the_error_as_text_in_its_own_queue() -> None:
    with testing.eager() as eager:
        eager.raises = False
        tq.high.enqueue(s("break_up", "jug").error(s("complain")))
        (handled,) = eager.of("complain")
    assert handled.payload == {"about": "ValueError('jug is broken')"}
    assert handled.result == "low: ValueError('jug is broken')"


def test_the_rest_of_a_pipeline_has_the_error_of_the_task_before() -> None:
    with testing.eager() as eager:
        eager.raises = False
        results = tq.low.enqueue(s("break_up", "jug").then(s("complain")))
        assert len(eager.tasks) == 1
        with pytest.raises(TaskException, match="jug is broken"):
            list(results)[1].get()


@pytest.mark.parametrize(
    ("child", "payload"),
    [
        (lambda: s("price_tag").spread(), {"item": "cup", "price": 1.5}),
        (lambda: s("price_tag", price=9.0).spread(), {"item": "cup", "price": 9.0}),
        (lambda: s("say_done").into(None), {}),
        (lambda: s("say_done"), {"text": {"item": "cup", "price": 1.5}}),
        (lambda: s("say_done", text="x"), {"text": "x"}),
        (lambda: s("pack", {"item": "a"}).into("wrapping"), {"order": {"item": "a"}}),
    ],
)
def test_a_result_goes_where_one_says(child: Callable[[], Any], payload: dict[str, Any]) -> None:
    with testing.eager() as eager:
        eager.raises = False
        follows = child()
        tq.default.enqueue(s("pick", "cup").then(follows))
        found = tq.get_task(follows.id)
    assert {name: found.payload[name] for name in payload} == payload
    assert set(found.payload) - set(payload) <= {"wrapping"}


REFUSED = {
    "which of two parameters": (
        lambda: s("pick", "cup").then(s("price_tag")),
        "Step 2: task type 'price_tag': which parameter takes the result of the task before it"
        " (item, price)? Say .s(…).into('item'), or .into(None) if none does",
    ),
    "only one with a default": (
        lambda: s("pick", "cup").then(s("pack", order={"item": "mug"})),
        "Step 2: task type 'pack': which parameter takes the result of the task before it"
        " (wrapping)? Say .s(…).into('wrapping'), or .into(None) if none does",
    ),
    "beside a value by position": (
        lambda: s("pick", "cup").then(s("ship", "Bo")),
        "Step 2: task type 'ship': which parameter takes the result of the task before it, beside"
        " values by position (Celery puts a result first, Huey last)? Say .s(to=…), and the result"
        " goes into 'parcel', or .s(…).into('to'), or .into(None) if none takes it",
    ),
    "beside one, in the callback of a chord": (
        lambda: chord([s("pick", "cup")], s("price_tag", "cup")),
        "The callback: task type 'price_tag': which parameter takes the result of the task before"
        " it, beside values by position (Celery puts a result first, Huey last)? Say .s(price=…),"
        " and the result goes into 'item', or .s(…).into('price'), or .into(None) if none takes it",
    ),
    "one is missing": (
        lambda: s("pick", "cup").then(s("price_tag").into("item")),
        "Step 2: The payload does not fit task type 'price_tag'. price: Field required",
    ),
    "a wrong value in the third": (
        lambda: s("pick", "cup").then(s("pack")).then(s("ship", to=5)),
        "Step 3: The payload does not fit task type 'ship'. to: Input should be a valid string",
    ),
    "a wrong value in a member": (
        lambda: group([s("pick", "cup"), s("pick", 3)]),
        "Member 2: The payload does not fit task type 'pick'. item: Input should be a valid string",
    ),
    "a wrong value in a step of a member": (
        lambda: chord([s("pick", "c").then(s("ship", to=5))], s("count_lots")),
        "Member 1, step 2: The payload does not fit task type 'ship'. to: Input should be a valid"
        " string",
    ),
    "a callback without a place": (
        lambda: chord([s("pick", "cup")], s("price_tag")),
        "The callback: task type 'price_tag': which parameter takes the result of the task before"
        " it (item, price)? Say .s(…).into('item'), or .into(None) if none does",
    ),
    "a handler without a place": (
        lambda: s("pick", "cup").error(s("price_tag")),
        "On error: task type 'price_tag': which parameter takes the result of the task before it"
        " (item, price)? Say .s(…).into('item'), or .into(None) if none does",
    ),
    "a head": (
        lambda: s("pick"),
        "The payload does not fit task type 'pick'. item: Field required",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_whole_composition_is_checked_before_the_first_task_is_stored(case: str) -> None:
    made, text = REFUSED[case]
    with pytest.raises(InvalidPayload) as caught:
        tq.default.enqueue(made())
    assert str(caught.value) == text
    assert tq.list_tasks() == []


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: s("pack").into("ordr"), "no parameter 'ordr'; did you mean 'order'?"),
        (lambda: s("pack", {}).into("order"), "'order' has a value, so no result can go into it"),
        (lambda: s("pick", "cup").then(s("pack", {}), {}), "multiple values for argument 'order'"),
        (lambda: s("pick", "cup").on_error(s("complain")), "is no method; write .error(…)"),
        (lambda: s("pick", "cup").error(s("complain")).on_error(s("complain")), ".error(…) add"),
        (lambda: s("pick", "cup")(), "cannot be called: chain(…).submit() submits it"),
    ],
)
def test_a_wrong_place_is_refused_at_once(made: Callable[[], Any], text: str) -> None:
    with pytest.raises(TypeError) as caught:
        made()
    assert text in str(caught.value)


def test_a_type_of_hueys_own_has_no_named_places() -> None:
    plain = tq.low.task(name="huey_plain")(pair)
    try:
        with pytest.raises(TypeError, match="'huey_plain' is a task type of Huey's own"):
            plain.s().into("a")
    finally:
        plain.unregister()


def test_hueys_own_decorator_refuses_a_coroutine_in_one_line() -> None:
    async def fetch() -> None: ...

    with pytest.raises(tq.InvalidTaskType) as caught:
        tq.low.task()(fetch)
    assert str(caught.value).endswith(
        "task type 'fetch': Huey's own decorator runs no 'async def': declare it with"
        " huey_tasks.task"
    )
    assert str(caught.value).startswith(__file__)


def test_what_an_eager_task_prints_is_kept_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    with testing.eager() as eager:
        tq.submit("print_a_name", {"name": "Ada"})
        (task,) = eager.of("print_a_name")
    assert [line.text for line in task.log] == ["it is", "Ada"]
    assert "it is\nAda" in capsys.readouterr().out


def test_a_pipeline_with_a_type_of_hueys_own_goes_to_its_queue() -> None:
    elsewhere = tq.low.task(name="huey_elsewhere")(pair)
    try:
        with testing.eager() as eager:
            tq.default.enqueue(s("ship", ["a"], "Bo").then(elsewhere))
            (found,) = eager.of("huey_elsewhere")
        assert (found.queue, found.payload, found.result) == (
            "low",
            {"a": "a to Bo"},
            ["a to Bo", 0],
        )
    finally:
        elsewhere.unregister()


def test_what_follows_is_submitted_once_though_consumers_are_killed(
    start_consumer: StartConsumer,
) -> None:
    """Each task ends in the commit that submits the next one, in another queue."""
    chains = [s("pick", f"cup {n}").then(s("pack")) for n in range(60)]
    tq.default.enqueue(group(chains))
    for left in (40, 20):
        consumer = start_consumer("high")
        wait_until(
            lambda left=left: tq.stats().queued("high") <= left, description=f"{left} are left"
        )
        consumer.kill()
    start_consumer("high")
    wait_until(
        lambda: all(task.status == "SUCCESS" for task in tasks_of("pick")),
        description="all parents have succeeded",
    )
    follows = tasks_of("pack")
    assert {task.queue for task in follows} == {"low"}
    assert sorted(task.task_id for task in follows) == sorted(c.on_complete.id for c in chains)
    assert tq.stats().queued("low") == len(chains)
    start_consumer("low")
    wait_until(
        lambda: all(
            task.result == [c.kwargs["item"], "paper"]
            for task, c in zip(
                map(tq.get_task, (c.on_complete.id for c in chains)), chains, strict=True
            )
        ),
        description="all have the results of their parents",
    )


def tasks_of(task_type: str) -> list[tq.TaskRecord]:
    """Return all tasks of a type."""
    return [task for task in tq.list_tasks(limit=1000) if task.task_type == task_type]
