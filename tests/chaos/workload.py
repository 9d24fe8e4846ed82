"""The work under the storm: submits over HTTP and direct ones, pipelines, chords, delays, cancels.

What is submitted follows from the seed. A submit whose answer does not arrive is kept as such: the
task may be there or not. Nothing is sent a second time here; `callers` does that.
"""

import datetime as dt
import itertools
import random
import threading
import time
from pathlib import Path
from typing import Any

from huey.api import TaskWrapper, chord
from huey.utils import utcnow

import huey_tasks as tq
from tests.chaos.history import Cancel, Submission
from tests.chaos.web_client import WebClient

#: Seconds between two bursts, and how many tasks a burst submits.
PACE_S = 0.5
WEB_BURST, DIRECT_BURST = 5, 4

#: How many short tasks come with a burst: enough for several workers to claim some at a time.
SHORT_BURST = 16

#: How many members a chord has; one comes with each burst.
MEMBERS = 3

#: Share of the tasks submitted over HTTP that are cancelled, half of them at once.
CANCELLED = 0.15


class Workload:
    """Two submitters, each a thread: one over HTTP, one through `huey_tasks` itself."""

    def __init__(self, seed: int, web: Path) -> None:
        self._seed, self._client = seed, WebClient(web)
        self._over = threading.Event()
        self._numbers = itertools.count(1)
        self._threads = [
            threading.Thread(target=submitter, name=submitter.__name__)
            for submitter in (self._submit_over_http, self._submit_directly)
        ]
        self.submissions: list[Submission] = []
        self.cancels: list[Cancel] = []

    def start(self) -> None:
        """Begin to submit."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Submit no more; returns when every submit has its answer, or will get none."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _key(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    # ---- over HTTP

    def _submit_over_http(self) -> None:
        chance = random.Random(f"web {self._seed}")
        waiting: list[str] = []
        while not self._over.wait(PACE_S):
            for task_id in waiting:
                self._cancel(task_id)
            waiting.clear()
            for _ in range(WEB_BURST):
                task_id = self._post(chance)
                fate = chance.random()
                if task_id is not None and fate < CANCELLED / 2:
                    self._cancel(task_id)
                elif task_id is not None and fate < CANCELLED:
                    waiting.append(task_id)

    def _post(self, chance: random.Random) -> str | None:
        task_type, payload, ends_as, at_attempt = self._draw(chance)
        body = {"task_type": task_type, "payload": payload}
        status, answer = self._client.ask("POST", "/api/tasks/submit", body)
        accepted = status == 202
        task_id: str | None = answer["task_id"] if accepted else None
        key: str = payload["key"]
        self.submissions.append(Submission(key, accepted, ends_as, at_attempt, task_id))
        return task_id

    def _cancel(self, task_id: str) -> None:
        status, _ = self._client.ask("DELETE", f"/api/tasks/{task_id}/cancel")
        if status != 200:
            self.cancels.append(Cancel(task_id))
            return
        answered_at = time.time()
        status, task = self._client.ask("GET", f"/api/tasks/{task_id}")
        deliveries = task["deliveries"] if status == 200 else None
        self.cancels.append(Cancel(task_id, answered_at, deliveries))

    # ---- through huey_tasks

    def _submit_directly(self) -> None:
        chance = random.Random(f"direct {self._seed}")
        wrappers = {one.name: one.wrappers["default"] for one in tq.task_types()}
        while not self._over.wait(PACE_S):
            for _ in range(DIRECT_BURST):
                self._enqueue(chance, wrappers)
            for _ in range(SHORT_BURST):
                key = self._key("short")
                task = wrappers["storm_short"].task_class((), {"key": key})
                self.submissions.append(_submission(key, task, self._give(task)))
            self._enqueue_chord(wrappers)

    def _give(self, work: Any) -> bool:
        """Enqueue; False when no answer says that it was taken."""
        try:
            tq.default.enqueue(work)
        except tq.QueueUnavailable:
            return False
        return True

    def _enqueue_chord(self, wrappers: dict[str, TaskWrapper]) -> None:
        """Short tasks and a longer one, and one more when all of them have ended."""
        keys = tuple(self._key("member") for _ in range(MEMBERS))
        members: list[Any] = [wrappers["storm_short"].s(key=key) for key in keys[1:]]
        members.insert(0, wrappers["storm_work"].s(key=keys[0], slices=25))
        gather = self._key("gather")
        callback = wrappers["storm_gather"].s(key=gather, members=MEMBERS)
        accepted = self._give(chord(members, callback))
        for key, member in zip(keys, members, strict=True):
            self.submissions.append(_submission(key, member, accepted))
        self.submissions.append(_submission(gather, callback, False, after=keys))

    def _enqueue(self, chance: random.Random, wrappers: dict[str, TaskWrapper]) -> None:
        """Enqueue a task: with a delay, at the head of a pipeline, or as it is."""
        task_type, payload, ends_as, at_attempt = self._draw(chance)
        delay_s = chance.choice((0.0, 0.0, chance.uniform(0.1, 1.5)))
        eta = utcnow() + dt.timedelta(seconds=delay_s) if delay_s else None
        task: Any = wrappers[task_type].task_class((), payload, eta=eta)
        key: str = payload["key"]
        follows: list[Submission] = []
        if task_type == "storm_work" and not delay_s:
            link = self._key("link")
            task.then(wrappers["storm_link"].s(key=link, slices=2))
            follows.append(_submission(link, task.on_complete, False, after=(key,)))
        accepted = self._give(task)
        self.submissions.append(Submission(key, accepted, ends_as, at_attempt, task.id))
        self.submissions += follows

    def _draw(self, chance: random.Random) -> tuple[str, dict[str, Any], str, int]:
        """A task type and payload, and the state and attempt in which it ends."""
        slices = chance.choice((1, 2, 5, 10, 10, 20, 40, 60))
        kind = chance.random()
        if kind < 0.7:
            return "storm_work", {"key": self._key("work"), "slices": slices}, "SUCCESS", 1
        if kind < 0.9:
            attempt = chance.randint(2, 4)
            payload = {"key": self._key("retry"), "slices": min(slices, 10), "succeed_at": attempt}
            return "storm_retry", payload, "SUCCESS", attempt
        return "storm_fail", {"key": self._key("fail"), "slices": min(slices, 10)}, "FAILURE", 2


def _submission(key: str, task: Any, accepted: bool, after: tuple[str, ...] = ()) -> Submission:
    """A task that succeeds in its first attempt."""
    return Submission(key, accepted, "SUCCESS", 1, task.id, after=after)
