"""The event of a dropped file: as S3 sends it for a new object, with the place of the file."""

import datetime as dt
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from huey_tasks.config import Config
from huey_tasks.watches.listing import Version


def file_event(config: Config, root: Path, path: str, version: Version) -> dict[str, Any]:
    """Return the event of one file; `path` is below `root`, the folder of the functions.

    The key is the path, encoded as S3 does, byte for byte. `path` is None for a name that is not
    UTF-8; its `uri` has every byte.
    """
    now = dt.datetime.now(dt.UTC)
    raw, place = os.fsencode(path), root / path
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": config.aws_region,
                "eventTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "bucket": {"name": root.name, "arn": f"arn:aws:s3:::{root.name}"},
                    "object": {
                        "key": quote_plus(raw, safe="/"),
                        "size": version.size,
                        "eTag": f"{version.mtime_ns:x}-{version.size:x}",
                        "sequencer": f"{version.mtime_ns:016X}",
                    },
                },
                "file": {
                    "path": str(place) if _is_text(raw) else None,
                    "uri": f"file://{quote(os.fsencode(place))}",
                },
            }
        ]
    }


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
