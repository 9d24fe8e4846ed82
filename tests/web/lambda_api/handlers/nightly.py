"""A scheduled job: it works in steps as long as there is time, and keeps its notes in /tmp."""

import os
import pathlib
import tempfile
from typing import Any

from aws_lambda_powertools.utilities.data_classes import EventBridgeEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext


@event_source(data_class=EventBridgeEvent)
def lambda_handler(event: EventBridgeEvent, context: LambdaContext) -> dict[str, Any]:
    """Return what a job sees of its invocation."""
    notes = pathlib.Path("/tmp", f"nightly-{context.aws_request_id}")
    notes.write_text(event.detail_type)
    with tempfile.NamedTemporaryFile() as scratch:
        is_own = os.path.dirname(scratch.name) == os.environ["TMPDIR"]
    context.seen = True  # type: ignore[attr-defined] - people keep things on it
    answer = {
        "source": event.source,
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "id": context.aws_request_id,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "left_ms": context.get_remaining_time_in_millis(),
        "identity": context.identity.cognito_identity_id,
        "client": context.client_context,
        "notes": notes.read_text(),
        "own_scratch": is_own,
    }
    notes.unlink()
    return answer
