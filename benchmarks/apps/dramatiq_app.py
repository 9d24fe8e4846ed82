"""Dramatiq on its Redis broker, with the results middleware."""

import os

import dramatiq
import work
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import ResultMissing, Results
from dramatiq.results.backends import RedisBackend

broker = RedisBroker(url=os.environ["BROKER_URL"])
backend = RedisBackend(url=os.environ["RESULT_URL"])
broker.add_middleware(Results(backend=backend, store_results=True))
dramatiq.set_broker(broker)

ACTORS = {
    function.__name__: dramatiq.actor(function, actor_name=function.__name__)
    for function in (work.noop, work.rest, work.stamp, work.nap)
}

if __name__ == "__main__":
    from driver import serve

    sent = {}

    def submit(task, payload):
        message = ACTORS[task].send(payload)
        sent[message.message_id] = message
        return message.message_id

    def result(task_id):
        try:
            return backend.get_result(sent[task_id])
        except ResultMissing:
            return None

    serve(submit, result)
