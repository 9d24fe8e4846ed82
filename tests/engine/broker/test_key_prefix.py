"""KEY_PREFIX: stacks that share one server know nothing of each other."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import huey_tasks as tq
from huey_tasks.broker import access_keys
from huey_tasks.config import Config
from huey_tasks.errors import ConfigError
from tests.conftest import REPOSITORY, StartConsumer

_SUBMIT = """
import huey_tasks as tq
print(tq.submit("echo", {"value": 7}).task_id)
"""
_READ = """
import sys, json, huey_tasks as tq
record = tq.wait_for_end(sys.argv[1], 20) or tq.get_task(sys.argv[1])
print(json.dumps([str(record.status), record.result, len(tq.consumers())]))
"""


def python(prefix: str, code: str, *arguments: str) -> str:
    """Run code in a process of the stack with that prefix; give what it prints."""
    environment = {**os.environ, "KEY_PREFIX": prefix}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_two_stacks_share_a_server_and_see_only_their_own(start_consumer: StartConsumer) -> None:
    def consumers_of(prefix: str) -> list[Any]:
        names = python(
            prefix, "import huey_tasks as tq; print([c.consumer for c in tq.consumers()])"
        )
        return [SimpleNamespace(consumer=name) for name in ast.literal_eval(names)]

    tq.default.broker.redis.delete(access_keys.revoked())  # with which each test begins
    consumer = start_consumer("default", look_at=lambda: consumers_of("shop"), KEY_PREFIX="shop")

    shops = python("shop", _SUBMIT)
    banks = python("bank-2.test_x", _SUBMIT)

    assert json.loads(python("shop", _READ, shops)) == ["SUCCESS", 7, 1]
    assert consumers_of("bank-2.test_x") == []
    record = json.loads(python("bank-2.test_x", _READ.replace("20", "0"), banks))
    assert record == ["PENDING", None, 0]
    keys = [key.decode() for key in tq.default.broker.redis.scan_iter()]
    assert {key.partition(":")[0] for key in keys} == {"shop", "bank-2.test_x"}
    results = [key.decode() for key in tq.default.broker.results.scan_iter()]
    assert results and all(key.startswith("shop:") for key in results)

    consumer.stop()
    tq.default.broker.redis.flushall()  # these keys are none that the invariants know


@pytest.mark.parametrize("prefix", ["a:b", "{high}", "x" * 33, "two words", "*"])
def test_a_prefix_that_would_mean_something_to_redis_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"^KEY_PREFIX=.* is not right"):
        Config.from_env({"KEY_PREFIX": prefix})


def test_the_default_prefix_is_the_one_of_the_documented_rights() -> None:
    assert Config.from_env({}).key_prefix == "duckline"
    assert "~duckline:* &duckline:*" in Path(REPOSITORY, "docs/deploy.md").read_text()
