"""For gunicorn: says what the garbage collector of the web process looks through."""

import gc
import json
from collections.abc import Iterable
from typing import Any


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer every request with that."""
    said = {"is_enabled": gc.isenabled(), "watched": len(gc.get_objects())}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(said).encode()]
