"""What a caller may do: its role, and the queues and task types that it reaches.

Roles are a ladder: each may do what those below it may. The reach narrows a role to some work.
Knows nothing of requests and routes; `web.http.roles` says which role each route needs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from huey_tasks.access.errors import Forbidden


class Role(StrEnum):
    """The roles, from the one that may least."""

    VIEWER = "viewer"  # reads
    SUBMITTER = "submitter"  # also submits tasks and flows, invokes functions, publishes events
    OPERATOR = "operator"  # also cancels, retries, pauses, schedules, limits
    ADMIN = "admin"  # also keys, webhooks and the configuration of functions

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do what the other may."""
        ladder = list(Role)
        return ladder.index(self) >= ladder.index(other)


@dataclass(frozen=True, slots=True)
class Reach:
    """The queues and task types that a caller may submit to, read and steer; empty: all."""

    queues: tuple[str, ...] = ()
    task_types: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is out of reach."""
        return not self.queues and not self.task_types

    def check(self, task_type: str, queue: str) -> None:
        """Raise Forbidden for a task of that type in that queue if it is out of reach."""
        self.check_type(task_type)
        self.check_queue(queue)

    def check_all(self, task_types: Iterable[str], queues: Iterable[str]) -> None:
        """Raise Forbidden for work of these types in these queues unless all of it is in reach."""
        for task_type in task_types:
            self.check_type(task_type)
        for queue in queues:
            self.check_queue(queue)

    def has_all(self, task_types: Iterable[str], queues: Iterable[str]) -> bool:
        """Return whether all work of these types in these queues is within reach."""
        return (not self.task_types or set(task_types) <= set(self.task_types)) and (
            not self.queues or set(queues) <= set(self.queues)
        )

    def check_type(self, task_type: str) -> None:
        """Raise Forbidden for a task type that is out of reach."""
        if self.task_types and task_type not in self.task_types:
            name, known = task_type[:64], ", ".join(self.task_types)
            raise Forbidden(f"This key does not reach the task type '{name}', only {known}.")

    def check_queue(self, queue: str) -> None:
        """Raise Forbidden for a queue that is out of reach."""
        if self.queues and queue not in self.queues:
            known = ", ".join(self.queues)
            raise Forbidden(f"This key does not reach the queue '{queue[:64]}', only {known}.")


#: The reach of a key without limits, and of everybody while no key is needed.
EVERYTHING = Reach()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who calls: a key, without its secret.

    `rate`: requests a second, None without a limit. `expires_ms`: ms since the epoch, 0 never.
    """

    id: str
    name: str
    role: Role = Role.ADMIN
    reach: Reach = EVERYTHING
    rate: float | None = None
    expires_ms: int = 0
