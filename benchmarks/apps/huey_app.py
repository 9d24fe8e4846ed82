"""Plain Huey on its Redis storage, as its guide sets it up."""

import os

import work
from huey import RedisHuey

# Results are kept until they are read, as by default; `None` is never stored, ours is a dict.
huey = RedisHuey("bench", url=os.environ["BROKER_URL"])

TASKS = {
    function.__name__: huey.task(name=function.__name__)(function)
    for function in (work.noop, work.rest, work.stamp, work.nap)
}

if __name__ == "__main__":
    from driver import serve

    serve(
        lambda task, payload: TASKS[task](payload).id,
        lambda task_id: huey.result(task_id, preserve=True),
    )
