"""The supervisor of one queue's workers: one process without threads, in one loop.

It starts the worker processes, renews their leases, sees a death at once and releases the task,
stops cancelled attempts, promotes due tasks, ends late ones, makes those of schedules, recovers
those of lost consumers, and writes the heartbeat. It runs no task itself, so none can stop it.
"""

import contextlib
import logging
import math
import secrets
import signal
import socket
import time
from multiprocessing.connection import wait
from types import FrameType
from typing import Any

from huey_tasks.broker import keys
from huey_tasks.broker.deadline import SOCKET_TIMEOUT_S, time_limit
from huey_tasks.broker.protocol import FUNCTIONS
from huey_tasks.broker.server_check import ServerCheck
from huey_tasks.cleanup.worker_state import Limits
from huey_tasks.config import Config
from huey_tasks.consumer import dead_consumers, duties, overdue
from huey_tasks.consumer.chores import SELDOM_S, Chore, Chores
from huey_tasks.consumer.dataset import DataSet
from huey_tasks.consumer.grace import Grace
from huey_tasks.consumer.greenlet_pool import NESTED_SLOTS
from huey_tasks.consumer.heartbeat import Heartbeat
from huey_tasks.consumer.huey_periodic import PeriodicTasks
from huey_tasks.consumer.interrupts import Interrupts
from huey_tasks.consumer.isolation import LOOK_S, Beside, EndOfIsolation, Isolation
from huey_tasks.consumer.outage import Outage
from huey_tasks.consumer.worker_pool import WorkerPool
from huey_tasks.errors import ConfigError, QueueUnavailable
from huey_tasks.execution.worker_table import StopReason, WorkerTable
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.processes import stop_signals
from huey_tasks.schedules.firing import Firing
from huey_tasks.webhooks.dispatch import Dispatch

logger = logging.getLogger(__name__)

#: Seconds after the grace, and after interrupting, in which a worker may still commit.
COMMIT_MARGIN_S = 2.0


class Consumer:
    """Serves one queue with `concurrency` workers until SIGTERM, SIGINT or SIGHUP."""

    def __init__(
        self,
        queue: TaskQueue,
        config: Config,
        concurrency: int,
        worker_type: str,
        *,
        only: str = "",  # what it runs and nothing else, beside the consumer `parent`
        parent: int = 0,
    ) -> None:
        self.queue, self.config = queue, config
        self.concurrency, self.worker_type = concurrency, worker_type
        self.name = f"{queue.name}@{socket.gethostname()[:24]}-{secrets.token_hex(3)}"
        self._table = WorkerTable.create(concurrency + (NESTED_SLOTS if only == FUNCTIONS else 0))
        self._isolation: Isolation = Beside(queue.broker, config, self._run_beside)
        if only:
            self.name += f"-{only}"
            end = (self._table.is_busy, self._stop_gently)
            self._isolation = EndOfIsolation(queue.broker, only, parent, config, *end)
        self._broker = queue.broker
        self._periodic = PeriodicTasks(queue)
        self._interrupts = Interrupts(config.cancel_grace_s)
        self._pool = WorkerPool(
            queue,
            self.name,
            self._table,
            self._interrupts,
            worker_type=worker_type,
            max_crashes=config.max_crashes,
            limits=Limits(config.max_tasks_per_worker, config.worker_max_memory),
            beside=lambda: self._isolation.processes() | self._periodic.processes(),
        )
        self._control = queue.broker.subscribe(keys.control(queue.name))
        self._firing = Firing(queue.broker)
        self._heartbeat = Heartbeat(queue, self.name, self._table, worker_type, concurrency)
        self._dataset = DataSet(queue.broker, expected=config.dataset_is_expected)
        self._server_check = ServerCheck(config, [queue.name])
        self._refusal: ConfigError | None = None
        self._grace = Grace(config.shutdown_grace_s)
        self._outage = Outage(self._table.cells)
        self._neighbours = dead_consumers.Neighbours(queue, config.max_crashes)
        self._announced = {  # by a word of the control channel, and of heartbeats
            "due": Chore(self._promote_due, SELDOM_S),
            "late": Chore(lambda: duties.expire_late(queue.broker), SELDOM_S),
            "schedules": Chore(self._firing.fire_due, 5.0),
            "outbox": Chore(Dispatch(queue.broker).run, SELDOM_S),
            "flows": Chore(duties.go_on_with_flows, SELDOM_S),
            "leases": Chore(self._recover_lost, min(2.0, config.lease_s / 5)),
            "functions": Chore(self._isolation.start, SELDOM_S),
        }
        self._chores = Chores(
            self._outage,
            Chore(self._renew_leases, config.lease_s / 3),
            Chore(self._beat, 1.0, asks_redis=True),
            *self._announced.values(),
            Chore(self._neighbours.release_tasks, 1.0),
            Chore(self._end_overdue, 1.0),
            Chore(self._prune, 30.0),
            Chore(self._periodic.enqueue_due, 1.0),
            Chore(self._check_server, 1.0),
            Chore(self._dataset.check_results, 5.0),
            Chore(self._outage.look, 1.0),
            Chore(self._isolation.look, LOOK_S),
            *duties.once_for_all(queue.broker, config, only),
        )

    @classmethod
    def from_huey_options(cls, queue: TaskQueue, options: dict[str, Any]) -> "Consumer":
        """Build from the options of the `huey_consumer` command; `-k` must be process or greenlet.

        Threads cannot be interrupted, so a cancelled or overdue task could not be stopped.
        """
        worker_type = options.get("worker_type", "process")
        number = int(options.get("workers", 1))
        if worker_type not in ("process", "greenlet"):
            better = f"huey_consumer huey_tasks.{queue.name} -k process -w {number}"
            kinds = "Duckline runs workers as -k process or -k greenlet"
            raise ConfigError(f"{kinds}, not {worker_type}: type {better}")
        return cls(queue, Config.from_env(), concurrency=number, worker_type=worker_type)

    def run(self) -> None:
        """Serve the queue; returns after a clean stop, with every task committed or released.

        Raises ConfigError for a Redis that cannot be used, as soon as it answers.
        """
        with contextlib.suppress(QueueUnavailable):  # then it is a chore
            self._server_check.make()
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for signum in stop_signals.heard():
            signal.signal(signum, self._on_stop_signal)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)  # only wakes the loop
        try:
            self._serve(woken)
        finally:
            self._pool.kill()

    def _serve(self, woken: socket.socket) -> None:
        self._control.sources()  # it hears of cancels before anyone can know that it is there
        with contextlib.suppress(QueueUnavailable), time_limit(self._patience_s):
            self._beat()  # what it knows, before it claims; that it is there, should it die at once
            self._neighbours.release_tasks()  # what a dead one held stood before all that waits
        self._pool.start()
        logger.info(
            f"{duties.kind_of(self.name)} started",
            extra={"queue": self.queue.name, "workers": self.concurrency, "type": self.worker_type},
        )
        while self._pool or self._isolation or not self._stopping:
            with time_limit(self._patience_s):
                self._chores.do_what_is_due()
                sources = [woken, *self._control.sources(), *self._pool.sentinels()]
            ready = wait(sources, timeout=self._pause())
            if woken in ready:
                woken.recv(4096)
            with time_limit(self._patience_s):
                self._pool.replace_dead(ready)
                self._read_control()
                self._enforce_stops()
        with time_limit(self._patience_s):
            self._leave()
        if self._refusal is not None:
            raise self._refusal

    @property
    def _patience_s(self) -> float:
        """How long one round may wait for Redis. A connection that has gone dead has to be given
        up before the leases that are renewed over it end; a stop has little time."""
        if self._stopping:
            return 0.3 if self._outage.redis_away else 1.0
        return min(max(self.config.lease_s / 2, 1.0), SOCKET_TIMEOUT_S)

    @property
    def _stopping(self) -> bool:
        return self._grace.has_begun

    # ---- stopping attempts

    def _read_control(self) -> None:
        for command, *words in self._control.read():
            if command in self._announced:
                self._announced[command].due = 0.0
            elif command == "stop":
                self._stop(*words)
            elif command == "breaker":
                duties.log_breaker(self.name, *words)

    def _stop(self, task_id: str, token: str) -> None:
        """Stop the attempt wherever it runs; the worker that has only claimed it never begins it.

        The worker says what it holds before it looks whether that is revoked, so one of both sees.
        """
        for child, cell in self._pool.cells():
            if token.startswith(f"{self.name}/{cell.index + 1}/"):
                cell.revoke(token)
                held = cell.held()
                if held is not None and (held.task_id, held.token) == (task_id, token):
                    self._interrupts.stop(child, cell, token, StopReason.CANCEL)

    def _enforce_stops(self) -> None:
        if self._grace.is_over():
            for child, cell in self._pool.cells():
                if (held := cell.held()) is not None:
                    self._interrupts.stop(child, cell, held.token, StopReason.RELEASE)
        # A greenlet has no process of its own to kill; it goes with the whole pool at the end.
        alone = self.worker_type == "process"
        self._interrupts.enforce(self._pool.cells(), may_kill=alone or self._grace.is_over())
        if self._stopping:
            self._pool.signal(signal.SIGTERM)  # again: one that was just starting missed the first
            runs = [held for _, cell in self._pool.cells() if (held := cell.held()) is not None]
            self._grace.say_what_runs(self.queue.name, runs)
        if self._grace.is_over(self.config.cancel_grace_s + COMMIT_MARGIN_S):
            self._pool.kill()

    # ---- chores

    def _pause(self) -> float:
        """Return the seconds until something is due that no event announces."""
        dues = [self._chores.next_due(), self._pool.next_start()]
        if self._interrupts or self._stopping:
            dues.append(time.monotonic() + 0.05)
        return max(min(dues) - time.monotonic(), 0.0)

    def _renew_leases(self) -> None:
        held = [(cell, h) for _, cell in self._pool.cells() if (h := cell.held()) is not None]
        if not held:
            return
        pairs = [(h.task_id, h.token) for _, h in held]
        lost = self._broker.scripts.renew(self.queue.name, pairs, lease_ms=self._broker.lease_ms)
        for child, cell in self._pool.cells():
            if (now_held := cell.held()) is None:
                continue
            erased = lost.get((now_held.task_id, now_held.token))
            if erased is False:  # one that was erased nobody has cancelled: it runs to its end
                revoked = cell.is_revoked(now_held.token)
                why = StopReason.CANCEL if revoked else StopReason.LOST
                self._interrupts.stop(child, cell, now_held.token, why)

    def _beat(self) -> None:
        pids = {cell.index: child.pid for child, cell in self._pool.cells()}
        seen = self._heartbeat.beat(pids, self._dataset.id)
        self._neighbours.number = seen.consumers - 1
        for word in seen.words:
            self._announced[word].due = 0.0
        if self._dataset.look(seen):
            self._firing.plan_again()

    def _end_overdue(self) -> float | None:
        """End attempts that ignore their time limit: outcome first, then the process."""
        grace_s, now = self.config.cancel_grace_s, time.monotonic()
        next_s: float | None = None
        for child, cell in self._pool.cells():
            if (held := cell.held()) is None or not held.in_body:
                continue
            left_s = held.deadline + grace_s - now
            if left_s <= 0:
                overdue.time_out(self.queue, held)
                self._interrupts.stop(child, cell, held.token, StopReason.OVERDUE)
            elif math.isfinite(left_s):
                next_s = min(left_s, next_s or left_s)
        return next_s

    def _promote_due(self) -> float | None:
        return self._broker.scripts.promote(self.queue.name, lease_ms=self._broker.lease_ms)

    def _recover_lost(self) -> None:
        if self._outage.redis_away:
            return
        self._renew_leases()  # first our own: Redis may have been silent for longer than a lease
        duties.recover_lost(self.queue, max_crashes=self.config.max_crashes)

    def _prune(self) -> float | None:
        return duties.prune(self._broker, cap=self.config.finished_cap)

    def _check_server(self) -> None:
        """Once, at the first contact. A server that cannot be used ends the consumer."""
        try:
            self._server_check.make()
        except QueueUnavailable as error:
            logger.debug("Redis is looked at later: %s", error.cause)
        except ConfigError as refusal:
            self._refusal = refusal
            self._stop_gently()

    # ---- a consumer beside this one

    def _run_beside(self, only: str, parent: int) -> None:
        """In another process: serve suspects, or functions, and nothing else."""
        slots = self.config.function_slots
        workers = (slots, "greenlet") if only == FUNCTIONS else (1, self.worker_type)
        Consumer(self.queue, self.config, *workers, only=only, parent=parent).run()

    # ---- the end

    def _stop_gently(self) -> None:
        if not self._stopping:  # a second call would end the grace, as a second signal does
            self._on_stop_signal(signal.SIGTERM, None)

    def _on_stop_signal(self, signum: int, frame: FrameType | None) -> None:
        """First signal: finish what runs, within the grace. Second: release it now."""
        self._grace.stop()
        self._pool.replacing = False
        self._pool.signal(signal.SIGTERM)
        self._isolation.stop()

    def _leave(self) -> None:
        self._heartbeat.leave()
        logger.info(f"{duties.kind_of(self.name)} stopped", extra={"queue": self.queue.name})
