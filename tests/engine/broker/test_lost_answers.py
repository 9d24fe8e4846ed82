"""The client sends a script again when its answer got lost: that changes nothing more."""

from collections.abc import Callable

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys
from huey_tasks.broker.deadline import InTime
from huey_tasks.broker.script_text import script_text
from tests.engine.helpers import QUEUE, HandWorker, scripts, store
from tests.engine.model import HOUR

broker = tq.default.broker.redis

#: Lets a script run whose answer gets lost the first time; returns both answers of Redis.
LoseAnswerOf = Callable[[str], list[object]]


@pytest.fixture
def lose_answer_of(monkeypatch: pytest.MonkeyPatch) -> LoseAnswerOf:
    """Redis answers, and the connection breaks before anybody has read it; once."""
    answer, found = InTime.answer, list[object]()

    def lose(self: InTime) -> object:
        found.append(answer(self))
        if len(found) == 1:
            self._fail(ConnectionResetError(104, "reset"), "reading from")
        return found[-1]

    def begin(script: str) -> list[object]:
        broker.script_load(script_text(script).text)
        monkeypatch.setattr(InTime, "answer", lose)
        return found

    return begin


def _lock(name: str, holder: tuple[str, str] = ("", "")) -> bool:
    return scripts().lock(QUEUE, name, holder, ttl_ms=0, lease_ms=HOUR)


def test_who_takes_a_lock_outside_of_a_task_has_it(lose_answer_of: LoseAnswerOf) -> None:
    answers = lose_answer_of("lock")
    assert _lock("nightly")
    assert answers == [1, 1]
    assert not _lock("nightly"), "another"
    assert scripts().unlock(QUEUE, "nightly", "*") and _lock("nightly")


def test_the_task_that_takes_a_lock_has_it(lose_answer_of: LoseAnswerOf) -> None:
    store("task")
    claim = HandWorker().claim()
    answers = lose_answer_of("lock")
    assert _lock("nightly", (claim.id, claim.token))
    assert answers == [1, 1]
    assert not _lock("nightly", (claim.id, claim.token)), "another use of it, in the same attempt"


def test_who_frees_a_lock_leaves_it_to_the_next(lose_answer_of: LoseAnswerOf) -> None:
    _lock("nightly")
    answers = lose_answer_of("unlock")
    assert scripts().unlock(QUEUE, "nightly", "*")
    assert answers == [1, 1]


def test_a_release_that_is_sent_again_does_not_free_the_lock_of_the_next() -> None:
    _lock("nightly")
    release = {"name": "nightly", "token": "*", "others": "", "request": "r"}
    assert scripts().run("unlock", QUEUE, **release) == 1
    assert _lock("nightly"), "the next has it"
    assert scripts().run("unlock", QUEUE, **release) == 1
    assert broker.exists(keys.lock("nightly"))


def test_who_withdraws_a_task_hears_that_it_has_gone(lose_answer_of: LoseAnswerOf) -> None:
    store("task")
    answers = lose_answer_of("withdraw")
    assert scripts().withdraw(QUEUE, "task")
    assert answers == [b"PENDING", b"PENDING"]
    assert not scripts().withdraw(QUEUE, "task"), "another finds none"
