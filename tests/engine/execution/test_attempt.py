"""An attempt: what its commit says."""

import datetime as dt
import json

import huey_tasks as tq
from huey_tasks.broker.protocol import Claim
from huey_tasks.execution.attempt import Attempt
from huey_tasks.execution.task_log import keep_line
from huey_tasks.records.ids import new_id


def test_a_remark_behind_an_outage_has_the_time_of_its_commit() -> None:
    began = dt.datetime.now(dt.UTC)
    claim = Claim(new_id(), "hand/1", b"", 1, 0, 0, 1)
    attempt = Attempt(claim, "echo", tq.default.broker, None)
    attempt.miss_line((began - dt.timedelta(hours=1)).isoformat())
    keep_line(attempt, began.isoformat(), "INFO", "Redis is back")
    attempt.remark("the worker is replaced after this task")
    commit, _ = attempt.commit()
    line = json.loads(commit.gap)
    assert line["text"] == "the worker is replaced after this task"
    assert dt.datetime.fromisoformat(line["at"]) >= began
