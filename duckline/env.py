"""`duckline env`: the variables for AWS's clients, as lines for a shell.

    eval "$(duckline env)"
    aws lambda invoke --function-name hello /dev/stdout

Only these lines go to stdout. The key id is the key that the web service looks for in a signed
request: that of DUCKLINE_API_KEY, as our Python client reads it, else the first of API_KEYS. If the
running service needs a key and there is none, stderr says how to make one.
"""

import http.client
import json
import os
import shlex
import sys
import urllib.request
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

KEY = "DUCKLINE_API_KEY"
_LAMBDA = "AWS_ENDPOINT_URL_LAMBDA"
#: Seconds that the service has to say whether it needs a key.
_ANSWER_S = 2.0


def env() -> int:
    """Print the lines. Raises ConfigError."""
    from huey_tasks.access import api_keys
    from huey_tasks.config import Config
    from huey_tasks.environments import variables

    config = Config.from_env()
    ours = variables.for_clients(config)
    key = _own_key(ours) or (api_keys.key_in(config.api_keys[0]) if config.api_keys else "")
    if not key and _needs_key(ours):
        print(f"duckline: the service needs a key. {_how_to_make_one()}", file=sys.stderr)
    lines = {
        **ours,
        "AWS_ACCESS_KEY_ID": key or "duckline",
        "AWS_SECRET_ACCESS_KEY": "duckline",
    }
    for name, value in lines.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _own_key(ours: Mapping[str, str]) -> str:
    """Return the key of DUCKLINE_API_KEY, unless DUCKLINE_URL names another service."""
    url, local = urlsplit(os.environ.get("DUCKLINE_URL", "")), urlsplit(ours[_LAMBDA])
    here = {local.hostname, "localhost", "127.0.0.1"}
    is_ours = not url.netloc or (url.hostname in here and url.port == local.port)
    return os.environ.get(KEY, "") if is_ours else ""


def _needs_key(ours: Mapping[str, str]) -> bool:
    """Return whether the service is there and says that it needs a key."""
    url = f"{ours[_LAMBDA]}/api/session"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=_ANSWER_S) as answer:
            session = json.load(answer)
    except (OSError, http.client.HTTPException, ValueError):  # it is not there, or not ready
        return False
    return isinstance(session, dict) and cast(dict[str, Any], session).get("needs_key") is True


def _how_to_make_one() -> str:
    from duckline.own_command import own_command

    command = own_command()
    return f"Make one and take it: export {KEY}=$({command} keys create <name> submitter)"
