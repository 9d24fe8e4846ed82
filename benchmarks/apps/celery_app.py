"""Celery: the application that its worker and its driver share."""

import os

import work
from celery import Celery

app = Celery("bench", broker=os.environ["BROKER_URL"], backend=os.environ["RESULT_URL"])
app.conf.update(
    # JSON is Celery's own default serialiser; said here because the comparison rests on it.
    task_serializer="json",
    result_serializer="json",
    # The multiplier is 4 by default; "Prefetch Limits" in Celery's optimizing guide advises 64 or
    # 128 for many short tasks, and 1 for long ones.
    worker_prefetch_multiplier=int(os.environ.get("CELERY_PREFETCH", "4")),
    # Safe settings by the guide on tasks: acknowledge after the task, requeue when its process
    # dies. The visibility time-out stays at its documented hour: shorter ones repeat long tasks.
    task_acks_late=os.environ.get("CELERY_ACKS_LATE") == "1",
    task_reject_on_worker_lost=os.environ.get("CELERY_ACKS_LATE") == "1",
)

TASKS = {
    function.__name__: app.task(function, name=f"bench.{function.__name__}")
    for function in (work.noop, work.rest, work.stamp, work.nap, work.fetch)
}

if __name__ == "__main__":
    from driver import serve

    def result(task_id):
        found = app.AsyncResult(task_id)
        return found.result if found.successful() else None

    serve(lambda task, payload: TASKS[task].delay(payload).id, result)
