"""When a supervisor does its chores."""

import time

from huey_tasks.consumer.maintenance import TOGETHER_S, Chore, Chores
from huey_tasks.consumer.outage import Outage


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
