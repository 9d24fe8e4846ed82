"""What waits for the limits of its type goes on as soon as these let it, whatever it waited for."""

from collections.abc import Iterator

import pytest

import huey_tasks as tq
from huey_tasks.broker import keys, limit_keys
from tests.engine.broker.test_type_limits import ABOUT, claims, limit, look_at, promote
from tests.engine.helpers import HandWorker, commit, submit
from tests.engine.snapshot import clock_ms
from tests.waiting import wait_until

broker = tq.default.broker.redis
DAY_S = 86_400


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    yield
    broker.delete(limit_keys.limits())


def blocked(on: str) -> list[str]:
    return [task_id.decode() for task_id in broker.zrange(keys.blocked("default", on), 0, -1)]


def fill_the_bucket() -> None:
    broker.delete(limit_keys.tokens("echo"))


@pytest.mark.parametrize(("rate", "per_s"), [(1, 0.25), (10, 1.0), (2, 0.3)])
def test_a_rate_is_looked_at_before_it_lets_more_start_than_its_bucket_has(
    rate: int, per_s: float
) -> None:
    limit(rate=rate, per_s=per_s)
    ids = [submit("echo", value=n) for n in range(rate + 3)]
    worker = HandWorker()
    assert claims(worker, want=99) == ids[:rate]
    waited = len(blocked("rate:echo"))

    def one_goes_on() -> bool:
        promote()
        return len(blocked("rate:echo")) < waited

    wait_until(one_goes_on, description="the rate lets one more start")
    next_at = broker.zscore(keys.awaited("default"), "rate:echo")
    assert next_at is None or next_at - clock_ms() < 900, "the next look is not a second away"


def test_what_waited_for_a_rate_starts_when_one_ends() -> None:
    limit(concurrency=1, rate=1, per_s=DAY_S)
    first, second, third = (submit("echo", value=n) for n in range(3))
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS", about=ABOUT), want=0)
    assert (claims(worker), blocked("rate:echo")) == ([], [second, third])
    fill_the_bucket()
    look_at("rate:echo")
    claim = worker.claim()
    assert (claim.id, tq.get_task(first).status) == (second, "SUCCESS")

    fill_the_bucket()
    look_at("rate:echo")
    assert claims(HandWorker("other")) == [], "one runs"
    worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
    assert claims(worker) == [third], "its end wakes the next at once, and no look a second later"


@pytest.mark.parametrize("by", [None, "value"])
def test_what_waited_for_limits_of_before_waits_for_those_of_now(by: str | None) -> None:
    limit(rate=1, per_s=DAY_S)
    first, *others = (submit("echo", value="one") for _ in range(6))
    worker = HandWorker()
    claim = worker.claim()
    assert (claim.id, claims(HandWorker("other"))) == (first, [])
    limit(concurrency=1, by=by)

    promote()
    assert claims(HandWorker("other")) == [], "one runs"
    for following in others:
        worker.step(commit(claim, "SUCCESS", about=ABOUT), want=0)
        claim = worker.claim()
        assert claim.id == following, "each end wakes the next"
