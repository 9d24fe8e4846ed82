"""What a caller says of a submit outside of its body: `Idempotency-Key`, `Prefer: wait`, `dry_run`.

Sources: draft-ietf-httpapi-idempotency-key-header (the key may be quoted), RFC 7240.
"""

import re
from typing import Any

from flask import request
from pydantic import Field, ValidationError

import huey_tasks as tq
from web.http.errors import InvalidRequest
from web.http.parameters import DryRun, Query
from web.http.root_path import Environ
from web.openapi.schemas import MORE_PARAMETERS
from web.tasks.schemas import MAX_WAIT_S

#: The routes that submit; any other POST refuses an idempotency key and a dry run.
SUBMITS = frozenset(
    {"submission.submit_task", "bulk_submission.submit_bulk", "flow_submission.submit_flow"}
)

_WAIT = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)


class DryRunQuery(Query):
    dry_run: DryRun = Field(default=False)


_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of your own, 1 to 255 visible ASCII characters. The same submit with the "
    "same key, within 24 hours, stores nothing and gets the first answer, with "
    "`Idempotent-Replayed: true`; another submit with it is a 422 `idempotency_key_reused`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_DRY_RUN: dict[str, Any] = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "`1`: check, route and estimate only; nothing is stored.",
    "schema": {"type": "string", "enum": ["1", "0", "true", "false"]},
}
_PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": f"`wait=<s>`: wait for the end of the task, at most {MAX_WAIT_S} s. The answer "
    "is 200 with the task if it has ended, else 202.",
    "schema": {"type": "string", "example": "wait=10"},
}
#: OpenAPI: what the routes that submit take.
OF_BULK: dict[str, Any] = {MORE_PARAMETERS: [_KEY, _DRY_RUN]}
OF_FLOW: dict[str, Any] = {MORE_PARAMETERS: [_KEY]}
OF_SUBMIT: dict[str, Any] = {MORE_PARAMETERS: [_KEY, _PREFER, _DRY_RUN]}


def idempotency_key(environ: Environ) -> str | None:
    """Return the key of a request, None without one. Raises InvalidQuery."""
    sent: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    if sent is None:
        return None
    key = sent.strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    tq.check_idempotency_key(key, "/Idempotency-Key")
    return key


def wait_s(environ: Environ) -> int:
    """Return the seconds that the caller wants to wait, 0 for none, at most `MAX_WAIT_S`.

    Any other preference, and one that cannot be read, is ignored: RFC 7240 section 2.
    """
    sent = environ.get("HTTP_PREFER")
    found = _WAIT.search(sent) if sent else None
    return min(int(found[1]), MAX_WAIT_S) if found else 0


def is_dry_run(environ: Environ) -> bool:
    """Return whether nothing may be stored. Raises InvalidRequest for another query."""
    if not environ.get("QUERY_STRING"):
        return False
    try:
        return DryRunQuery.model_validate(request.args.to_dict()).dry_run
    except ValidationError as error:
        raise InvalidRequest.from_pydantic(error) from error
