"""The process beside a consumer that watches the folders of its queue's functions.

It is a process of its own because a network folder may hang for ever: then this one hangs, while
leases are renewed. Each function has a thread, so that no folder holds up another one. It may be
killed at any moment, and may run on any number of machines.
"""

import json
import logging
import signal
import threading
import time
from pathlib import Path

from huey_tasks.broker.broker import Broker
from huey_tasks.broker.deadline import time_limit
from huey_tasks.broker.watched_files import store_reports
from huey_tasks.config import Config
from huey_tasks.errors import QueueUnavailable
from huey_tasks.functions.function import Function
from huey_tasks.invocations import function_types
from huey_tasks.registry import types
from huey_tasks.watches.watch import Watch

logger = logging.getLogger(__name__)

#: Seconds between two looks at a folder; and how often longer than the listing the pause is at
#: least, so that a folder with 100,000 files takes a tenth of a processor.
LOOK_S, PAUSES = 0.5, 9
#: Seconds between two reports, and for one look's calls of Redis.
REPORT_S, REDIS_S = 5.0, 10.0


def watching(queue: str) -> dict[str, Function]:
    """Return the functions of a queue that watch folders, by name."""
    taken = {each.name for each in types.task_types()}
    return {
        name: each
        for name, each in function_types.CATALOGUE.functions().items()
        if each.watch and each.queue == queue and each.fault is None and name not in taken
    }


def run(broker: Broker, config: Config) -> None:
    """Watch until this process is killed."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # of the leases that `settling` takes
    threads: dict[tuple[str, Path, tuple[str, ...]], _Thread] = {}
    reported_at = 0.0
    while True:
        try:
            wanted = {
                (name, root, each.watch)
                for name, each in watching(broker.name).items()
                if (root := _root_of(each, config)) is not None
            }
            for gone in threads.keys() - wanted:
                threads.pop(gone).is_wanted = False
            for new in wanted - threads.keys():
                threads[new] = _Thread(Watch(broker, config, *new))
                threads[new].start()
            if time.monotonic() - reported_at >= REPORT_S:
                reported_at = time.monotonic()
                _report(broker, list(threads.values()))
        except QueueUnavailable as error:
            logger.debug("watched folders wait for Redis: %s", error.cause)
        except Exception:  # a defect of ours must not end the watch of the others
            logger.exception("watcher")
        time.sleep(LOOK_S)


def _root_of(function: Function, config: Config) -> Path | None:
    """Return the folder of FUNCTIONS_PATH that a function was found in."""
    roots = [path.expanduser().absolute() for path in config.functions_path]
    return next((root for root in roots if function.file.is_relative_to(root)), None)


class _Thread(threading.Thread):
    """Looks at the folders of one function, again and again."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(name=f"watch-{watch.name}", daemon=True)
        self.watch, self.is_wanted = watch, True
        #: When the last look ended; the first one may take long.
        self.looked_at = time.monotonic()

    def run(self) -> None:
        while self.is_wanted:
            try:
                with time_limit(REDIS_S):
                    self.watch.look()
            except QueueUnavailable as error:
                logger.debug("watch of %s waits for Redis: %s", self.watch.name, error.cause)
            except Exception:  # a defect of ours: the next look begins again
                logger.exception("watch of %s", self.watch.name)
            self.looked_at = time.monotonic()
            time.sleep(max(LOOK_S, PAUSES * self.watch.listing_s))


def _report(broker: Broker, threads: list[_Thread]) -> None:
    """Say how the watches are, for the page of the function."""
    said = {
        each.watch.name: json.dumps(
            {
                "problem": each.watch.problem,
                "looked_s_ago": round(time.monotonic() - each.looked_at, 1),
            }
        )
        for each in threads
    }
    if said:
        store_reports(broker, said)
