"""InvokeWithResponseStream, read by AWS's own client; and the path of AWS's local emulator."""

import base64
import json
from typing import Any

import pytest

from tests.web.lambda_api.conftest import Stack


def events_of(aws: Any, name: str, event: Any = None, **options: Any) -> list[dict[str, Any]]:
    answer = aws.invoke_with_response_stream(
        FunctionName=name, Payload=json.dumps(event).encode(), **options
    )
    assert answer["ExecutedVersion"] == "$LATEST"
    return list(answer["EventStream"])


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_an_answer_comes_in_frames(aws: Any, size: int) -> None:
    *chunks, end = events_of(aws, "large", size)
    body = b"".join(each["PayloadChunk"]["Payload"] for each in chunks)
    assert json.loads(body) == "x" * size
    assert end == {"InvokeComplete": {}}


def test_an_error_is_in_the_last_frame(aws: Any) -> None:
    (end,) = events_of(aws, "raises", LogType="Tail")
    complete = end["InvokeComplete"]
    assert complete["ErrorCode"] == "ValueError"
    assert json.loads(complete["ErrorDetails"])["errorMessage"] == "no good"
    assert b"before the mistake\n" in base64.b64decode(complete["LogResult"])


def test_what_is_refused_is_no_stream(aws: Any) -> None:
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        events_of(aws, "gone")


def test_the_emulator_s_path_is_the_only_function(stack: Stack) -> None:
    """There are several here, and none of that name."""
    assert stack.invoke("function").headers["X-Amzn-ErrorType"] == "ResourceNotFoundException"
