"""The context that a handler gets as its second argument, as AWS's runtime for Python makes it.

Runs in the process of a function, beside `bootstrap.py`, and imports nothing of this project.
"""

import os
import time
from typing import Any

Message = dict[str, Any]


class Identity:
    """Who called through a mobile client: nobody."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class ClientContext:
    """What the caller sent as its client context."""

    def __init__(self, sent: Message) -> None:
        self.custom = sent.get("custom")
        self.env = sent.get("env")
        client = sent.get("client")
        self.client = Client(client) if isinstance(client, dict) else None


class Client:
    """The application that called."""

    def __init__(self, sent: Message) -> None:
        for name in (
            "installation_id", "app_title", "app_version_name", "app_version_code",
            "app_package_name",
        ):  # fmt: skip
            setattr(self, name, sent.get(name))


class Context:
    """The second argument of a handler."""

    def __init__(self, call: Message) -> None:
        self.aws_request_id = call["request_id"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = "$LATEST"
        self.invoked_function_arn = call["arn"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        sent = call.get("client_context")
        self.client_context = ClientContext(sent) if isinstance(sent, dict) else None
        self.tenant_id = None
        self._deadline = call["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the time limit."""
        return max(int((self._deadline - time.monotonic()) * 1000), 0)

    def log(self, message: object) -> None:
        """Write a line to the log."""
        print(message)

    def __repr__(self) -> str:
        return f"LambdaContext([aws_request_id={self.aws_request_id}])"
