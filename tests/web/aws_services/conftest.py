"""One running stack for all tests of this package, and AWS's clients pointed to it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.web.lambda_api.conftest import Stack

SETTINGS = """
[keeps]
events = [{source = ["shop"], detail = {n = [{numeric = [">", 0]}]}}]
[also]
events = [{type = ["order placed"]}]
"""


PAGE = (Path(__file__).parents[3] / "docs" / "function-triggers.md").read_text()


def page_files() -> dict[str, str]:
    """The files of docs/function-triggers.md: blocks whose first line is a name, in their order."""
    files: dict[str, str] = {}
    for name, text in re.findall(r"```\w+\n# (\S+\.\w+)\n(.*?)```", PAGE, re.DOTALL):
        files[name] = files.get(name, "") + text
    return files


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    shown = page_files()
    running = Stack(tmp_path_factory.mktemp("aws"))
    for name in ("keeps", "also", "timed"):
        running.write(name, "def handler(event, context): return event['source']")
    for name in ("orders.py", "nightly.py", "thumbnails.py"):
        (running.functions / name).write_text(shown[name])
    settings = SETTINGS + shown["functions/functions.toml"]
    (running.functions / "functions.toml").write_text(settings)
    yield running
    running.stop()


@pytest.fixture(scope="package")
def client(stack: Stack) -> Iterator[Callable[[str], Any]]:
    """Give AWS's client of a service, as it is."""
    made: dict[str, Any] = {}

    def of(service: str) -> Any:
        if service not in made:
            made[service] = boto3.client(
                service, endpoint_url=stack.url, region_name="us-east-1",
                aws_access_key_id="test", aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}),
            )  # fmt: skip
        return made[service]

    yield of
    for each in made.values():
        each.close()
