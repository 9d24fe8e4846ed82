"""A good client of the HTTP API: it waits when it is asked to, and notes every answer it gets.

Owns which answers count as what in the ledger. It knows no scenario.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

import gevent
from locust.contrib.fasthttp import FastHttpSession
from pydantic import BaseModel, ValidationError

from loadtests.ledger import TERMINAL, Ledger

_TRIES = 20
_LONGEST_WAIT_S = 10.0

Model = TypeVar("Model", bound=BaseModel)

Status = Literal[
    "PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED", "SCHEDULED", "EXPIRED"
]


class Accepted(BaseModel):
    """What a 202 says."""

    task_id: str


class TaskView(BaseModel):
    """What the load test reads of a task."""

    task_id: str
    status: Status
    submitted_at: datetime
    finished_at: datetime | None
    started_at: datetime | None = None
    attempt: int = 0

    @property
    def wait_s(self) -> float | None:
        """Seconds from submission to the first start; None when that is not known."""
        if self.started_at is None or self.attempt != 1:
            return None
        return (self.started_at - self.submitted_at).total_seconds()

    @property
    def took_s(self) -> float | None:
        """Seconds from submission to finish; None while it is not terminal."""
        if self.status not in TERMINAL or self.finished_at is None:
            return None
        return (self.finished_at - self.submitted_at).total_seconds()


@dataclass(frozen=True)
class Answer:
    """An answer with one of the statuses that were expected."""

    status: int
    body: bytes
    latency_s: float


@dataclass(frozen=True)
class Wait:
    """The service asks to come again later."""

    seconds: float


class Client:
    """Sends requests over one Locust session, and keeps the ledger of their answers."""

    def __init__(self, session: FastHttpSession, ledger: Ledger, api_key: str) -> None:
        self._session = session
        self._ledger = ledger
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def call(
        self,
        method: str,
        path: str,
        *,
        name: str,
        expected: Collection[int],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | None:
        """Send a request, again for as long as the service asks to wait, and return its answer.

        None stands for an answer that was not expected, or for none; the ledger has it then.
        """
        for _ in range(_TRIES):
            answer = self._send(method, path, name, expected, body, headers or {})
            if not isinstance(answer, Wait):
                return answer
            gevent.sleep(answer.seconds)
        self._ledger.gave_up[f"{method} {name} after {_TRIES} tries"] += 1
        return None

    def read_task(self, task_id: str) -> TaskView | None:
        """Read a task and note its state; None when that is not known now."""
        path, name = f"/api/tasks/{task_id}", "/api/tasks/<id>"
        answer = self.call("GET", path, name=name, expected={200, 404})
        if answer is None:
            return None
        if answer.status == 404:
            self._ledger.entries[task_id].gone = True
            return None
        view = self.parse(TaskView, answer, f"GET {name}")
        if view is not None:
            self._ledger.observe(task_id, view.status, view.took_s)
            entry = self._ledger.entries[task_id]
            entry.wait_s, entry.attempt = view.wait_s, view.attempt
        return view

    def parse(self, model: type[Model], answer: Answer, request: str) -> Model | None:
        """Read a body; one that breaks the contract is noted, and None."""
        try:
            return model.model_validate_json(answer.body)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            where = "/".join(str(part) for part in problem["loc"]) or "body"
            what = f"{request}: {answer.status}, but {where}: {problem['msg']}"
            self._ledger.unexpected[what] += 1
            return None

    def _send(
        self,
        method: str,
        path: str,
        name: str,
        expected: Collection[int],
        body: Any,
        headers: Mapping[str, str],
    ) -> Answer | Wait | None:
        started = time.perf_counter()
        with self._session.request(
            method,
            path,
            name=name,
            json=body,
            headers={**self._headers, **headers},
            catch_response=True,
        ) as response:
            latency_s = time.perf_counter() - started
            status = response.status_code
            if status in expected:
                response.success()
                return Answer(status, response.content or b"", latency_s)
            cause = type(response.request_meta["exception"]).__name__
            what = str(status) if status else f"no answer ({cause})"
            response.failure(what)
            retry_after = (response.headers or {}).get("Retry-After")
            return self._note(f"{method} {name}: {what}", status, retry_after)

    def _note(self, what: str, status: int, retry_after: Any) -> Wait | None:
        if status in (429, 503) and retry_after is not None:
            self._ledger.asked_to_wait[what] += 1
            wait_s = float(retry_after) if str(retry_after).isdecimal() else 1.0
            return Wait(min(wait_s, _LONGEST_WAIT_S))
        if status >= 500:
            self._ledger.server_errors[what] += 1
        else:
            self._ledger.unexpected[what] += 1
        return None
