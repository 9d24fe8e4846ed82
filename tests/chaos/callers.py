"""Callers that ask for more than a task: once, unique, as a flow, with a webhook.

A request with an `Idempotency-Key` is sent until it is answered: what it submits must be there, and
only once.
"""

import itertools
import random
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import huey_tasks as tq
from tests.chaos.history import TERMINAL, Arrival, Flow, Submission
from tests.chaos.web_client import WebClient
from tests.receivers import Receiver, in_turn, status

#: Seconds between two rounds: one task with a key, a unique one with its twin, a flow.
PACE_S = 0.5

#: Seconds between two tries of one request, and how many there are once the storm is over.
_RETRY_S, _LAST_TRIES = 0.2, 3

#: Seconds that a unique task waits before it may start, so that its twin mostly finds it there.
_DELAY_S = 1.0


class Callers:
    """A thread that submits, and the receiver of the webhooks that it asks for."""

    def __init__(self, seed: int, web: Path, receiver: Receiver) -> None:
        self._chance = random.Random(f"callers {seed}")
        self._client, self._receiver = WebClient(web), receiver
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._submit_all, name="callers")
        self._refused: set[str] = set()
        self._flow_ids: dict[str, str] = {}
        self._flow_ends: dict[str, str] = {}
        self.submissions: list[Submission] = []

    def start(self) -> None:
        """Begin to submit."""
        self._thread.start()

    def stop(self) -> None:
        """Submit no more; returns when every request has its answer, or will get none."""
        self._over.set()
        self._thread.join()

    def arrivals(self) -> Mapping[str, tuple[Arrival, ...]]:
        """What has arrived, and was accepted, of the task of each key."""
        found: dict[str, list[Arrival]] = {}
        for each in tuple(self._receiver.got):
            found.setdefault(each.path[1:], []).append(Arrival.read(each.id, each.body))
        return {key: tuple(all_[key in self._refused :]) for key, all_ in found.items()}

    def are_served(self) -> bool:
        """Whether of each task that was accepted with a webhook something has arrived."""
        owed = {each.key for each in self.submissions if each.accepted and each.webhook}
        return owed <= {key for key, found in self.arrivals().items() if found}

    def flows(self) -> tuple[Flow, ...]:
        """Every flow that was accepted, as it is now."""
        return tuple(
            Flow(key, self._flow_ends[key], _state_of(flow_id))
            for key, flow_id in self._flow_ids.items()
        )

    # ---- submitting

    def _submit_all(self) -> None:
        for number in itertools.count(1):
            if self._over.wait(PACE_S):
                return
            self._submit_once(f"once-{number}")
            self._submit_twins(f"unique-{number}", f"twin-{number}")
            self._submit_flow(f"flow-{number}", fails=number % 3 == 0)

    def _submit_once(self, key: str) -> None:
        """A task with a key, and a webhook that may refuse the first attempt."""
        if self._chance.random() < 0.3:
            self._refused.add(key)
            self._receiver.answers[f"/{key}"] = in_turn(status(503), status(204))
        slices = self._chance.choice((0, 1, 5, 20))
        body = {
            "task_type": "storm_work",
            "payload": {"key": key, "slices": slices},
            "webhook_url": f"{self._receiver.url}/{key}",
        }
        answer = self._insist("/api/tasks/submit", key, body)
        task_id = answer.get("task_id")
        accepted = task_id is not None
        self.submissions.append(Submission(key, accepted, "SUCCESS", 1, task_id, webhook=True))

    def _submit_twins(self, key: str, twin: str) -> None:
        """A unique task, and another one like it, which must not be stored beside it."""
        first = self._submit_unique(key, unique_key=key)
        task_id = first.get("task_id")
        self.submissions.append(Submission(key, task_id is not None, "SUCCESS", 1, task_id))
        if task_id is None:
            return
        second = self._submit_unique(twin, unique_key=key)
        twin_id = second.get("task_id")
        if twin_id == task_id:
            return
        # After an outage the first one may have ended, so that the twin is a task of its own. One
        # that is stored earlier is not in the list: it is unexpected.
        if twin_id is None or self._has_ended(task_id):
            self.submissions.append(Submission(twin, twin_id is not None, "SUCCESS", 1, twin_id))

    def _submit_unique(self, key: str, unique_key: str) -> dict[str, Any]:
        body = {
            "task_type": "storm_short",
            "payload": {"key": key},
            "unique_for": 600,
            "unique_key": unique_key,
            "delay": _DELAY_S,
        }
        return self._insist("/api/tasks/submit", key, body)

    def _has_ended(self, task_id: str) -> bool:
        answered, task = self._client.ask("GET", f"/api/tasks/{task_id}")
        return answered != 200 or task["status"] in TERMINAL

    def _submit_flow(self, key: str, *, fails: bool) -> None:
        """A start, two behind it, and a join; or a node that fails and what it starts then."""
        start, left, right, join, bad, alarm = (
            f"{key}-{part}" for part in ("start", "left", "right", "join", "bad", "alarm")
        )
        nodes: list[dict[str, Any]] = [
            _node("start", "storm_short", start),
            _node("left", "storm_work", left, slices=60, after=["start"]),
            _node("right", "storm_work", right, slices=1, after=["start"]),
            _node(
                "join", "storm_link", join,
                slices=1, after=["left", "right"], results={"value": "left"},
            ),
        ]  # fmt: skip
        follow = [
            Submission(left, False, "SUCCESS", 1, after=(start,)),
            Submission(right, False, "SUCCESS", 1, after=(start,)),
            Submission(join, False, "SUCCESS", 1, after=(left, right)),
        ]
        if fails:
            nodes += [
                _node("bad", "storm_fail", bad, slices=1, after=["start"], on_failure="alarm"),
                _node("alarm", "storm_short", alarm),
            ]
            follow += [
                Submission(bad, False, "FAILURE", 2, after=(start,)),
                Submission(alarm, False, "SUCCESS", 1, after_failure=bad),
            ]
        answer = self._insist("/api/flows", key, {"name": key, "nodes": nodes})
        accepted = "flow_id" in answer
        if accepted:
            self._flow_ids[key] = answer["flow_id"]
            self._flow_ends[key] = "failed" if fails else "succeeded"
        self.submissions += [Submission(start, accepted, "SUCCESS", 1), *follow]

    def _insist(self, path: str, key: str, body: object) -> dict[str, Any]:
        """Ask until it is answered with 202; {} when the storm is over before."""
        left = _LAST_TRIES
        while left:
            answered, answer = self._client.ask("POST", path, body, Idempotency_Key=key)
            if answered == 202:
                return answer
            left -= self._over.wait(_RETRY_S)
        return {}


def _node(name: str, task_type: str, key: str, **more: Any) -> dict[str, Any]:
    payload = {"key": key}
    if "slices" in more:
        payload["slices"] = more.pop("slices")
    return {"name": name, "task_type": task_type, "payload": payload, **more}


def _state_of(flow_id: str) -> str | None:
    try:
        return tq.get_flow(flow_id).status
    except tq.FlowNotFound:
        return None
