"""The body of a request of AWS's JSON services, which any Content-Type may have."""

import json
from typing import Any, cast

from flask import request

from web.http.body import read_whole
from web.lambda_api.errors import AwsError


def body() -> dict[str, Any]:
    """Return the JSON object of the request. Raises AwsError."""
    try:
        found: Any = json.loads(read_whole(request) or b"{}")
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The body is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise AwsError("SerializationException", "The body is no JSON object.")
    return cast(dict[str, Any], found)
