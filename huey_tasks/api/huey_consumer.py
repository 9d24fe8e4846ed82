"""What `huey_consumer`, Huey's own command, starts for one of our queues."""

import os
import sys
from typing import Any

from huey_tasks.errors import ConfigError
from huey_tasks.huey_adapter.task_queue import TaskQueue


def make_consumer(self: TaskQueue, options: dict[str, Any]) -> Any:
    """Return our consumer with the options of `huey_consumer`."""
    # A process that only submits does not import it.
    from huey_tasks.consumer.supervisor import Consumer

    try:
        return Consumer.from_huey_options(self, options)
    except ConfigError as error:  # `huey_consumer` would print a traceback
        print(f"duckline: {error}", file=sys.stderr)
        raise SystemExit(os.EX_CONFIG) from error
