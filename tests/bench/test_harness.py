"""The harness on real processes: groups, drivers, and one small run of our own engine."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks import report, store
from benchmarks.driver import Driver
from benchmarks.measurements import MEASUREMENTS, drain
from benchmarks.processes import Command, ProcessGroup, cpu_s
from benchmarks.systems import SYSTEMS
from benchmarks.systems.system import APPS
from tests.conftest import runs
from tests.waiting import wait_until

#: Starts a child in a session of its own, as supervisors do, and stays.
FORKING = """
import subprocess, time
subprocess.Popen(["sleep", "600"], start_new_session=True)
time.sleep(600)
"""

#: Says when it is ready, and when it was asked to stop.
POLITE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("bye")))
print("ready", flush=True)
time.sleep(600)
"""

#: A driver of a system that keeps everything in a dict.
MEMORY = """
from driver import serve
kept = {}
def submit(task, payload):
    kept[str(payload["n"])] = {"task": task, "seconds": payload["seconds"]}
    print("noise on standard output")
    return str(payload["n"])
serve(submit, kept.get)
"""


def test_a_group_is_killed_with_children_that_left_its_session(tmp_path: Path) -> None:
    group = ProcessGroup([Command([sys.executable, "-c", FORKING])] * 2, tmp_path / "log")
    group.start()
    wait_until(lambda: len(group.members()) == 4, description="two parents with a child each")
    members = group.members()
    assert cpu_s(members) >= 0
    group.kill()
    assert group.members() == []
    assert cpu_s(members) == 0
    assert not any(map(runs, members))


def test_a_group_is_asked_to_stop_first(tmp_path: Path) -> None:
    group = ProcessGroup([Command([sys.executable, "-c", POLITE])], tmp_path / "log")
    group.start()
    wait_until(lambda: "ready" in group.log.read_text(), description="it is ready")
    group.stop()
    assert "bye" in group.log.read_text()


def test_a_group_that_has_ended_by_itself_shows_its_log(tmp_path: Path) -> None:
    group = ProcessGroup(
        [Command([sys.executable, "-c", "raise SystemExit('no redis')"])], tmp_path / "log"
    )
    group.start()

    def said() -> str:
        try:
            group.require_alive()
        except RuntimeError as ended:
            return str(ended)
        return ""

    assert "no redis" in wait_until(said, description="it has ended")
    assert not group.members(), "nothing of it is left"


def test_a_driver_submits_and_reads_results(tmp_path: Path) -> None:
    command = Command([sys.executable, "-c", MEMORY], {"PYTHONPATH": str(APPS)})
    with Driver(command, tmp_path / "log") as driver:
        assert driver.fill("noop", 3) == ["0", "1", "2"]
        sent = driver.submit("stamp", [0.0, 0.01], [0.0, 5.0])
        assert [one.task_id for one in sent] == ["0", "1"]
        assert sent[0].accepted_at <= sent[1].sent_at - 0.01
        assert driver.results(["1", "9"]) == [{"task": "stamp", "seconds": 5.0}, None]


def test_a_driver_counts_what_it_submits_in_a_time(tmp_path: Path) -> None:
    command = Command([sys.executable, "-c", MEMORY], {"PYTHONPATH": str(APPS)})
    with Driver(command, tmp_path / "log") as driver:
        rate = driver.ask(do="rate", task="noop", seconds=0.05, bulk=False)
        none = driver.ask(do="rate", task="noop", seconds=0.05, bulk=True)
    assert rate["tasks"] > 0 and rate["seconds"] >= 0.05 and rate["cpu_s"] > 0
    assert none["tasks"] == 0  # this one has no way in bulk


def test_a_driver_that_ends_says_why(tmp_path: Path) -> None:
    command = Command([sys.executable, "-c", "raise SystemExit('no such broker')"])
    with pytest.raises(RuntimeError, match="no such broker"), Driver(command, tmp_path / "log"):
        pass


def test_our_own_engine_drains_a_queue() -> None:
    before = {process.pid for process in psutil.Process(os.getpid()).children(recursive=True)}
    outcome = drain.run(SYSTEMS["duckline"], 5000)
    assert outcome.tasks == 5000
    assert outcome.per_second > 0
    after = {process.pid for process in psutil.Process(os.getpid()).children(recursive=True)}
    assert after <= before


def test_the_page_is_made_from_what_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "RESULTS", tmp_path / "results")
    outcomes = [
        drain.Outcome("duckline", "defaults", 5000, 12_345.0, 120.0, 40.0),
        drain.Outcome("huey", "process workers", 5000, 1000.0, 900.0, 90.0),
    ]
    assert store.load("drain") is None
    store.save("drain", quick=True, load=0.5, outcomes=outcomes)
    recorded = store.load("drain")
    assert recorded is not None
    assert MEASUREMENTS["drain"].from_json(recorded.outcomes) == outcomes
    drawn = dict[Path, object]()
    text = report.page(drawn.__setitem__)
    assert "| Duckline | 12,345 |" in text
    assert "12.3 x" in text
    assert recorded.machine.redis in text
    assert [file.name for file in drawn] == ["drain-1.svg"]
