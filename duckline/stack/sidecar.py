"""moto's server beside the stack, for AWS_SIDECAR=moto: S3, DynamoDB, SQS and others of AWS.

Functions and tasks find it by AWS_ENDPOINT_URL. For Lambda, Logs, Events and Scheduler, functions
have more exact variables, so they still call us. All that is in it is in its memory.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from duckline.stack import ports
from duckline.stack.probes import http_answers
from duckline.stack.process import ProcessSpec
from huey_tasks.errors import ConfigError

if TYPE_CHECKING:
    from huey_tasks.config import Config

PROGRAM = "moto_server"
#: Only this machine: it asks nobody for a key.
HOST = "127.0.0.1"
#: moto's own port; if that is in use, the next one that is free.
PORT = 5000
#: Answers without a request to any service, and tells that the server is moto.
PROBED_PATH = "/moto-api/data.json"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The process, and where it listens."""

    url: str
    spec: ProcessSpec


def opened(config: "Config") -> Sidecar | None:
    """Return what AWS_SIDECAR asks for; None without it. Raise ConfigError if it is not here."""
    if not config.aws_sidecar:
        return None
    program = _program()
    port = ports.first_free(HOST, PORT, taken=(config.port, config.inspector_port))
    return Sidecar(
        url=f"http://{HOST}:{port}",
        spec=ProcessSpec(
            name=config.aws_sidecar,
            command=[program, "-H", HOST, "-p", str(port)],
            probe=http_answers(HOST, port, PROBED_PATH),
        ),
    )


def _program() -> str:
    """Return moto's server: that of the environment which runs us, else the one on PATH."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which(PROGRAM, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))
    if found is None:
        raise ConfigError(
            f"AWS_SIDECAR=moto needs the program {PROGRAM}, which is not here: "
            "pip install 'moto[server]'"
        )
    return found
