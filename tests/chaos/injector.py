"""Does to the arena what the schedule says, and keeps what each fault really hit."""

import heapq
import itertools
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable

import psutil
import redis

from tests.chaos import ledger
from tests.chaos.arena import STOP_S, Arena, send
from tests.chaos.history import Hit
from tests.chaos.rude_clients import RudeClients
from tests.chaos.schedule import CONCURRENCY, CONSUMERS, Fault, FaultKind

#: Seconds. A worker must not live longer than this after its supervisor.
ORPHAN_S = 2.0

#: Seconds. After a freeze workers go on so much before their supervisor, or the other way round.
_THAW_S = 0.8

#: Seconds. A fault that breaks work waits so long for its consumer to start, and for some work.
START_S, IDLE_S, _POLL_S = 6.0, 1.0, 0.02


class Injector:
    """Runs through a list of faults once."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._pause = threading.Event()
        self._order = itertools.count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._down: set[str] = set()
        self.hits: list[Hit] = []
        self.orphans: list[str] = []
        self.held_up: list[str] = []

    def run(self, faults: Iterable[Fault]) -> None:
        """Do all faults at their times; returns when everything is up again."""
        begin = time.monotonic()
        for fault in faults:
            self._go_on_until(begin + fault.at_s)
            while fault.target.partition("/")[0] in self._down:
                self._go_on_until(self._later[0][0])
            self.revive()
            self._inject(fault)
        while self._later:
            self._go_on_until(self._later[0][0])

    def revive(self) -> None:
        """Start consumers again that a task has ended."""
        for name in CONSUMERS:
            if name not in self._down and self._arena.pid_of_running(name) is None:
                self._arena.start(name)

    def _go_on_until(self, then: float) -> None:
        while True:
            due = self._later[0][0] if self._later else then
            self._pause.wait(max(min(due, then) - time.monotonic(), 0.0))
            if not self._later or due > then:
                return
            heapq.heappop(self._later)[2]()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), action))

    def _start_again(self, fault: Fault, then: Callable[[], None] = lambda: None) -> None:
        self._down.add(fault.target)

        def start() -> None:
            self._arena.start(fault.target)
            self._down.discard(fault.target)
            then()

        self._after(fault.lasts_s, start)

    def _inject(self, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.KILL_WORKER:
                self._kill_worker(fault)
            case FaultKind.KILL_CONSUMER | FaultKind.KILL_GROUP:
                self._kill_consumer(fault)
            case FaultKind.FREEZE_GROUP:
                self._freeze(fault)
            case FaultKind.STOP_CONSUMER:
                self._stop(fault)
            case FaultKind.KILL_WEB:
                self._kill_web(fault)
            case FaultKind.KILL_REDIS:
                self._kill_redis(fault)
            case FaultKind.LOSE_ANSWERS:
                self._lose_answers(fault)
            case FaultKind.ENDLESS_BODY:
                self._push_without_end(fault)
            case FaultKind.STALL_LOG:
                self._stall_log(fault)
            case _:
                self._command(fault)

    def _hit(
        self,
        fault: Fault,
        at: float,
        group: Iterable[psutil.Process] = (),
        *,
        everyone: bool = False,
    ) -> None:
        pids = frozenset(process.pid for process in group)
        self.hits.append(Hit(fault.kind, fault.target, at, time.time(), pids, everyone))

    def _at_work(self, target: str) -> list[psutil.Process]:
        """The group of a consumer, or one worker of it, when it runs a task; or after a while."""
        consumer, _, place = target.partition("/")
        begin, up_at = time.monotonic(), math.inf
        while True:
            group = self._arena.group(consumer)
            chosen = group[int(place) + 1 : int(place) + 2] if place else group
            now, pids = time.monotonic(), {process.pid for process in chosen}
            up_at = min(up_at, now if len(group) > CONCURRENCY else math.inf)
            executions = ledger.executions(self._arena.ledger)
            busy = any(one.pid in pids and one.ended_at is None for one in executions)
            if busy or now - up_at > IDLE_S or now - begin > START_S:
                return chosen
            self._pause.wait(_POLL_S)

    def _standing_still(self, target: str) -> list[psutil.Process]:
        """The group of a consumer at work, whole: its supervisor is frozen and forks no more."""
        send(self._at_work(target)[:1], signal.SIGSTOP)
        return self._arena.group(target)

    def _kill_worker(self, fault: Fault) -> None:
        worker, at = self._at_work(fault.target), time.time()
        send(worker, signal.SIGKILL)
        self._hit(fault, at, worker)

    def _kill_consumer(self, fault: Fault) -> None:
        group, at = self._standing_still(fault.target), time.time()
        alone = fault.kind is FaultKind.KILL_CONSUMER
        workers = self._arena.workers(fault.target)
        self._arena.kill(fault.target, group[:1] if alone else group)
        self._hit(fault, at, group)
        self._start_again(fault)
        self._after(ORPHAN_S, lambda: self._look_for_orphans(fault, workers))

    def _look_for_orphans(self, fault: Fault, group: Iterable[psutil.Process]) -> None:
        alive = [p for p in group if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        self.orphans += [
            f"process {process.pid} lived {ORPHAN_S:g} s after {fault.kind} of {fault.target}"
            for process in alive
        ]

    def _freeze(self, fault: Fault) -> None:
        group, at = self._standing_still(fault.target), time.time()
        leader, workers = group[:1], group[1:]
        send(group, signal.SIGSTOP)
        # Both orders matter: a worker that commits first, a supervisor that renews first.
        supervisor_first = round(fault.lasts_s * 100) % 4 == 0
        first, second = (leader, workers) if supervisor_first else (workers, leader)
        self._down.add(fault.target)
        self._after(fault.lasts_s, lambda: send(first, signal.SIGCONT))

        def thaw() -> None:
            send(second, signal.SIGCONT)
            self._down.discard(fault.target)
            self._hit(fault, at, group)

        self._after(fault.lasts_s + _THAW_S, thaw)

    def _stop(self, fault: Fault) -> None:
        group, at = self._standing_still(fault.target), time.time()
        send(group[:1], signal.SIGCONT)
        if not self._arena.terminate(fault.target):
            self.orphans.append(f"{fault.target} has not stopped {STOP_S:g} s after SIGTERM")
            self._arena.kill(fault.target, group)
        self._hit(fault, at, group)
        self._start_again(fault)

    def _kill_web(self, fault: Fault) -> None:
        group, at = self._arena.group("web"), time.time()
        if fault.target == "web/worker":
            send(group[1:], signal.SIGKILL)
        else:
            self._arena.kill("web", group)
            self._start_again(fault)
        self._hit(fault, at)

    def _kill_redis(self, fault: Fault) -> None:
        at = time.time()
        self._arena.kill("redis", self._arena.group("redis"))

        self._start_again(fault, lambda: self._hit(fault, at, everyone=True))

    def _lose_answers(self, fault: Fault) -> None:
        proxy, at = self._arena.proxy, time.time()
        proxy.losing = True

        def arrive_again() -> None:
            proxy.losing = False
            self._hit(fault, at)

        self._after(fault.lasts_s, arrive_again)

    def _push_without_end(self, fault: Fault) -> None:
        clients, at = RudeClients(self._arena.web_socket), time.time()
        clients.start()

        def stop() -> None:
            self.held_up += clients.stop()
            self._hit(fault, at)

        self._after(fault.lasts_s, stop)

    def _stall_log(self, fault: Fault) -> None:
        log, at = self._arena.logs[fault.target], time.time()
        pid = self._arena.pid_of_running(fault.target)
        log.stall()

        def resume() -> None:
            log.resume()
            self._hit(fault, at)
            began = [
                execution.began_at
                for execution in ledger.executions(self._arena.ledger)
                if execution.consumer == pid
            ]
            late = at + fault.lasts_s / 3  # by then the pipe is full
            stands_still = began and min(began) < at and max(began) < late
            if stands_still and pid == self._arena.pid_of_running(fault.target):
                self.held_up.append(f"{fault.target} did nothing while nobody read its log")

        self._after(fault.lasts_s, resume)

    def _command(self, fault: Fault) -> None:
        at = time.time()
        with redis.Redis(unix_socket_path=str(self._arena.redis_socket)) as server:
            if fault.kind is FaultKind.KILL_CLIENTS:
                server.client_kill_filter(_type="normal", skipme=True)
            else:
                server.script_flush()
        self._hit(fault, at)
