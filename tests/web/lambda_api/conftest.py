"""One running stack for all tests of this package: Redis, a consumer, gunicorn, and functions."""

import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
from botocore.config import Config

from tests.conftest import Process
from tests.invariants import check_invariants
from tests.ports import free_ports
from tests.waiting import wait_until
from tests.web.conftest import Answer, OwnRedis, Server

FUNCTIONS = {
    "mirror": "def handler(event, context): return event",
    "context": """
        def handler(event, context):
            client = context.client_context
            return {
                "arn": context.invoked_function_arn, "id": context.aws_request_id,
                "memory": context.memory_limit_in_mb, "custom": client and client.custom,
            }
    """,
    "raises": """
        def handler(event, context):
            print("before the mistake")
            raise ValueError("no good")
    """,
    "fails_at_import": "raise RuntimeError('at import')\ndef handler(event, context): return 1",
    "exits": "import os\ndef handler(event, context): os._exit(event['status'])",
    "late": "import time\ndef handler(event, context): time.sleep(30)",
    "set": "def handler(event, context): return {1, 2}",
    "large": "def handler(event, context): return 'x' * event",
    "bytes": "def handler(event, context): return b'\\xff\\x00'",
    "noisy": """
        def handler(event, context):
            for number in range(450):
                print("line", number)
            return "grüß"
    """,
    "waits": """
        import pathlib, time
        def handler(event, context):
            with open(event["runs"], "a") as runs:
                runs.write(context.aws_request_id + "\\n")
            while not pathlib.Path(event["until"]).exists():
                time.sleep(0.02)
            return "done"
    """,
    "calls": """
        import boto3, json
        def handler(event, context):
            client = boto3.client("lambda")
            answer = client.invoke(FunctionName=event["then"], Payload=json.dumps(event))
            return json.load(answer["Payload"])
    """,
    # As the one above, but its many processes start without boto3.
    "deeper": """
        import http.client, json, os, urllib.parse
        def handler(event, context):
            url = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL_LAMBDA"])
            connection = http.client.HTTPConnection(url.netloc)
            path = "/2015-03-31/functions/deeper/invocations"
            headers = {"X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"]}
            connection.request("POST", path, str(event + 1), headers)
            answer = connection.getresponse()
            body = json.load(answer)
            return body if answer.status == 200 else [event, answer.headers["X-Amzn-ErrorType"]]
    """,
    "limited": "def handler(event, context): return 1",
    "held": """
        import pathlib, time
        def handler(event, context):
            while event and not pathlib.Path(event["until"]).exists():
                time.sleep(0.02)
    """,
    "public": "def handler(event, context): return event",
    "signed": "def handler(event, context): return event",
    "answers": "import json\ndef handler(event, context): return json.loads(event['body'])",
    "streams": """
        def handler(event, context):
            return b'{"statusCode": 202, "headers": {"X-Own": 1}}' + bytes(8) + b"\\0body"
    """,
    "pieces": """
        import os, pathlib, time
        def wait_for(file):
            while not pathlib.Path(file).exists():
                time.sleep(0.01)
        def handler(event, context):
            event = json.loads(event["body"]) if "rawPath" in event else event
            for each in event["then"]:
                if isinstance(each, dict):
                    exec(each["code"], {**globals(), "context": context})
                else:
                    yield each
        import json
    """,
    "unserved": "def handler(event, context): return 1",
    "events": """
        def handler(event, context):
            with open(event["file"], "a") as file:
                file.write(context.aws_request_id + "\\n")
    """,
}

#: What the shared stack runs with beside the defaults.
SETTINGS = """
[late]
timeout = 1
[limited]
reserved_concurrency = 0
[public]
url = {auth = "NONE"}
[signed]
url = {auth = "AWS_IAM"}
[streams]
url = {auth = "NONE", stream = true}
[pieces]
timeout = 3
url = {auth = "NONE", stream = true}
[unserved]
queue = "low"
[held]
reserved_concurrency = 1
"""


class Stack:
    """The running stack: `url` is where AWS's clients are pointed to."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.functions = folder, folder / "functions"
        self.functions.mkdir()
        for name, text in FUNCTIONS.items():
            self.write(name, text)
        (self.functions / "functions.toml").write_text(SETTINGS)
        self.redis = OwnRedis(folder)
        self.environment = {
            **self.redis.environment,
            "FUNCTIONS_PATH": str(self.functions),
            "DATA_DIR": str(folder / "data"),
            "LAMBDA_START_WAIT_S": "10",
            "LAMBDA_RETRY_DELAY_S": "0.1",
            "FUNCTION_SLOTS": "4",
            **environment,
        }
        port = {"PORT": str(free_ports(1)[0])}  # functions call it back
        self.consumer = Process(["app.py", "consumer", "default"], {**self.environment, **port})
        self.server = Server(**self.environment, **port)
        self.url = f"http://{self.server.address}"
        wait_until(self._runs_functions, description="a function runs")

    def write(self, name: str, text: str) -> None:
        """Save a function, indented as the test's own text is."""
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        (self.functions / f"{name}.py").write_text("\n".join(line[indent:] for line in lines))

    def invoke(self, name: str, body: bytes = b"{}", **headers: str) -> Answer:
        """Invoke a function by bare HTTP."""
        path = f"/2015-03-31/functions/{name}/invocations"
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.server.request("POST", path, body, sent)

    def _runs_functions(self) -> bool:
        return self.invoke("mirror").status == 200

    def stop(self) -> None:
        for process in (self.consumer, self.server.process):
            if process.popen.poll() is None:
                process.stop()
            print(process.text())
        client = redis.Redis(unix_socket_path=str(self.redis.socket))
        check_invariants(client)
        client.close()
        self.redis.stop()


@contextlib.contextmanager
def client_of(url: str, key: str = "test", **options: Any) -> Generator[Any]:
    """AWS's client as it is, pointed to us."""
    config = Config(**{"retries": {"total_max_attempts": 1}, **options})
    client = boto3.client(
        "lambda", endpoint_url=url, region_name="us-east-1", config=config,
        aws_access_key_id=key, aws_secret_access_key="secret",
    )  # fmt: skip
    yield client
    client.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("lambda"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def aws(stack: Stack) -> Iterator[Any]:
    """AWS's client for the shared stack; it sends each request once."""
    with client_of(stack.url) as client:
        yield client


@pytest.fixture(scope="session")
def lines_of() -> Callable[[Path, int], list[str]]:
    """Wait until a file has a number of lines, and return them."""

    def lines(file: Path, number: int) -> list[str]:
        wait_until(
            lambda: file.exists() and len(file.read_text().splitlines()) >= number,
            description=f"{file} has {number} lines",
        )
        return file.read_text().splitlines()

    return lines
