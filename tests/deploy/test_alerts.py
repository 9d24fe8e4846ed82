"""Each alert fires when it should and not when all is well, and nothing names a metric that is not.

Prometheus itself evaluates the rules, by `promtool test rules`. Where there is no promtool, only
what the rules and the dashboard name is held against a scrape.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import web
from huey_tasks.broker.protocol import About
from tests.conftest import REPOSITORY
from tests.deploy import prometheus
from tests.engine.helpers import HandWorker, commit, store
from tests.web.monitoring.metrics import Scrape

ALERTS = REPOSITORY / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "duckline.json"
RULES = {rule["alert"]: rule for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]}

#: What Prometheus adds to each series.
ADDED = {"instance", "job"}

HIGH = 'queue="high"'
ENDED = f'duckline_tasks_ended_total{{{HIGH},task_type="t",state="%s"}}'
PENDING = f'duckline_tasks{{{HIGH},state="PENDING"}}'
REQUESTS = 'duckline_http_request_duration_seconds_count{method="GET",route="/",status="%s"}'


class Case(NamedTuple):
    """Series by name, each in Prometheus' notation by the minute, and whether the alert fires."""

    alert: str
    series: dict[str, str]
    fires: bool = True
    at: str = "21m"


def gauge(name: str, value: float) -> dict[str, str]:
    """The same value of queue high on two web processes, which must not add up."""
    return {f'{name}{{{HIGH},instance="{web}"}}': f"{value}x120" for web in "ab"}


def grows(name: str, by: float) -> dict[str, str]:
    return {f'{name}{{{HIGH},instance="{web}"}}': f"0+{by}x120" for web in "ab"}


UP, DOWN = {"duckline_redis_up": "1x120"}, {"duckline_redis_up": "0x120"}
PAUSED = gauge("duckline_queue_paused", 1)
WAITS = {PENDING: "5x120"}
MEMORY = {"duckline_redis_memory_max_bytes": "100x120"}
OLD = "duckline_oldest_waiting_seconds"

CASES = [
    Case("DucklineNotScraped", {}),
    Case("DucklineNotScraped", DOWN, False),
    Case("DucklineRedisAway", DOWN),
    Case("DucklineRedisAway", {**UP, 'duckline_redis_up{instance="b"}': "0x120"}, False),
    Case("DucklineRedisReadOnly", {"duckline_redis_takes_writes": "0x120"}),
    Case("DucklineRedisReadOnly", {"duckline_redis_takes_writes": "1x120"}, False),
    Case("DucklineNoConsumer", gauge("duckline_consumers", 0)),
    Case("DucklineNoConsumer", {'duckline_consumers{queue="high"}': "1x20 0x5"}, False),
    Case("DucklineDataLost", gauge("duckline_data_losses", 1)),
    Case("DucklineDataLost", gauge("duckline_data_losses", 0), False),
    Case("DucklineRedisWriteFails", {"duckline_redis_aof_write_ok": "0x120"}),
    Case("DucklineRedisWriteFails", {"duckline_redis_snapshot_ok": "0x120"}),
    Case("DucklineRedisWriteFails", {"duckline_redis_aof_write_ok": "1x120"}, False),
    Case("DucklineRedisMemory", {"duckline_redis_memory_used_bytes": "81x120", **MEMORY}),
    Case("DucklineRedisMemory", {"duckline_redis_memory_used_bytes": "79x120", **MEMORY}, False),
    Case(
        "DucklineRedisMemory",
        {
            "duckline_redis_memory_used_bytes": "81x120",
            "duckline_redis_memory_max_bytes": "0x120",
        },
        False,
    ),
    Case("DucklineRedisEvicts", {"duckline_redis_evicted_keys_total": "0+1x120"}),
    Case("DucklineRedisEvicts", {"duckline_redis_evicted_keys_total": "7x120"}, False),
    Case("DucklineTasksWait", gauge(OLD, 301)),
    Case("DucklineTasksWait", gauge(OLD, 299), False),
    Case("DucklineTasksWait", {**gauge(OLD, 301), **PAUSED}, False),
    Case("DucklineNothingFinishes", WAITS),
    Case("DucklineNothingFinishes", {**WAITS, ENDED % "SUCCESS": "7x120"}),
    Case("DucklineNothingFinishes", {**WAITS, ENDED % "SUCCESS": "0+1x120"}, False),
    Case("DucklineNothingFinishes", {**WAITS, **PAUSED}, False),
    Case("DucklineNothingFinishes", {PENDING: "0x120"}, False),
    Case("DucklineTasksFail", {ENDED % "SUCCESS": "0+8x120", ENDED % "FAILURE": "0+2x120"}),
    Case("DucklineTasksFail", {ENDED % "SUCCESS": "0x120", ENDED % "FAILURE": "0+2x120"}),
    Case("DucklineTasksFail", {ENDED % "SUCCESS": "0+99x120", ENDED % "FAILURE": "0+2x120"}, False),
    Case("DucklineTasksFail", {ENDED % "SUCCESS": "0+1x120", ENDED % "FAILURE": "0x20 1x9"}, False),
    Case(
        "DucklineRetries",
        {ENDED % "SUCCESS": "0+2x120", **grows("duckline_tasks_retried_total", 5)},
    ),
    Case(
        "DucklineRetries",
        {ENDED % "SUCCESS": "0+3x120", **grows("duckline_tasks_retried_total", 5)},
        False,
    ),
    Case("DucklineTasksRecovered", grows("duckline_tasks_recovered_total", 1)),
    Case("DucklineTasksRecovered", gauge("duckline_tasks_recovered_total", 5), False),
    Case("DucklineLeasesOverdue", gauge("duckline_leases_overdue", 1)),
    Case("DucklineLeasesOverdue", gauge("duckline_leases_overdue", 0), False),
    Case("DucklineCommitsFenced", grows("duckline_commits_fenced_total", 1)),
    Case("DucklineCommitsFenced", gauge("duckline_commits_fenced_total", 5), False),
    Case("DucklineWorkersCrash", grows("duckline_worker_crashes_total", 1)),
    Case("DucklineWorkersCrash", grows("duckline_worker_crashes_total", 0.15), False),
    Case("DucklineTasksQuarantined", gauge("duckline_tasks_quarantined", 2)),
    Case("DucklineTasksQuarantined", gauge("duckline_tasks_quarantined", 0), False),
    Case("DucklineQueueStopped", PAUSED, at="61m"),
    Case("DucklineQueueStopped", gauge("duckline_queue_draining", 1), at="61m"),
    Case("DucklineQueueStopped", PAUSED, False),
    Case("DucklineHttpErrors", {REQUESTS % "200": "0+9x120", REQUESTS % "503": "0+1x120"}),
    Case("DucklineHttpErrors", {REQUESTS % "200": "0+9x120", REQUESTS % "404": "0+9x120"}, False),
]


def as_promtool_test(case: Case) -> dict[str, Any]:
    """A test of promtool; it wants the labels and annotations of what fires, and only for those."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": at} for name, at in case.series.items()],
        "alert_rule_test": [{"alertname": case.alert, "eval_time": case.at, "exp_alerts": []}],
    }


def firing(cases: list[Case], folder: Path) -> list[bool]:
    """Ask promtool about all cases in one run; one that fires contradicts that nothing does."""
    tests = [{**as_promtool_test(case), "name": f"case {at}"} for at, case in enumerate(cases)]
    file = folder / "cases.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(ALERTS)], "tests": tests}))
    _, said = prometheus.run("test", "rules", str(file))
    found = {int(number) for number in re.findall(r"name: case (\d+),", said)}
    assert "FAILED" in said and "got:[" in said, said
    return [at in found for at in range(len(cases))]


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    assert {case.alert for case in CASES if case.fires} == set(RULES)
    assert {case.alert for case in CASES if not case.fires} == set(RULES)
    wrong = [
        (case, fires)
        for case, fires in zip(CASES, firing(CASES, tmp_path), strict=True)
        if case.fires != fires
    ]
    assert wrong == []


def test_prometheus_accepts_the_rules_and_a_scrape() -> None:
    assert prometheus.run("check", "rules", str(ALERTS))[0] == 0
    assert prometheus.run("check", "config", str(ALERTS.with_name("prometheus.yml")))[0] == 0
    status, said = prometheus.run("check", "metrics", text=scraped())
    assert (status, said) == (0, "")


def scraped() -> str:
    """A scrape after a task has ended, so that every metric is there."""
    client = web.create_app().test_client()
    store("one", task_type="echo")
    worker = HandWorker()
    worker.step(commit(worker.claim(), "SUCCESS", about=About("echo", 1, 0.1, "")), want=0)
    client.get("/health/live")
    return client.get("/metrics").text


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of the rules and the dashboard, with where it is."""
    for name, rule in RULES.items():
        yield name, rule["expr"]
    dashboard = json.loads(DASHBOARD.read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


@pytest.mark.parametrize("also_text", [False, True])
def test_every_metric_and_label_that_is_used_is_exported(also_text: bool) -> None:
    exported = Scrape(scraped()).labels()
    for where, expression in expressions():
        plain = expression if also_text else re.sub(r'"[^"]*"', '""', expression)
        for name, _, selector in re.findall(r"\b(duckline_\w+)(\{([^}]*)\})?", plain):
            assert name in exported, f"{where}: {name}"
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector):
                assert label in exported[name] | ADDED, f"{where}: {name} has no {label}"
        known = set[str]().union(*exported.values()) | ADDED
        for labels in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", plain):
            assert {label.strip() for label in labels.split(",")} <= known, f"{where}: {labels}"


def test_every_metric_is_documented() -> None:
    page = (REPOSITORY / "docs" / "monitor.md").read_text()
    listed = set(re.findall(r"`(duckline_\w+)", page))
    exported = Scrape(scraped()).labels()
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported}
    assert bases == listed
    assert all(f"`{alert}`" in page for alert in RULES)
