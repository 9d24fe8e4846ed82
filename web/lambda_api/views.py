"""Functions in the words of AWS's API."""

import datetime as dt
import hashlib
import platform
import time
import uuid
from typing import Any

import huey_tasks as tq
from web.lambda_api.names import LATEST

#: The states of a function in our words and in AWS's.
_STATES = {"Active": "Active", "Failed": "Failed", "Installing": "Pending"}
_UPDATES = {"Active": "Successful", "Failed": "Failed", "Installing": "InProgress"}


def configuration(
    function: tq.Function, *, with_version: bool = False, with_state: bool = True
) -> dict[str, Any]:
    """Return a FunctionConfiguration; `with_version`: its ARN names the version."""
    account, revision = tq.CONFIG.aws_account_id, _revision_of(function)
    found: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": tq.function_arn(function.name, LATEST if with_version else None),
        "Runtime": function.runtime,
        "Role": f"arn:aws:iam::{account}:role/local",
        "Handler": function.handler,
        "CodeSize": function.code_size,
        "Description": function.description,
        "Timeout": function.timeout_s,
        "MemorySize": function.memory_mb,
        "LastModified": _stamp(function.modified_at) + "+0000",
        "CodeSha256": function.code_sha256,
        "Version": LATEST,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": revision,
        "PackageType": "Zip",
        "Architectures": [_architecture()],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
    }
    if function.env:
        found["Environment"] = {"Variables": dict(function.env)}
    if function.dead_letter:
        found["DeadLetterConfig"] = {"TargetArn": as_arn(function.dead_letter)}
    if function.durable is not None:
        found["DurableConfig"] = {
            "ExecutionTimeout": function.durable.timeout_s,
            "RetentionPeriodInDays": function.durable.retention_days,
        }
    return found | _state_of(function) if with_state else found


def event_invoke_config(function: tq.Function) -> dict[str, Any] | None:
    """Return the FunctionEventInvokeConfig; None if neither files nor callers have set any."""
    extras = tq.function_extras(function, "event_invoke")
    values = {
        "MaximumRetryAttempts": function.retries,
        "MaximumEventAgeInSeconds": function.max_age_s,
    }
    if extras:
        if not extras["is_set"]:
            return None
        values = {name: value for name, value in values.items() if name in extras["given"]}
    elif (function.retries, function.max_age_s) == (2, 21_600) and not (
        function.on_success or function.on_failure
    ):
        return None
    return {
        "FunctionArn": tq.function_arn(function.name, LATEST),
        "LastModified": extras.get("modified_at", function.modified_at),
        **values,
        "DestinationConfig": {
            "OnSuccess": _destination(function.on_success),
            "OnFailure": _destination(function.on_failure),
        },
    }


def url_config(function: tq.Function, address: str) -> dict[str, Any] | None:
    """Return the FunctionUrlConfig; None if the function has no URL. `address`: of the service."""
    if function.url is None:
        return None
    extras = tq.function_extras(function, "url")
    created = _stamp(extras.get("created_at", function.modified_at)) + "Z"
    cors = {"Cors": extras["cors"]} if extras.get("cors") else {}
    return {
        "FunctionUrl": f"{address}/fn/{function.name}/",
        "FunctionArn": tq.function_arn(function.name),
        "AuthType": function.url.auth,
        **cors,
        "InvokeMode": "RESPONSE_STREAM" if function.url.stream else "BUFFERED",
        "CreationTime": created,
        "LastModifiedTime": _stamp(extras.get("modified_at", function.modified_at)) + "Z",
    }


def as_arn(named: str) -> str:
    """Return the ARN of a destination, which the files may name shortly."""
    return named if named.startswith("arn:") else tq.function_arn(named)


def _destination(named: str | None) -> dict[str, str]:
    return {"Destination": as_arn(named)} if named else {}


def _state_of(function: tq.Function) -> dict[str, str]:
    packages = tq.packages_of(function)
    state, error = packages.state, packages.error
    found = {"State": _STATES[state], "LastUpdateStatus": _UPDATES[state]}
    if state == "Installing":
        found["StateReason"], found["StateReasonCode"] = "Its packages are installed.", "Creating"
    elif error:
        found["StateReason"], found["StateReasonCode"] = error[:1024], "FunctionError"
        found["LastUpdateStatusReason"] = error[:1024]
        found["LastUpdateStatusReasonCode"] = "FunctionError"
    return found


def _revision_of(function: tq.Function) -> str:
    digest = hashlib.sha256(f"{function.version}:{function.timeout_s}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _stamp(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def _architecture() -> str:
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def now() -> float:
    """Return the time as AWS's API writes it: seconds since the epoch."""
    return round(time.time(), 3)
