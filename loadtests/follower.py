"""Follows every accepted task to its end without flooding the service.

Owns the rhythm of the polls: a task is asked for soon after its 202 and then ever more rarely, and
all polls together stay below a rate, so that a thousand open tasks cost no more than fifty.
"""

import heapq
import time

import gevent
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

from loadtests.client import Client
from loadtests.ledger import Ledger
from loadtests.settings import Settings

_POLLERS = 4
_FIRST_S = 0.5
_GROWTH = 1.5
_RAREST_S = 5.0
_IDLE_S = 0.1


class Follower:
    """A few greenlets that ask for the tasks whose turn it is."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._due: list[tuple[float, float, str]] = []  # when, the interval so far, the task

    def follow(self, task_id: str) -> None:
        """Follow a task that was just accepted."""
        self._plan(task_id, _FIRST_S)

    def start(self, environment: Environment) -> None:
        """Begin to poll, until the process ends."""
        for _ in range(_POLLERS):
            gevent.spawn(self._poll, self._client(environment))

    def drain(self) -> None:
        """Wait until every accepted task has ended, or the deadline has passed."""
        started = time.monotonic()
        while self._ledger.open_entries():
            self._ledger.drained_s = time.monotonic() - started
            if self._ledger.drained_s >= self._settings.drain_s:
                return
            gevent.sleep(_IDLE_S)

    def look_once_more(self, environment: Environment) -> None:
        """Read every task that has not ended: a backlog is what the service still knows."""
        left = [entry.task_id for entry in self._ledger.open_entries()]
        if left:
            print(f"Reading the {len(left)} tasks that have not ended once more.", flush=True)
        readers = [
            gevent.spawn(self._read_all, self._client(environment), left[start::_POLLERS])
            for start in range(_POLLERS)
        ]
        gevent.joinall(readers, raise_error=True)

    def _read_all(self, client: Client, task_ids: list[str]) -> None:
        for task_id in task_ids:
            client.read_task(task_id)

    def _client(self, environment: Environment) -> Client:
        session = FastHttpSession(
            environment.host,
            environment.events.request,
            None,
            connection_timeout=10.0,
            network_timeout=10.0,
        )
        return Client(session, self._ledger, self._settings.api_key)

    def _plan(self, task_id: str, interval_s: float) -> None:
        heapq.heappush(self._due, (time.monotonic() + interval_s, interval_s, task_id))

    def _poll(self, client: Client) -> None:
        while True:
            if not self._due or self._due[0][0] > time.monotonic():
                gevent.sleep(_IDLE_S)
                continue
            _, interval_s, task_id = heapq.heappop(self._due)
            client.read_task(task_id)
            if self._ledger.entries[task_id].open:
                self._plan(task_id, min(interval_s * _GROWTH, _RAREST_S))
            gevent.sleep(_POLLERS / self._settings.polls_per_s)
