"""The users of the scenarios flood, sockets and repeats; steady and burst are in the locustfile."""

import contextlib
import http.client
import secrets
import socket
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent.event import Event
from locust import User, constant, task
from locust.exception import StopUser
from pydantic import BaseModel

from loadtests.caller import SUBMIT, Caller, all_are_there, follower, gate, ledger, settings
from loadtests.client import Accepted
from loadtests.payloads import Submission, draw

_BULK = "/api/tasks/bulk"
_CHUNK = 1000
_PROBE_PAUSE_S = 0.02

#: Set when the high tasks without the flood have ended, and when the flood is in.
_may_flood, _is_flooded = Event(), Event()


def submissions() -> int:
    """How many submissions a scenario that ends when all are answered makes."""
    return {
        "flood": settings.flood + 2 * settings.probes,
        "repeats": settings.users * settings.keys,
    }.get(settings.scenario, settings.users)


class _Item(BaseModel):
    task_id: str | None = None


class _Items(BaseModel):
    items: list[_Item]


class _Queue(BaseModel):
    queue: str
    queued: int


class _Queues(BaseModel):
    queues: list[_Queue]


class Flooder(Caller):
    """One who submits all low tasks of a flood, a thousand a request."""

    abstract = settings.scenario != "flood"
    fixed_count = 1
    wait_time = constant(0)
    network_timeout = 60.0

    @task
    def flood(self) -> None:
        _may_flood.wait()
        for begin in range(0, settings.flood, _CHUNK):
            if not gate.open:
                raise StopUser
            self._submit(min(_CHUNK, settings.flood - begin))
            _is_flooded.set()
        raise StopUser

    def _submit(self, count: int) -> None:
        body: list[dict[str, Any]] = [{**draw().body, "priority": "low"} for _ in range(count)]
        ledger.submitted += count
        answer = self.api.call("POST", _BULK, name=_BULK, expected={207}, body=body)
        ledger.settled += count
        if answer is None:
            return
        items = _Items.model_validate_json(b'{"items":' + answer.body + b"}").items
        accepted = sum(item.task_id is not None for item in items)
        ledger.flood.accepted += accepted
        if accepted < count:
            ledger.unexpected[f"POST {_BULK}: not every task was accepted"] += 1


class Prober(Caller):
    """One who submits high tasks, one after the other, without the flood and then within it."""

    abstract = settings.scenario != "flood"
    fixed_count = 1
    wait_time = constant(0)

    @task
    def probe(self) -> None:
        self._probe(ledger.flood.before)
        _may_flood.set()
        _is_flooded.wait()
        self._probe(ledger.flood.during)
        answer = self.api.call("GET", "/api/queues", name="/api/queues", expected={200})
        queues = answer and self.api.parse(_Queues, answer, "GET /api/queues")
        if queues:
            ledger.flood.waiting = sum(one.queued for one in queues.queues if one.queue == "low")
        raise StopUser

    def _probe(self, task_ids: list[str]) -> None:
        for _ in range(settings.probes):
            task_id = self.submit(replace(draw(), priority="high"))
            if task_id is None:
                continue
            task_ids.append(task_id)
            while ledger.entries[task_id].status in ("PENDING", "STARTED"):
                gevent.sleep(_PROBE_PAUSE_S)
                self.api.read_task(task_id)
                if ledger.entries[task_id].gone:
                    break


@lru_cache(1)
def _same_for_all() -> tuple[tuple[str, Submission], ...]:
    """The keys and their submissions: a key with another body would be refused."""
    return tuple((secrets.token_hex(8), draw()) for _ in range(settings.keys))


class Repeater(Caller):
    """One of many who send the same submits with the same keys, all in the same instant."""

    abstract = settings.scenario != "repeats"
    wait_time = constant(0)

    @task
    def repeat(self) -> None:
        all_are_there.wait()
        for key, submission in _same_for_all():
            if not gate.open:
                raise StopUser
            ledger.submitted += 1
            answer = self.api.call(
                "POST", SUBMIT, name=SUBMIT, expected={200, 202}, body=submission.body,
                headers={"Idempotency-Key": key},
            )  # fmt: skip
            ledger.settled += 1
            accepted = answer and self.api.parse(Accepted, answer, f"POST {SUBMIT}")
            if answer and accepted:
                self._note(key, submission, accepted.task_id, answer.latency_s)
        raise StopUser

    def _note(self, key: str, submission: Submission, task_id: str, latency_s: float) -> None:
        ledger.keys.setdefault(key, set()).add(task_id)
        if task_id in ledger.entries:
            ledger.submit_s.append(latency_s)
            return
        ledger.accept(task_id, submission.task_type, latency_s)
        follower.follow(task_id)


#: The sockets of all readers: a stream has no end, so that a run ends only when they are closed.
_streams: set[socket.socket] = set()


def end_streams() -> None:
    """Let every reader go home."""
    for stream in list(_streams):
        with contextlib.suppress(OSError):  # the service was faster
            stream.shutdown(socket.SHUT_RDWR)


class Reader(User):
    """Somebody who follows all events, all the time."""

    abstract = settings.streams == 0
    fixed_count = settings.streams
    wait_time = constant(0)

    @task
    def follow(self) -> None:
        url = urlsplit(self.host or "")
        headers = {"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
        connect = (
            http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        )
        connection = connect(url.netloc, timeout=30)
        stream: socket.socket | None = None
        try:
            connection.connect()
            _streams.add(stream := connection.sock)
            connection.request("GET", f"{url.path}/api/events", headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                ledger.streams.refused[f"GET /api/events: {answer.status}"] += 1
            elif answer.readline():
                ledger.streams.opened += 1
                while answer.readline():
                    ledger.streams.lines += 1
        except OSError as error:
            ledger.streams.refused[f"GET /api/events: {type(error).__name__}"] += 1
        finally:
            if stream is not None:
                _streams.discard(stream)
            connection.close()
        gevent.sleep(1)
