"""Submits the tasks that harm their workers, at the times that the schedule says."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import huey_tasks as tq
from tests.chaos.history import Submission
from tests.chaos.schedule import Fault


class Harm:
    """A thread that submits them. What each of them then really did is in the ledger."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.submissions: list[Submission] = []

    def start(self, faults: Iterable[Fault]) -> None:
        """Begin to submit."""
        self._thread = threading.Thread(target=self._submit_all, args=(tuple(faults),), name="harm")
        self._thread.start()

    def stop(self) -> None:
        """Submit no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _submit_all(self, faults: tuple[Fault, ...]) -> None:
        begin = time.monotonic()
        types = {one.name: one.wrappers["default"] for one in tq.task_types()}
        for number, fault in enumerate(faults, 1):
            if self._over.wait(max(begin + fault.at_s - time.monotonic(), 0)):
                return
            key = f"harm-{number}"
            payload = {"key": key, "kind": fault.kind.value, "how": fault.target}
            self._submit(key, types["storm_harm"].task_class((), payload))

    def _submit(self, key: str, task: Any) -> None:
        try:
            tq.default.enqueue(task)
        except tq.QueueUnavailable:
            accepted = False
        else:
            accepted = True
        self.submissions.append(Submission(key, accepted, "SUCCESS", 1, task.id))
