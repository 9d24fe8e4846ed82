"""Taskiq on Redis streams, with its Redis result backend, JSON both ways."""

import asyncio
import os

import work
from taskiq.serializers import JSONSerializer
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

backend = RedisAsyncResultBackend(
    os.environ["RESULT_URL"], keep_results=True, serializer=JSONSerializer()
)
# The README of taskiq-redis recommends the stream broker: of its brokers the one that acknowledges.
broker = RedisStreamBroker(os.environ["BROKER_URL"]).with_result_backend(backend)


# Coroutines: plain functions would go to a thread pool, which costs a task that does nothing most.
@broker.task(task_name="noop")
async def noop(payload: dict) -> dict:
    return work.noop(payload)


@broker.task(task_name="rest")
async def rest(payload: dict) -> dict:
    await asyncio.sleep(payload["seconds"])
    return {"n": payload["n"]}


@broker.task(task_name="stamp")
async def stamp(payload: dict) -> float:
    began_at = work.stamp({"seconds": 0})
    await asyncio.sleep(payload["seconds"])
    return began_at


@broker.task(task_name="nap")
async def nap(payload: dict) -> dict:
    work.note("begin", payload["n"])
    await asyncio.sleep(work.NAP_S)
    work.note("end", payload["n"])
    return {"n": payload["n"]}


TASKS = {"noop": noop, "rest": rest, "stamp": stamp, "nap": nap}

if __name__ == "__main__":
    from driver import serve

    loop = asyncio.new_event_loop()
    loop.run_until_complete(broker.startup())

    def submit(task, payload):
        return loop.run_until_complete(TASKS[task].kiq(payload)).task_id

    async def submit_many(task, payloads):
        return await asyncio.gather(*(TASKS[task].kiq(each) for each in payloads))

    def fill(task, payloads):
        ids = []
        for start in range(0, len(payloads), 200):
            sent = loop.run_until_complete(submit_many(task, payloads[start : start + 200]))
            ids += [each.task_id for each in sent]
        return ids

    async def read(task_id):
        if not await backend.is_result_ready(task_id):
            return None
        return (await backend.get_result(task_id)).return_value

    serve(submit, lambda task_id: loop.run_until_complete(read(task_id)), fill)
