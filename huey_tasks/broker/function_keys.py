"""The keys of functions, as `keys.py` has those of tasks; all of a queue share its hash slot."""

from huey_tasks.broker.keys import of_all_queues, root


def crowded(queue: str) -> str:
    """SET of the "concurrency:<task type>" for which tasks wait."""
    return f"{root(queue)}:crowded"


def concurrency(queue: str) -> str:
    """HASH of how many tasks of a function may run at a time, by name. Each host looks at it
    every second, and writes what is not as its functions say; a function that is gone stays in it.

    The field `:queues` has the names of all queues, in which they are counted.
    """
    return f"{root(queue)}:concurrency"


def environments(queue: str) -> str:
    """HASH of what environments each function host has, by its name, JSON. 10 s; written each 1."""
    return f"{root(queue)}:environments"


def answer(queue: str, task_id: str) -> str:
    """STRING: what a running function has written of an answer that its caller reads meanwhile.

    At most as large as an answer. `answer_piece` writes it; the whole is in the outcome, so it goes
    10 s after a success, and LARGE_RESULT_TTL_S after a failure.
    """
    return f"{root(queue)}:answer:{task_id}"


def settings() -> str:
    """HASH of what AWS's API has set for functions, for all queues; a field is `name:part`, JSON.

    Lives until it is deleted. The script `function_settings` writes it.
    """
    return of_all_queues("functions")


def imports(queue: str) -> str:
    """HASH of the last import of each function that this queue runs, by name, JSON.

    A function host writes it once a second. 30 days after the last one.
    """
    return f"{root(queue)}:imports"


def watched(function: str) -> str:
    """HASH of the versions of watched files that a function was invoked for, a field a path.

    One for all queues. A field is 12 bytes made of the path, its value `<version>@<when, in ms>`:
    some 100 bytes a file. One goes when its file has, or 30 days later; `take_files` writes it.
    """
    return of_all_queues(f"watched:{function}")


def watchers(queue: str) -> str:
    """HASH of how the watched folders of each function are, by name, JSON. 30 s; written each 5."""
    return f"{root(queue)}:watchers"


def saved_events(function: str) -> str:
    """HASH of the test events that people have saved for a function, by name, JSON.

    One for all queues, because a function may move to another. At most 50 of 64 kB; each lives
    until somebody deletes it.
    """
    return of_all_queues(f"saved-events:{function}")
