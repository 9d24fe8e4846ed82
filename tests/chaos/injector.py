"""Does to the arena what the schedule says, and keeps what each fault really hit."""

import heapq
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterable

import psutil
import redis

from tests.chaos.arena import Arena, send
from tests.chaos.history import Hit
from tests.chaos.schedule import Fault, FaultKind

#: Seconds. A worker must not live longer than this after its supervisor.
ORPHAN_S = 2.0

#: Seconds. After a freeze workers go on so much before their supervisor, or the other way round.
_THAW_S = 0.3


class Injector:
    """Runs through a list of faults once."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._pause = threading.Event()
        self._order = itertools.count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self.hits: list[Hit] = []
        self.orphans: list[str] = []
        self.missed = 0

    def run(self, faults: Iterable[Fault]) -> None:
        """Do all faults at their times; returns when everything is up again."""
        begin = time.monotonic()
        for fault in faults:
            self._go_on_until(begin + fault.at_s)
            self._inject(fault)
        while self._later:
            self._go_on_until(self._later[0][0])

    def _go_on_until(self, then: float) -> None:
        while True:
            due = self._later[0][0] if self._later else then
            self._pause.wait(max(min(due, then) - time.monotonic(), 0.0))
            if not self._later or due > then:
                return
            heapq.heappop(self._later)[2]()

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), action))

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
            case FaultKind.KILL_CLIENTS | FaultKind.FLUSH_SCRIPTS:
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

    def _kill_worker(self, fault: Fault) -> None:
        consumer, _, place = fault.target.partition("/")
        workers = self._arena.group(consumer)[1:]
        if len(workers) <= int(place):
            self.missed += 1
            return
        at = time.time()
        send([workers[int(place)]], signal.SIGKILL)
        self._hit(fault, at, [workers[int(place)]])

    def _kill_consumer(self, fault: Fault) -> None:
        group, at = self._arena.group(fault.target), time.time()
        alone = fault.kind is FaultKind.KILL_CONSUMER
        self._arena.kill(fault.target, group[:1] if alone else group)
        self._hit(fault, at, group)
        self._after(fault.lasts_s, lambda: self._arena.start(fault.target))
        self._after(ORPHAN_S, lambda: self._look_for_orphans(fault, group))

    def _look_for_orphans(self, fault: Fault, group: Iterable[psutil.Process]) -> None:
        alive = [p for p in group if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        self.orphans += [
            f"process {process.pid} lived {ORPHAN_S:g} s after {fault.kind} of {fault.target}"
            for process in alive
        ]

    def _freeze(self, fault: Fault) -> None:
        group, at = self._arena.group(fault.target), time.time()
        leader, workers = group[:1], group[1:]
        send(group, signal.SIGSTOP)
        # Both orders matter: a worker that commits first, a supervisor that renews first.
        first, second = (leader, workers) if len(self.hits) % 2 else (workers, leader)
        self._after(fault.lasts_s, lambda: send(first, signal.SIGCONT))

        def thaw() -> None:
            send(second, signal.SIGCONT)
            self._hit(fault, at, group)

        self._after(fault.lasts_s + _THAW_S, thaw)

    def _stop(self, fault: Fault) -> None:
        group, at = self._arena.group(fault.target), time.time()
        self._arena.terminate(fault.target)
        self._hit(fault, at, group)
        self._after(fault.lasts_s, lambda: self._arena.start(fault.target))

    def _kill_web(self, fault: Fault) -> None:
        group, at = self._arena.group("web"), time.time()
        if fault.target == "web/worker":
            send(group[1:], signal.SIGKILL)
        else:
            self._arena.kill("web", group)
            self._after(fault.lasts_s, lambda: self._arena.start("web"))
        self._hit(fault, at)

    def _kill_redis(self, fault: Fault) -> None:
        at = time.time()
        self._arena.kill("redis", self._arena.group("redis"))

        def restart() -> None:
            self._arena.start("redis")
            self._hit(fault, at, everyone=True)

        self._after(fault.lasts_s, restart)

    def _lose_answers(self, fault: Fault) -> None:
        proxy, at = self._arena.proxy, time.time()
        proxy.losing = True

        def arrive_again() -> None:
            proxy.losing = False
            self._hit(fault, at)

        self._after(fault.lasts_s, arrive_again)

    def _command(self, fault: Fault) -> None:
        at = time.time()
        with redis.Redis(unix_socket_path=str(self._arena.redis_socket)) as server:
            if fault.kind is FaultKind.KILL_CLIENTS:
                server.client_kill_filter(_type="normal", skipme=True)
            else:
                server.script_flush()
        self._hit(fault, at)
