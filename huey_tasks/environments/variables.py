"""The variables that a function sees: AWS's, its own, and nothing of the service."""

import os
import sys
import time
import uuid
from collections.abc import Mapping

from huey_tasks.access.api_keys import function_key
from huey_tasks.config import Config
from huey_tasks.functions.function import Function

#: What of our own environment a process needs to run at all, and what people set for AWS's clients.
_PASSED_ON = ("PATH", "HOME", "LD_LIBRARY_PATH", "PYTHONPATH", "AWS_ENDPOINT_URL", "SSL_CERT_FILE")

#: AWS's clients of these services talk to us.
_OURS = ("LAMBDA", "SCHEDULER", "CLOUDWATCH_LOGS", "EVENTBRIDGE")


def log_stream() -> str:
    """Return a name for the log of one environment, as AWS writes them."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}"


def variables_of(function: Function, config: Config, packages: str | None) -> dict[str, str]:
    """Return the environment of a function's process; `packages`: where its own are installed."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(function.root), packages or "", passed.pop("PYTHONPATH", "")]
    return {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **passed,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_ACCESS_KEY_ID": _own_key(config),
        "AWS_SECRET_ACCESS_KEY": "duckline",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream(),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_TASK_ROOT": str(function.root),
        "LAMBDA_RUNTIME_DIR": sys.prefix,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        **for_clients(config),
        **function.env,
        "_HANDLER": function.handler,
    }


def for_clients(config: Config) -> dict[str, str]:
    """Return the variables with which AWS's clients on this machine find our web service."""
    url = f"http://{_reachable(config.host)}:{config.port}{config.root_path}"
    return {
        **{f"AWS_ENDPOINT_URL_{service}": url for service in _OURS},
        "AWS_REGION": config.aws_region,
        "AWS_DEFAULT_REGION": config.aws_region,
    }


def trace_of(request_id: str, depth: int) -> str:
    """Return the trace of an invocation: AWS's clients send it on, which shows who called whom.

    The source of the form is AWS X-Ray; we write the depth of nested calls, and the task, into
    `Lineage`.
    """
    digits = request_id.replace("-", "")
    root = f"1-{int(time.time()):08x}-{digits[:24]}"
    return f"Root={root};Parent={digits[-16:]};Sampled=0;Lineage={depth}:{request_id}"


def per_call(request_id: str, depth: int) -> Mapping[str, str]:
    """Return the variables that change with each invocation."""
    trace = trace_of(request_id, depth)
    return {"_X_AMZN_TRACE_ID": trace, "AWS_SESSION_TOKEN": f"duckline.{depth}.{request_id}"}


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _own_key(config: Config) -> str:
    """Return a key id that AWS's API, and no other, takes from a function."""
    return function_key(config.api_keys) if config.api_keys else "duckline"
