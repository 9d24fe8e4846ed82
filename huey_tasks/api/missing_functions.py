"""Why there is no function of a name, as far as its files and the other names tell."""

from huey_tasks.api.functions import ignored_files, list_functions
from huey_tasks.declaration.options import nearest
from huey_tasks.registry import types


def why_no_function(name: str, *, or_task_type: bool = False) -> str:
    """Return a sentence for the end of an error; "" if nothing is known.

    `or_task_type`: a task type of that name would do as well.
    """
    for ignored in ignored_files():
        if ignored.path.stem == name:
            return f"{ignored.path} is no function: {ignored.reason}."
    task_types = {known.name for known in types.task_types()}
    if name in task_types:
        return f"'{name}' is a task type and no function."
    known = {*list_functions(), *(task_types if or_task_type else ())}
    return nearest(name, sorted(known)).replace("; did", "Did", 1)
