"""arq, with JSON instead of its pickle."""

import asyncio
import json
import os

import work
from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job

SETTINGS = RedisSettings.from_dsn(os.environ["BROKER_URL"])


def encode(value):
    return json.dumps(value).encode()


async def noop(ctx, payload):
    return work.noop(payload)


async def rest(ctx, payload):
    await asyncio.sleep(payload["seconds"])
    return {"n": payload["n"]}


async def stamp(ctx, payload):
    began_at = work.stamp({"seconds": 0})
    await asyncio.sleep(payload["seconds"])
    return began_at


async def nap(ctx, payload):
    work.note("begin", payload["n"])
    await asyncio.sleep(work.NAP_S)
    work.note("end", payload["n"])
    return {"n": payload["n"]}


class WorkerSettings:
    functions = (noop, rest, stamp, nap)
    redis_settings = SETTINGS
    job_serializer = encode
    job_deserializer = json.loads
    keep_result = 86400
    log_results = False
    # By default a look at the queue every half second, which is half a second of latency; both are
    # parameters of its Worker for this purpose.
    max_jobs = int(os.environ.get("ARQ_MAX_JOBS", "10"))
    poll_delay = float(os.environ.get("ARQ_POLL_DELAY_S", "0.5"))


if __name__ == "__main__":
    from driver import serve

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pool = loop.run_until_complete(
        create_pool(SETTINGS, job_serializer=encode, job_deserializer=json.loads)
    )

    def submit(task, payload):
        return loop.run_until_complete(pool.enqueue_job(task, payload)).job_id

    async def submit_many(task, payloads):
        return await asyncio.gather(*(pool.enqueue_job(task, each) for each in payloads))

    def fill(task, payloads):
        ids = []
        for start in range(0, len(payloads), 50):
            sent = loop.run_until_complete(submit_many(task, payloads[start : start + 50]))
            ids += [each.job_id for each in sent]
        return ids

    async def read(task_id):
        info = await Job(task_id, pool, _deserializer=json.loads).result_info()
        return None if info is None or not info.success else info.result

    serve(submit, lambda task_id: loop.run_until_complete(read(task_id)), fill)
