"""RQ, with its JSON serialiser."""

import os

import work
from redis import Redis
from rq import Queue, Retry
from rq.job import Job

# RQ gives up an abandoned job unless it has retries left ("Retrying Failed Jobs" of its guide).
RETRIES = int(os.environ.get("RQ_RETRIES", "0"))

TASKS = {function.__name__: function for function in (work.noop, work.rest, work.stamp, work.nap)}

if __name__ == "__main__":
    from driver import serve

    connection = Redis.from_url(os.environ["BROKER_URL"])
    queue = Queue("default", connection=connection, serializer="json")

    def submit(task, payload):
        retry = Retry(max=RETRIES) if RETRIES else None
        return queue.enqueue(TASKS[task], payload, retry=retry, result_ttl=86400).id

    def fill(task, payloads):
        ids = []
        for start in range(0, len(payloads), 500):
            rows = [
                Queue.prepare_data(TASKS[task], (each,), result_ttl=86400)
                for each in payloads[start : start + 500]
            ]
            ids += [job.id for job in queue.enqueue_many(rows)]
        return ids

    def result(task_id):
        job = Job.fetch(task_id, connection=connection, serializer=queue.serializer)
        return job.return_value()

    serve(submit, result, None if RETRIES else fill)
