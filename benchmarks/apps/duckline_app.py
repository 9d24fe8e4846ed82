"""Duckline's driver: its own client, as Python code uses it."""

from driver import serve

import huey_tasks
from huey_tasks import TaskState


def result(task_id):
    record = huey_tasks.get_task(task_id)
    return record.result if record.status is TaskState.SUCCESS else None


def fill(task, payloads):
    return [handle.id for handle in TASKS[task].starmap(payloads)]


TASKS = {found.name: found for found in huey_tasks.task_types()}

serve(lambda task, payload: TASKS[task].submit(**payload).id, result, fill)
