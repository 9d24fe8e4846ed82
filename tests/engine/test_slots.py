"""A worker's slot: what it has claimed, finished and not committed, when answers get lost."""

from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.errors import QueueUnavailable
from huey_tasks.protocol import Claim, Commit
from huey_tasks.slots import Slot
from tests.engine.helpers import state, submit


@pytest.fixture
def slot() -> Slot:
    """A slot that takes `echo` for a short type."""
    opened = tq.default.storage.open_slot("slot-test")
    opened.pace.record("echo", 0.001)
    return opened


def test_what_ends_after_a_lost_answer_is_committed_as_well(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush runs in Redis and its answer is lost; until it is sent again another task ends."""
    first, second, third = (submit("echo") for _ in range(3))
    slot.finish(*_success(slot.claim()))
    running = slot.claim()
    _lose_one_answer(slot, monkeypatch)
    with pytest.raises(QueueUnavailable):
        slot.flush()
    slot.finish(*_success(running))
    claim = slot.claim()
    assert (state(first), state(second)) == ("SUCCESS", "SUCCESS")
    assert claim is not None and (claim.id, claim.deliveries) == (third, 1)


def test_a_claim_that_comes_with_an_answer_sent_again_is_not_lost(
    slot: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = submit("echo")
    _lose_one_answer(slot, monkeypatch)
    with pytest.raises(QueueUnavailable):
        slot.claim()
    claim = slot.claim()
    assert claim is not None and claim.id == task_id
    slot.finish(*_success(claim))
    slot.flush()
    assert state(task_id) == "SUCCESS"


def _success(claim: Claim | None) -> tuple[Commit, bytes]:
    assert claim is not None
    return Commit(claim.id, claim.token, "SUCCESS"), b'{"result":null}'


def _lose_one_answer(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next step runs, and its answer does not arrive."""
    step = slot._scripts.step

    def run_and_lose(*args: Any, **kwargs: Any) -> None:
        step(*args, **kwargs)
        monkeypatch.setattr(slot._scripts, "step", step)
        raise QueueUnavailable("the answer is lost")

    monkeypatch.setattr(slot._scripts, "step", run_and_lose)
