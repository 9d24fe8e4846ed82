"""A picture made smaller: bytes in and out, several threads, and a file between."""

import base64
import concurrent.futures
import io
import os
import tempfile
from decimal import Decimal
from typing import Any

from PIL import Image


def small(content: bytes, width: int) -> str:
    """Return a picture of that width as base64."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "small.png")
        with Image.open(io.BytesIO(content)) as picture:
            picture.thumbnail((width, width))
            picture.save(file)
        with open(file, "rb") as made:
            return base64.b64encode(made.read()).decode()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Make a picture of each width."""
    content = base64.b64decode(event["picture"])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda width: small(content, width), event["widths"]))
    return {"pictures": made, "ratio": Decimal("0.5")}
