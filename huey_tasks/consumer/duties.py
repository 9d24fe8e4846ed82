"""What every consumer does for its queue and for the consumers that are lost."""

import logging

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.protocol import ALONE, FUNCTIONS, only_of
from huey_tasks.broker.scripts.tasks import RECOVERED
from huey_tasks.broker.task_hash import from_ms
from huey_tasks.config import Config
from huey_tasks.consumer.chores import Chore
from huey_tasks.consumer.worker_pool import LOSSES_PER_CRASH
from huey_tasks.flows import changes
from huey_tasks.functions.settings import DEFAULTS
from huey_tasks.functions.settings_log import SettingsLog
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.invocations import function_types
from huey_tasks.limits import declared as declared_limits
from huey_tasks.queues import BROKERS
from huey_tasks.registry import types
from huey_tasks.schedules import declared
from huey_tasks.schedules.of_functions import FunctionSchedules
from huey_tasks.webhooks.alerts import LOOK_S, Alerts

logger = logging.getLogger(__name__)

#: How many calls of `recover` are made in turn while there is more: 100 tasks.
RECOVERS = 4

#: How many calls of `prune` are made in turn, and after how many seconds the next ones while there
#: is more: 6,000 tasks a second of each consumer, which is more than a queue takes for long.
CALLS, PAUSE_S = 3, 0.025


#: Seconds. A task that was not started in time ends at most so much later, by one that looks.
LATE_S = 0.1

#: What a consumer is called in the log, by what it runs and nothing else.
_KINDS = {FUNCTIONS: "function host", ALONE: "consumer of suspects"}


def kind_of(consumer: str) -> str:
    """Return what the log calls the consumer of that name."""
    return _KINDS.get(only_of(consumer), "consumer")


def once_for_all(broker: Broker, config: Config, only: str) -> list[Chore]:
    """Return the chores that all consumers have, and that one of them does at a time.

    `only`: what a consumer runs beside another one, which has them.
    """
    alerts = Alerts(broker, config.alert_after_s)
    declared_here = Declared(broker.name, config, only)
    return [Chore(alerts.look, LOOK_S), Chore(declared_here.store, 1.0)]


def recover_lost(queue: TaskQueue, *, max_crashes: int) -> None:
    """Recover the tasks whose lease has ended: their consumer, or its machine, is lost.

    Raises QueueUnavailable.
    """
    broker, losses = queue.broker, max_crashes * LOSSES_PER_CRASH
    for _ in range(RECOVERS):
        recovered = broker.scripts.recover(queue.name, max_losses=losses, lease_ms=broker.lease_ms)
        for task_id, state in recovered:
            about = {"task_id": task_id, "state": state}
            logger.warning("lease ended, task recovered", extra=about)
            if state == "FAILURE":
                queue.report_failure(task_id)
        if len(recovered) < RECOVERED:
            return


def go_on_with_flows() -> float | None:
    """Go on with flows that one script could not finish; 0 if there is more. As `recover_lost`."""
    return changes.go_on_with_flows()


def expire_late(broker: Broker) -> float | None:
    """End some tasks that were not started in time; as `prune`.

    Not each in its own millisecond: thousands may become too late one after the other.
    """
    sooner = broker.scripts.expire(broker.name)
    return sooner and max(sooner, LATE_S)


def prune(broker: Broker, *, cap: int) -> float | None:
    """Remove some old records; returns the seconds until more are due, None if there are no more.

    Redis serves others between two calls.
    """
    for _ in range(CALLS):
        if not broker.scripts.prune(broker.name, ttl_ms=broker.ttl_ms, cap=cap).more:
            return None
    return PAUSE_S


def log_breaker(consumer: str, what: str, failed: str, of: str, try_at_ms: str, *name: str) -> None:
    """Log that a breaker has `opened` or `closed`; `name`: its type, and the value that it is of.

    `failed` of the last `of` attempts opened it, and it is open until `try_at_ms`; `of` attempts
    closed it, 0 if an operator did. A consumer that runs beside another one, and hears the same,
    logs nothing.
    """
    about: dict[str, object] = {"limits": " ".join(name)}
    if only_of(consumer):
        return
    if what == "opened":
        why = f"breaker opened: {failed} of the last {of} attempts failed, the others wait"
        until = from_ms(try_at_ms).isoformat(timespec="seconds").replace("+00:00", "Z")
        logger.warning(why, extra=about | {"until": until})
    else:
        logger.info("breaker closed: tasks start again", extra=about | {"succeeded": int(of)})


class Declared:
    """Stores what the code declares, once: limits, the schedules of a queue; those of functions."""

    def __init__(self, queue: str, config: Config, only: str = "") -> None:
        """`only`: what the consumer runs beside another one, which has this duty."""
        self._queue, self._is_done, self._is_needed = queue, False, not only
        function_types.FILES.look_apart()  # a folder that hangs must not hold up leases
        self._of_functions = FunctionSchedules(queue, config, function_types.CATALOGUE)
        self._settings_log = SettingsLog(function_types.CATALOGUE)

    def store(self) -> None:
        """Store what has changed. Raises QueueUnavailable."""
        if not self._is_needed:
            return
        if not self._is_done:
            limits = {found.name: found.limits for found in types.task_types()}
            declared_limits.apply(BROKERS, limits)
            declared.apply(self._queue)
            self._is_done = True
        self._of_functions.store()
        if self._queue == DEFAULTS.queue:  # the consumers of the other queues see the same files
            self._settings_log.look()
