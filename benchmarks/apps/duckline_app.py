"""Duckline's driver: its own client, as the web service uses it."""

from driver import serve

import huey_tasks
from huey_tasks import TaskState


def result(task_id):
    record = huey_tasks.get_task(task_id)
    return record.result if record.status is TaskState.SUCCESS else None


serve(lambda task, payload: huey_tasks.submit(task, payload).task_id, result)
