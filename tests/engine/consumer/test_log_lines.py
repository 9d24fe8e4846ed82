"""Log lines say what has happened: a task that was not cancelled, a worker that did not die."""

import signal
from pathlib import Path

import pytest

from tests.conftest import StartConsumer
from tests.engine.consumer.test_redis_outage import DurableRedis, _start, durable  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tests.engine.helpers import state, submit, wait_for
from tests.waiting import wait_until


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_task_that_ignores_its_time_limit_was_not_cancelled(
    start_consumer: StartConsumer, worker_type: str
) -> None:
    # A greenlet that swallows everything is only fenced: it keeps its place.
    consumer = start_consumer(
        "default", concurrency=3, worker_type=worker_type, CANCEL_GRACE_S="0.5"
    )
    record = wait_for(submit("ignore_its_time_limit"), "FAILURE")
    assert record.error == "TaskTimeout: it ran past its time limit and did not stop"
    assert wait_for(submit("echo", value=1), "SUCCESS").result == 1
    text = consumer.text()
    assert "cancelled" not in text and "worker died" not in text and "lease was lost" not in text


@pytest.mark.parametrize("signals", [1, 2])
@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_consumer_that_is_stopped_did_not_die(
    start_consumer: StartConsumer, worker_type: str, signals: int
) -> None:
    consumer = start_consumer(
        "default", concurrency=2, worker_type=worker_type,
        SHUTDOWN_GRACE_S="0.2", CANCEL_GRACE_S="0.5",
    )  # fmt: skip
    ids = [submit("work_for", seconds=60), submit("ignore_all_that_is_raised")]
    wait_until(lambda: {state(one) for one in ids} == {"STARTED"}, description="both run")
    for _ in range(signals - 1):
        consumer.popen.send_signal(signal.SIGTERM)
    assert consumer.stop() == 0
    assert {state(one) for one in ids} == {"PENDING"}
    text = consumer.text()
    assert "died" not in text and "[warning] worker" not in text, text
    assert text.count("released, its consumer stops") == 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGHUP], ids=lambda signum: signum.name)
def test_a_consumer_whose_terminal_stops_it_lets_its_task_end(
    start_consumer: StartConsumer, tmp_path: Path, signum: signal.Signals
) -> None:
    consumer = start_consumer("default", concurrency=2, SHUTDOWN_GRACE_S="60")
    go_on = tmp_path / "go on"
    task_id = submit("work_until", go_on=str(go_on))
    wait_until(lambda: state(task_id) == "STARTED", description="it runs")

    consumer.popen.send_signal(signum)

    said = "stop waits for running tasks"
    wait_until(lambda: said in consumer.text(), description="it waits for its task")
    go_on.touch()
    assert consumer.popen.wait(60) == 0
    assert state(task_id) == "SUCCESS"


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_thread_that_a_task_module_has_started_does_not_keep_its_consumer(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    (tmp_path / "exporter.py").write_text(
        "import threading, time\nfrom huey_tasks import task\n\n"
        "threading.Thread(target=time.sleep, args=(600,), name='exporter').start()\n\n\n"
        "@task()\ndef export() -> None: ...\n"
    )
    consumer = start_consumer(
        "default", worker_type=worker_type, TASKS_PATH=str(tmp_path), SHUTDOWN_GRACE_S="600"
    )

    assert consumer.stop() == 0

    assert "wakeup fd" not in consumer.text()
    assert "threads of task modules are left" in consumer.text()
    assert "threads=exporter" in consumer.text()


@pytest.mark.parametrize("worker_type", ["process", "greenlet"])
def test_a_consumer_did_not_die_though_python_takes_long_to_end(
    start_consumer: StartConsumer, tmp_path: Path, worker_type: str
) -> None:
    """A machine that stands still meanwhile does the same as an object that takes its time."""
    consumer = start_consumer("default", worker_type=worker_type, TASKS_PATH=_slow_end(tmp_path))

    assert consumer.stop() == 0

    assert "died" not in consumer.text() and "are left" not in consumer.text()


@pytest.mark.parametrize(
    "signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda signum: signum.name
)
def test_a_consumer_that_is_stopped_again_while_python_ends_did_not_die(
    start_consumer: StartConsumer, tmp_path: Path, signum: signal.Signals
) -> None:
    consumer = start_consumer("default", TASKS_PATH=_slow_end(tmp_path))
    consumer.popen.terminate()
    wait_until((tmp_path / "ends").exists, description="Python ends")

    assert consumer.stop(signum) == 0


def _slow_end(folder: Path) -> str:
    """A folder with a module of which an object takes three seconds when Python ends."""
    (folder / "cache.py").write_text(
        "import os, sys, time\nfrom huey_tasks import task\n\n\n"
        "class Cache:\n    def __del__(self, mkdir=os.mkdir, sleep=time.sleep):\n"
        f"        mkdir({str(folder / 'ends')!r})\n        sleep(3)\n\n\n"
        "sys.modules['kept to the end'] = Cache()\n\n\n@task()\ndef look() -> None: ...\n"
    )
    return str(folder)


def test_a_worker_that_has_finished_nothing_has_nothing_that_it_could_not_commit(
    start_consumer: StartConsumer,
    durable: DurableRedis,  # noqa: F811
) -> None:
    consumer = _start(start_consumer, durable)
    task_id = durable.submit("echo", value=1)
    durable.wait_for(task_id, "SUCCESS")
    durable.kill()
    wait_until(lambda: "waits for Redis: " in consumer.text(), description="it has seen the outage")
    assert consumer.stop() == 0
    assert "could not be committed" not in consumer.text()


def test_the_place_of_an_error_is_the_users_line(start_consumer: StartConsumer) -> None:
    consumer = start_consumer("default")
    for task_type, payload in (("fail_in_json", {"text": "{"}), ("fail_in_a_model", {})):
        task_id = submit(task_type, **payload)
        wait_for(task_id, "FAILURE")
        line = wait_until(
            lambda task_id=task_id: next(
                (one for one in consumer.text().splitlines() if task_id in one), None
            ),
            description=f"the log tells of {task_type}",
        )
        assert line is not None and f"in {task_type}'" in line and "at='failing.py:" in line, line
