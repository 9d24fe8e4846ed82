"""The receivers of `docs/webhooks.md`: they take what we sign, once, and nothing else."""

import datetime as dt
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from huey_tasks.webhooks.records import new_secret
from huey_tasks.webhooks.sending import Sender
from tests.ports import free_ports
from tests.waiting import wait_until

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
NODE = Path(sys.executable).parent / "node"


@pytest.mark.parametrize(
    ("program", "file"), [(sys.executable, "receiver.py"), (NODE, "receiver.mjs")]
)
def test_a_receiver_of_the_page_verifies(tmp_path: Path, program: str, file: str) -> None:
    found = re.search(rf"```\w+\n(?:#|//) {re.escape(file)}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    (tmp_path / file).write_text(found[1])
    secret, (port,) = new_secret(), free_ports(1)
    sender, url = Sender(["127.0.0.1"], 10.0), f"http://127.0.0.1:{port}/"
    body = '{"type":"task.success","timestamp":"…","data":{"task_id":"ä"}}'
    condition = '{"type":"condition.began","timestamp":"…","data":{"code":"failing"}}'

    def post(
        webhook_id: str, text: str, key: str = secret, age_s: float = 0, signed: str = body
    ) -> int | None:
        at = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_s)
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(key).sign(webhook_id, at, signed),
        }
        return sender.post(url, headers, text.encode()).status

    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            [program, tmp_path / file], stdout=out,
            env={"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secret, "PORT": str(port)},
            start_new_session=True,  # `node` is a script that starts the program
        )  # fmt: skip
    try:
        wait_until(lambda: post("one", body) == 204, description="the receiver takes it")
        assert [post("one", body), post("two", body)] == [204, 204]
        assert post("three", body.replace("ä", "b")) == 400
        assert post("four", body, key=new_secret()) == 400
        assert post("five", body, age_s=3600) == 400
        assert post("six", condition, signed=condition) == 204
        # Work that fails has not been done: the same event is work again, not one that was seen.
        assert [post("seven", "null", signed="null") for _ in range(2)] == [None, None]
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    printed = "task.success one\ntask.success two\ncondition.began six\n"
    assert (tmp_path / "out").read_text() == printed
