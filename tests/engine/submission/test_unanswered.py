"""A submit whose answer is lost may have been stored: its error names the task to ask for."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker.deadline import InTime
from huey_tasks.broker.protocol import Claim
from huey_tasks.broker.script_text import script_text
from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.records.ids import new_id
from huey_tasks.registry import types
from huey_tasks.submission.batch import BATCH, Submission, submit_many
from tests.engine.helpers import state

broker = tq.default.broker.redis
echo: Any = types.get("echo")

PLACES = ["outside", "in a task"]

SUBMITS: dict[str, Callable[[], object]] = {
    "submit": lambda: tq.submit("echo", {"value": 1}),
    "later": lambda: tq.submit("echo", {"value": 1}, delay=60),
    "once": lambda: tq.submit("echo", {"value": 1}, idempotency_key="k"),
    "map": lambda: echo.map([1, 2]),
    "chain": lambda: tq.chain(echo.s(1), echo.s()).submit(),
    "group": lambda: tq.group([echo.s(1), echo.s(2)]).submit(),
    "chord": lambda: tq.chord([echo.s(1), echo.s(2)], echo.s()).submit(),
}


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the code of the test runs: outside, or as the body of a task."""
    claim = Claim(new_id(), "hand/1", b"", 1, 0, 0, 1)
    attempt = Attempt(claim, "outer", tq.default.broker, None)
    attempt.in_body = True
    reset = current_attempt.set(attempt if request.param == "in a task" else None)
    yield request.param
    current_attempt.reset(reset)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """From when the list has its first element on, no answer of Redis arrives; it gets them."""
    answer, found = InTime.answer, list[object]()

    def lose(self: InTime) -> object:
        if not found:
            return answer(self)
        found.append(answer(self))
        self._fail(ConnectionResetError(104, "reset"), "reading from")
        return None

    broker.script_load(script_text("submit").text)
    with monkeypatch.context() as patch:
        patch.setattr(InTime, "answer", lose)
        yield found


@pytest.mark.parametrize("place", PLACES, indirect=True)
@pytest.mark.parametrize("how", SUBMITS)
def test_the_error_names_a_task_that_is_there(place: str, how: str, lost: list[object]) -> None:
    lost.append(None)
    with pytest.raises(tq.QueueUnavailable) as raised:
        SUBMITS[how]()
    lost.clear()
    assert not raised.value.answered
    assert state(raised.value.task_id or "") == ("SCHEDULED" if how == "later" else "PENDING")


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_after_a_lost_answer_no_other_of_many_is_sent(place: str, lost: list[object]) -> None:
    def several() -> Iterator[Submission]:
        for number in range(3 * BATCH):
            if number == BATCH:
                lost.append(None)
            yield Submission("unknown" if number == BATCH + 3 else "echo", {"value": number})

    outcomes = submit_many(several())
    assert len(lost) - 1 == 2, "the answer that is lost, and that of its second try"
    lost.clear()

    assert all(isinstance(one, tq.SubmittedTask) for one in outcomes[:BATCH])
    assert isinstance(outcomes[BATCH + 3], tq.UnknownTaskType)
    unanswered = [one for one in outcomes if isinstance(one, tq.Unanswered)]
    assert len(unanswered) == (1 if place == "in a task" else BATCH - 1)
    assert {state(one.task_id) for one in unanswered} == {"PENDING"}
    assert tq.queue_stats()[1].queued == BATCH + len(unanswered)
    details = Counter(one.detail for one in outcomes if isinstance(one, tq.QueueUnavailable))
    unsent = 2 * BATCH - 1 - len(unanswered)
    assert details == {"Redis stopped answering before this task was sent.": unsent}


@pytest.mark.parametrize("place", PLACES, indirect=True)
def test_of_all_or_none_the_error_tells_how_many_were_stored(
    place: str, lost: list[object]
) -> None:
    lost.append(None)
    with pytest.raises(tq.QueueUnavailable) as raised:
        echo.map([1, 2])
    lost.clear()
    assert raised.value.__notes__ == ["0 of 2 tasks were stored before."]
