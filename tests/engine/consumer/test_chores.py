"""When a supervisor does its chores."""

import time

from huey_tasks.consumer.chores import TOGETHER_S, Chore, Chores
from huey_tasks.consumer.outage import Outage
from huey_tasks.errors import QueueUnavailable


def _chore(done: list[str], name: str, due_in_s: float) -> Chore:
    def run() -> None:
        done.append(name)

    return Chore(run, 60.0, due=time.monotonic() + due_in_s)


def _chores(*chores: Chore) -> Chores:
    return Chores(Outage(()), *chores)


def test_what_is_due_in_a_moment_is_done_with_what_is_due_now() -> None:
    done = list[str]()

    _chores(_chore(done, "now", 0.0), _chore(done, "soon", TOGETHER_S / 2)).do_what_is_due()

    assert done == ["now", "soon"]


def test_what_is_due_later_is_not_done_early() -> None:
    done = list[str]()

    _chores(_chore(done, "now", 0.0), _chore(done, "later", 5.0)).do_what_is_due()

    assert done == ["now"]


def test_chores_of_one_interval_stay_due_together() -> None:
    def work() -> None:
        deadline = time.monotonic() + 2 * TOGETHER_S
        while time.monotonic() < deadline:
            pass

    chores = [Chore(work, 60.0), Chore(work, 60.0)]

    _chores(*chores).do_what_is_due()

    assert chores[0].due == chores[1].due


def _away() -> None:
    raise QueueUnavailable("it does not answer")


def test_a_chore_without_an_answer_keeps_none_behind_it_waiting() -> None:
    done, behind = list[str](), "behind"
    outage = Outage(())
    beat = Chore(lambda: done.append("beat"), 60.0, asks_redis=True)
    chores = Chores(outage, beat, Chore(_away, 60.0), _chore(done, behind, 0.0))
    while behind not in done:
        assert len(done) < 3
        chores.do_what_is_due()
    assert not outage.redis_away


def test_the_heartbeat_finds_out_whether_redis_is_away() -> None:
    done = list[str]()
    outage = Outage(())
    beat = Chore(_away, 60.0, asks_redis=True, due=time.monotonic() + 5.0)
    chores = Chores(outage, Chore(_away, 60.0), beat, _chore(done, "behind", 0.0))
    chores.do_what_is_due()
    assert not outage.redis_away
    chores.do_what_is_due()
    assert outage.redis_away and not done
    assert chores.next_due() > time.monotonic()
