"""What the caller of a function says beside the event. It travels with the task as JSON."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """How a function is invoked, in AWS's words."""

    SYNC = "RequestResponse"
    ASYNC = "Event"


class Condition(StrEnum):
    """Why an asynchronous invocation has ended, in AWS's words."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    TOO_OLD = "EventAgeExceeded"
    NO_CONCURRENCY = "ZeroReservedConcurrency"


#: Nested calls beyond this depth are a loop (AWS's number).
MOST_DEPTH = 16


@dataclass(frozen=True)
class Invocation:
    """One invocation.

    `arn`: as the function was named. `depth`: how many invocations wait for this one, or led here.
    `submitted_at`: when it was made, epoch seconds; its task may be a later copy, or have been put
    off, see `records.function_tasks`. `stream`: its caller reads the answer while it is written.
    """

    kind: Kind
    arn: str
    submitted_at: float
    depth: int = 0
    client_context: Any = None
    stream: bool = False

    def as_json(self) -> str:
        """Return it as it is stored, without what is not set."""
        return json.dumps({name: of for name, of in asdict(self).items() if of not in (None, 0)})

    @classmethod
    def read(cls, text: str) -> "Invocation":
        """Return what `as_json` made."""
        fields: dict[str, Any] = json.loads(text)
        return cls(kind=Kind(fields.pop("kind")), **fields)
