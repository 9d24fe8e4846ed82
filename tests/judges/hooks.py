"""What Schemathesis has to know of this API, loaded by it: a media type, and a check of ours."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:
    """Write a bulk body, which the document describes as a text."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.check
def a_refusal_says_why(_context: Any, response: Any, _case: Any) -> None:
    """A 503 is that of a drained queue; a 422 names each wrong field, if a field is wrong."""
    if response.status_code == 503:
        assert json.loads(response.content)["code"] == "queue_draining", response.content
    if response.status_code != 422 or not response.content:
        return
    problem = json.loads(response.content)
    if problem["code"] == "idempotency_key_reused":
        return
    errors = problem.get("errors")
    assert errors, f"a 422 without a field: {problem}"
    for error in errors:
        assert {"pointer", "code", "message"} <= set(error), error
