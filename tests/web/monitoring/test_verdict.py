"""The verdict: the API says what the headline of the page says, in every case."""

import datetime as dt
import json
import random
import re
import subprocess
from typing import Any

import pytest
from flask.testing import FlaskClient

import huey_tasks as tq
from huey_tasks.audit.operation import Operator
from huey_tasks.monitoring.conditions import conditions_alone
from tests.conftest import REPOSITORY
from tests.engine.helpers import store
from tests.static.test_node import NODE
from tests.web.failures.test_failures import fail
from web.failures.schemas import FailureGroupView
from web.monitoring.verdict_routes import judge
from web.queues.schemas import QueueView

NOW = dt.datetime(2030, 3, 17, 17, 46, 40, tzinfo=dt.UTC)
SCRIPT = REPOSITORY / "tests" / "static" / "verdict_of.js"


def queue(
    name: str = "default", *, failed: int = 0, done: int = 100, **facts: Any
) -> tq.QueueStats:
    minute = tq.LastMinute(60.0, done, failed, 1.7, failed / done if done else None, 1.7)
    usual: dict[str, Any] = {
        "queued": 0, "active": 0, "scheduled": 0, "retry": 0, "success": 9, "failed": 1,
        "revoked": 0, "expired": 0, "kept": tq.Kept(0, 0, 0, 0), "consumers": 1, "workers": 2,
        "paused": False, "draining": False, "set_aside": 0, "oldest_waiting_s": None,
        "stopped_by": None, "stopped_why": None, "stopped_at": None,
    }  # fmt: skip
    return tq.QueueStats(queue=name, last_minute=minute, **{**usual, **facts})


def group(
    *, first_s: float = 2800, last_s: float = 10, hour: int = 7, **more: Any
) -> tq.FailureGroup:
    usual: dict[str, Any] = {
        "fingerprint": "00112233aabbccdd", "error_type": "KeyError", "message": "no such duck",
        "queues": ("default",), "count": 7,
    }  # fmt: skip
    return tq.FailureGroup(
        **{**usual, **more}, frame="", task_types=("feed",), retryable=0,
        first_seen=NOW - dt.timedelta(seconds=first_s),
        last_seen=NOW - dt.timedelta(seconds=last_s),
        trend=(0,) * 23 + (hour,), sample_task_id=None, sample_error=None, sample_traceback=None,
    )  # fmt: skip


LATE: dict[str, Any] = {"queued": 3, "oldest_waiting_s": 75.0, "active": 2}
STOPPED: dict[str, Any] = {
    "paused": True,
    "stopped_by": "ada",
    "stopped_at": NOW,
    "stopped_why": "new printer",
}
NEW: dict[str, Any] = {"first_s": 100}
OTHER = "ff" * 8

CASES: dict[str, tuple[list[tq.QueueStats], list[tq.FailureGroup], list[str], str]] = {
    "fine": ([queue()], [], [], "All clear, nothing queued"),
    "busy": ([queue(active=2, queued=5)], [], [], "2 running, 5 waiting"),
    "retries only": ([queue(retry=1)], [], [], "0 running, 0 waiting"),
    "an old cause": ([queue(failed=9)], [group()], [], "All clear, nothing queued"),
    "no consumer": ([queue(consumers=0)], [], ["no_consumer"], "The default queue has no consumer"),
    "no consumers": (
        [queue("high", consumers=0), queue(consumers=0), queue("low", consumers=0, queued=4)], [],
        ["no_consumer"], "The high, default and low queues have no consumer",
    ),
    "failing": ([queue(failed=46)], [], ["failing"],
                "default is failing: 46.0 % in the last minute"),
    "all fail": ([queue(failed=100)], [], ["failing"],
                 "default is failing: 100 % in the last minute"),
    "with its cause": (
        [queue("high", failed=20), queue(failed=40)],
        [group(fingerprint=OTHER, count=900, hour=1), group()], ["failing", "failing"],
        "default is failing: 40.0 % in the last minute",
    ),
    "an old reason": (
        [queue(failed=40)], [group(last_s=200)], ["failing"],
        "default is failing: 40.0 % in the last minute",
    ),
    "named once": ([queue(failed=50)], [group(**NEW)], ["failing"],
                   "default is failing: 50.0 % in the last minute"),
    "new": ([queue()], [group(**NEW)], ["new_cause"], "New failure: KeyError: no such duck"),
    "two new": (
        [queue()], [group(**NEW), group(**NEW, fingerprint=OTHER, count=8, message="'…'")],
        ["new_cause"], "2 new causes of failure, the most frequent: KeyError",
    ),
    "a number varies": (
        [queue()], [group(**NEW, message="timed out after # seconds")],
        ["new_cause"], "New failure: KeyError: timed out after … seconds",
    ),
    "a breaker": ([queue(open_breakers=("feed",))], [], ["breaker_open"],
                  "feed is held back: too many attempts failed"),
    "two breakers": (
        [queue("high", open_breakers=("a", "b")), queue(open_breakers=("b",))], [],
        ["breaker_open"], "a and b are held back: too many attempts failed",
    ),
    "many breakers": (
        [queue(open_breakers=("a", "b", "c", "d"))], [],
        ["breaker_open"], "a, b and 2 others are held back: too many attempts failed",
    ),
    "quarantine": ([queue(set_aside=1)], [], ["set_aside"], "1 task is in quarantine"),
    "late": ([queue(**LATE)], [], ["waiting_long"],
             "default is falling behind: its oldest task has waited 1 min 15 s"),
    "not late yet": ([queue(queued=3, oldest_waiting_s=59.9)], [], [], "0 running, 3 waiting"),
    "paused": ([queue(**LATE | STOPPED), queue("low")], [], ["paused"],
               "The default queue is paused"),
    "all paused": (
        [queue(failed=50, **STOPPED), queue("low", paused=True, queued=5)], [],
        ["all_paused", "failing", "paused", "paused"], "All queues are paused: nothing starts",
    ),
    "lost data": ([queue(losses=("The tasks were erased.",)), queue("low", losses=("a", "b"))], [],
                  ["data_lost"], "Data of the default and low queues are lost"),
    "a full queue": ([queue("low", refuses="queue_full", queued=5, failed=50)], [],
                     ["queue_full", "failing"], "The low queue is full and refuses tasks"),
    "full queues": (
        [queue(refuses="queue_full"), queue("low", refuses="queue_full")], [], ["queue_full"],
        "The default and low queues are full and refuse tasks",
    ),
    "little memory": ([queue("low", refuses="memory_low")], [], ["memory_low"],
                      "Redis is low on memory: the low queue refuses tasks"),
    "no writes": (
        [queue(refuses="queue_unavailable", consumers=0)],
        [], ["no_writes", "no_consumer"], "Redis takes no writes: no task is accepted, none starts",
    ),
    "draining": ([queue(draining=True)], [], ["draining"], "The default queue is draining"),
    "all at once": (
        [queue(failed=50, set_aside=1, **STOPPED), queue("high", **LATE),
         queue("low", consumers=0)],
        [group(**NEW, fingerprint=OTHER, queues=("high",))],
        ["no_consumer", "failing", "new_cause", "set_aside", "waiting_long", "paused"],
        "The low queue has no consumer",
    ),
}  # fmt: skip


def any_case(chance: random.Random) -> tuple[list[tq.QueueStats], list[tq.FailureGroup]]:
    """Queues and causes at and around every limit."""
    names = ["high", "default", "low"][: chance.randint(1, 3)]
    queues = [
        queue(
            name, failed=chance.choice([0, 0, 1, 9, 10, 11, 99, 100]),
            consumers=chance.choice([0, 1, 1, 1, 2]), queued=chance.choice([0, 0, 1, 1200]),
            active=chance.choice([0, 1]), set_aside=chance.choice([0, 0, 0, 1, 2000]),
            oldest_waiting_s=chance.choice([None, 1.0, 59.9, 60.0, 3599.6, 7322.0, 90000.0]),
            refuses=chance.choice([None, None, "queue_full", "memory_low", "queue_unavailable"]),
            losses=chance.choice([(), (), ("gone",)]),
            paused=chance.random() < 0.2, draining=chance.random() < 0.2,
            open_breakers=tuple(chance.sample(["a", "b.c", "d", "e"], chance.choice([0, 0, 1, 4]))),
        )
        for name in names
    ]  # fmt: skip
    causes = [
        group(
            fingerprint=f"{number:016x}", queues=tuple(chance.sample(names, 1)),
            first_s=chance.choice([1, 599, 601, 9999]), last_s=chance.choice([0, 149, 151]),
            count=chance.choice([1, 1, 5, 1234]), hour=chance.choice([0, 1, 1, 2]),
            message=chance.choice(["no such duck", "", "'#'", "after # s", "x" * 60, "y" * 61]),
        )
        for number in range(chance.randint(0, 3))
    ]  # fmt: skip
    return queues, causes


def on_the_page(cases: list[tuple[list[tq.QueueStats], list[tq.FailureGroup]]]) -> list[Any]:
    """Run the scripts of the page over cases, as the page gets them from the API."""
    sent = [
        {
            "queues": [QueueView.model_validate(one).model_dump(mode="json") for one in queues],
            "causes": [FailureGroupView.model_validate(g).model_dump(mode="json") for g in causes],
            "now": NOW.isoformat(),
            "problem": None,
        }
        for queues, causes in cases
    ]
    run = subprocess.run(
        [str(NODE), "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", str(SCRIPT)],
        input=json.dumps(sent), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return json.loads(run.stdout.replace("\u00a0", " "))


def in_the_api(queues: list[tq.QueueStats], causes: list[tq.FailureGroup]) -> dict[str, Any]:
    said = judge(tq.Seen(queues, causes, NOW)).model_dump(mode="json")
    for one in said["conditions"]:
        one["cause"] = one["cause"] and one["cause"]["fingerprint"]
        del one["detail"]
    del said["ts"]
    return said


@pytest.mark.parametrize("name", CASES)
def test_what_is_worst_is_the_headline(client: FlaskClient, name: str) -> None:
    queues, causes, codes, title = CASES[name]
    with client.application.test_request_context():
        said = in_the_api(queues, causes)
    assert ([one["code"] for one in said["conditions"]], said["title"]) == (codes, title)


def test_the_form_of_a_webhook_offers_each_condition() -> None:
    script = (REPOSITORY / "static/js/state/webhooks.js").read_text()
    listed = script.partition("export const CONDITIONS = [")[2].partition("]")[0]
    assert tuple(re.findall(r"'(\w+)'", listed)) == tq.CONDITIONS
    texts = (REPOSITORY / "static/js/texts/webhooks.js").read_text()
    labels = texts.partition("CONDITIONS = {")[2].partition("}")[0]
    assert tuple(re.findall(r"(\w+): '", labels)) == tq.CONDITIONS


def test_a_breaker_leads_to_its_type() -> None:
    def links(*types: str) -> list[str | None]:
        return [one.link for one in tq.conditions(tq.Seen([queue(open_breakers=types)], [], NOW))]

    assert links("feed.all") == ["/types/feed.all"]
    assert links("feed", "clean") == ["/types"]


def test_each_queue_breaker_and_new_cause_has_a_condition_alone() -> None:
    queues = [
        queue("high", consumers=0, open_breakers=("a", "b")),
        queue(consumers=0, open_breakers=("b",), failed=50),
    ]
    causes = [group(**NEW), group(**NEW, fingerprint=OTHER, queues=("high",))]
    found = [
        (subject, one.code, one.queues, one.title)
        for subject, one in conditions_alone(tq.Seen(queues, causes, NOW))
    ]
    held = "is held back: too many attempts failed"
    assert found == [
        ("high", "no_consumer", ("high",), "The high queue has no consumer"),
        ("default", "no_consumer", ("default",), "The default queue has no consumer"),
        ("default", "failing", ("default",), "default is failing: 50.0 % in the last minute"),
        ("a", "breaker_open", ("high",), f"a {held}"),
        ("b", "breaker_open", ("high", "default"), f"b {held}"),
        ("00112233aabbccdd", "new_cause", ("default",), "New failure: KeyError: no such duck"),
        (OTHER, "new_cause", ("high",), "New failure: KeyError: no such duck"),
    ]


def test_the_page_says_what_the_api_says(client: FlaskClient) -> None:
    chance = random.Random(8)
    cases = [(queues, causes) for queues, causes, _, _ in CASES.values()]
    cases += [any_case(chance) for _ in range(400)]
    with client.application.test_request_context():
        said = [in_the_api(*case) for case in cases]
    for case, page, api in zip(cases, on_the_page(cases), said, strict=True):
        assert page == api, case


def test_a_running_service_is_judged(client: FlaskClient) -> None:
    store("waits")
    tq.pause("low", Operator("ada", "new printer"))
    fail()
    said = client.get("/api/verdict").get_json()
    assert [one["code"] for one in said["conditions"]][::2] == ["no_consumer", "paused"]
    _, new, paused = said["conditions"]
    assert new["link"] == f"/failures?cause={new['cause']['fingerprint']}"
    assert "ada" in paused["detail"] and "new printer" in paused["detail"]
    assert (said["severity"], said["title"]) == ("broken", said["conditions"][0]["title"])
