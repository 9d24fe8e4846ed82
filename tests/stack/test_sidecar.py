"""AWS_SIDECAR=moto: a server beside the stack; here a program of its name that answers anything."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from duckline.stack import sidecar
from duckline.stack.broker import Broker
from duckline.stack.services import service_specs
from huey_tasks.config import Config
from huey_tasks.environments.variables import variables_of
from huey_tasks.functions.catalogue import Catalogue
from tests.ports import free_ports
from tests.stack.running import RunningStack
from tests.waiting import wait_until

SERVER = f"""#!{sys.executable}
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
_, _, host, _, port = sys.argv
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "bin" / sidecar.PROGRAM
    file.parent.mkdir()
    file.write_text(SERVER)
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")
    return file


def test_it_runs_on_the_first_free_port_and_functions_find_it(
    program: Path,
    run_stack: Callable[..., RunningStack],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (taken,) = free_ports(1)
    monkeypatch.setattr(sidecar, "PORT", taken)
    config = Config(aws_sidecar="moto", functions_path=(tmp_path,), port=taken + 1)
    with socket.create_server((sidecar.HOST, taken)):
        found = sidecar.opened(config)
    assert found is not None and found.spec.command[0] == str(program)
    assert int(found.url.rpartition(":")[2]) > taken + 1, "neither in use nor the stack's own"
    stack = run_stack({"name": found.spec.name, "command": list(found.spec.command)})
    probe = found.spec.probe
    assert probe is not None
    wait_until(lambda: asyncio.run(probe()) is None, description="it answers")
    assert stack.popen.poll() is None

    specs = service_specs(config, Broker(("", "")), aws_url=found.url)
    assert {spec.env["AWS_ENDPOINT_URL"] for spec in specs} == {found.url}
    monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)  # as the consumer has it
    (tmp_path / "f.py").write_text("def handler(event, context): ...\n")
    function = Catalogue.of(config).find("f")
    assert function is not None
    seen = variables_of(function, config, None)
    assert seen["AWS_ENDPOINT_URL"] == found.url
    assert seen["AWS_ENDPOINT_URL_LAMBDA"] == f"http://127.0.0.1:{config.port}"


def test_without_the_program_the_start_is_refused_in_one_line(
    start: Callable[..., RunningStack], tmp_path: Path
) -> None:
    port, inspector_port = map(str, free_ports(2))
    refused = start(
        [sys.executable, "app.py", "up"], AWS_SIDECAR="moto", PATH=str(tmp_path), PORT=port,
        INSPECTOR_PORT=inspector_port, DATA_DIR=str(tmp_path / "data"),
    )  # fmt: skip
    assert refused.wait() == os.EX_CONFIG
    assert refused.log.count("\n") == 1
    assert "pip install 'moto[server]'" in refused.log


def test_without_the_setting_there_is_none() -> None:
    assert sidecar.opened(Config()) is None
    specs = service_specs(Config(), Broker(("", "")))
    assert not any("AWS_ENDPOINT_URL" in spec.env for spec in specs)
