"""Lines in a task's log that are not its own words: what is missing there, why its worker ends."""

import datetime as dt
import json


def line(text: str, at: str = "") -> str:
    """A line (JSON) of that time, or of now."""
    at = at or dt.datetime.now(dt.UTC).isoformat()
    return json.dumps({"at": at, "level": "WARNING", "text": text})


def missing(lines: int) -> str:
    """Say how many lines Redis could not take; one whose answer was lost may be there."""
    return f"{lines} line{' is' if lines == 1 else 's are'} missing here: Redis was away"
