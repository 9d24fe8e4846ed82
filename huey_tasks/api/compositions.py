"""`chain`, `group`, `chord`: tasks that belong together, submitted in one go.

chain(fetch.s(url), parse.s(), store.s(table="pages")).submit()
group(resize.s(image, width=w) for w in (100, 400)).submit()
chord((count.s(page) for page in pages), add_up.s()).submit()

All payloads are checked before the first task is stored; then all are stored, or none.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from huey_tasks.api.task_functions import TaskFunction
from huey_tasks.api.task_handle import HandleList, TaskHandle
from huey_tasks.declaration import other_words
from huey_tasks.huey_adapter.task_class import QueueTask
from huey_tasks.submission.compositions import submit_chain, submit_chord, submit_group


class _Composition:
    """What a chain, a group and a chord answer to the words of other task queues."""

    if not TYPE_CHECKING:  # a type checker refuses a wrong name by itself

        def __getattr__(self, name: str) -> Any:
            owner = f"a {type(self).__name__}"
            raise other_words.no_attribute(owner, name, other_words.OF_COMPOSITIONS)

        def __call__(self, *_: object, **__: object) -> None:
            raise TypeError(f"a {type(self).__name__} cannot be called; write .submit()")

        def __or__(self, other: object) -> None:
            raise TypeError(
                "a chain is written chain(first.s(…), second.s(…)), "
                "and a group with what follows it chord([…], done.s(…))"
            )


class chain(_Composition):
    """Tasks of which each starts when the one before has succeeded, and takes its result.

    When one fails for good, or is cancelled, those behind it are never submitted.
    """

    def __init__(self, *steps: Any) -> None:
        """Take tasks that `.s(…)` makes. Raises TypeError for anything else."""
        self.steps = _tasks(steps, "a chain")
        if not self.steps:
            raise TypeError("a chain has at least one task")

    def submit(self) -> TaskHandle:
        """Submit the first; return the last, whose result is that of the chain.

        Raises InvalidPayload, which names the step; QueueRefuses, QueueUnavailable.
        """
        submit_chain(self.steps)
        return self.handle()

    def handle(self, after: tuple[TaskHandle, ...] = ()) -> TaskHandle:
        """Return the handle of the last task; those before it are its `after`."""
        for step in self.steps:
            handle = _handle(step, after)
            after = (handle,)
        return after[0]


class group(_Composition):
    """Tasks, or chains, that run beside each other."""

    def __init__(self, members: Iterable[Any], *others: Any) -> None:
        """Take tasks that `.s(…)` makes, or chains. Raises TypeError for anything else."""
        if others or _is_one(members):
            raise TypeError("a group takes one list; write group([first.s(…), second.s(…)])")
        self.members = _chains(members, "a group")

    def submit(self) -> list[TaskHandle]:
        """Submit all; return the handle of each, or of the last of its chain.

        Raises InvalidPayload, which names the member; QueueRefuses, QueueUnavailable.
        """
        submit_group([member.steps for member in self.members])
        return HandleList(member.handle() for member in self.members)


class chord(_Composition):
    """A group, and a task that starts when all members have ended, however they did.

    It takes the list of their results, in their order; of one that did not succeed a FailedMember.
    """

    def __init__(self, members: Iterable[Any], callback: Any = None, *others: Any) -> None:
        """Take tasks that `.s(…)` makes, or chains. Raises TypeError for anything else."""
        if callback is None:
            raise TypeError("a chord takes its callback too; write chord([…], done.s(…)).submit()")
        if others or _is_one(members):
            raise TypeError("a chord takes one list and its callback; write chord([…], done.s(…))")
        *self.members, self.callback = _chains([*members, callback], "a chord")

    def submit(self) -> TaskHandle:
        """Submit the members; return the callback, or the last of its chain.

        Raises InvalidPayload, which names the task; QueueRefuses, QueueUnavailable.
        """
        submit_chord([member.steps for member in self.members], self.callback.steps)
        return self.callback.handle(tuple(member.handle() for member in self.members))


def _is_one(members: Any) -> bool:
    return isinstance(members, QueueTask | TaskFunction | _Composition)


def _chains(members: Iterable[Any], what: str) -> list[chain]:
    found = [
        member if isinstance(member, chain) else chain(_task(member, what)) for member in members
    ]
    _refuse_twice([step for member in found for step in member.steps], what)
    return found


def _tasks(steps: Iterable[Any], what: str) -> list[QueueTask]:
    found = [_task(step, what) for step in steps]
    _refuse_twice(found, what)
    return found


def _task(given: Any, what: str) -> QueueTask:
    if isinstance(given, TaskFunction):
        return given.s()
    if isinstance(given, QueueTask) and given.on_complete is None:
        return given
    rule = f"{what} takes tasks that .s(…) makes, not {type(given).__name__}"
    if isinstance(given, QueueTask):
        rule = f"{what} takes tasks without a .then(…): put them into a chain"
    elif isinstance(given, group):
        rule += ": what follows a group is the callback of a chord"
    raise TypeError(rule)


def _refuse_twice(tasks: Sequence[QueueTask], what: str) -> None:
    if len({task.id for task in tasks}) < len(tasks):
        raise TypeError(f"one task is in {what} twice: each place needs a .s(…) of its own")


def _handle(task: QueueTask, after: tuple[TaskHandle, ...]) -> TaskHandle:
    return TaskHandle(task.id, task.name, task.home or "", after)
